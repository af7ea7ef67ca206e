import numpy as np
import pytest

from satt.decoding.beam_search import beam_search
from satt.decoding.decoded import as_decoded, word_log_probabilities
from satt.decoding.greedy import greedy
from satt.decoding.sampling import sample


def test_excluded_words_get_nothing_and_the_others_share_the_whole():
    logits = np.array([[5.0, 1.0, 2.0, 3.0], [900.0, -900.0, 800.0, 800.0]], dtype=np.float32)
    found = word_log_probabilities(logits, [0, 1])
    assert np.isneginf(found[:, :2]).all()
    np.testing.assert_allclose(np.exp(found).sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(found[0, 3] - found[0, 2], 1, rtol=1e-6)
    np.testing.assert_allclose(found[1, 2:], np.log(0.5), rtol=1e-6)
    assert logits[0, 0] == 5


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_they_are_as_precise_as_the_logits(dtype):
    assert word_log_probabilities(np.zeros((2, 3), dtype), [0]).dtype == dtype


def test_words_are_cut_at_the_first_stop():
    words, attention = np.array([5, 3, 2, 4, 2]), np.arange(15.0).reshape(5, 3)
    decoded = as_decoded(words, attention, np.float64(-1.5), 2)
    assert decoded.words == [5, 3] and decoded.finished is True
    assert np.array_equal(decoded.attention, attention[:2])
    assert decoded.log_probability == -1.5 and type(decoded.log_probability) is float


def test_without_a_stop_nothing_is_cut():
    decoded = as_decoded(np.array([5, 3]), np.zeros((2, 3)), 0.0, 2)
    assert decoded.words == [5, 3] and decoded.finished is False


def test_a_stop_at_once_leaves_an_empty_caption():
    decoded = as_decoded(np.array([2, 3]), np.zeros((2, 7)), 0.0, 2)
    assert decoded.words == [] and decoded.attention.shape == (0, 7) and decoded.finished


@pytest.mark.parametrize("decode", [
    greedy, beam_search, lambda model, tables, **more: sample(
        model, tables, np.random.default_rng(0), **more),
], ids=["greedy", "beam", "sample"])
def test_an_excluded_word_is_never_said(tables, helpers, decode):
    tables[..., 2], tables[..., 3] = 15, 20
    for caption in decode(helpers.model, tables, max_length=5):
        assert 3 in caption.words or caption.log_probability < -4
    # The others have the whole of the probability.
    for caption in decode(helpers.model, tables, max_length=5, excluded=[3]):
        assert caption.words == [] and caption.finished
        assert caption.log_probability == pytest.approx(0, abs=1e-3)
