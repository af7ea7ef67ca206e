"""Max pooling of windows of 2x2 that stand side by side, in two steps: across, then down.

The mathematics is that of `satt/layers/max_pool.py`; all other windows are left to it. The maximum
of four is the maximum of two maxima, and the second is taken of an array half as large. Which
place has won is kept as two bits: right or left, for both rows, and the lower or the upper row.
Where two are equal the left one wins, then the upper: the first in row-major order, as there.
"""

import numpy as np

from satt.layers import max_pool as plain


def max_pool_forward(x, size=2, stride=None):
    """Keep the maximum of every window: arguments and results are those of the plain layer."""
    N, H, width, C = x.shape
    if size != 2 or stride not in (None, 2) or H % 2 or width % 2 or np.iscomplexobj(x):
        out, cache = plain.max_pool_forward(x, size, stride)
        return out, (None, cache)
    pairs = x.reshape(N, H, width // 2, 2, C)
    left, right = pairs[:, :, :, 0], pairs[:, :, :, 1]
    across = np.maximum(left, right)
    upper, lower = across[:, 0::2], across[:, 1::2]
    return np.maximum(upper, lower), ((right > left, lower > upper), None)


def max_pool_backward(dout, cache):
    """Give the gradient of every window to the pixel that won it."""
    won, plain_cache = cache
    if won is None:
        return plain.max_pool_backward(dout, plain_cache)
    right_won, lower_won = won
    N, H, half, C = right_won.shape
    dx = np.empty((N, H, half, 2, C), dout.dtype)
    dacross = np.empty((N, H, half, C), dout.dtype)
    np.multiply(dout, lower_won, out=dacross[:, 1::2])
    np.multiply(dout, ~lower_won, out=dacross[:, 0::2])
    np.multiply(dacross, right_won, out=dx[:, :, :, 1])
    np.multiply(dacross, ~right_won, out=dx[:, :, :, 0])
    return dx.reshape(N, H, 2 * half, C)
