"""Batch normalisation with fixed statistics, as one scale and one shift a channel.

The formulas are those of `satt/layers/batch_norm_inference.py`, put together channel by channel
before the pixels are met. With r = 1 / deviation and a = gamma r,

    out = a x + (beta - a mean)        dx = a dout        dgamma = r (sum dout x - mean dbeta)

so that x - mean is never written down, unless the mean is so large against the deviation that the
differences would have few digits; see `satt/kernels/batch_norm.py`.
"""

import numpy as np

from satt.kernels.batch_norm import NEAR
from satt.kernels.channel_rows import channel_sums, repeated, scale_and_shift, wide_rows


def batch_norm_inference_forward(x, gamma, beta, mean, variance, epsilon=1e-5):
    """Scale and shift: arguments and results are those of the plain layer."""
    wide = wide_rows(x)
    mean_square = mean * mean + variance
    if (np.abs(mean) ** 2 > NEAR * np.abs(mean_square)).any():
        wide, mean = wide - repeated(mean, wide), 0 * mean
    inverse_deviation = 1 / np.sqrt(variance + epsilon)
    a = gamma * inverse_deviation
    out = scale_and_shift(wide, a, beta - a * mean, np.result_type(x, gamma, beta))
    return out.reshape(x.shape), (wide, mean, inverse_deviation, gamma)


def batch_norm_inference_backward(dout, cache):
    """Send the gradient back; the formulas are those of the plain layer, put together."""
    wide, mean, inverse_deviation, gamma = cache
    dwide = dout.reshape(wide.shape)
    dbeta, products = channel_sums(dwide, wide, len(gamma))
    dgamma = inverse_deviation * (products - mean * dbeta)
    scale = repeated(gamma * inverse_deviation, wide)
    return (dwide * scale).reshape(dout.shape), dgamma, dbeta
