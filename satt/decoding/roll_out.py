"""Say one word after the other, each chosen once and for all."""

import numpy as np

from satt.decoding.decoded import as_decoded, word_log_probabilities
from satt.errors import SattError


def roll_out(model, inputs, choose, max_length, start, stop, pad, excluded=()):
    """Run a model over a batch, feeding back the words that `choose` picks.

    Parameters
    ----------
    model : object with `start` and `step`
        As `satt.decoding` describes.
    inputs : what `model.start` takes, N items
    choose : function
        From log probabilities (N, V) to words (N,).
    max_length : int
        At most so many words, the stop word counted.
    start, stop, pad : int
        The special words' ids; start and padding are never said.
    excluded : sequence of int
        Further words that are never said, such as the one that stands for all unknown ones.

    Returns
    -------
    captions : list of Decoded
        One an item.

    Raises
    ------
    SattError
        If `max_length` is not at least 1.
    """
    if max_length < 1:
        raise SattError(f"max_length: expected at least 1 word, got {max_length}")
    memory, state = model.start(inputs)
    items = np.arange(len(state[0]))
    words = np.full(len(items), start)
    totals = np.zeros(len(items))
    finished = np.zeros(len(items), dtype=bool)
    said, looked = [], []
    for _ in range(max_length):
        logits, attention, state = model.step(words, memory, state)
        log_probabilities = word_log_probabilities(logits, [pad, start, *excluded])
        words = choose(log_probabilities)
        totals += np.where(finished, 0.0, log_probabilities[items, words])
        finished |= words == stop
        said.append(words)
        looked.append(attention)
        if finished.all():
            break
    said, looked = np.stack(said, axis=1), np.stack(looked, axis=1)
    return [as_decoded(said[n], looked[n], totals[n], stop) for n in items]
