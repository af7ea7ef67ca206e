import numpy as np
import pytest

from satt.data.batches import to_float
from satt.data.vocabulary import Vocabulary
from satt.decoding.greedy import greedy
from satt.errors import SattError
from satt.training.checkpoint import load_checkpoint, save_checkpoint
from satt.training.keeping import load_captioner, save_captioner

ABOUT = {"data": "scenes", "seed": 3, "bleu4": 0.25, "steps": [1, 2]}


@pytest.fixture
def model(build, drawn):
    model = build(seed=2, penalty=0.5, gate=False)
    model.calibrate(to_float(drawn[0].images))
    return model


@pytest.fixture
def path(tmp_path, model, vocabulary):
    path = tmp_path / "run" / "model.npz"
    save_captioner(path, model, vocabulary, ABOUT)
    return path


@pytest.fixture
def rewrite(path):
    """Change what the file holds: rewrite(lambda arrays, kept: ...)."""

    def change(edit):
        arrays, kept = load_checkpoint(path)
        edit(arrays, kept)
        save_checkpoint(path, arrays, kept)

    return change


def test_a_captioner_comes_back_whole(path, model, vocabulary, drawn):
    again, words, about = load_captioner(path)
    assert again.settings == model.settings and words.words == vocabulary.words
    assert about == ABOUT
    arrays = model.arrays()
    for name, array in again.arrays().items():
        np.testing.assert_array_equal(array, arrays.pop(name))
    assert not arrays
    images = to_float(drawn[1].images)
    for mine, theirs in zip(greedy(model, images), greedy(again, images), strict=True):
        assert mine.words == theirs.words
        np.testing.assert_array_equal(mine.attention, theirs.attention)


@pytest.mark.parametrize("encoder", ["absent", "frozen", "trained"])
def test_a_captioner_without_statistics_comes_back(tmp_path, build, vocabulary, encoder):
    save_captioner(tmp_path / "x.npz", build(encoder=encoder), vocabulary)
    model, _, about = load_captioner(tmp_path / "x.npz")
    assert model.statistics == {} and about == {} and model.settings.encoder == encoder


def test_a_captioner_of_grids_comes_back_with_their_statistics(tmp_path, build, vocabulary):
    model = build(encoder="absent", grid="net:2x3x5")
    model.calibrate(np.random.default_rng(0).normal(size=(4, 6, 5)).astype(np.float32))
    path = tmp_path / "x.npz"
    save_captioner(path, model, vocabulary)
    again, _, _ = load_captioner(path)
    assert again.settings.grid == "net:2x3x5" and again.settings.grid_shape == (2, 3)
    for name, value in model.statistics.items():
        np.testing.assert_array_equal(again.statistics[name], value)
    arrays, kept = load_checkpoint(path)
    assert "receptive_field" not in kept["captioner"]  # nor do files of before have it
    kept["captioner"]["receptive_field"] = 42
    save_checkpoint(path, arrays, kept)
    with pytest.raises(SattError, match="do not make a captioner .*receptive_field"):
        load_captioner(path)
    del kept["captioner"]["receptive_field"]
    arrays["statistics.grid.mean"] = np.ones(4, np.float32)
    save_checkpoint(path, arrays, kept)
    with pytest.raises(SattError, match="grid.mean: expected shape .5,., got .4,."):
        load_captioner(path)


def test_another_vocabulary_is_not_saved(tmp_path, model):
    with pytest.raises(SattError, match="^vocabulary: expected .* got 5"):
        save_captioner(tmp_path / "x.npz", model, Vocabulary(["one"]))
    assert list(tmp_path.iterdir()) == []


def test_what_json_cannot_hold_is_not_saved(tmp_path, model, vocabulary):
    with pytest.raises(SattError, match="keep to numbers"):
        save_captioner(tmp_path / "x.npz", model, vocabulary, {"model": model})


def drop_kind(arrays, kept):
    del kept["kind"]


def other_kind(arrays, kept):
    kept["kind"] = "translator"


def no_words(arrays, kept):
    del kept["words"]


def wrong_channels(arrays, kept):
    kept["captioner"]["channels"] = 8


def unknown_setting(arrays, kept):
    kept["captioner"]["wings"] = 2


def encoder_of_another_satt(arrays, kept):
    kept["captioner"]["receptive_field"] = 36


def encoder_of_a_list(arrays, kept):
    kept["captioner"]["receptive_field"] = [42]


def encoder_of_an_old_satt(arrays, kept):
    del kept["captioner"]["receptive_field"]


def bad_setting(arrays, kept):
    kept["captioner"]["encoder"] = "asleep"


def grid_for_eyes(arrays, kept):
    kept["captioner"]["grid"] = "net:2x3x5"


def grid_of_lists(arrays, kept):
    kept["captioner"] |= {"encoder": "absent", "grid": [2, 3, 5]}


def fewer_words(arrays, kept):
    kept["words"].pop()


def word_twice(arrays, kept):
    kept["words"][0] = kept["words"][1]


def lost_parameter(arrays, kept):
    del arrays["params.decoder.lstm.b"]


def other_shape(arrays, kept):
    arrays["params.decoder.lstm.b"] = arrays["params.decoder.lstm.b"][1:]


def lost_statistic(arrays, kept):
    del arrays["statistics.encoder.norm2.mean"]


def other_statistic(arrays, kept):
    arrays["statistics.encoder.norm3.variance"] = np.ones(1, np.float32)


@pytest.mark.parametrize(("edit", "expected"), [
    (drop_kind, "holds no captioner"),
    (other_kind, "holds no captioner"),
    (no_words, "do not make a captioner .'words'."),
    (wrong_channels, "do not make a captioner"),
    (unknown_setting, "do not make a captioner .*'wings'"),
    (encoder_of_another_satt, "expected an encoder whose vectors see 42x42 pixels, .* says 36; "),
    (encoder_of_a_list, "expected an encoder whose vectors see 42x42 pixels, .* says .42.; "),
    (encoder_of_an_old_satt, "an encoder whose vectors see 42x42 pixels, .* does not say; "),
    (bad_setting, "encoder: expected one of .* got 'asleep'"),
    (grid_for_eyes, "grid: expected for an absent encoder .* for one that is trained"),
    (grid_of_lists, "do not make a captioner"),
    (fewer_words, "vocabulary: expected"),
    (word_twice, "twice"),
    (lost_parameter, "decoder.lstm.b: expected shape .48,., got None"),
    (other_shape, "decoder.lstm.b: expected shape .48,., got .47,."),
    (lost_statistic, "encoder.norm2.mean: expected shape .6,., got None"),
    (other_statistic, "encoder.norm3.variance: expected shape .8,., got .1,."),
])
def test_what_does_not_fit_together_is_refused_in_one_line(path, rewrite, edit, expected):
    rewrite(edit)
    with pytest.raises(SattError, match=expected) as raised:
        load_captioner(path)
    assert "\n" not in str(raised.value)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(SattError, match="there is no file"):
        load_captioner(tmp_path / "nothing.npz")
