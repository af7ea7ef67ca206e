"""One product as many small ones, which BLAS takes as they lie.

BLAS is made for large matrices: it first copies both into an order of its own, which pays if each
number is used some hundred times. NumPy's BLAS leaves the copies out if a product takes at most a
million multiplications, the processor has AVX-512, and the right matrix is not a transposed view,
as in x @ W.T. So where the copies take long compared with the product, the product is cut into
pieces as small as that, and one call of matmul multiplies many of them:

* Many rows times a narrow matrix, such as the windows of an image times the filters: some rows at
  a time.
* A few rows times a large matrix, such as a beam's states times the vocabulary's weights: some
  rows of the matrix at a time, as they lie side by side in memory. The products are added up:
  x W is the sum over pieces of the inner axis of x[:, piece] W[piece].
* The gradient of a narrow matrix, x^T y: the sum over pieces of their rows; of a wide x, 32
  columns at a time.

On processors without AVX-512, and for other shapes, BLAS gets the whole product.
"""

import numpy as np

from satt.kernels.pieces import pieces

NARROW = 128  # the most columns of a narrow matrix
ROWS = 48  # the fewest rows that are worth a piece
ROWS_ADDED = 128  # the same where the pieces' products are added up
FEW = 7  # the most rows that are few: from eight on the copy pays; for one, BLAS has another way
LARGE = 2**19  # the fewest numbers of a large matrix; smaller ones are soon copied
INNER = 8  # rows of a large matrix to a piece
COLUMNS = 32  # columns of a wide x to a piece of x^T y
TOGETHER = 2_400_000  # bytes of products that wait to be added up


def most_multiplications(extensions):
    """Say up to how many multiplications BLAS takes the matrices of a product as they lie.

    Parameters
    ----------
    extensions : collection of str
        Of the processor's instructions, as NumPy calls them.

    Returns
    -------
    int
        0 if it never does.
    """
    return 10**6 if any("AVX512" in name or name == "X86_V4" for name in extensions) else 0


SMALL = most_multiplications(
    np.show_config(mode="dicts").get("SIMD Extensions", {}).get("found", ())
)


def product(x, W, out=None):
    """Multiply two matrices.

    Parameters
    ----------
    x : ndarray, shape (N, I)
    W : ndarray, shape (I, O)
    out : ndarray, shape (N, O), optional
        Where to write the product; shares no memory with x or W.

    Returns
    -------
    out : ndarray, shape (N, O)
    """
    length, (inner, outer) = len(x), W.shape
    out = np.empty((length, outer), np.result_type(x, W)) if out is None else out
    rows = _rows(W.size)
    if outer <= NARROW and ROWS <= rows < length:
        rest = slice(length // rows * rows, None)
        np.matmul(_cut(x, rows), W, out=_cut(out, rows))
        np.matmul(x[rest], W, out=out[rest])
    elif (
        1 < length <= FEW and W.size >= LARGE
        and inner % INNER == 0 and length * INNER * outer <= SMALL
    ):
        # The pieces get an axis of their own.
        x_cut = x.reshape(length, -1, INNER).swapaxes(0, 1)
        W_cut = W.reshape(-1, INNER, outer)
        out[...] = 0
        for piece in pieces(len(W_cut), length * W[0].nbytes, TOGETHER):
            out += (x_cut[piece] @ W_cut[piece]).sum(axis=0)
    else:
        np.matmul(x, W, out=out)
    return out


def transposed_product(x, y):
    """Multiply x^T and y, as the gradient of a matrix wants it.

    Parameters
    ----------
    x : ndarray, shape (N, I)
    y : ndarray, shape (N, O)

    Returns
    -------
    ndarray, shape (I, O)
    """
    (length, inner), outer = x.shape, y.shape[1]
    # A wide x is also cut into columns: its pieces can then have more rows, and fewer products are
    # added up.
    columns = COLUMNS if inner % COLUMNS == 0 else inner
    rows = _rows(columns * outer)
    if not ROWS_ADDED <= rows < length:
        return x.T @ y
    x_cut = _cut(x, rows).reshape(length // rows, rows, -1, columns).transpose(0, 2, 3, 1)
    products = (x_cut @ _cut(y, rows)[:, None]).sum(axis=0)
    rest = slice(length // rows * rows, None)
    return products.reshape(inner, outer) + x[rest].T @ y[rest]


def _rows(size):
    """The most rows, a multiple of 8, whose product with a matrix of so many numbers is small."""
    return SMALL // max(1, size) // 8 * 8


def _cut(matrix, rows):
    """View all whole pieces of so many rows: (N // rows, rows, columns)."""
    count = len(matrix) // rows
    return matrix[: count * rows].reshape(count, rows, -1)

