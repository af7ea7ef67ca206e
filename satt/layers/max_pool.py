"""Max pooling: of every window of an image, keep the largest value, each channel for itself."""

from functools import reduce

import numpy as np


def max_pool_forward(x, size=2, stride=None):
    """Keep the maximum of every size x size window.

    Parameters
    ----------
    x : ndarray, shape (N, H, W, C)
        Of complex numbers the real part decides.
    size : int, optional
        Height and width of a window, in pixels.
    stride : int, optional
        Steps between neighbouring windows, in pixels; `size` if left out (windows side by side).

    Returns
    -------
    out : ndarray, shape (N, OH, OW, C)
        OH = (H - size) // stride + 1, and OW likewise: windows that do not fit are left out.
    cache : tuple
        What `max_pool_backward` needs: not the image, only which place of each window won.
    """
    stride = size if stride is None else stride
    places = places_in_window(x.shape, size, stride)
    peak = reduce(np.maximum, [x[place].real for place in places])
    out, winners, undecided = 0, [], np.ones(peak.shape, bool)
    for place in places:
        won = undecided & (x[place].real == peak)
        undecided = undecided & ~won
        out = out + x[place] * won
        winners.append(won)
    return out, (winners, x.shape, size, stride)


def max_pool_backward(dout, cache):
    """Give the gradient of every window to the pixel that won it.

    out = x[winner], so a small change of the winner changes the output as much, and a small change
    of any other pixel changes nothing:

        dx[pixel] = sum of dout over the windows that this pixel has won

    The sum has several terms only when windows overlap. A tie is a kink, without a slope; there
    the first maximum in row-major order takes the whole gradient, so that none counts twice.

    Returns
    -------
    dx : ndarray, shape (N, H, W, C)
    """
    winners, shape, size, stride = cache
    dx = np.zeros(shape, dout.dtype)
    for place, won in zip(places_in_window(shape, size, stride), winners, strict=True):
        dx[place] += dout * won
    return dx


def places_in_window(shape, size, stride):
    """For each place in a window, row by row, the index that picks it from all windows at once.

    Parameters
    ----------
    shape : tuple of int, (N, H, W, C)
    size, stride : int

    Returns
    -------
    places : list of size * size indices into an array of that shape
    """
    bottom = (shape[1] - size) // stride * stride + 1
    right = (shape[2] - size) // stride * stride + 1
    return [
        np.s_[:, i : i + bottom : stride, j : j + right : stride]
        for i in range(size)
        for j in range(size)
    ]
