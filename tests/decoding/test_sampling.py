from collections import Counter

import numpy as np
import pytest

from satt.decoding.greedy import greedy
from satt.decoding.sampling import sample
from satt.errors import SattError


@pytest.mark.parametrize("temperature", [1.0, 2.0])
def test_whole_captions_come_as_often_as_the_softmax_says(tables, helpers, temperature):
    count = 20_000
    many = np.broadcast_to(tables[:1], (count, *tables.shape[1:]))
    random = np.random.default_rng(0)
    captions = sample(helpers.model, many, random, temperature, max_length=2)
    counts = Counter((*c.words, 2)[:2] for c in captions)
    possible = [(2,)] + [(a, b) for a in (3, 4, 5) for b in (2, 3, 4, 5)]
    assert set(counts) <= set(possible)
    for words in possible:
        p = np.exp(helpers.log_probability(tables[0] / temperature, words))
        assert abs(counts[words] / count - p) < 4.5 * np.sqrt(p * (1 - p) / count)


def test_no_temperature_is_greedy(tables, helpers):
    expected = greedy(helpers.model, tables, max_length=6)
    for temperature in (0.0, 1e-9):
        found = sample(helpers.model, tables, np.random.default_rng(1), temperature, 6)
        assert [c.words for c in found] == [c.words for c in expected]
        assert [c.log_probability for c in found] == [c.log_probability for c in expected]


def test_the_log_probability_is_the_models_own(tables, helpers):
    captions = sample(helpers.model, tables, np.random.default_rng(2), 3.0, max_length=5)
    for item, caption in enumerate(captions):
        said = caption.words + [2] * caption.finished
        expected = helpers.log_probability(tables[item], said)
        assert caption.log_probability == pytest.approx(expected, abs=1e-12)
        assert np.array_equal(caption.attention, helpers.rows(item, caption.words, 6))


def test_seeds_repeat_and_draws_differ(tables, helpers):
    def draw(seed):
        captions = sample(helpers.model, tables, np.random.default_rng(seed), 5.0)
        return [caption.words for caption in captions]

    assert draw(3) == draw(3)
    assert draw(3) != draw(4)


def test_a_negative_temperature_is_refused(tables, helpers):
    with pytest.raises(SattError, match="temperature: expected 0 or more, got -1"):
        sample(helpers.model, tables, np.random.default_rng(0), -1)
