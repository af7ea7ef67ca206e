"""A few rows times a large matrix, such as a beam's states times the LSTM's weights.

BLAS is made for matrices with many rows: it first copies both into an order of its own. With a
few rows each number of the matrix is used so seldom that the copy takes longer than the product.
Some builds of BLAS leave the copy out where a matrix is small; the others lose nothing worth the
name. So the matrix is taken some rows at a time, as these lie side by side in memory, and the
products are added up: x W is the sum over pieces of the inner axis of x[:, piece] W[piece].
"""

FEW = 7  # rows; for a single one BLAS has another way, and of eight on the copy pays
LARGE = 2**19  # numbers of the matrix; smaller ones are soon copied
INNER = 12  # rows of the matrix at a time


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
    if not 1 < len(x) <= FEW or W.size < LARGE:
        return x @ W
    out = x[:, :INNER] @ W[:INNER]
    for begin in range(INNER, len(W), INNER):
        out += x[:, begin : begin + INNER] @ W[begin : begin + INNER]
    return out
