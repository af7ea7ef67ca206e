"""A rim of zeros so wide that a convolution of stride 1 keeps the size of the image.

In general OH = ceil(H / stride): every pixel of the output stands for stride x stride pixels of
the input, whatever the size of the filter. Where the rim cannot be equally wide on both sides,
right and bottom get the extra pixel. TensorFlow calls this "SAME". Nets that were trained with it
see everything displaced if the rim lies on the other side.
"""

import numpy as np


def same_padding_forward(x, size, stride=1):
    """Lay the rim around a batch of images.

    Parameters
    ----------
    x : ndarray, shape (N, H, W, C)
    size : int
        Height and width of the filters that follow, in pixels.
    stride : int, optional
        Of the convolution that follows, in pixels.

    Returns
    -------
    out : ndarray, shape (N, H + top + bottom, W + left + right, C)
        On which windows of this size and stride have ceil(H / stride) x ceil(W / stride) places.
    cache : tuple
        What `same_padding_backward` needs: where the image lies in the output.
    """
    N, H, W, C = x.shape
    top, bottom = same_rim(H, size, stride)
    left, right = same_rim(W, size, stride)
    out = np.zeros((N, top + H + bottom, left + W + right, C), x.dtype)
    inside = np.s_[:, top : top + H, left : left + W]
    out[inside] = x
    return out, (inside,)


def same_padding_backward(dout, cache):
    """Cut the rim off again.

    A pixel of the image is one pixel of the output, and the zeros of the rim come from nowhere:

        dx[n, y, x, c] = dout[n, top + y, left + x, c]

    Returns
    -------
    dx : ndarray, shape (N, H, W, C)
    """
    (inside,) = cache
    return dout[inside].copy()


def same_rim(length, size, stride):
    """Width of the rim before and after an axis.

    The last of ceil(length / stride) windows ends at stride (that number - 1) + size; what of this
    lies beyond the image is shared, and an odd pixel goes to the end.

    Parameters
    ----------
    length, size, stride : int
        Of the axis, the window and the step, in pixels.

    Returns
    -------
    before, after : int
    """
    places = -(-length // stride)
    rim = max(stride * (places - 1) + size - length, 0)
    return rim // 2, rim - rim // 2
