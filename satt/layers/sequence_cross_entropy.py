"""The captioning loss: how surprised the model is by the right words.

Paper, first term of the loss: -log p(y | x) = -sum_t log p(y_t | ...), for each caption.
"""

import numpy as np


def sequence_cross_entropy_forward(logits, targets, mask):
    """Sum -log p(right word) over each caption, and take the mean over the captions.

    Parameters
    ----------
    logits : ndarray, shape (N, T, V)
        Scores over the vocabulary; their softmax is p.
    targets : ndarray of int, shape (N, T)
        The right words.
    mask : ndarray, bool or 0/1, shape (N, T)
        1 where the word counts, up to and with the end word; 0 after it. Logits and targets of
        steps with 0 are never looked at.

    Returns
    -------
    loss : scalar
        In nats per caption. An untrained model scores about T log V.
    cache : tuple
        What `sequence_cross_entropy_backward` needs.
    """
    counts = mask.astype(bool)
    right = targets[counts]
    # (M, V), the M steps that count. It is the only large array: the steps below work within it.
    probability = logits[counts]
    # Nothing overflows if the largest score is 0: log sum exp(y) = peak + log sum exp(y - peak).
    probability -= probability.real.max(axis=1, keepdims=True)
    right_score = probability[np.arange(right.size), right]
    np.exp(probability, out=probability)
    total = probability.sum(axis=1)
    # log p from the scores, not as the log of a quotient that may have become 0.
    loss = (np.log(total) - right_score).sum() / len(logits)
    probability /= total[:, None]
    return loss, (probability, right, counts)


def sequence_cross_entropy_backward(dloss, cache):
    """Send the gradient of the loss back to the scores.

    For one step with scores y, right word k and p = softmax(y):

        -log p_k = log sum_v exp(y_v) - y_k
        dy_v     = exp(y_v) / sum exp(y) - (1 if v = k else 0) = p_v - (1 if v = k else 0)

    and the mean over N captions divides by N. What the model believes, minus what is true; a step
    after the end word is no part of the loss and gets exactly zero.

    Returns
    -------
    dlogits : ndarray, shape (N, T, V)
    """
    probability, right, counts = cache
    scale = dloss / len(counts)
    dlogits = np.zeros((*counts.shape, probability.shape[1]), probability.dtype)
    dlogits[counts] = probability * scale
    dlogits[counts, right] -= scale
    return dlogits
