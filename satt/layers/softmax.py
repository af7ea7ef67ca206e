"""The softmax: scores become weights that are positive and sum to 1 along one axis.

Lecture: a_t = softmax(e_t).  Paper: alpha_ti = exp(e_ti) / sum_k exp(e_tk), over the locations.
"""

import numpy as np


def softmax_forward(scores, axis=-1, mask=None):
    """Turn scores into weights along one axis.

    Parameters
    ----------
    scores : ndarray, any shape, (N, L) for attention over a grid
    axis : int, optional
        The axis along which the weights sum to 1.
    mask : ndarray, bool or 0/1, of a shape that broadcasts to that of `scores`, optional
        True where a weight is allowed. Elsewhere the weight is exactly 0, whatever the score; a
        row with nothing allowed is all zeros.

    Returns
    -------
    attention : ndarray, the shape of `scores`
    cache : tuple
        What `softmax_backward` needs.
    """
    if mask is not None:
        scores = np.where(mask, scores, -np.inf)
    # Taking the same number from every score changes no ratio, and no exp can overflow any more.
    peak = scores.real.max(axis=axis, keepdims=True)
    peak = np.where(peak == -np.inf, 0, peak)  # a row with nothing allowed: -inf - -inf is nan
    attention = np.exp(scores - peak)
    total = attention.sum(axis=axis, keepdims=True)
    attention = attention / np.where(total == 0, 1, total)
    return attention, (attention, axis)


def softmax_backward(dattention, cache):
    """Send the gradient of the weights back to the scores.

    With a_i = exp(e_i) / S and S = sum_k exp(e_k), the quotient rule gives

        d a_i / d e_j = a_i (1 if i = j else 0) - a_i a_j
        de_j = sum_i da_i (d a_i / d e_j) = a_j (da_j - sum_i a_i da_i)

    Only the difference from the weighted average of da counts, so de sums to 0 along the axis and
    a constant da gives de = 0: all ones are no test of this line. A masked weight is 0, so its de
    is 0 too.

    Returns
    -------
    dscores : ndarray, the shape of `scores`
    """
    attention, axis = cache
    average = (attention * dattention).sum(axis=axis, keepdims=True)
    return attention * (dattention - average)
