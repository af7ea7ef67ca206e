"""The encoder: a conv net that turns an image into a grid, one feature vector for each location.

Lecture: h_{i,j}, the output of the last convolution.  Four blocks of convolution, batch
normalisation and ReLU; the first convolution and two max-pools halve the image, so that a location
is 8x8 pixels:

    block   convolution          pooling   output of a 64x64 image   sees (pixels)
    1       4x4, stride 2        max 2x2   16x16                     6x6
    2       3x3                  -         16x16                     14x14
    3       3x3                  max 2x2   8x8                       26x26
    4       3x3                  -         8x8                       42x42

The last column is the receptive field: what one grid vector can see of the image. It is kept small
on purpose. A vector that sees everything describes everything, and then it does not matter where
the attention looks.

A stride of 2 in the second block, in place of the first pool, would halve the image as well. But
windows that are one pixel apart share most of their pixels, and so most of their products
(`satt/kernels/winograd.py`): with the pool, that convolution takes less than half of the time.
"""

import numpy as np

from satt import ops

KERNELS = (4, 3, 3, 3)
STRIDES = (2, 1, 1, 1)
POOLED = (True, False, True, False)
GAIN, THRESHOLD = 4.0, 2.0  # in standard deviations, see `initialise_encoder`
BLOCKS = len(KERNELS)
DOWNSAMPLING = 8  # pixels of the image to a location of the grid, down as well as across


def receptive_field():
    """Width of the square of pixels that one grid vector depends on.

    A window adds its width less one, times the distance in pixels between its neighbours.

    Returns
    -------
    int
    """
    field, distance = 1, 1
    for kernel, stride, pooled in zip(KERNELS, STRIDES, POOLED, strict=True):
        field, distance = field + (kernel - 1) * distance, distance * stride
        if pooled:
            field, distance = field + distance, 2 * distance
    return field


def initialise_encoder(channels, random, dtype=np.float32):
    """Parameters with which the scale of the features stays the same from block to block.

    Parameters
    ----------
    channels : sequence of 4 int
        Number of filters of each block; the last is the grid's depth D.
    random : numpy.random.Generator
    dtype : dtype

    Returns
    -------
    params : dict of ndarray
        Filters from a normal distribution of variance 2 / fan-in (He et al. 2015). The last block
        starts as relu(GAIN (z - THRESHOLD)) of its normalised features z: a feature is silent but
        where it stands out from the other locations. In the mean over the grid a small thing is
        then not drowned by its setting, which is most of the image.
    """
    params, depth = {}, 3
    for block, filters in enumerate(channels, start=1):
        kernel = KERNELS[block - 1]
        filter_bank = random.standard_normal((kernel, kernel, depth, filters))
        params[f"encoder.conv{block}.W"] = filter_bank * np.sqrt(2 / (kernel * kernel * depth))
        params[f"encoder.norm{block}.gamma"] = np.ones(filters)
        params[f"encoder.norm{block}.beta"] = np.zeros(filters)
        depth = filters
    params["encoder.norm4.gamma"] *= GAIN
    params["encoder.norm4.beta"] -= GAIN * THRESHOLD
    return {name: value.astype(dtype) for name, value in params.items()}


