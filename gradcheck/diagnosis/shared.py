"""Explanation: a number that all entries share, as in a softmax or batch norm, was forgotten.

Each output feels its own input, and through the shared number all the others. So of the Jacobian
the diagonal holds the direct path, and what stands beside it comes from the shared ones:

    softmax       - a_i a_j                       batch norm      - (1 + z_i z_j) gamma r / M

Fitted with few terms - 1, z_i z_j, a_i a_j - the two Jacobians tell which of them is missing.
"""

from itertools import combinations

import numpy as np

from gradcheck.diagnosis.cause import Cause
from gradcheck.diagnosis.evidence import rms, same
from gradcheck.diagnosis.factor import factor_cause


def shared_statistic(e):
    """A term beside the diagonal of the Jacobian is missing or has a factor."""
    if e.jacobians is None or len(e.upstream) != 1 or e.upstream[0].shape != e.numeric.shape:
        return None
    ndim = e.numeric.ndim
    for count in range(1, ndim + 1):
        for axes in combinations(range(ndim), count):
            found = _along(e, axes)
            if found:
                return found
    return None


def target_of_softmax(e):
    """Behind a softmax and a log, the one entry that is meant is wrong in each row.

    The true gradient is s (p_v - 1) at the entry that is meant and s p_v elsewhere.
    """
    x = np.asarray(e.inputs.get(e.name, np.nan), dtype=np.float64)
    if x.shape != e.numeric.shape or not x.ndim or not np.all(np.isfinite(e.numeric)):
        return None
    for axis in reversed(range(x.ndim)):
        if x.shape[axis] < 3:
            continue
        p = np.exp(x - x.max(axis=axis, keepdims=True))
        p = np.moveaxis(p / p.sum(axis=axis, keepdims=True), axis, -1).reshape(-1, x.shape[axis])
        mine, expected = (
            np.moveaxis(a, axis, -1).reshape(p.shape) for a in (e.analytic, e.numeric)
        )
        counts = np.any(expected, axis=1)
        if not np.any(counts) or np.any(mine[~counts]):
            continue
        mine, expected, p = mine[counts], expected[counts], p[counts]
        scale = np.median(expected / p, axis=1, keepdims=True)
        meant = np.abs(expected - scale * p) > 1e-6 * np.abs(scale)
        if not np.all(meant.sum(axis=1) == 1) or not same(expected, scale * (p - meant)):
            continue
        belief, truth = (mine / scale * ~meant), (mine / scale - p)[meant]
        if same(belief, p * ~meant) and np.ptp(truth) < 1e-6:
            factor = -float(truth[0])
            if abs(factor) > 1e-6:
                return factor_cause(e, factor, "the rest of each row is right",
                                    " in the 1 that is taken from the right entry")
            return _unmeant(e, "takes no 1 from the entry that is meant: p_v - 1 there")
        if not np.any(mine[~meant]):
            return _unmeant(e, "is zero but at the entry that is meant: all others get p_v")
    return None


def _unmeant(e, what):
    return Cause(
        "missing-path",
        f"The gradient of {e.name} {what}. A score moves the loss on two paths, as the score that"
        " is meant and through the sum that all are divided by: what is believed minus what is"
        " true.",
        evidence="the other entries agree with the softmax of the input",
    )


def _along(e, axes):
    """Look at the slices along some axes, each a square block of the Jacobian."""
    blocks = [_square(jacobian, e.numeric.shape, axes) for jacobian in e.jacobians]
    size = blocks[0].shape[1]
    if size < 3 or not np.any(blocks[1]):
        return None
    outside = [e.jacobians[i].size and rms(e.jacobians[i]) ** 2 * e.jacobians[i].size
               - np.sum(blocks[i] ** 2) for i in (0, 1)]
    if max(outside) > 1e-9 * np.sum(blocks[1] ** 2):
        return None  # entries outside the slices are shared as well
    beside = ~np.eye(size, dtype=bool)
    mine, expected = (block[:, beside] for block in blocks)
    if rms(expected) < 1e-6 * rms(blocks[1]):
        return None
    terms = _terms(e, axes, beside)
    for names in (("a",), ("1",), ("1", "z"), ("z",)):
        basis = np.stack([terms[name] for name in names], axis=-1)
        fits = [_fit(basis, wanted) for wanted in (mine, expected)]
        if any(fit is None for fit in fits) or mine.shape[1] <= 2 * len(names):
            continue
        mine_c, expected_c = fits
        for i, name in enumerate(names):
            if rms(expected_c[:, i]) == 0:
                continue
            factor = float(np.sum(mine_c[:, i] * expected_c[:, i]) / np.sum(expected_c[:, i] ** 2))
            if abs(factor - 1) < 1e-4:
                continue
            if not np.allclose(mine_c[:, i], factor * expected_c[:, i],
                               atol=1e-5 * rms(expected_c[:, i])):
                continue
            what = {"a": "the sum that the outputs were divided by", "1": "the mean",
                    "z": "the variance"}[name]
            if abs(factor) < 1e-5:
                return _missing(e, what, axes)
            evidence = f"beside the diagonal of the Jacobian it has {factor:.4g} times its size"
            return factor_cause(e, factor, evidence, f" in the path through {what}")
    if not np.any(mine):
        return _missing(e, "what all entries share", axes)
    return None


def _terms(e, axes, beside):
    """Lay out what the shared paths can look like beside the diagonal."""
    x = np.asarray(e.inputs.get(e.name, e.numeric), dtype=np.float64)
    out = np.asarray(e.ask("out", x))
    out = out if out.shape == x.shape else x
    centred = x - x.mean(axis=axes, keepdims=True)
    made = {}
    for name, array in (("1", np.ones(x.shape)), ("z", centred), ("a", out)):
        rows = np.moveaxis(array, axes, range(-len(axes), 0))
        rows = rows.reshape(-1, int(np.prod([x.shape[axis] for axis in axes])))
        made[name] = (rows[:, :, None] * rows[:, None, :])[:, beside]
    return made


def _fit(basis, wanted):
    """Fit each slice with the terms; None if that does not give it exactly."""
    fitted = np.stack([np.linalg.lstsq(b, w, rcond=None)[0] for b, w in
                       zip(basis, wanted, strict=True)])
    close = same(np.einsum("skt,st->sk", basis, fitted), wanted, 1e-5) or not np.any(wanted)
    return fitted if close else None


def _square(jacobian, shape, axes):
    """Take (slices, size, size) out of a Jacobian of an output with the argument's shape."""
    ndim = len(shape)
    full = jacobian.reshape(*shape, *shape)
    rest = [axis for axis in range(ndim) if axis not in axes]
    order = [*rest, *axes, *(ndim + axis for axis in rest), *(ndim + axis for axis in axes)]
    size = int(np.prod([shape[axis] for axis in axes]))
    square = full.transpose(order).reshape(jacobian.shape[0] // size, size, -1, size)
    slices = np.arange(len(square))
    return square[slices, :, slices, :]


def _missing(e, what, axes):
    listed = "axis " + str(axes[0]) if len(axes) == 1 else "axes " + ", ".join(map(str, axes))
    return Cause(
        "missing-path",
        f"The gradient of {e.name} lacks the path through {what}: along {listed} every entry moves"
        " it, and through it all the other outputs. Write down that number's own derivative and"
        " add its share.",
        evidence="beside the diagonal of the Jacobian that term is missing",
    )
