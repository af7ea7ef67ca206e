"""Beam search: several captions of one image grow side by side, and the best one is kept."""

import numpy as np


def beam_step(totals, log_probabilities, finished, stop):
    """Continue K captions by a word, and keep the best K of all continuations.

    A caption that is finished keeps its place for good: it is among the best, whatever the others
    score, it is "continued" by `stop`, and its total stays what it was.

    Parameters
    ----------
    totals : ndarray, shape (K,)
        log p of each caption so far; -inf for a place that is not taken.
    log_probabilities : ndarray, shape (K, V)
        Of each next word after each caption.
    finished : ndarray of bool, shape (K,)
    stop : int
        The word that ends a caption.

    Returns
    -------
    parents : ndarray of int, shape (K,)
        Which caption each of the new ones continues.
    words : ndarray of int, shape (K,)
        By which word.
    totals : ndarray, shape (K,)
        log p of the new captions.

    Notes
    -----
    The finished come first, in the order in which they stand; then the others, best first.
    """
    scores = totals[:, None] + log_probabilities
    scores[finished] = -np.inf
    scores[finished, stop] = np.inf
    best = np.argsort(-scores, axis=None, kind="stable")[: len(totals)]
    parents, words = np.divmod(best, scores.shape[1])
    return parents, words, np.where(finished[parents], totals[parents], scores[parents, words])


def beam_search(
    step, state, beam_size=3, max_length=20, length_penalty=0.6, start=1, stop=2
):
    """Find a probable caption of one image.

    It begins with one empty caption and `beam_size - 1` places not taken: equal beginnings would
    fill the beam with copies of one caption. It ends when every place that is taken is finished,
    or after `max_length` words. Then the finished captions are compared, or, if there is none,
    the unfinished ones, by

        log p(caption) / ((5 + T) / 6)^length_penalty

    with T words, the stop word counted (Wu et al. 2016, equation 14).

    Parameters
    ----------
    step : callable
        `log_probabilities, state = step(words, state)`: reads the last words (K,), gives the log
        probabilities (K, V) of the next ones and the state after reading.
    state : tuple of ndarray, each of shape (1, ...)
        Before the first word. Row k of each array belongs to caption k.
    beam_size : int, optional
        K.
    max_length : int, optional
        At most so many words, the stop word counted.
    length_penalty : float, optional
    start, stop : int, optional
        The word that is read first, and the word that ends a caption.

    Returns
    -------
    words : ndarray of int, shape (T,)
        Without start and stop.
    total : float
        log p of the caption, that of the stop word included if it was said.
    """
    words = np.full(beam_size, start)
    totals = np.full(beam_size, -np.inf)
    totals[0] = 0.0
    finished = np.zeros(beam_size, dtype=bool)
    said = np.zeros((beam_size, 0), dtype=int)
    state = tuple(np.repeat(array, beam_size, axis=0) for array in state)
    for _ in range(max_length):
        log_probabilities, state = step(words, state)
        parents, words, totals = beam_step(totals, log_probabilities, finished, stop)
        state = tuple(array[parents] for array in state)
        said = np.concatenate([said[parents], words[:, None]], axis=1)
        taken = np.isfinite(totals)
        finished = taken & (words == stop)
        if finished[taken].all():
            break
    lengths = (said != stop).sum(axis=1) + finished
    scores = totals / ((5 + lengths) / 6) ** length_penalty
    if finished.any():
        scores[~finished] = -np.inf
    best = scores.argmax()
    return said[best][said[best] != stop], float(totals[best])
