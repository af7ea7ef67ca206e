"""What holds for every input of a parser: hypothesis looks for one for which it does not."""

import argparse
import csv
import io
import json
import math

import numpy as np
import pytest
from folders import CAPTIONS, Captions, Coco, Karpathy, Split, Table, captions_in, words_of
from hypothesis import example, given, strategies as st
from hypothesis.extra import numpy as arrays_of
from targets import place

from satt.commands.arguments import image_size, number, whole_number
from satt.commands.mistakes import why_wrong
from satt.data.images import read_image
from satt.data.scenes.dataset import scene_at
from satt.data.scenes.lexicon import all_words
from satt.data.scenes.parser import (
    is_true,
    named_settings,
    named_things,
    names_everything,
    parse,
)
from satt.data.vocabulary import SPECIAL, STOP, UNKNOWN, Vocabulary
from satt.data.words import LONGEST, tokenise
from satt.errors import SattError
from satt.training.checkpoint import load_checkpoint, save_checkpoint

# Letters and marks that are treated in different ways, much more often than by chance.
TEXTS = st.text() | st.text("aBß'’-\u2010 .\t\n\u0301é개각İ1½_\u2028\x85\ud800")
WORDS = st.text(min_size=1).filter(lambda word: word not in SPECIAL)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


def refuses(function, *arguments):
    """Call a function; return what it gives, or None where it refuses in one line."""
    try:
        return function(*arguments)
    except SattError as error:
        assert len(str(error).splitlines()) == 1
        return None


# --- words ---------------------------------------------------------------------------------------


@given(TEXTS)
@example("İ'-'ﬁ")
def test_words_of_any_text(text):
    words = tokenise(text)
    assert words == words_of(text)
    assert tokenise(" ".join(words)) == words
    assert all(word.split() == [word] for word in words)


