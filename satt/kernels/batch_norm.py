"""Batch normalisation with fewer walks through the data.

The formulas are those of `satt/layers/batch_norm.py`. The work is not arithmetic but memory, so
that each array is read as few times as possible:

* A sum over all rows is a product with a row of ones, which BLAS does at the speed of memory.
* Where a row of numbers per channel meets the data, NumPy handles C numbers at a time, and copies
  the row over and over to have as many as its buffer holds. With so many pixels to a row, and the
  channel's numbers repeated as often, there is nothing to copy: half the time.
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

from satt.kernels.pieces import LARGER_CACHE, pieces

WIDTH = 8192  # numbers in a row: as many as NumPy's buffer holds
NEAR = 0.9  # the mean's share of the mean square up to which one digit is lost


def batch_norm_forward(x, gamma, beta, epsilon=1e-5):
    """Normalise, scale and shift: arguments and results are those of the plain layer."""
    C = x.shape[-1]
    count, wide = x.size // C, _wide(x)
    mean, mean_square = (total / count for total in _sums(wide, wide, C))
    if (np.abs(mean) ** 2 > NEAR * np.abs(mean_square)).any():
        wide = wide - _repeated(mean, wide)
        mean, mean_square = (total / count for total in _sums(wide, wide, C))
    inverse_deviation = 1 / np.sqrt(mean_square - mean * mean + epsilon)
    a = gamma * inverse_deviation
    scale, shift = _repeated(a, wide), _repeated(beta - a * mean, wide)
    out = np.empty(wide.shape, np.result_type(x, gamma, beta))
    for piece in _pieces(wide):
        np.multiply(wide[piece], scale, out=out[piece])
        out[piece] += shift
    return out.reshape(x.shape), (wide, mean, inverse_deviation, gamma)


def batch_norm_backward(dout, cache):
    """Send the gradient back; the formulas are those of the plain layer, put together."""
    wide, mean, inverse_deviation, gamma = cache
    C = len(gamma)
    count, dwide = dout.size // C, dout.reshape(wide.shape)
    dbeta, products = _sums(dwide, wide, C)
    dgamma = inverse_deviation * (products - mean * dbeta)
    c = inverse_deviation * dgamma / count
    slope, shift = _repeated(c, wide), _repeated(dbeta / count - c * mean, wide)
    scale = _repeated(gamma * inverse_deviation, wide)
    dx = np.empty(wide.shape, np.result_type(dout, wide))
    for piece in _pieces(wide):
        dx_piece = np.multiply(wide[piece], slope, out=dx[piece])
        dx_piece += shift
        np.subtract(dwide[piece], dx_piece, out=dx_piece)
        dx_piece *= scale
    return dx.reshape(dout.shape), dgamma, dbeta


def _wide(x):
    """Put several pixels into a row: (M / pixels, pixels C)."""
    C = x.shape[-1]
    pixels = np.gcd(x.size // C, max(1, WIDTH // C))
    return x.reshape(-1, pixels * C)


def _repeated(numbers, wide):
    """One number per channel, as often as there are pixels to a row."""
    row = np.empty((wide.shape[1] // len(numbers), len(numbers)), numbers.dtype)
    row[...] = numbers
    return row.reshape(-1)


def _sums(one, other, C):
    """For each channel, the sum of `one` and the sum of the products, over all pixels."""
    totals = products = 0
    for piece in _pieces(one):
        pixels = one[piece].reshape(-1, C)
        ones = np.ones(len(pixels), pixels.real.dtype)
        totals = totals + ones @ pixels
        products = products + ones @ (one[piece] * other[piece]).reshape(-1, C)
    return totals, products


def _pieces(wide):
    return pieces(len(wide), wide[0].nbytes, LARGER_CACHE)
