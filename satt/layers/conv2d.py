"""The 2-D convolution: one small linear map, applied to every window of an image.

On an image with a rim of zeros,

    out[n, y, x, f] = sum_ijc image[n, y stride + i, x stride + j, c] W[i, j, c, f] + b[f].

With every window laid out as a row this is a single matrix product; after a reshape to (N, L, D)
the output is the grid of the lecture, h_{i,j}.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def conv2d_forward(x, W, b=None, stride=1, padding=0):
    """Slide a bank of F filters over a batch of images.

    Parameters
    ----------
    x : ndarray, shape (N, H, W, C)
        Images, channels last; height and width need not be equal.
    W : ndarray, shape (KH, KW, C, F)
        The filters; not flipped, as everywhere in the field (strictly, a correlation).
    b : ndarray, shape (F,), optional
    stride : int, optional
        Steps between neighbouring windows, in pixels, down as well as across.
    padding : int, optional
        Width of the rim of zeros on all four sides, in pixels.

    Returns
    -------
    out : ndarray, shape (N, OH, OW, F)
        OH = (H + 2 padding - KH) // stride + 1, and OW likewise. Where a last window does not fit,
        the pixels only it would see are not used.
    cache : tuple
        What `conv2d_backward` needs. The windows are not in it: they weigh KH KW times the image
        and are quickly made again.
    """
    rim = (padding, padding)
    padded = np.pad(x, ((0, 0), rim, rim, (0, 0))) if padding else x
    columns, shape = _columns(padded, W, stride)
    out = (columns @ W.reshape(-1, W.shape[3])).reshape(shape)
    if b is not None:
        out = out + b
    return out, (padded, W, b is not None, stride, padding)


def conv2d_backward(dout, cache):
    """Send the gradient back to the images, the filters and the bias.

    Every (window, filter) pair is one linear map. With r for a window (n, y, x) and k for a place
    (i, j, c) in it, out[r, f] = sum_k columns[r, k] W[k, f] + b[f], as in `linear`:

        dW = columns^T dout              each weight was used in every window
        db[f] = sum_r dout[r, f]

    A pixel is seen by several windows, at another place (i, j) in each; their messages add up:

        dimage[n, y stride + i, x stride + j, c] += sum_f dout[n, y, x, f] W[i, j, c, f]

    What the rim of zeros receives is dropped; pixels that no window saw get exactly zero.

    Returns
    -------
    dx : ndarray, shape (N, H, W, C)
    dW : ndarray, shape (KH, KW, C, F)
    db : ndarray, shape (F,), or None where there was no `b`
    """
    padded, W, _, stride, padding = cache
    KH, KW, C, F = W.shape
    N, OH, OW, _ = dout.shape
    flat_dout = dout.reshape(-1, F)
    dpadded = np.zeros(padded.shape, np.result_type(dout, W))
    bottom, right = stride * (OH - 1) + 1, stride * (OW - 1) + 1
    for i in range(KH):
        for j in range(KW):
            message = (flat_dout @ W[i, j].T).reshape(N, OH, OW, C)
            dpadded[:, i : i + bottom : stride, j : j + right : stride] += message
    height, width = padded.shape[1] - 2 * padding, padded.shape[2] - 2 * padding
    dx = dpadded[:, padding : padding + height, padding : padding + width]
    return dx, *conv2d_parameters_backward(dout, cache)


def conv2d_parameters_backward(dout, cache):
    """Send the gradient back to the filters and the bias only.

    In training, nobody asks the first layer of a net for the gradient of the pixels.

    Returns
    -------
    dW : ndarray, shape (KH, KW, C, F)
    db : ndarray, shape (F,), or None where there was no `b`
    """
    padded, W, has_bias, stride, _ = cache
    flat_dout = dout.reshape(-1, W.shape[3])
    columns, _ = _columns(padded, W, stride)
    dW = (columns.T @ flat_dout).reshape(W.shape)
    return dW, flat_dout.sum(axis=0) if has_bias else None


def _columns(padded, W, stride):
    """Lay every window out as a row: (N OH OW, KH KW C), and the shape of the output."""
    KH, KW, C, F = W.shape
    windows = sliding_window_view(padded, (KH, KW), axis=(1, 2))[:, ::stride, ::stride]
    N, OH, OW = windows.shape[:3]
    # (N, OH, OW, C, KH, KW) -> (N, OH, OW, KH, KW, C), the order of W. The reshape then copies
    # each pixel KH KW times; for a 1x1 kernel at stride 1 it copies nothing.
    columns = windows.transpose(0, 1, 2, 4, 5, 3).reshape(N * OH * OW, KH * KW * C)
    return columns, (N, OH, OW, F)
