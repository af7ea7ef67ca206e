"""The 3x3 convolution at stride 1 with a quarter of the multiplications (Winograd).

In one dimension, four neighbouring outputs of a filter of three taps see a tile of six pixels, and
take six products instead of twelve: out = A^T ((G g) * (B^T d)). Where this comes from stands in
`satt/kernels/winograd_transforms.py`, with numbers.

In two dimensions the same is done down and across: a tile of 6x6 pixels and a filter of 3x3 make
4x4 outputs with 36 products, where the direct form takes 144. With a tile or a filter as a column
of its entries, "down and across" is one matrix, the Kronecker product of the 1-D matrix with
itself. For channels c of the input and f of the output,

    V_c = (B^T x B^T) tile_c    U_cf = (G x G) W_cf    out_f = (A^T x A^T) sum_c U_cf * V_c

The sum over c makes each of the 36 products a matrix product over all tiles: M[k] = V[k] U[k],
(tiles, C) @ (C, F). A Kronecker product need not be multiplied out: down first and then across
are two products with a 6x6 matrix, a third of the work of one with 36x36.

The images are worked through in chunks, so that the arrays in between stay in the processor's
cache. (Lavin and Gray 2016, "Fast Algorithms for Convolutional Neural Networks", without the
gradients, which are the same steps transposed.)
"""

from functools import lru_cache

import numpy as np

from satt.kernels.tiles import canvas_for, join_tiles, multiply, part, plan, transformed_tiles
from satt.kernels.winograd_transforms import FILTER_TRANSFORM, OUTPUT_TRANSFORM, TILE_TRANSFORM


def winograd_forward(x, W, padding=0):
    """Convolve at stride 1 with filters of 3x3.

    Parameters
    ----------
    x : ndarray, shape (N, H, W, C)
    W : ndarray, shape (3, 3, C, F)
    padding : int, optional

    Returns
    -------
    out : ndarray, shape (N, H + 2 padding - 2, W + 2 padding - 2, F)
    cache : tuple
        What `winograd_backward` needs: the transformed tiles, which weigh a little more than
        twice the images, instead of the images.
    """
    N, H, width, C = x.shape
    F = W.shape[3]
    dtype = np.result_type(x, W)
    U = _transformed_filters(W, dtype)
    transform = OUTPUT_TRANSFORM.astype(dtype)
    rows, columns, images = cut = plan(x, F, padding)
    out = np.empty((N, 4 * rows, 4 * columns, F), dtype)
    canvas = canvas_for(x, padding, cut, dtype)
    here, there = np.empty((2, 36 * images * rows * columns * max(C, F)), dtype)
    chunks = []
    for start in range(0, N, images):
        chunk = x[start : start + images]
        V = np.empty((36, len(chunk) * rows * columns, C), dtype)
        transformed_tiles(chunk, padding, canvas, V, there)
        chunks.append(V)
        tiles = V.shape[1]
        M = multiply(V, U, out=part(there, 36, tiles, F)).reshape(6, 6, -1)
        across = np.matmul(transform, M, out=part(here, 6, 4, tiles * F)).transpose(1, 0, 2)
        both = np.matmul(transform, across, out=part(there, 4, 4, tiles * F))
        place = out[start : start + images].reshape(-1, rows, 4, columns, 4, F)
        place[...] = both.reshape(4, 4, -1, rows, columns, F).transpose(2, 3, 1, 4, 0, 5)
    out = out[:, : H + 2 * padding - 2, : width + 2 * padding - 2]
    return out, (chunks, W, x.shape, cut, padding)


def winograd_backward(dout, cache, to_pixels=True):
    """Send the gradient back to the images and the filters: each step of the forward, transposed.

    The forward is a chain of linear maps, and the transpose of a product of matrices is the
    product of their transposes in reverse. With M[k] = V[k] U[k] in the middle, as in `linear`:

        dM = (A x A) dout_tile     dU[k] = V[k]^T dM[k]     dV[k] = dM[k] U[k]^T
        dW = (G x G)^T dU          dtile = (B x B) dV

    A pixel stands in up to four tiles, whose messages add up: see `join_tiles`.

    Parameters
    ----------
    dout : ndarray, shape (N, OH, OW, F)
    cache : tuple
    to_pixels : bool, optional
        Whether the images' gradient is wanted.

    Returns
    -------
    dx : ndarray, shape (N, H, W, C), or None
    dW : ndarray, shape (3, 3, C, F)
    """
    chunks, W, (N, H, width, C), (rows, columns, images), padding = cache
    F = W.shape[3]
    dtype = np.result_type(dout, W, *chunks[:1])
    A, B = OUTPUT_TRANSFORM.T.astype(dtype), TILE_TRANSFORM.T.astype(dtype)
    if dout.shape[1:3] != (4 * rows, 4 * columns):
        whole = np.zeros((N, 4 * rows, 4 * columns, F), dtype)
        whole[:, : dout.shape[1], : dout.shape[2]] = dout
        dout = whole
    here, there = np.empty((2, 36 * images * rows * columns * max(C, F)), dtype)
    dU, dU_chunk = np.empty((2, 36, C, F), dtype)
    if to_pixels:
        # A transposed view of U would be copied by BLAS for each product (`small_products.py`).
        U_T = _transformed_filters(W.swapaxes(2, 3), dtype)
        dcanvas = np.empty((N, 4 * rows + 4, 4 * columns + 2, C), dtype)
        strips = np.empty((images, rows + 2, 6, 4 * columns + 2, C), dtype)
        strips[:, 0], strips[:, -1] = 0, 0
    for number, V in enumerate(chunks):
        chunk, tiles = slice(number * images, (number + 1) * images), V.shape[1]
        dboth = dout[chunk].reshape(-1, rows, 4, columns, 4, F).transpose(4, 2, 0, 1, 3, 5)
        gathered = part(here, *dboth.shape)
        gathered[...] = dboth
        down = np.matmul(A, gathered.reshape(4, 4, -1), out=part(there, 4, 6, tiles * F))
        dM = np.matmul(A, down.transpose(1, 0, 2), out=part(here, 6, 6, tiles * F))
        dM = dM.reshape(36, tiles, F)
        multiply(V.transpose(0, 2, 1), dM, out=dU_chunk if number else dU)
        if number:
            dU += dU_chunk
        if to_pixels:
            dV = multiply(dM, U_T, out=part(there, 36, tiles, C))
            dacross = np.matmul(B, dV.reshape(6, 6, -1), out=part(here, 6, 6, tiles * C))
            dacross = dacross.reshape(6, 6, -1, rows, columns, C)
            join_tiles(dacross, strips[: len(dacross[0, 0])], dcanvas[chunk])
    dW = _filter_transform(dtype).T @ dU.reshape(36, C * F)
    dx = dcanvas[:, padding : padding + H, padding : padding + width] if to_pixels else None
    return dx, dW.reshape(3, 3, C, F)


def _transformed_filters(W, dtype):
    """U = (G x G) W, of (3, 3, C, F): (36, C, F)."""
    C, F = W.shape[2:]
    return (_filter_transform(dtype) @ W.reshape(9, C * F)).reshape(36, C, F)


@lru_cache
def _filter_transform(dtype):
    """G x G, made once: a Kronecker product takes longer than what it is multiplied by."""
    return np.kron(FILTER_TRANSFORM, FILTER_TRANSFORM).astype(dtype)
