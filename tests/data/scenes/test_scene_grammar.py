from collections import Counter

import numpy as np
import pytest
from scene_builder import make_scene, make_thing, sampled

from satt.data.scenes.dataset import SPLITS
from satt.data.scenes.grammar import FEWEST_WAYS, write_caption, write_captions
from satt.data.scenes.lexicon import all_words
from satt.data.scenes.parser import is_true, names_everything, parse
from satt.errors import SattError

WRITTEN = [
    (scene, words) for split in SPLITS for scene, captions in sampled(split) for words in captions
]


def first_scene(setting, kind, pose):
    """The first training scene that shows just this."""
    return next(
        scene
        for scene, _ in sampled()
        if scene.setting == setting and [(t.kind, t.pose) for t in scene.things] == [(kind, pose)]
    )


def can_write(scene, sentence, draws=10_000):
    random = np.random.default_rng(0)
    return any(write_caption(scene, random) == sentence.split() for _ in range(draws))


def test_captions_are_true_and_name_everything():
    assert len(WRITTEN) >= 12_000
    for scene, words in WRITTEN:
        claims = parse(words)
        assert claims is not None, words
        assert is_true(claims, scene), words
        assert names_everything(claims, scene), words


def test_captions_are_written_in_the_words_of_the_language():
    assert {word for _, words in WRITTEN for word in words} == set(all_words())


def test_captions_are_not_true_of_other_scenes(random):
    """But for the few that are as bare as "a cat outside"."""
    picks = random.integers(len(WRITTEN), size=(5000, 2))
    true = [is_true(parse(WRITTEN[i][1]), WRITTEN[j][0]) for i, j in picks if i // 5 != j // 5]
    assert np.mean(true) < 0.02


def test_captions_are_false_where_what_they_name_is_not(random):
    for i, j in random.integers(len(WRITTEN), size=(5000, 2)):
        (scene, words), (other, _) = WRITTEN[i], WRITTEN[j]
        if not {t.kind for t in scene.things} & {t.kind for t in other.things}:
            assert not is_true(parse(words), other)


def test_every_sentence_names_a_place():
    assert all(parse(words).places for _, words in WRITTEN)


def test_sentences_differ():
    starts = Counter(words[0] for _, words in WRITTEN)
    assert starts.keys() > {"a", "two", "three", "there", "on", "in", "over", "outside"}
    assert starts["a"] < 0.8 * len(WRITTEN)
    assert sum(bool(parse(words).relations) for _, words in WRITTEN) > 0.02 * len(WRITTEN)


@pytest.mark.parametrize("setting", ["grass", "snow"])
def test_lecture_a_cat_is_sitting_outside(setting):
    scene = first_scene(setting, "cat", "sitting")
    assert can_write(scene, "a cat is sitting outside")
    assert not can_write(scene, "a cat is sitting inside")
    claims = parse("a cat is sitting outside".split())
    (cat,) = claims.names
    assert (cat.kind, cat.count, cat.position, cat.colour, cat.size) == ("cat", 1, 1, None, None)
    assert claims.verbs == [(cat, "sitting")]
    assert claims.places == [(None, None, False, cat, None)]
    assert claims.relations == []


def test_lecture_a_bird_is_flying_over_a_body_of_water():
    scene = first_scene("water", "bird", "flying")
    assert can_write(scene, "a bird is flying over a body of water")
    assert not can_write(scene, "a bird is flying on a body of water")
    claims = parse("a bird is flying over a body of water".split())
    (bird,) = claims.names
    assert (bird.kind, bird.count, bird.position) == ("bird", 1, 1)
    assert claims.verbs == [(bird, "flying")]
    assert claims.places == [("water", "over", False, bird, 8)]


def test_same_generator_same_caption():
    scene = sampled()[0][0]
    a, b = (write_captions(scene, np.random.default_rng(4), 5) for _ in range(2))
    assert a == b
    assert write_captions(scene, np.random.default_rng(5), 5) != a


def test_the_scene_that_says_least_can_be_told_in_six_ways(random):
    birds = make_thing("bird", "red", "flying"), make_thing("bird", "blue", "perched")
    captions = write_captions(make_scene("grass", *birds), random, FEWEST_WAYS)
    assert len(set(map(tuple, captions))) == 6
    with pytest.raises(SattError, match="count: expected at most 6 captions of a scene, got 7"):
        write_captions(make_scene("grass", *birds), random, 7)


@pytest.mark.parametrize(
    "thing, said, never",
    [
        (make_thing("cat", "blue", scale=1.3), {"a", "blue", "big", "large"}, {"small", "two"}),
        (make_thing("dog", "red", scale=0.9), {"red", "small", "little", "puppy"}, {"big"}),
        (make_thing("person", "white", scale=1.0), {"person", "in", "white"}, {"small", "big"}),
    ],
)
def test_what_may_be_said_of_one_thing(thing, said, never, random):
    scene = make_scene("grass", thing)
    words = {word for _ in range(500) for word in write_caption(scene, random)}
    assert words >= said
    assert not words & never
    if thing.kind == "person":
        texts = (" ".join(write_caption(scene, random)) for _ in range(500))
        assert not any("white person" in text for text in texts)


def test_things_of_a_kind_are_counted(random):
    """Colour is said of the group where it is the same, the verb where all do the same."""
    dogs = make_thing("dog", "red", "sitting", 0.2), make_thing("dog", "blue", "running", 0.7)
    words = {w for _ in range(500) for w in write_caption(make_scene("beach", *dogs), random)}
    assert words >= {"two", "dogs", "puppies", "are"}
    assert not words & {"a", "dog", "is", "red", "blue", "sitting", "running"}
