"""Max pooling of windows of 2x2 that stand side by side, in two steps: down, then across.

The mathematics is that of `satt/layers/max_pool.py`; all other windows are left to it. The maximum
of four is the maximum of two maxima, and the second is taken of an array half as large. Down goes
first: two rows of an image meet as a whole, but two pixels of a row only for their C numbers, and
NumPy starts anew each time. So left and right are copied apart before they meet. Some images at a
time, so that what the first step makes is in the cache when the second wants it.

NumPy has a buffer of 8192 numbers, and copies shorter rows into it, one after the other, before it
computes. With a buffer no longer than a row it takes the row where it is: twice as fast. (Rows of
fewer numbers than `BUFFER` are still copied.)

Which place has won is kept as two bits: lower or upper, for both columns, and the right or the
left column. Where two are equal the first in row-major order wins, as in the plain layer: the
upper, then the left. Where the columns' maxima are equal, the one from the upper row is the first.

In the backward one of two gets the gradient times its bit, and the other what is left.
"""

import numpy as np

from satt.kernels.pieces import LARGER_CACHE, pieces
from satt.layers import max_pool as plain

BUFFER = 1024  # numbers; a row of 16 pixels with 64 channels is as long


@np.errstate()  # on leaving it, NumPy restores the buffer too
def max_pool_forward(x, size=2, stride=None):
    """Keep the maximum of every window: arguments and results are those of the plain layer."""
    N, H, width, C = x.shape
    if size != 2 or stride not in (None, 2) or H % 2 or width % 2 or np.iscomplexobj(x):
        out, cache = plain.max_pool_forward(x, size, stride)
        return out, (None, cache)
    np.setbufsize(BUFFER)
    pairs = x.reshape(N, H // 2, 2, width // 2, 2, C)
    out = np.empty((N, H // 2, width // 2, C), x.dtype)
    lower_won, right_won = np.empty((N, H // 2, width // 2, 2, C), bool), np.empty(out.shape, bool)
    for piece in _pieces(x):
        upper, lower = pairs[piece, :, 0], pairs[piece, :, 1]
        np.greater(lower, upper, out=lower_won[piece])
        left, right = (column.copy() for column in _columns(np.maximum(upper, lower)))
        np.greater(right, left, out=right_won[piece])
        np.maximum(left, right, out=out[piece])
        tied = left == right
        if tied.any():
            left_is_lower, right_is_lower = _columns(lower_won[piece])
            right_won[piece] |= tied & left_is_lower & ~right_is_lower
    return out, ((lower_won, right_won), None)


@np.errstate()  # as above
def max_pool_backward(dout, cache):
    """Give the gradient of every window to the pixel that won it."""
    won, plain_cache = cache
    if won is None:
        return plain.max_pool_backward(dout, plain_cache)
    np.setbufsize(BUFFER)
    lower_won, right_won = won
    N, rows, columns, _, C = lower_won.shape
    dx = np.empty((N, rows, 2, columns, 2, C), dout.dtype)
    for piece in _pieces(dx):
        ddown = np.empty(lower_won[piece].shape, dout.dtype)
        left, right = _columns(ddown)
        to_one = np.multiply(dout[piece], right_won[piece])
        right[...] = to_one
        left[...] = np.subtract(dout[piece], to_one, out=to_one)
        upper, lower = dx[piece, :, 0], dx[piece, :, 1]
        np.multiply(ddown, lower_won[piece], out=lower)
        np.subtract(ddown, lower, out=upper)
    return dx.reshape(N, 2 * rows, 2 * columns, C)


def _columns(pairs):
    """Left and right of each pair: (..., 2, C) -> two of (..., C)."""
    return pairs[..., 0, :], pairs[..., 1, :]


def _pieces(images):
    return pieces(len(images), images[0].nbytes, LARGER_CACHE)
