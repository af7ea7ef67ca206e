"""Average pooling: every window of an image becomes its mean, each channel for itself."""

import numpy as np

from satt.layers.max_pool import places_in_window


def average_pool_forward(x, size=2, stride=None):
    """Take the mean of every size x size window.

    Parameters
    ----------
    x : ndarray, shape (N, H, W, C)
    size : int, optional
        Height and width of a window, in pixels.
    stride : int, optional
        Steps between neighbouring windows, in pixels; `size` if left out (windows side by side).

    Returns
    -------
    out : ndarray, shape (N, OH, OW, C)
        OH = (H - size) // stride + 1, and OW likewise: windows that do not fit are left out.
    cache : tuple
        What `average_pool_backward` needs: only sizes, as the operation is linear.
    """
    stride = size if stride is None else stride
    out = sum(x[place] for place in places_in_window(x.shape, size, stride)) / size**2
    return out, (x.shape, size, stride)


def average_pool_backward(dout, cache):
    """Share the gradient of every window equally among its pixels.

    From out[window] = sum over its pixels x[pixel] / size^2:

        dx[pixel] = sum of dout / size^2 over the windows that hold this pixel

    One window when they stand side by side, several when they overlap, none at a rim that no
    window reaches: there the gradient is exactly zero.

    Returns
    -------
    dx : ndarray, shape (N, H, W, C)
    """
    shape, size, stride = cache
    share = dout / size**2
    dx = np.zeros(shape, dout.dtype)
    for place in places_in_window(shape, size, stride):
        dx[place] += share
    return dx
