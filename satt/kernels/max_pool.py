"""Max pooling of windows of 2x2 that stand side by side, in two steps: across, then down.

The mathematics is that of `satt/layers/max_pool.py`; all other windows are left to it. The maximum
of four is the maximum of two maxima, and the second is taken of an array half as large. Which
place has won is kept as two bits: right or left, for both rows, and the lower or the upper row.
Where two are equal the left one wins, then the upper: the first in row-major order, as there.
Some images at a time, so that what the first step makes is in the cache when the second wants it.
"""

import numpy as np

from satt.kernels.pieces import pieces
from satt.layers import max_pool as plain


def max_pool_forward(x, size=2, stride=None):
    """Keep the maximum of every window: arguments and results are those of the plain layer."""
    N, H, width, C = x.shape
    if size != 2 or stride not in (None, 2) or H % 2 or width % 2 or np.iscomplexobj(x):
        out, cache = plain.max_pool_forward(x, size, stride)
        return out, (None, cache)
    left, right = (x.reshape(N, H, width // 2, 2, C)[:, :, :, side] for side in (0, 1))
    out = np.empty((N, H // 2, width // 2, C), x.dtype)
    right_won, lower_won = np.empty(left.shape, bool), np.empty(out.shape, bool)
    for piece in _pieces(x):
        np.greater(right[piece], left[piece], out=right_won[piece])
        across = np.maximum(left[piece], right[piece])
        upper, lower = across[:, 0::2], across[:, 1::2]
        np.greater(lower, upper, out=lower_won[piece])
        np.maximum(upper, lower, out=out[piece])
    return out, ((right_won, lower_won), None)


def max_pool_backward(dout, cache):
    """Give the gradient of every window to the pixel that won it."""
    won, plain_cache = cache
    if won is None:
        return plain.max_pool_backward(dout, plain_cache)
    right_won, lower_won = won
    N, H, half, C = right_won.shape
    dx = np.empty((N, H, half, 2, C), dout.dtype)
    for piece in _pieces(dx):
        lower, right = lower_won[piece], right_won[piece]
        dacross = np.empty(right.shape, dout.dtype)
        np.multiply(dout[piece], lower, out=dacross[:, 1::2])
        np.multiply(dout[piece], ~lower, out=dacross[:, 0::2])
        np.multiply(dacross, right, out=dx[piece, :, :, 1])
        np.multiply(dacross, ~right, out=dx[piece, :, :, 0])
    return dx.reshape(N, H, 2 * half, C)


def _pieces(images):
    return pieces(len(images), images[0].nbytes)
