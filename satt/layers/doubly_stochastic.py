"""The doubly stochastic penalty: over a whole caption, look at every location about equally.

Paper, section 4.2.1: sum_i (1 - sum_t alpha_ti)^2. The attention's rows sum to 1 over
locations by the softmax; this asks its columns to sum to `target` over time.
"""

import numpy as np


def doubly_stochastic_forward(attention, mask=None, target=1.0, reduction="mean"):
    """Penalise locations that got too much or too little attention over the caption.

    Parameters
    ----------
    attention : ndarray, shape (N, T, L)
        Each row sums to 1 over the L locations.
    mask : ndarray, shape (N, T), optional
        1 or True at a step that counts, 0 or False after the end word. None: all steps count.
    target : float or "T/L", optional
        What each location's attention should add up to over the steps. "T/L" takes for T each
        caption's own number of steps that count.
    reduction : {"mean", "sum"}, optional
        Over the images.

    Returns
    -------
    loss : scalar
        sum_l (target - sum_t attention)^2 per image, then averaged or summed over the images. The
        weight lambda is the caller's.
    cache : tuple
        What `doubly_stochastic_backward` needs.

    Raises
    ------
    KeyError
        If `reduction` is neither "mean" nor "sum".

    Notes
    -----
    T rows that sum to 1 give sum_l sum_t attention = T, so the L totals have the mean T/L whatever
    the model does. With target 1 (the paper) and T < L they cannot all be 1: the even spread is
    the best there is, and leaves the floor L (1 - T/L)^2, 172.7 for T = 12 and L = 196. "T/L"
    removes the floor. That changes what is reported and not what is learned: the two gradients
    differ by one number for all locations of an image, which the softmax's backward cancels.
    """
    N, T, L = attention.shape
    if mask is None:
        mask = np.ones((N, T), dtype=bool)
    if target == "T/L":
        target = (np.count_nonzero(mask, axis=1) / L).astype(attention.dtype)[:, None]
    total = np.where(mask[:, :, None], attention, 0).sum(axis=1)
    excess = total - target
    divisor = {"mean": N, "sum": 1}[reduction]
    return (excess**2).sum() / divisor, (excess, mask, divisor)


def doubly_stochastic_backward(dloss, cache):
    """Tell every step of a location how far the location's total is from the target.

    With total[n, l] = sum_t mask[n, t] attention[n, t, l] and
    loss = sum_nl (total[n, l] - target[n])^2 / divisor, where divisor = N for "mean", 1 for "sum":

        dtotal[n, l]        = 2 (total[n, l] - target[n]) dloss / divisor
        dattention[n, t, l] = mask[n, t] dtotal[n, l]      a sum hands its gradient to each term

    Every unmasked step of a location gets the same push; a masked one gets exactly zero.

    Returns
    -------
    dattention : ndarray, shape (N, T, L)
    """
    excess, mask, divisor = cache
    dtotal = 2 * excess * dloss / divisor
    return np.where(mask[:, :, None], dtotal[:, None, :], 0)
