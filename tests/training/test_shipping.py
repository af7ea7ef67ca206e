import numpy as np
import pytest

from satt.errors import SattError
from satt.training.keeping import load_captioner, save_captioner
from satt.training.shipping import ship_captioner


@pytest.fixture
def checkpoint(build, vocabulary, drawn, random, tmp_path):
    model = build(encoder="absent", grid="net:2x3x50", projection=40, state_width=64)
    model.calibrate(random.normal(3, 1e-4, size=(9, 6, 50)).astype(np.float32))
    save_captioner(tmp_path / "whole.npz", model, vocabulary, {"data": "photographs"})
    return tmp_path / "whole.npz"


def test_half_the_bytes_and_nearly_the_same_numbers(checkpoint, tmp_path):
    size = ship_captioner(checkpoint, tmp_path / "half.npz")
    assert size == (tmp_path / "half.npz").stat().st_size
    assert size < 0.6 * checkpoint.stat().st_size
    whole, words, about = load_captioner(checkpoint)
    half, same_words, same_about = load_captioner(tmp_path / "half.npz")
    assert same_words.words == words.words and same_about == about
    assert half.settings == whole.settings
    for name, param in whole.params.items():
        assert half.params[name].dtype == np.float32
        np.testing.assert_array_equal(half.params[name], param.astype(np.float16))
        np.testing.assert_allclose(half.params[name], param, rtol=2**-11, atol=1e-7)
    for name, statistic in whole.statistics.items():  # few, and some are tiny
        np.testing.assert_array_equal(half.statistics[name], statistic)


def test_what_float16_cannot_hold_is_refused(build, vocabulary, tmp_path):
    model = build()
    model.params["decoder.lstm.b"][3] = 1e5
    with pytest.raises(SattError, match="decoder.lstm.b: expected numbers up to 65,504.* 100000"):
        save_captioner(tmp_path / "half.npz", model, vocabulary, half=True)
    assert not (tmp_path / "half.npz").exists()
