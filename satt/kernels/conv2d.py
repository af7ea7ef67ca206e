"""The 2-D convolution of `satt/layers/conv2d.py`, faster: signatures and results are the same.

Filters of 3x3 at stride 1 go through Winograd's algorithm (`satt/kernels/winograd.py`), which
multiplies a quarter as much. All others are a matrix product of their windows, as in the plain
layer (`satt/kernels/columns.py`), where only the copying is left to save.
"""

from satt.kernels.columns import columns_backward, columns_forward
from satt.kernels.tiles import plan
from satt.kernels.winograd import winograd_backward, winograd_forward

CHANNELS = 16  # with fewer, the transforms take longer than the multiplications that they save
FILTERS = 16  # to transform the filters costs as much as this many tiles, whatever the images


def conv2d_forward(x, W, b=None, stride=1, padding=0):
    """Slide a bank of F filters over a batch of images.

    Parameters
    ----------
    x : ndarray, shape (N, H, W, C)
    W : ndarray, shape (KH, KW, C, F)
    b : ndarray, shape (F,), optional
    stride : int, optional
        In pixels, down as well as across.
    padding : int, optional
        Width of the rim of zeros on all four sides, in pixels.

    Returns
    -------
    out : ndarray, shape (N, OH, OW, F)
        OH = (H + 2 padding - KH) // stride + 1, and OW likewise.
    cache : tuple
        What the two backward functions need.
    """
    is_winograd = _pays(x, W, stride, padding)
    if is_winograd:
        out, cache = winograd_forward(x, W, padding)
    else:
        out, cache = columns_forward(x, W, stride, padding)
    if b is not None:
        out = out + b
    return out, (cache, b is not None, is_winograd)


def conv2d_backward(dout, cache):
    """Send the gradient back to the images, the filters and the bias.

    Returns
    -------
    dx : ndarray, shape (N, H, W, C)
    dW : ndarray, shape (KH, KW, C, F)
    db : ndarray, shape (F,), or None where there was no `b`
    """
    return _backward(dout, cache, to_pixels=True)


def conv2d_parameters_backward(dout, cache):
    """Send the gradient back to the filters and the bias only.

    Returns
    -------
    dW : ndarray, shape (KH, KW, C, F)
    db : ndarray, shape (F,), or None where there was no `b`
    """
    return _backward(dout, cache, to_pixels=False)[1:]


def _backward(dout, cache, to_pixels):
    cache, has_bias, is_winograd = cache
    backward = winograd_backward if is_winograd else columns_backward
    dx, dW = backward(dout, cache, to_pixels)
    return dx, dW, dout.sum(axis=(0, 1, 2)) if has_bias else None


def _pays(x, W, stride, padding):
    """Whether Winograd's algorithm can be used and is the faster.

    A pixel of the output takes 9 products directly and a tile 36. The transforms take as long
    again, so that half of the multiplications must be saved: 9 pixels > 2 * 36 tiles.
    """
    if stride != 1 or W.shape[:2] != (3, 3) or min(W.shape[2:]) < CHANNELS:
        return False
    N, H, width, _ = x.shape
    rows, columns, _ = plan(x, W.shape[3], padding)
    pixels = N * (H + 2 * padding - 2) * (width + 2 * padding - 2)
    return pixels > 8 * (N * rows * columns + FILTERS)
