"""Cut images into the overlapping tiles of `satt/kernels/winograd.py`, and join them again.

A tile is 6 pixels high and wide, and the next one starts 4 pixels further on. The arrays of a
chunk of images are needed only until the next chunk, so that all chunks share a few buffers.
"""

import os
import sys
from math import prod

import numpy as np
from numpy.lib.stride_tricks import as_strided

from satt.kernels.pieces import pieces
from satt.kernels.small_products import SMALL
from satt.kernels.winograd_transforms import TILE_TRANSFORM

# Tiles of a chunk, times channels. More fall out of the cache, fewer make the matrix products too
# small. No power of two: the same entry of all 36 arrays would fall into one place of the cache.
CHUNK = 14 * 1024
FEWEST = 24  # tiles: a chunk is not made smaller than that to have small products


def most_alone(variables):
    """How many multiplications of a matrix product BLAS does not share among threads.

    All, if the environment lets it have one thread only, as the command `satt` does; BLAS reads
    the same variables when NumPy is imported. With several threads, a small product still stays on
    one.
    """
    names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
    threads = next((variables[name] for name in names if variables.get(name)), "")
    return sys.maxsize if threads.strip() == "1" else max(2**18, SMALL)


ALONE = most_alone(os.environ)


def plan(x, filters, padding):
    """Say how images (N, H, W, C) are cut for so many filters.

    Returns
    -------
    rows, columns : int
        Tiles down and across; the last ones may reach over the edge.
    images : int
        Images to a chunk.
    """
    N, H, width, C = x.shape
    rows, columns = -(-(H + 2 * padding - 2) // 4), -(-(width + 2 * padding - 2) // 4)
    images = max(1, min(N, CHUNK // (rows * columns * max(C, filters))))
    small = SMALL // (rows * columns * C * filters)  # images whose products are small
    if rows * columns * small >= FEWEST:
        images = min(images, small)
    return rows, columns, images


def canvas_for(x, padding, cut, dtype):
    """Return room for a chunk of images within a rim of zeros that makes whole tiles of them.

    `cut` is what `plan` has said.
    """
    (_, H, width, C), (rows, columns, images) = x.shape, cut
    canvas = np.empty((images, 4 * rows + 2, 4 * columns + 2, C), dtype)
    clear_rim(canvas, padding, H, width)
    return canvas


def clear_rim(canvas, padding, H, width):
    """Fill with zeros what is around the (H, width) pixels of images, and nothing else."""
    canvas[:, :padding], canvas[:, padding + H :] = 0, 0
    canvas[:, :, :padding], canvas[:, :, padding + width :] = 0, 0


def part(buffer, *shape):
    """View the first entries of a buffer as an array of this shape."""
    return buffer[: prod(shape)].reshape(shape)


def multiply(left, right, out):
    """Multiply stacks of matrices, in blocks of rows or columns that each stay on one thread.

    BLAS shares a larger product among its threads, which then wait for each other. For 36 short
    products a chunk that brings little, and on a busy machine a wait can take milliseconds. With
    one thread there is one block: where BLAS copies its matrices, blocks take a fifth longer.
    """
    (rows, inner), columns = left.shape[1:], right.shape[2]
    length = max(rows, columns)
    each = inner * min(rows, columns)  # multiplications of a row or a column
    for block in pieces(length, each, max(ALONE, 16 * each)):
        if rows > columns:
            np.matmul(left[:, block], right, out=out[:, block])
        else:
            np.matmul(left, right[:, :, block], out=out[:, :, block])
    return out


def windows(array, axis, size, step):
    """View an axis as windows of `size` that stand `step` apart: one axis becomes two."""
    count = (array.shape[axis] - size) // step + 1
    shape = (*array.shape[:axis], count, size, *array.shape[axis + 1 :])
    apart = array.strides[axis]
    strides = (*array.strides[:axis], step * apart, apart, *array.strides[axis + 1 :])
    return as_strided(array, shape, strides)


def transformed_tiles(chunk, padding, canvas, V, buffer):
    """Transform all tiles of a chunk of images with B^T, down and across.

    Parameters
    ----------
    chunk : ndarray, shape (images, H, W, C)
    padding : int
    canvas : ndarray
        From `canvas_for`; the images are written into it.
    V : ndarray, shape (36, tiles, C)
        The result is written here; tiles image by image and row by row.
    buffer : ndarray, shape (at least 36 tiles C,)
        Overwritten.
    """
    images, H, width, C = chunk.shape
    transform = TILE_TRANSFORM.astype(canvas.dtype)
    canvas = canvas[:images]
    canvas[:, padding : padding + H, padding : padding + width] = chunk
    # Rows of pixels lie one after the other: a strip of tiles is transformed where it stands.
    strips = windows(canvas.reshape(images, canvas.shape[1], -1), 1, 6, 4)
    down = np.matmul(transform, strips, out=part(V.reshape(-1), *strips.shape))
    tiles = windows(down.reshape(*down.shape[:3], -1, C), 3, 6, 4).transpose(2, 4, 0, 1, 3, 5)
    spread = part(buffer, *tiles.shape)  # (6, 6, images, rows, columns, C)
    spread[...] = tiles
    V = V.reshape(6, 6, -1)
    np.matmul(transform, spread.reshape(V.shape), out=V)


def join_tiles(dacross, strips, dcanvas):
    """Send the tiles' gradient back to the pixels: B down, and the sum where tiles overlap.

    Of the six columns of a tile, the first four are written to their place and the last two added
    to the next tile's first two. Of the rows, the sum over both tiles is made part of the product:
    four rows of pixels are a matrix of (4, 12) times the six rows of the tile above, over the six
    of the tile itself.

    Parameters
    ----------
    dacross : ndarray, shape (6, 6, images, rows, columns, C)
        The gradient of the tiles, with B applied across but not yet down.
    strips : ndarray, shape (images, rows + 2, 6, 4 columns + 2, C)
        Overwritten, but for the first and the last strip of each image, which are zeros: there is
        no tile above the first and none below the last.
    dcanvas : ndarray, shape (images, 4 rows + 4, 4 columns + 2, C)
        The result is written here.
    """
    images, rows, columns = dacross.shape[2:5]
    dacross = dacross.transpose(2, 3, 0, 4, 1, 5)
    inner = strips[:, 1:-1]
    windows(inner[:, :, :, : 4 * columns], 3, 4, 4)[...] = dacross[..., :4, :]
    inner[:, :, :, 4 * columns :] = 0
    seams = windows(inner[:, :, :, 4:], 3, 2, 4)
    seams += dacross[..., 4:, :]
    B = TILE_TRANSFORM.T
    above_and_own = np.zeros((4, 12), strips.dtype)
    above_and_own[:2, :6], above_and_own[:, 6:] = B[4:], B[:4]
    pairs = windows(strips.reshape(images, 6 * (rows + 2), -1), 1, 12, 6)
    np.matmul(above_and_own, pairs, out=dcanvas.reshape(images, rows + 1, 4, -1))
