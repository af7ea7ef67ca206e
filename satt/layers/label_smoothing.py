"""Label smoothing: not to be too sure of the right word, as others might have done as well.

Szegedy et al. 2016, Rethinking the Inception Architecture, section 7. The target of a step is no
longer all on the right word k: a share epsilon of it is spread evenly over the vocabulary,
q_v = epsilon / V + (1 - epsilon if v = k else 0). This is what that adds to the cross-entropy.
"""

import numpy as np


def label_smoothing_forward(logits, targets, mask):
    """How far the right words' scores stand above the average score of their step.

    Parameters
    ----------
    logits : ndarray, shape (N, T, V)
        Scores over the vocabulary.
    targets : ndarray of int, shape (N, T)
        The right words.
    mask : ndarray, bool or 0/1, shape (N, T)
        1 where the word counts, up to and with the end word; 0 after it. Logits and targets of
        steps with 0 are never looked at.

    Returns
    -------
    loss : scalar
        The sum over each caption, and the mean over the captions. The weight epsilon is the
        caller's: sequence_cross_entropy + epsilon label_smoothing is the smoothed cross-entropy.
    cache : tuple
        What `label_smoothing_backward` needs.

    Notes
    -----
    With log p_v = y_v - log sum exp(y), and because q sums to 1, the log drops out of the rest:

        -sum_v q_v log p_v = log sum exp(y) - (1 - epsilon) y_k - epsilon mean_v y_v
                           = -log p_k + epsilon (y_k - mean_v y_v)

    So no softmax is needed a second time.
    """
    counts, V = mask.astype(bool), logits.shape[2]
    right = targets[counts]
    # A product with ones: NumPy adds up short rows many times more slowly than BLAS does.
    means = logits[counts] @ np.full(V, 1 / V, logits.dtype)
    loss = (logits[counts, right] - means).sum() / len(logits)
    return loss, (right, counts, V, logits.dtype)


def label_smoothing_backward(dloss, cache):
    """Send the gradient back to the scores: the right one down, all of them a little up.

    For one step, with right word k:

        y_k - mean_v y_v        has the slope        (1 if v = k else 0) - 1 / V

    and the mean over N captions divides by N. The scores themselves do not matter. Together with
    the cross-entropy's p_v - (1 if v = k else 0) this is p_v - q_v: it is zero where the model
    believes q, no longer only where it is certain.

    Returns
    -------
    dlogits : ndarray, shape (N, T, V)
        Exactly zero at a step after the end word.
    """
    right, counts, V, dtype = cache
    scale = dloss / len(counts)
    dlogits = np.zeros((*counts.shape, V), dtype)
    dlogits[counts] = -scale / V
    dlogits[counts, right] += scale
    return dlogits