def test_a_text_that_is_too_long_for_a_caption():
    assert len(tokenise("a " * (LONGEST // 2))) == LONGEST // 2
    with pytest.raises(SattError, match="text: .* at most 10,000 characters, got 10,001"):
        tokenise("a" * (LONGEST + 1))


@given(st.lists(WORDS, unique=True), st.lists(WORDS))
def test_a_vocabulary_gives_back_what_it_knows(words, caption):
    vocabulary = Vocabulary(words)
    assert len(vocabulary) == len(words) + len(SPECIAL)
    ids = vocabulary.encode(words)
    assert sorted(ids) == list(range(len(SPECIAL), len(vocabulary)))
    assert vocabulary.decode(ids) == words
    known = [word if word in words else SPECIAL[UNKNOWN] for word in caption]
    assert vocabulary.decode([*vocabulary.encode(caption), STOP, *ids]) == known


@given(st.lists(st.lists(st.sampled_from([*"abcdef", *SPECIAL]))), st.integers(1, 4))
def test_a_vocabulary_of_captions(captions, minimum):
    said = [word for caption in captions for word in caption if word not in SPECIAL]
    words = Vocabulary.from_captions(captions, minimum).words
    assert set(words) == {word for word in said if said.count(word) >= minimum}
    assert words == sorted(words, key=lambda word: (-said.count(word), word))


@given(st.recursive(
    st.none() | st.integers() | st.text(max_size=3), lambda inner: st.lists(inner, max_size=4)
))
def test_words_that_may_be_no_texts(words):
    if isinstance(words, list):
        vocabulary = refuses(Vocabulary, words)
        right = all(isinstance(word, str) and word not in SPECIAL for word in words)
        assert (vocabulary is not None) == (right and len(set(words)) == len(words))


# --- captions in files ---------------------------------------------------------------------------

PIECES = st.sampled_from([
    "red.jpg", "green.jpg", "blue one.jpg", "#", "0", "\t", "\n", "\r\n", "\r", " ", "a bird",
    "Grass .", "..", "/", "\\", "C:", "\ufeff", "\u2028", "\x0b", "\0", "개", "'",
])
LINES = st.lists(
    st.tuples(st.sampled_from(["red.jpg#1\t", "green.jpg#0\t", "x#\t"]), TEXTS)
)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    kinds = (Captions, Split, Karpathy, Coco, Table)
    return {kind: kind(tmp_path_factory.mktemp(kind.__name__)) for kind in kinds}


@given(
    st.lists(PIECES | st.text(max_size=3), max_size=40),
    st.sampled_from([Captions, Split, Table]),
)
def test_any_text_in_a_folder(folders, pieces, kind):
    place(folders[kind].path, "".join(pieces).encode("utf-8", errors="ignore"))
    refuses(folders[kind].judge)


@given(LINES)
def test_a_right_file_of_captions_is_read(folders, lines):
    text = "".join("".join(line).replace("\n", " ").replace("\r", " ") + "\n" for line in lines)
    text = "red.jpg#0\tone\n" + text.encode("utf-8", errors="ignore").decode("utf-8")
    place(folders[Captions].path, text.encode("utf-8"))
    folders[Captions].judge()  # a SattError would be a fault
    assert captions_in(text, "red.jpg")[0] == ["one"]


@given(st.lists(st.tuples(
    st.sampled_from([*CAPTIONS]), TEXTS.filter(words_of), st.sampled_from(["train", "Val", "test"])
), min_size=1))
def test_a_right_table_is_read(folders, rows):
    splits, file = {}, io.StringIO()
    writer = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow(["image", "caption", "split"])
    for name, text, split in rows:
        text = text.encode("utf-8", errors="ignore").decode("utf-8").replace("\0", "")
        writer.writerow([name, text, splits.setdefault(name, split)])
    place(folders[Table].path, file.getvalue().encode("utf-8"))
    folders[Table].judge()


@given(st.data(), st.sampled_from([Karpathy, Coco]))
def test_any_values_in_json(folders, data, kind):
    """Put anything in the place of anything."""
    folder = folders[kind]
    tree = json.loads(folder.data)
    for _ in range(data.draw(st.integers(1, 3))):
        holder, node, deeper = None, tree, True
        while deeper and isinstance(node, (dict, list)) and node:
            keys = sorted(node) if isinstance(node, dict) else range(len(node))
            holder, key = node, data.draw(st.sampled_from(keys))
            node, deeper = holder[key], data.draw(st.booleans())
        holder[key] = data.draw(JSON)
    place(folder.path, json.dumps(tree).encode("utf-8"))
    refuses(folder.judge)


# --- captions of scenes --------------------------------------------------------------------------

SCENES = st.builds(
    scene_at, st.sampled_from(["train", "test", "unseen"]), st.integers(0, 10**6),
    st.integers(0, 99),
)


@given(st.lists(st.sampled_from(sorted(all_words())) | st.text(max_size=5), max_size=30), SCENES)
def test_any_words_are_a_sentence_or_none(words, scene_and_captions):
    scene, _ = scene_and_captions
    claims = parse(words)
    if claims is None:
        assert why_wrong(words, scene)
        return
    check_claims(claims, words, scene)


@given(SCENES, st.data())
def test_a_caption_that_is_changed_a_little(scene_and_captions, data):
    scene, captions = scene_and_captions
    words = [*data.draw(st.sampled_from(captions))]
    claims = parse(words)
    assert claims is not None and is_true(claims, scene) and why_wrong(words, scene) == ""
    index = data.draw(st.integers(0, len(words) - 1))
    other = data.draw(st.sampled_from(sorted(all_words())))
    words[index : index + data.draw(st.integers(0, 2))] = [other]
    claims = parse(words)
    if claims is not None:
        check_claims(claims, words, scene)


def check_claims(claims, words, scene):
    """What holds for every sentence: the parts stand where they are said to stand."""
    true = is_true(claims, scene)
    assert (why_wrong(words, scene) == "") == true
    assert true or not names_everything(claims, scene)
    for position, things in named_things(claims, scene).items():
        kinds = {scene.things[thing].kind for thing in things}
        (name,) = (name for name in claims.names if name.position == position)
        assert kinds <= {name.kind}
        assert things or not true
    assert all(0 <= position < len(words) for position in named_settings(claims))


# --- numbers on the command line -----------------------------------------------------------------

NUMBERS = (
    st.integers().map(str) | st.floats().map(str) | st.text("0123456789.-+eE_ xnaif") | st.text()
)


def converted(convert, text):
    try:
        return convert(text)
    except argparse.ArgumentTypeError as error:
        assert len(str(error).splitlines()) == 1 and len(str(error)) < 200
        return None


@given(NUMBERS, st.integers(-10, 10), st.integers(10, 10**6))
def test_whole_numbers(text, lowest, highest):
    value = converted(whole_number(lowest, highest), text)
    if value is not None:
        assert type(value) is int and lowest <= value <= highest and value == int(text)


@given(st.integers(-1000, 1000))
def test_whole_numbers_that_are_some(value):
    assert converted(whole_number(0, 99), str(value)) == (value if 0 <= value <= 99 else None)
    size = value if 16 <= value <= 1024 and value % 8 == 0 else None
    assert converted(image_size, str(value)) == size


@given(NUMBERS, st.booleans())
def test_numbers(text, open_below):
    value = converted(number(0, 10, open_below), text)
    if value is not None:
        assert math.isfinite(value) and 0 <= value <= 10 and value == float(text)
        assert value > 0 or not open_below


# --- checkpoints and images ----------------------------------------------------------------------

# A zip cuts a name off at a NUL.
NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
DTYPES = (
    arrays_of.floating_dtypes(endianness="?", sizes=(16, 32, 64)) | arrays_of.integer_dtypes()
    | arrays_of.boolean_dtypes() | arrays_of.complex_number_dtypes(sizes=(64, 128))
    | arrays_of.unicode_string_dtypes(max_len=3)
)
ARRAYS = arrays_of.arrays(DTYPES, arrays_of.array_shapes(min_dims=0, min_side=0, max_side=4))


@given(st.dictionaries(NAMES, ARRAYS, max_size=4), JSON, st.booleans())
def test_a_checkpoint_comes_back_as_it_was(tmp_path_factory, arrays, settings, fortran):
    path = tmp_path_factory.getbasetemp() / "checkpoint.npz"
    if fortran:
        arrays = {name: np.asfortranarray(array) for name, array in arrays.items()}
    save_checkpoint(path, arrays, settings)
    found, kept = load_checkpoint(path)
    assert kept == settings and json.dumps(kept) == json.dumps(settings)
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        assert (found[name].dtype, found[name].shape) == (array.dtype, array.shape)
        np.testing.assert_array_equal(found[name], array)


@given(st.binary(max_size=300))
def test_any_bytes_for_a_checkpoint_or_an_image(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_bytes(data)
    assert refuses(load_checkpoint, path) is None
    image = refuses(read_image, path, 8)
    assert image is None or image.shape == (8, 8, 3)
