"""The orthogonal matrix nearest to a matrix, by products alone."""

import numpy as np

# Of the polynomial in `orthogonalise`, as Jordan et al. give them.
COEFFICIENTS, STEPS = (3.4445, -4.7750, 2.0315), 5


def orthogonalise(matrix):
    """Bring all singular values of a matrix close to 1, by products alone.

    With the singular value decomposition M = U S V^T, S diagonal, is M M^T M = U S^3 V^T, and

        a M + b (M M^T) M + c (M M^T)^2 M = U (a S + b S^3 + c S^5) V^T

    A polynomial of the matrix is one of its singular values. The one taken here, again and again,
    takes every number in 0..1 in five steps into about 0.7..1.2 that is not below 0.003 at the
    beginning; dividing by the norm first brings all of them below 1.

    A step multiplies M by B = a + b G + c G^2, where G = M M^T is square and small. The next G is
    B G B. So all steps are taken with matrices as small as G, and M itself meets the product of
    all B at the end.

    Parameters
    ----------
    matrix : ndarray, shape (rows, columns)

    Returns
    -------
    ndarray, shape (rows, columns)
        About U V^T; zeros stay zeros.

    References
    ----------
    Jordan et al. 2024, "Muon: An optimizer for hidden layers in neural networks".
    """
    wide = matrix.shape[1] > matrix.shape[0]
    x = matrix if wide else matrix.T  # then x x^T is the smaller of the two products
    x = x / max(float(np.linalg.norm(x)), 1e-7)
    a, b, c = COEFFICIENTS
    gram, factors, one = x @ x.T, [], np.eye(len(x), dtype=x.dtype)
    for _ in range(STEPS):
        if factors:
            gram = factors[-1] @ gram @ factors[-1]
        factors.append(a * one + b * gram + c * gram @ gram)
    x = np.linalg.multi_dot([*factors, x])  # they commute
    return x if wide else x.T
