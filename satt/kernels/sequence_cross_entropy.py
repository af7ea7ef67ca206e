"""The captioning loss without a second array as large as the scores.

The formulas are those of `satt/layers/sequence_cross_entropy.py`. The scores of T words for N
captions are the largest array of a training step: with a vocabulary of 10,000 words, ten times the
rest of the decoder. So they are kept as they are, with two numbers for each word: its peak, and
the sum of the exponentials. The backward takes the exponentials once more, row by row in pieces
that stay in the cache, and writes each gradient once.
"""

import numpy as np

from satt.kernels.pieces import pieces


def sequence_cross_entropy_forward(logits, targets, mask):
    """Sum -log p(right word): arguments and results are those of the plain layer."""
    V = logits.shape[-1]
    scores, counts = logits.reshape(-1, V), mask.astype(bool).reshape(-1)
    rows = np.flatnonzero(counts)
    peaks, totals = np.empty((2, len(rows)), logits.dtype)
    for piece in _pieces(scores, len(rows)):
        some = scores[rows[piece]]
        peaks[piece] = peak = np.maximum.reduce(some.real, axis=1)
        some -= peak[:, None]
        totals[piece] = np.exp(some, out=some).sum(axis=1)
    right = targets.reshape(-1)[rows]
    # log p from the scores, not as the log of a quotient that may have become 0.
    surprise = np.log(totals) - (scores[rows, right] - peaks)
    return surprise.sum() / len(logits), (logits, rows, right, peaks, totals)


def sequence_cross_entropy_backward(dloss, cache):
    """Send the gradient of the loss back to the scores: p_v - (1 if v is right else 0)."""
    logits, rows, right, peaks, totals = cache
    V, scale = logits.shape[-1], dloss / len(logits)
    scores = logits.reshape(-1, V)
    dscores = np.zeros_like(scores) if len(rows) < len(scores) else np.empty_like(scores)
    factors = (scale / totals).astype(logits.dtype, copy=False)[:, None]
    for piece in _pieces(scores, len(rows)):
        some = scores[rows[piece]]
        some -= peaks[piece, None]
        np.exp(some, out=some)
        some *= factors[piece]
        dscores[rows[piece]] = some
    dscores[rows, right] -= scale
    return dscores.reshape(logits.shape)


def _pieces(scores, count):
    return pieces(count, scores.shape[1] * scores.itemsize) if count else []
