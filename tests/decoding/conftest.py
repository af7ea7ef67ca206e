import itertools

import numpy as np
import pytest

START, STOP = 1, 2


class TableModel:
    """A model whose logits for a step stand in a table; its attention row tells its history.

    tables : (N, T, V, V), the logits of an item at a step, after a word.
    The attention row is [item, number of words so far, the words so far read as one number].
    """

    def start(self, inputs):
        items = np.arange(len(inputs))
        return (inputs, items), (np.zeros(len(inputs), dtype=int), np.zeros((len(inputs), 1)))

    def step(self, words, memory, state):
        (tables, items), (steps, code) = memory, state
        code = code * tables.shape[-1] + words[:, None]
        rows = np.arange(len(words))
        logits = tables[rows, steps % tables.shape[1], words]
        attention = np.stack([items, steps, code[:, 0]], axis=1).astype(float)
        return logits, attention, (steps + 1, code)


def table_rows(item, words, vocabulary_size):
    """Return the attention rows that the model must have shown for a caption."""
    code, rows = 0, []
    for step, word in enumerate([START, *words[:-1]] if words else []):
        code = code * vocabulary_size + word
        rows.append([item, step, code])
    return np.array(rows).reshape(-1, 3)


def table_log_probability(table, words):
    """Return log p of words (the stop word written out), by the plain formula."""
    total, before = 0.0, START
    for step, word in enumerate(words):
        allowed = np.exp(table[step % len(table), before, STOP:])
        total += np.log(allowed[word - STOP] / allowed.sum())
        before = word
    return total


def finished_captions(vocabulary_size, max_length):
    """Return every caption that ends with the stop word within `max_length` words."""
    others = range(STOP + 1, vocabulary_size)
    return [
        [*words, STOP]
        for length in range(max_length)
        for words in itertools.product(others, repeat=length)
    ]


@pytest.fixture
def tables():
    """Logits of 4 items, 3 steps, 6 words; start and padding would be the most probable."""
    tables = np.random.default_rng(5).normal(size=(4, 3, 6, 6)) * 1.5
    tables[..., :2] += 9
    return tables


@pytest.fixture
def helpers():
    class Helpers:
        model = TableModel()
        rows = staticmethod(table_rows)
        log_probability = staticmethod(table_log_probability)
        every = staticmethod(finished_captions)

    return Helpers
