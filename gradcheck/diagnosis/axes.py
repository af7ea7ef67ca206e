"""Explanations by exchanged axes, of the gradient or of a matrix that it was multiplied with."""

from itertools import combinations, permutations

import numpy as np

from gradcheck.diagnosis.cause import Cause
from gradcheck.diagnosis.evidence import same


def transposed(e):
    """The right numbers with their axes in another order."""
    wanted, found = e.numeric, e.analytic
    if found.size != wanted.size or not 2 <= wanted.ndim <= 5 or found.size < 2:
        return None
    for order in permutations(range(wanted.ndim)):
        if order == tuple(range(wanted.ndim)):
            continue
        turned = wanted.transpose(order)
        if found.shape == turned.shape and same(found, turned):
            return _transposed(e, f"its axes in the order {order} agree in every entry")
        if found.shape == wanted.shape:
            back = found.transpose(order).reshape(-1)
            if same(found.reshape(-1), turned.reshape(-1)) or same(back, wanted.reshape(-1)):
                return Cause(
                    "transposed",
                    f"The gradient of {e.name} has the right numbers and the right shape, but it"
                    " was reshaped where its axes should have been transposed. A reshape never"
                    " moves an axis.",
                    evidence=f"read with its axes in the order {order} it agrees in every entry",
                )
    return None


def product_with_transposed(e):
    """A product with W where W^T belongs: with a square matrix the shapes do not tell."""
    if e.numeric.ndim == 0 or e.analytic.shape != e.numeric.shape:
        return None
    pairs = _pairs(e)
    for name, matrix in e.inputs.items():
        if name == e.name or matrix is None or np.ndim(matrix) != 2:
            continue
        matrix = np.asarray(matrix)
        if matrix.shape[0] != matrix.shape[1] or len(matrix) < 2 or matrix.dtype.kind != "f":
            continue
        if np.linalg.cond(matrix) > 1e5 or not np.all(np.isfinite(e.numeric)):
            continue
        for turn in (matrix, matrix.T):
            # numeric = something W^T, so something = numeric W^-T; something W is what came back.
            right = np.linalg.solve(turn.T, turn)
            left = np.linalg.solve(turn, turn.T).T
            for found, wanted in pairs:
                guesses = [wanted @ right] if wanted.shape[-1] == len(matrix) else []
                if wanted.ndim > 1 and wanted.shape[-2] == len(matrix):
                    guesses.append(left @ wanted)
                if any(same(found, guess, 1e-5) for guess in guesses) and not same(found, wanted):
                    return Cause(
                        "transposed",
                        f"On the way to {e.name} the gradient was multiplied with {name} where its"
                        f" transpose belongs; {name} is square, so the shapes did not tell.",
                        evidence=f"with {name} turned round all {wanted.size} entries agree",
                    )
    return None


def upstream_with_axes_exchanged(e):
    """Right for an upstream whose axes are exchanged: they have one length, so it fits."""
    if e.jacobians is None or len(e.upstream) != 1:
        return None
    shape = e.upstream[0].shape
    rows = np.arange(len(e.places)).reshape(shape)
    for one, other in combinations(range(len(shape)), 2):
        if shape[one] != shape[other] or shape[one] < 2:
            continue
        exchanged = rows.swapaxes(one, other).reshape(-1)
        if not same(e.jacobians[0], e.jacobians[1][exchanged]):
            continue
        if e.numeric.ndim < len(shape):
            return Cause(
                "missing-sum",
                f"The gradient of {e.name} is summed over axis {other} or {one} of the upstream"
                " where it should be the other; both have the same length, so the shape does not"
                f" tell. Sum over the axis along which {e.name} was repeated.",
                evidence=f"with axes {one} and {other} exchanged all slopes agree",
            )
        return _transposed(e, f"with axes {one} and {other} of the upstream exchanged it agrees")
    return None


def _pairs(e):
    """Give what to compare: the gradients, and what the first step of a sequence sends back."""
    pairs = [(e.analytic, e.numeric)]
    firsts = [
        row for row, (k, index) in enumerate(e.places) if len(index) == 3 and index[1] == 0
    ]
    if e.jacobians is not None and firsts:
        pairs.append((e.jacobians[0][firsts], e.jacobians[1][firsts]))
    return [(found, wanted) for found, wanted in pairs if np.any(wanted) and wanted.size > 3]


def _transposed(e, evidence):
    return Cause(
        "transposed",
        f"The gradient of {e.name} is transposed: the right numbers, with the axes in another"
        " order. Look at the order of the product (x^T dout, not dout^T x) or at the letters of an"
        " einsum.",
        evidence=evidence,
    )
