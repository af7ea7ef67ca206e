"""Batch normalisation: each channel gets mean 0 and variance 1 over the batch, then its own scale.

Ioffe and Szegedy 2015, algorithm 1. This is the form for training, in which every example feels
the others through the statistics; `batch_norm_inference` is the form for afterwards.
"""

import numpy as np


def batch_statistics(x):
    """Take the mean and variance of each channel, over all axes but the last.

    Parameters
    ----------
    x : ndarray, shape (..., C)

    Returns
    -------
    mean : ndarray, shape (C,)
    variance : ndarray, shape (C,)
        The plain average of the squared distances from the mean: divided by M, not by M - 1.
    """
    axes = tuple(range(x.ndim - 1))
    count = x[..., 0].size
    mean = x.sum(axis=axes) / count
    centred = x - mean
    # Not np.var: of complex numbers it takes the squared modulus, which has no complex derivative.
    return mean, (centred * centred).sum(axis=axes) / count


def batch_norm_forward(x, gamma, beta, epsilon=1e-5):
    """Normalise each channel with the statistics of this batch, then scale and shift.

    Parameters
    ----------
    x : ndarray, shape (..., C)
        (N, H, W, C) after a convolution, (N, C) after a linear layer.
    gamma, beta : ndarray, shape (C,)
        Scale and shift, learned.
    epsilon : float, optional
        Added to the variance, so that a constant channel does not divide by zero.

    Returns
    -------
    out : ndarray, shape (..., C)
    cache : tuple
        What `batch_norm_backward` needs.
    """
    mean, variance = batch_statistics(x)
    inverse_deviation = 1 / np.sqrt(variance + epsilon)
    normalised = (x - mean) * inverse_deviation
    return gamma * normalised + beta, (normalised, inverse_deviation, gamma)


def batch_norm_backward(dout, cache):
    """Send the gradient back to the input, the scale and the shift.

    Let m run over the M entries of one channel, z = (x - mean) r, r = (variance + epsilon)^-1/2
    and out = gamma z + beta. Then, with g = gamma dout for the gradient of z,

        dgamma = sum_m dout[m] z[m]        dbeta = sum_m dout[m]

    One x[k] moves its own z by r, every z through the mean by -r / M, and every z through r:
    d variance / dx[k] = 2 (x[k] - mean) / M and dr / d variance = -r^3 / 2 move z[m] by
    (x[m] - mean) (-r^3) (x[k] - mean) / M = -r z[m] z[k] / M. Together:

        dx[k] = r (g[k] - sum_m g[m] / M - z[k] sum_m g[m] z[m] / M)
              = gamma r (dout[k] - dbeta / M - z[k] dgamma / M)

    The gradient loses the parts that would shift or stretch the whole channel: both are undone by
    the normalisation. So dx sums to 0, and a bias before this layer has no gradient.

    Returns
    -------
    dx : ndarray, shape (..., C)
    dgamma : ndarray, shape (C,)
    dbeta : ndarray, shape (C,)
    """
    normalised, inverse_deviation, gamma = cache
    axes = tuple(range(dout.ndim - 1))
    count = dout[..., 0].size
    dgamma = (dout * normalised).sum(axis=axes)
    dbeta = dout.sum(axis=axes)
    dx = gamma * inverse_deviation * (dout - dbeta / count - normalised * (dgamma / count))
    return dx, dgamma, dbeta
