import numpy as np
import pytest

from satt.decoding.roll_out import roll_out
from satt.errors import SattError


def run(model, tables, choose, max_length=4):
    return roll_out(model, tables, choose, max_length, start=1, stop=2, pad=0)


def test_the_chosen_words_are_fed_back_and_scored(tables, helpers):
    script = iter([[3, 4, 5, 2], [4, 2, 5, 3], [2, 3, 3, 5], [5, 5, 3, 2]])
    captions = run(helpers.model, tables, lambda _: np.array(next(script)))
    assert [caption.words for caption in captions] == [[3, 4], [4], [5, 5, 3, 3], []]
    assert [caption.finished for caption in captions] == [True, True, False, True]
    for item, caption in enumerate(captions):
        said = caption.words + [2] * caption.finished
        expected = helpers.log_probability(tables[item], said)
        assert caption.log_probability == pytest.approx(expected, abs=1e-12)
        assert np.array_equal(caption.attention, helpers.rows(item, caption.words, 6))


def test_it_stops_when_all_have_stopped(tables, helpers):
    calls = []

    def choose(log_probabilities):
        calls.append(log_probabilities.shape)
        return np.full(4, 2)

    run(helpers.model, tables, choose, max_length=9)
    assert calls == [(4, 6)]


def test_no_items_and_no_words(tables, helpers):
    assert run(helpers.model, tables[:0], lambda p: p.argmax(axis=1)) == []
    with pytest.raises(SattError, match="max_length: expected at least 1 word, got 0"):
        run(helpers.model, tables, lambda p: p.argmax(axis=1), max_length=0)
