"""A decoded caption, and the probabilities that every way of decoding chooses from."""

from dataclasses import dataclass

import numpy as np


@dataclass
class Decoded:
    """One caption that a model wrote.

    Parameters
    ----------
    words : list of int
        Without the start and the stop word; T words.
    attention : ndarray, shape (T, L)
        Where the model looked for each word.
    log_probability : float
        The sum of the words' log probabilities, that of the stop word too if it was said.
    finished : bool
        Whether the model said the stop word, rather than being cut off.
    """

    words: list
    attention: np.ndarray
    log_probability: float
    finished: bool


def word_log_probabilities(logits, excluded):
    """Turn logits into log probabilities of the words that may be said.

    The excluded words get probability 0 and the others share the whole of it:
    log p_v = logits_v - log sum_{w not excluded} exp(logits_w).

    Parameters
    ----------
    logits : ndarray, shape (N, V)
    excluded : list of int
        Words that no caption contains, such as the padding.

    Returns
    -------
    log_probabilities : ndarray, shape (N, V)
        Of the dtype of the logits.
    """
    log_probabilities = logits.copy()
    for word in excluded:
        log_probabilities[:, word] = -np.inf
    log_probabilities -= log_probabilities.max(axis=1, keepdims=True)
    log_probabilities -= np.log(np.exp(log_probabilities).sum(axis=1, keepdims=True))
    return log_probabilities


def as_decoded(words, attention, log_probability, stop):
    """Cut a row of words at the first stop word.

    Parameters
    ----------
    words : ndarray of integers, shape (T,)
    attention : ndarray, shape (T, L)
    log_probability : float
    stop : int

    Returns
    -------
    decoded : Decoded
    """
    stops = np.flatnonzero(words == stop)
    length = int(stops[0]) if len(stops) else len(words)
    return Decoded(
        words[:length].tolist(), attention[:length], float(log_probability), len(stops) > 0
    )
