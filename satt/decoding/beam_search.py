"""Beam search: several captions of an item grow side by side, and the best one is kept."""

import numpy as np

from satt.decoding.decoded import as_decoded, word_log_probabilities
from satt.errors import SattError


def beam_search(
    model, inputs, beam_size=3, max_length=20, length_penalty=0.6, start=1, stop=2, pad=0,
    excluded=(),
):
    """Caption a batch with the best of the `beam_size` most probable beginnings.

    At each step every beginning is continued by every word, and the most probable continuations
    stay. A caption that is finished keeps its place for good, so the search narrows as captions
    finish; with one place it is greedy decoding. In the end the finished captions are compared,
    or, if there is none, the unfinished ones, by

        score = log p(caption) / ((5 + T) / 6)^length_penalty

    with T words, the stop word counted (Wu et al. 2016, equation 14). Every word makes log p
    smaller, so without the division short captions would win; 0 switches it off.

    Parameters
    ----------
    model, inputs, max_length, start, stop, pad, excluded
        As for `satt.decoding.roll_out.roll_out`.
    beam_size : int
        K, beginnings kept for each item.
    length_penalty : float

    Returns
    -------
    captions : list of Decoded
        The best caption of each item.

    Raises
    ------
    SattError
        If `beam_size` or `max_length` is not at least 1.
    """
    for name, value in (("beam_size", beam_size), ("max_length", max_length)):
        if value < 1:
            raise SattError(f"{name}: expected at least 1, got {value}")
    memory, state = model.start(inputs)
    count = len(state[0])
    if not count:
        return []
    # One beginning of each item at first: equal ones would fill the beam with copies of one
    # caption. After the first word row n * width + k is beginning k of item n.
    width = 1
    words = np.full(count, start)
    totals = np.zeros(count, np.float32)  # the first scores that are added make it theirs
    finished = some_finished = False
    history = []
    for _ in range(max_length):
        logits, attention, state = model.step(words, memory, state)
        log_probabilities = word_log_probabilities(logits, [pad, start, *excluded])
        scores = totals[:, None] + log_probabilities
        if some_finished:
            # A finished caption keeps its place: nothing is more than infinity.
            scores[finished] = -np.inf
            scores[finished, stop] = np.inf
        rows, words, values = _best(scores, width, beam_size)
        totals = np.where(values == np.inf, totals[rows], values) if some_finished else values
        state = tuple(array[rows] for array in state)
        history.append((rows, words, attention))
        if width < beam_size:
            memory = tuple(_several_times(array, beam_size) for array in memory)
            width = beam_size
        finished = words == stop
        some_finished = finished.any()
        if some_finished:
            # Where there were too few words, what was chosen last is impossible, whatever it is.
            possible = totals > -np.inf
            finished &= possible
            if (finished == possible).all():
                break
    said, looked = _trace(history)
    lengths = (said != stop).sum(axis=1) + finished
    scores = totals / ((5 + lengths) / 6) ** length_penalty
    any_finished = np.repeat(finished.reshape(count, beam_size).any(axis=1), beam_size)
    scores[any_finished & ~finished] = -np.inf
    best = np.arange(count) * beam_size + scores.reshape(count, beam_size).argmax(axis=1)
    return [as_decoded(said[row], looked[row], totals[row], stop) for row in best]


def _several_times(array, count):
    """Repeat each row (N, ...); a single one is not copied, so that the cache holds it once."""
    N, *shape = array.shape
    return np.broadcast_to(array[:, None], (N, count, *shape)).reshape(N * count, *shape)


def _best(scores, width, beam_size):
    """Choose the `beam_size` largest scores of each item.

    Parameters
    ----------
    scores : ndarray, shape (N width, V)
        Each item has `width` rows. Overwritten.
    width, beam_size : int

    Returns
    -------
    rows, words, values : ndarray, shape (N K,)
        The row and the word of each, and its score; of an item the best first.
    """
    count, size = len(scores) // width, scores.shape[1]
    of_item = scores.reshape(count, width * size)
    flat = of_item.reshape(-1)  # the same numbers, not a copy
    begins = np.arange(count) * width * size
    places = np.empty((count, beam_size), np.int64)
    values = np.empty((count, beam_size), scores.dtype)
    # A beam is narrow, so a few maxima are quicker than a sort; a tie goes to the first.
    for k in range(beam_size):
        places[:, k] = place = of_item.argmax(axis=1) + begins
        values[:, k] = flat[place]
        flat[place] = -np.inf
    return *np.divmod(places.reshape(-1), size), values.reshape(-1)


def _trace(history):
    """Follow each row from parent to parent: what was said, and where it looked at each word."""
    row, said, looked = np.arange(len(history[-1][0])), [], []
    for parents, words, attention in reversed(history):
        said.append(words[row])
        row = parents[row]
        looked.append(attention[row])
    return np.stack(said[::-1], axis=1), np.stack(looked[::-1], axis=1)
