"""The convolution as a matrix product, with as little copying around it as possible.

The mathematics is that of `satt/layers/conv2d.py`. With channels last, a row of a window is one
run of KW C numbers in memory, which NumPy copies in one go if it is told so: the windows are
viewed as (N, OH, OW, KH, KW C), in the order in which the product wants them.

Back to the pixels, the gradient of the windows is one product too. To add it up, taps that are
less than a stride apart are taken together: their windows do not overlap, and so they are one
longer run. The first stride x stride taps reach every pixel once, and write where the others add.
"""

import numpy as np
from numpy.lib.stride_tricks import as_strided

from satt.kernels.pieces import pieces
from satt.kernels.small_products import product, transposed_product
from satt.kernels.tiles import clear_rim

WINDOWS = 4_000_000  # bytes at a time: the product itself is cut further where that pays
KEPT = 4  # keep the windows for the backward if they weigh at most so many times the images


def columns_forward(x, W, stride=1, padding=0):
    """Convolve: arguments and results are those of the plain layer without a bias."""
    (N, H, width, C), (KH, KW, _, F) = x.shape, W.shape
    dtype = np.result_type(x, W)
    padded = np.empty((N, H + 2 * padding, width + 2 * padding, C), dtype)
    clear_rim(padded, padding, H, width)
    padded[:, padding : padding + H, padding : padding + width] = x
    windows = _windows(padded, W.shape, stride)
    OH, OW = windows.shape[1:3]
    out = np.empty((N, OH, OW, F), dtype)
    # Of few channels they weigh little, however many times the images: no more than the output.
    keep, kept = KH * KW <= KEPT * stride * stride or KH * KW * C <= F, []
    for piece in _pieces(windows):
        columns = windows[piece].reshape(-1, KH * KW * C)  # the copy
        product(columns, W.reshape(-1, F), out=out[piece].reshape(-1, F))
        if keep:
            kept.append(columns)
    return out, (None if keep else padded, kept, W, x.shape, stride, padding)


def columns_backward(dout, cache, to_pixels=True):
    """Send the gradient back to the images, if wanted, and the filters."""
    padded, kept, W, (N, H, width, C), stride, padding = cache
    KH, KW, _, F = W.shape
    OH, OW = dout.shape[1:3]
    flat_W, dW = W.reshape(-1, F), 0
    dtype = np.result_type(dout, W)
    dpadded = np.empty((N, H + 2 * padding, width + 2 * padding, C), dtype)
    dwindows = _windows(dpadded, W.shape, stride)
    if to_pixels and min(KH, KW) < stride:
        dpadded[...] = 0  # pixels between the windows
    elif to_pixels:
        dpadded[:, OH * stride :], dpadded[:, :, OW * stride :] = 0, 0
    for number, piece in enumerate(_pieces(dwindows)):
        flat_dout = dout[piece].reshape(-1, F)
        if padded is None:
            columns = kept[number]
        else:
            columns = _windows(padded, W.shape, stride)[piece].reshape(-1, KH * KW * C)
        dW = dW + transposed_product(columns, flat_dout)
        if to_pixels:
            dcolumns = (flat_dout @ flat_W.T).reshape(-1, OH, OW, KH, KW * C)
            for i in range(KH):
                for j in range(0, KW, stride):
                    run = np.s_[..., i, j * C : (j + stride) * C]
                    if i < stride and j == 0:  # the first to come to these pixels
                        dwindows[piece][run] = dcolumns[run]
                    else:
                        dwindows[piece][run] += dcolumns[run]
    dx = dpadded[:, padding : padding + H, padding : padding + width] if to_pixels else None
    return dx, dW.reshape(W.shape)


def _windows(padded, filters, stride):
    """View all windows of all images: (N, OH, OW, KH, KW C). They overlap."""
    (N, H, width, C), (KH, KW) = padded.shape, filters[:2]
    shape = N, (H - KH) // stride + 1, (width - KW) // stride + 1, KH, KW * C
    image, row, pixel, channel = padded.strides
    return as_strided(padded, shape, (image, stride * row, stride * pixel, row, channel))


def _pieces(windows):
    return pieces(len(windows), windows[0].size * windows.itemsize, WINDOWS)