def encoder_forward(images, params, statistics=None, settled=None):
    """Turn images into grids.

    Parameters
    ----------
    images : ndarray, shape (N, H, W, 3)
        Values in -1..1.
    params : dict of ndarray
    statistics : dict of ndarray, optional
        Mean and variance of each channel over many images.
    settled : int, optional
        The first so many blocks are normalised with `statistics`, the others with those of the
        batch itself. By default all, if there are statistics: so it is for captioning.

    Returns
    -------
    grid : ndarray, shape (N, L, D)
        L = rows * columns, row by row.
    cache : tuple
        What `encoder_backward` needs.
    """
    if settled is None:
        settled = 0 if statistics is None else BLOCKS
    x, caches = images, []
    for block, (stride, pooled) in enumerate(zip(STRIDES, POOLED, strict=True), start=1):
        x, conv = ops.conv2d_forward(
            x, params[f"encoder.conv{block}.W"], stride=stride, padding=1
        )  # no bias: the normalisation would take it away again
        gamma, beta = params[f"encoder.norm{block}.gamma"], params[f"encoder.norm{block}.beta"]
        if block > settled:
            x, norm = ops.batch_norm_forward(x, gamma, beta)
        else:
            mean, variance = (statistics[f"encoder.norm{block}.{s}"] for s in ("mean", "variance"))
            x, norm = ops.batch_norm_inference_forward(x, gamma, beta, mean, variance)
        # ReLU and max-pool commute; after the pool there is a quarter of the data left.
        pool = None
        if pooled:
            x, pool = ops.max_pool_forward(x)
        x, relu = ops.relu_forward(x)
        caches.append((conv, norm, pool, relu))
    N, rows, columns, D = x.shape
    return x.reshape(N, rows * columns, D), (caches, x.shape, settled)


def encoder_backward(dgrid, cache, to_pixels=True):
    """Send the gradient of the grid back to the filters and to the pixels: the blocks in reverse.

    A settled block keeps its filters. So where nobody asks for the pixels, the way back ends
    before them.

    Parameters
    ----------
    dgrid : ndarray, shape (N, L, D)
    cache : tuple
    to_pixels : bool
        Whether the pixels' gradient is wanted; training does without.

    Returns
    -------
    dimages : ndarray, shape (N, H, W, 3), or None
    gradients : dict of ndarray
        Without those of settled blocks, unless the way led through them.
    """
    caches, shape, settled = cache
    end = 0 if to_pixels else settled
    dx, gradients = dgrid.reshape(shape), {}
    for block in range(len(caches), end, -1):
        conv, norm, pool, relu = caches[block - 1]
        dx = ops.relu_backward(dx, relu)
        if pool is not None:
            dx = ops.max_pool_backward(dx, pool)
        if block > settled:
            dx, dgamma, dbeta = ops.batch_norm_backward(dx, norm)
        else:
            dx, dgamma, dbeta = ops.batch_norm_inference_backward(dx, norm)
        gradients[f"encoder.norm{block}.gamma"] = dgamma
        gradients[f"encoder.norm{block}.beta"] = dbeta
        if block > end + 1 or to_pixels:
            dx, gradients[f"encoder.conv{block}.W"], _ = ops.conv2d_backward(dx, conv)
        else:
            gradients[f"encoder.conv{block}.W"], _ = ops.conv2d_parameters_backward(dx, conv)
    return dx if to_pixels else None, gradients


def encoder_statistics(images, params, statistics=None, settled=0):
    """Mean and variance of every channel over a batch of images, layer by layer.

    Training normalises each batch with its own statistics. A single image has none worth the name,
    so that captioning uses those of many training images, taken once with the finished filters.

    Parameters
    ----------
    images : ndarray, shape (N, H, W, 3)
    params : dict of ndarray
    statistics : dict of ndarray, optional
    settled : int
        The first so many blocks keep those of `statistics`.

    Returns
    -------
    statistics : dict of ndarray
    """
    x, statistics = images, dict(statistics or {})
    for block, (stride, pooled) in enumerate(zip(STRIDES, POOLED, strict=True), start=1):
        x, _ = ops.conv2d_forward(x, params[f"encoder.conv{block}.W"], stride=stride, padding=1)
        names = [f"encoder.norm{block}.{kind}" for kind in ("mean", "variance")]
        if block > settled:
            statistics.update(zip(names, ops.batch_statistics(x), strict=True))
        mean, variance = (statistics[name] for name in names)
        gamma, beta = params[f"encoder.norm{block}.gamma"], params[f"encoder.norm{block}.beta"]
        x, _ = ops.batch_norm_inference_forward(x, gamma, beta, mean, variance)
        if pooled:
            x, _ = ops.max_pool_forward(x)
        x, _ = ops.relu_forward(x)
    return statistics
