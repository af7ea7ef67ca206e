"""EfficientNet-Lite0: a conv net that has seen a million photographs, for the grid it makes.

Tan and Le 2019, EfficientNet, in the form for phones: no squeeze and excitation, and relu6 in
place of swish. Its blocks are those of `satt/models/mbconv.py`; of each the drawing gives the size
of the filters, the stride, and how many times wider it is inside:

    image        224 x 224 x    3
      | stem     3x3, stride 2
    112 x 112 x   32
      | block 1           3x3              x1
    112 x 112 x   16
      | block 2-3         3x3, stride 2    x6  +       + a shortcut around all but the first of
     56 x  56 x   24                                     each row
      | block 4-5         5x5, stride 2    x6  +
     28 x  28 x   40
      | block 6-8         3x3, stride 2    x6  ++
     14 x  14 x   80
      | block 9-11        5x5              x6  ++
     14 x  14 x  112  ------------------------------>  grid "14x14x112", a location is 16 pixels
      | block 12-15       5x5, stride 2    x6  +++
      7 x   7 x  192
      | block 16          3x3              x6
      7 x   7 x  320  ------------------------------>  grid "7x7x320", a location is 32 pixels
      | head              1x1
      7 x   7 x 1280  ------------------------------>  grid "7x7x1280", all positive
      | mean over the locations, one linear map
             1000 classes of ImageNet

It is 5 million numbers and 400 million multiplications an image. The outputs of the blocks are
signed, as a projection is not clipped, and of very different scale.
"""

import numpy as np

from satt import ops
from satt.models.mbconv import (
    conv_norm_backward,
    conv_norm_forward,
    mbconv_backward,
    mbconv_forward,
)

GRIDS = {"14x14x112": (14, 14, 112), "7x7x320": (7, 7, 320), "7x7x1280": (7, 7, 1280)}
IMAGE_SIZE = 224  # pixels
CLASSES = 1000

# blocks, size of the filters, stride of the first block, how much wider inside, depth at the end
STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
STEM, HEAD = 32, 1280


def scale_pixels(images):
    """Scale images as the net has learned to see them: (byte - 127) / 128.

    Parameters
    ----------
    images : ndarray of uint8, any shape

    Returns
    -------
    ndarray of float32, the shape of `images`
        From -0.99 to 1.
    """
    return (images.astype(np.float32) - 127) / 128


def strides(stages=STAGES):
    """The stride of each block, in their order."""
    return [
        stride if number == 0 else 1
        for blocks, _, stride, _, _ in stages for number in range(blocks)
    ]


def efficientnet_lite0_forward(images, params, statistics, stages=STAGES):
    """Turn photographs into grids.

    Parameters
    ----------
    images : ndarray, shape (N, 224, 224, 3)
        From `scale_pixels`. Other sizes give grids of other sizes.
    params, statistics : dict of ndarray
        From `satt.models.efficientnet_lite0_weights`; for the shapes see `parameter_shapes`.
    stages : tuple, optional
        Of another net of the same kind.

    Returns
    -------
    grids : tuple of 3 ndarray
        (N, 14, 14, 112): before the net halves the image for the last time; (N, 7, 7, 320): from
        the last block; (N, 7, 7, 1280): from the head.
    cache : tuple
        What `efficientnet_lite0_backward` needs.
    """
    x, stem = conv_norm_forward(images, params, statistics, "stem", stride=2)
    of_blocks, caches = [], []
    for number, stride in enumerate(strides(stages), start=1):
        x, cache = mbconv_forward(x, params, statistics, f"block{number}", stride)
        of_blocks.append(x)
        caches.append(cache)
    head_grid, head = conv_norm_forward(x, params, statistics, "head")
    middle = before_the_last_halving(stages)
    return (of_blocks[middle - 1], x, head_grid), (stem, caches, head, middle)


def before_the_last_halving(stages=STAGES):
    """The number of the block, counted from 1, after which the net halves the last time."""
    return max(block for block, stride in enumerate(strides(stages)) if stride > 1)


def efficientnet_lite0_backward(dgrids, cache):
    """Send the gradients of the three grids back to the filters and to the pixels.

    The first two grids are used twice, by whoever takes the grid and by the block that follows.
    So their two gradients add up:

        d(grid after block b) = what block b + 1 sends back + dgrid

    Parameters
    ----------
    dgrids : tuple of 3 ndarray
    cache : tuple

    Returns
    -------
    dimages : ndarray, shape (N, H, W, 3)
    gradients : dict of ndarray
    """
    stem, caches, head, middle = cache
    dmiddle, dlast, dhead = dgrids
    dx, gradients = conv_norm_backward(dhead, head, "head")
    dx = dx + dlast
    for number in range(len(caches), 0, -1):
        if number == middle:
            dx = dx + dmiddle
        dx, more = mbconv_backward(dx, caches[number - 1])
        gradients |= more
    dimages, more = conv_norm_backward(dx, stem, "stem")
    return dimages, gradients | more


def classify_forward(head_grid, params):
    """What the net was trained for: scores for the classes of ImageNet.

    Parameters
    ----------
    head_grid : ndarray, shape (N, 7, 7, 1280)
        The last grid.
    params : dict of ndarray
        `classes.W` and `classes.b`.

    Returns
    -------
    logits : ndarray, shape (N, 1000)
    cache : tuple
    """
    mean = head_grid.mean(axis=(1, 2))
    logits, cache = ops.linear_forward(mean, params["classes.W"], params["classes.b"])
    return logits, (cache, head_grid.shape)


def classify_backward(dlogits, cache):
    """Send the gradient back: each location is blamed for its share, one L-th, of the mean.

    Returns
    -------
    dhead_grid : ndarray, shape (N, 7, 7, 1280)
    gradients : dict of ndarray
    """
    cache, shape = cache
    dmean, dW, db = ops.linear_backward(dlogits, cache)
    share = dmean[:, None, None] / (shape[1] * shape[2])
    return np.repeat(np.repeat(share, shape[1], axis=1), shape[2], axis=2), {
        "classes.W": dW, "classes.b": db,
    }


def parameter_shapes(stages=STAGES, stem=STEM, head=HEAD, classes=CLASSES):
    """The shape of every parameter and statistic.

    Returns
    -------
    params, statistics : dict of tuple of int
    """
    params, statistics = {}, {}

    def add(name, filters):
        params[f"{name}.conv.W"] = filters
        for group, kinds in ((params, ("gamma", "beta")), (statistics, ("mean", "variance"))):
            group |= {f"{name}.norm.{kind}": filters[-1:] for kind in kinds}

    add("stem", (3, 3, 3, stem))
    depth, number = stem, 0
    for blocks, size, _, expansion, depth_out in stages:
        for _ in range(blocks):
            number, wide = number + 1, expansion * depth
            if expansion > 1:
                add(f"block{number}.expand", (1, 1, depth, wide))
            add(f"block{number}.depthwise", (size, size, wide))
            add(f"block{number}.project", (1, 1, wide, depth_out))
            depth = depth_out
    add("head", (1, 1, depth, head))
    params |= {"classes.W": (head, classes), "classes.b": (classes,)}
    return params, statistics
