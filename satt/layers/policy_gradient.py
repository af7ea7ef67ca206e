"""Policy gradient: words that turned out well shall be said more often (Williams 1992, REINFORCE).

What a caption is worth, its reward r, is known only when it has been said, and it has no slope:
no word is a little bit more right. But how likely the words were does have one, and the mean
reward is the sum of r over all captions y that could have been said, by their probability:

    d E[r] = sum_y r(y) dp(y) = sum_y p(y) r(y) d log p(y) = E[r d log p(y)]

So it is enough to let the model say some captions, and to pull at each of them as hard as it was
worth. Since E[d log p(y)] = d sum_y p(y) = 0, anything that does not depend on the words may be
taken off the reward: with a baseline b the advantage r - b is small, and so is the noise.
"""

import numpy as np


def policy_gradient_forward(logits, words, mask, advantages, excluded=()):
    """Minus the log probability of what was said, times its advantage; the mean of the captions.

    Parameters
    ----------
    logits : ndarray, shape (N, T, V)
        Scores over the vocabulary, at each step after the words before; their softmax is p.
    words : ndarray of int, shape (N, T)
        What the model itself said, drawn from p.
    mask : ndarray, bool or 0/1, shape (N, T)
        1 where the word counts, up to and with the end word; 0 after it. Logits and words of
        steps with 0 are never looked at.
    advantages : ndarray, shape (N,)
        How much better than expected each caption was. Constants: what they depend on is not
        differentiated.
    excluded : sequence of int
        Words that were not drawn from, such as the one for unknown words: their p is 0. Were it
        not, each bad caption would push some probability to them, which nothing ever takes back,
        since nobody says them and finds out.

    Returns
    -------
    loss : scalar
        Its value says nothing, only its slope: on average, that of minus the mean reward.
    cache : tuple
        What `policy_gradient_backward` needs.
    """
    counts = mask.astype(bool)
    said = words[counts]
    shares = (np.asarray(advantages) / len(logits)).astype(logits.real.dtype)
    weights = np.repeat(shares, counts.sum(axis=1))  # (M,), as the steps below
    probability = logits[counts]  # (M, V), the M steps that count
    probability[:, list(excluded)] = -np.inf
    probability -= probability.real.max(axis=1, keepdims=True)
    score = probability[np.arange(said.size), said]
    np.exp(probability, out=probability)
    total = probability.sum(axis=1)
    loss = (weights * (np.log(total) - score)).sum()
    probability /= total[:, None]
    return loss, (probability, said, counts, weights)


def policy_gradient_backward(dloss, cache):
    """Send the gradient of the loss back to the scores.

    As for the cross-entropy, with the word k that was said, but for the weight: for one step of
    caption n, scores y and p = softmax(y),

        -advantage_n log p_k / N    has the slope    advantage_n / N (p_v - (1 if v = k else 0))

    Where the advantage is positive, a step downhill makes the words of the caption more likely and
    all others less; where it is negative, the other way round.

    Returns
    -------
    dlogits : ndarray, shape (N, T, V)
        Exactly zero at a step after the end word.
    """
    probability, said, counts, weights = cache
    scale = dloss * weights
    dlogits = np.zeros((*counts.shape, probability.shape[1]), probability.dtype)
    change = probability * scale[:, None]
    change[np.arange(said.size), said] -= scale
    dlogits[counts] = change
    return dlogits
