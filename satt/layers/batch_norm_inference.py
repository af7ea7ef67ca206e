"""Batch normalisation with fixed statistics: after training, no example feels the others.

Ioffe and Szegedy 2015, algorithm 2. The mean and variance come from `batch_statistics` over
training images; what is left is a scale and a shift per channel.
"""

import numpy as np


def batch_norm_inference_forward(x, gamma, beta, mean, variance, epsilon=1e-5):
    """Normalise each channel with given statistics, then scale and shift.

    Parameters
    ----------
    x : ndarray, shape (..., C)
    gamma, beta : ndarray, shape (C,)
        Scale and shift, learned.
    mean, variance : ndarray, shape (C,)
        Constants: they get no gradient.
    epsilon : float, optional
        The same number as in training.

    Returns
    -------
    out : ndarray, shape (..., C)
    cache : tuple
        What `batch_norm_inference_backward` needs.
    """
    inverse_deviation = 1 / np.sqrt(variance + epsilon)
    normalised = (x - mean) * inverse_deviation
    return gamma * normalised + beta, (normalised, inverse_deviation, gamma)


def batch_norm_inference_backward(dout, cache):
    """Send the gradient back to the input, the scale and the shift.

    With z = (x - mean) r, r = (variance + epsilon)^-1/2 and out = gamma z + beta, where mean and r
    are now constants, each x moves its own output only:

        dx = gamma r dout      dgamma = sum_m dout[m] z[m]      dbeta = sum_m dout[m]

    with m over all entries of the channel. Beside `batch_norm_backward` two terms are gone, those
    through the batch's mean and variance: the usual mistake is to forget them there.

    Returns
    -------
    dx : ndarray, shape (..., C)
    dgamma : ndarray, shape (C,)
    dbeta : ndarray, shape (C,)
    """
    normalised, inverse_deviation, gamma = cache
    axes = tuple(range(dout.ndim - 1))
    dgamma = (dout * normalised).sum(axis=axes)
    dbeta = dout.sum(axis=axes)
    return dout * (gamma * inverse_deviation), dgamma, dbeta
