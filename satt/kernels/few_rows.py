"""A few rows times a large matrix, such as a beam's states times the LSTM's weights.

BLAS is made for matrices with many rows: it first copies both into an order of its own. With a
few rows each number of the matrix is used so seldom that the copy takes longer than the product.
NumPy's BLAS leaves the copy out where a matrix is small, if the processor has AVX-512. So the
matrix is taken a few rows at a time, as these lie side by side in memory, and the products are
added up: x W is the sum over pieces of the inner axis of x[:, piece] W[piece]. On processors
without AVX-512, and where the rows cannot be cut evenly, BLAS has its way.
"""

import numpy as np

from satt.kernels.pieces import pieces

LARGE = 2**19  # numbers of the matrix; smaller ones are soon copied
INNER = 8  # rows of the matrix to a product
TOGETHER = 2_400_000  # bytes of products that wait to be added up


def most_rows(extensions):
    """Say up to how many rows the pieces are faster than BLAS.

    For a single row BLAS has another way, and of eight on the copy pays.

    Parameters
    ----------
    extensions : collection of str
        Of the processor's instructions, as NumPy calls them.

    Returns
    -------
    int
        1 if they never are.
    """
    return 7 if any("AVX512" in name or name == "X86_V4" for name in extensions) else 1


FEW = most_rows(np.show_config(mode="dicts").get("SIMD Extensions", {}).get("found", ()))


def product(x, W):
    """Multiply two matrices.

    Parameters
    ----------
    x : ndarray, shape (N, I)
    W : ndarray, shape (I, O)

    Returns
    -------
    ndarray, shape (N, O)
    """
    if W.size < LARGE or not 1 < len(x) <= FEW or len(W) % INNER:
        return x @ W
    # The pieces get an axis of their own, so that one call multiplies many.
    x_cut = x.reshape(len(x), -1, INNER).swapaxes(0, 1)
    W_cut = W.reshape(-1, INNER, W.shape[1])
    out = 0
    for piece in pieces(len(W_cut), len(x) * W[0].nbytes, TOGETHER):
        out = out + (x_cut[piece] @ W_cut[piece]).sum(axis=0)
    return out
