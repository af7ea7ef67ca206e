"""A convolution with a bias and relu6, for inference: nothing is kept for a backward.

As `conv2d` on `same_padding`, then `relu6`; bias and clip are done in pieces that are still in the
processor's cache. A 1x1 convolution is one matrix product; for any other the windows of a piece
are laid out as rows.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from satt.kernels.pieces import pieces
from satt.layers.relu6 import CEILING
from satt.layers.same_padding import same_padding_forward


def conv_inference(x, convolution, stride=1):
    """Run a full convolution whose normalisation is folded in, and clip it to 0..6.

    Parameters
    ----------
    x : ndarray, shape (N, H, W, C)
    convolution : Folded
    stride : int
        In pixels.

    Returns
    -------
    out : ndarray, shape (N, ceil(H / stride), ceil(W / stride), F)
    """
    K, _, C, F = convolution.W.shape
    padded, _ = same_padding_forward(x, K, stride) if K > 1 else (x, None)
    windows = sliding_window_view(padded, (K, K), axis=(1, 2))[:, ::stride, ::stride]
    N, rows, columns = windows.shape[:3]
    windows = windows.transpose(0, 1, 2, 4, 5, 3)
    matrix = convolution.W.reshape(-1, F)
    out = np.empty((N, rows, columns, F), x.dtype)
    for n in range(N):
        for piece in pieces(rows, columns * (K * K * C + F) * x.itemsize):
            target = out[n, piece].reshape(-1, F)
            np.matmul(windows[n, piece].reshape(len(target), -1), matrix, out=target)
            target += convolution.b
            np.clip(target, 0, CEILING, out=target)
    return out
