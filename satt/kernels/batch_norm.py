"""Batch normalisation with fewer walks through the data.

The formulas are those of `satt/layers/batch_norm.py`. The work is not arithmetic but memory, so
that each array is read as few times as possible:

* Sums over pixels, and numbers of each channel that meet all pixels: see `channel_rows.py`.
* Scale, mean and shift are put together first, channel by channel. With r = 1 / deviation and
  a = gamma r, which are of the forward alone,

      out = a x + (beta - a mean)        dx = a (dout - c x - b),  c = r dgamma / M,
                                                                   b = dbeta / M - c mean

  so that the difference x - mean is never written down. The sums do without it too:

      variance = sum x^2 / M - mean^2    dgamma = r (sum dout x - mean dbeta)

  Differences of large numbers have few digits left, so that this is right only where the mean is
  not large against the deviation. Elsewhere it is taken away first, which leaves next to nothing.
* What is larger than the cache is worked through in pieces, all steps for each.
"""

import numpy as np

from satt.kernels.channel_rows import (
    channel_sums,
    repeated,
    row_pieces,
    scale_and_shift,
    wide_rows,
)

NEAR = 0.9  # the mean's share of the mean square up to which one digit is lost


def batch_norm_forward(x, gamma, beta, epsilon=1e-5):
    """Normalise, scale and shift: arguments and results are those of the plain layer."""
    C = x.shape[-1]
    count, wide = x.size // C, wide_rows(x)
    mean, mean_square = (total / count for total in channel_sums(wide, wide, C))
    if (np.abs(mean) ** 2 > NEAR * np.abs(mean_square)).any():
        wide = wide - repeated(mean, wide)
        mean, mean_square = (total / count for total in channel_sums(wide, wide, C))
    inverse_deviation = 1 / np.sqrt(mean_square - mean * mean + epsilon)
    a = gamma * inverse_deviation
    out = scale_and_shift(wide, a, beta - a * mean, np.result_type(x, gamma, beta))
    return out.reshape(x.shape), (wide, mean, inverse_deviation, gamma)


def batch_norm_backward(dout, cache):
    """Send the gradient back; the formulas are those of the plain layer, put together."""
    wide, mean, inverse_deviation, gamma = cache
    C = len(gamma)
    count, dwide = dout.size // C, dout.reshape(wide.shape)
    dbeta, products = channel_sums(dwide, wide, C)
    dgamma = inverse_deviation * (products - mean * dbeta)
    c = inverse_deviation * dgamma / count
    slope, shift = repeated(c, wide), repeated(dbeta / count - c * mean, wide)
    scale = repeated(gamma * inverse_deviation, wide)
    dx = np.empty(wide.shape, np.result_type(dout, wide))
    for piece in row_pieces(wide):
        dx_piece = np.multiply(wide[piece], slope, out=dx[piece])
        dx_piece += shift
        np.subtract(dwide[piece], dx_piece, out=dx_piece)
        dx_piece *= scale
    return dx.reshape(dout.shape), dgamma, dbeta
