"""The depthwise convolution as one walk that multiplies and adds: `einsum` over the windows.

The plain layer takes a walk through the image for each place in the window to multiply, and one to
add. NumPy's einsum has an inner loop that does both at once; it runs over the numbers of a pixel
and starts anew for the next. With several pixels to a row, and the filters repeated as often, it
starts less often.
"""

import numpy as np
from numpy.lib.stride_tricks import as_strided

WIDTH = 2048  # numbers in a row: enough that starting anew costs little


def repeat_filters(W, columns, stride):
    """Lay the filters out for rows of several pixels.

    Parameters
    ----------
    W : ndarray, shape (K, K, C)
    columns : int
        Pixels in a row of the output; only a number that divides it is put together.
    stride : int
        Only at stride 1 do the windows of neighbouring pixels lie side by side.

    Returns
    -------
    filters : ndarray, shape (K, K, pixels C)
    """
    most = max(1, WIDTH // W.shape[2]) if stride == 1 else 1
    pixels = max(number for number in range(1, most + 1) if columns % number == 0)
    return np.tile(W, (1, 1, pixels))


def depthwise_inference(padded, filters, stride, out):
    """Run the convolution.

    Parameters
    ----------
    padded : ndarray, shape (N, rows, columns, C)
        With its rim of zeros; there may be more rows than are needed.
    filters : ndarray
        From `repeat_filters`.
    stride : int
        In pixels.
    out : ndarray, shape (N, OH, OW, C), contiguous
        Is written to.
    """
    N, OH, OW, C = out.shape
    K, together = filters.shape[0], filters.shape[2]
    of_image, of_row, of_pixel, of_number = padded.strides
    windows = as_strided(
        padded,
        (N, OH, OW * C // together, K, K, together),
        (of_image, stride * of_row, stride * of_pixel * (together // C), of_row, of_pixel,
         of_number),
        writeable=False,
    )
    np.einsum("nyxijc,ijc->nyxc", windows, filters, out=out.reshape(N, OH, -1, together))
