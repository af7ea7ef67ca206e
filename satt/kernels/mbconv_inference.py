"""A whole block of a small net for photographs, for inference: little is walked through twice.

It computes what `satt/models/mbconv.py` does in three convolutions, three normalisations and two
clips, on inner tensors that are six times as deep as what goes in and comes out. Here these never
exist as a whole. Some rows are widened, looked at and projected, then the next. Of the widened
rows, those that the next windows see again are kept in a buffer, which has the rim of zeros.
"""

import numpy as np

from satt.kernels.depthwise_inference import depthwise_inference, repeat_filters
from satt.layers.relu6 import CEILING
from satt.layers.same_padding import same_rim

BUFFER = 1_200_000  # bytes; smaller ones, for smaller caches, have more steps than they save


def mbconv_inference(x, expand, look, project, stride=1):
    """Run a block.

    Parameters
    ----------
    x : ndarray, shape (N, H, W, C)
        A few images: the rows in work are of all of them.
    expand : Folded, or None
        The 1x1 convolution before; None where the block does not widen.
    look : Folded
        The depthwise convolution.
    project : Folded
        The 1x1 convolution after.
    stride : int
        Of the depthwise convolution, in pixels.

    Returns
    -------
    out : ndarray, shape (N, ceil(H / stride), ceil(W / stride), F)
    """
    N, H, W, C = x.shape
    K, _, depth = look.W.shape
    (top, _), (left, right) = same_rim(H, K, stride), same_rim(W, K, stride)
    rows, columns = -(-H // stride), -(-W // stride)
    most = BUFFER // (stride * N * (left + W + right) * depth * x.itemsize)
    height = -(-rows // -(-rows // max(1, most)))  # rows of the output at a time, all alike
    buffer = np.zeros((N, stride * (height - 1) + K, left + W + right, depth), x.dtype)
    out = np.empty((N, rows, columns, project.W.shape[3]), x.dtype)
    filters = repeat_filters(look.W, columns, stride)
    done = 0  # rows of x that have been widened
    for begin in range(0, rows, height):
        end = min(begin + height, rows)
        # Row r of the buffer is row r + first of x.
        first = stride * begin - top
        if begin:
            again = K - stride
            buffer[:, :again] = buffer[:, stride * height : stride * height + again]
        ready = min(stride * (end - 1) - top + K, H)
        inside = buffer[:, done - first : ready - first, left : left + W]
        _widen(x[:, done:ready], expand, inside)
        buffer[:, ready - first :] = 0
        done = ready
        looked = np.empty((N, end - begin, columns, depth), x.dtype)
        depthwise_inference(buffer, filters, stride, looked)
        looked += look.b
        np.clip(looked, 0, CEILING, out=looked)
        projected = looked.reshape(-1, depth) @ project.W[0, 0]
        projected += project.b
        out[:, begin:end] = projected.reshape(N, end - begin, columns, -1)
    if out.shape == x.shape:
        out += x
    return out


def _widen(rows, expand, target):
    """Widen some rows of the images, and clip, into the buffer."""
    if expand is None:
        target[:] = rows
        return
    inner = rows.reshape(-1, rows.shape[3]) @ expand.W[0, 0]
    inner += expand.b
    np.clip(inner.reshape(target.shape), 0, CEILING, out=target)
