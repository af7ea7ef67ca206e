import numpy as np
import pytest

from satt.decoding.greedy import greedy


def by_hand(table, max_length):
    words, before = [], 1
    for step in range(max_length):
        before = 2 + int(table[step % len(table), before, 2:].argmax())
        if before == 2:
            return words, True
        words.append(before)
    return words, False


def test_each_word_is_the_most_probable_one(tables, helpers):
    tables[2, 0, 1, 2] = 20
    captions = greedy(helpers.model, tables, max_length=5)
    for item, caption in enumerate(captions):
        assert (caption.words, caption.finished) == by_hand(tables[item], 5)
        expected = helpers.log_probability(tables[item], caption.words + [2] * caption.finished)
        assert caption.log_probability == pytest.approx(expected, abs=1e-12)
        assert np.array_equal(caption.attention, helpers.rows(item, caption.words, 6))
    assert captions[2].words == [] and len({tuple(caption.words) for caption in captions}) > 1


def test_a_model_that_never_stops_is_cut_off(tables, helpers):
    tables[..., 2] = -50
    for caption in greedy(helpers.model, tables, max_length=7):
        assert len(caption.words) == 7 == len(caption.attention) and not caption.finished
        assert min(caption.words) > 2


def test_a_batch_is_its_items_one_by_one(tables, helpers):
    together = greedy(helpers.model, tables, max_length=6)
    alone = [greedy(helpers.model, tables[n : n + 1], max_length=6)[0] for n in range(4)]
    assert [c.words for c in together] == [c.words for c in alone]
    assert [c.log_probability for c in together] == [c.log_probability for c in alone]


def test_other_special_words(tables, helpers):
    # The same tables with the words numbered backwards.
    backwards = tables[:, :, ::-1, ::-1]
    captions = greedy(helpers.model, backwards, max_length=5, start=4, stop=3, pad=5)
    expected = [[5 - word for word in c.words] for c in greedy(helpers.model, tables, 5)]
    assert [caption.words for caption in captions] == expected
