"""Explanations by blocks along an axis: in another order, or one of them with a factor."""

from itertools import combinations

import numpy as np

from gradcheck.diagnosis.cause import Cause
from gradcheck.diagnosis.evidence import rms, same
from gradcheck.diagnosis.factor import factor_cause


def permuted_blocks(e):
    """The slices along an axis are all there, in another order."""
    mine, expected = e.jacobians or (e.analytic[None], e.numeric[None])
    if not np.all(np.isfinite(expected)):
        return None
    for axis in range(1, mine.ndim):
        some, others = np.moveaxis(mine, axis, 0), np.moveaxis(expected, axis, 0)
        found = _match(some, others)
        if found is None:
            continue
        blocks, order = _as_blocks(found)
        backwards = ", that is backwards" if order == list(range(blocks))[::-1] else ""
        return _cause(
            e,
            f"Along axis {axis - 1} the gradient of {e.name} has the right {blocks} blocks in the"
            f" order {', '.join(map(str, order))}{backwards}",
            f"each of the {len(found)} slices is equal to one of the expected",
        )
    return None


def permuted_entries(e):
    """The same numbers stand in other places."""
    mine, expected = e.jacobians or (e.analytic[None], e.numeric[None])
    if not np.all(np.isfinite(expected)):
        return None
    for count in range(2, mine.ndim):
        for axes in combinations(range(1, mine.ndim), count):
            if same(mine, np.flip(expected, axes)):
                return _cause(e, f"The gradient of {e.name} is right when turned round along the"
                              f" axes {tuple(a - 1 for a in axes)}", "all entries agree then")
    rows = mine.reshape(len(mine), -1), expected.reshape(len(mine), -1)
    # An image's rim cuts windows short: what is whole is compared.
    places = [np.abs(some) > 1e-7 * rms(expected) for some in rows]
    filled = places[1].sum(axis=1)
    whole = np.all(places[0] == places[1], axis=1) & (filled == filled.max())
    if np.any(whole) and _are_reordered(rows[0][whole], rows[1][whole]):
        return _cause(e, f"The gradient of {e.name} holds the right numbers in the wrong places",
                      "sorted, all entries agree")
    columns = rows[0].T, rows[1].T
    if len(mine) > 1 and _are_reordered(*columns):
        return _cause(e, f"The gradient of {e.name} is right for an upstream whose entries stand"
                      " in another order", "each entry has the right slopes, of other outputs")
    return None


def block_factor(e):
    """Some slices along the last axis have a constant factor, the others are right."""
    found = _factors(e)
    if found is None:
        return None
    axis, factors = found
    wrong = np.abs(factors - 1) > 1e-5
    values = factors[wrong]
    if not np.any(wrong) or np.all(wrong) or not np.allclose(values, values[0], atol=1e-9):
        return None
    where = _where(wrong, axis)
    evidence = f"{len(values)} of {len(factors)} slices have it, the others are right"
    if abs(values[0]) < 1e-9:
        if e.jacobians and np.any(np.take(e.all_slopes, np.flatnonzero(wrong), axis=axis + 1)):
            return None
        return Cause(
            "zero",
            f"The gradient of {e.name} is zero{where} and right elsewhere. Is that block ever"
            " computed and written?",
            factor=0.0,
            evidence=evidence,
        )
    return factor_cause(e, float(values[0]), evidence, where)


def factor_of_each_slice(e):
    """Every slice has its own factor: something that belongs to an axis was left out."""
    found = _factors(e)
    if found is None:
        return None
    axis, factors = found
    if len(factors) > 1 and np.all(np.abs(factors) > 1e-9):
        name = next(
            (name for name, array in e.arrays.items()
             if name != e.name and array.dtype.kind == "f" and array.size == len(factors)
             and same(factors * array.reshape(-1), np.ones(len(factors)), 1e-5)),
            "",
        )
        return Cause(
            "scale",
            f"Each slice along axis {axis} of the gradient of {e.name} is the expected one times"
            " a factor of its own" + (f", 1 / {name}: {name} was left out" if name else "")
            + ". Look for a product or a division by something that has one value for each.",
            evidence="factors " + ", ".join(f"{factor:.4g}" for factor in factors[:6]),
        )
    return None


def _factors(e):
    """Find an axis along which each slice has one constant factor."""
    mine, expected = e.jacobians or (e.analytic[None], e.numeric[None])
    if not np.all(np.isfinite(expected)):
        return None
    # From the last: gates and channels stand there.
    for axis in reversed(range(1, mine.ndim)):
        some = np.moveaxis(mine, axis, 0).reshape(mine.shape[axis], -1)
        others = np.moveaxis(expected, axis, 0).reshape(mine.shape[axis], -1)
        if len(some) < 2:
            continue
        sizes = np.sum(others**2, axis=1)
        if np.any(sizes == 0) or np.any(np.count_nonzero(others, axis=1) < 3):
            continue
        factors = np.sum(some * others, axis=1) / sizes
        if all(same(a, f * b) for a, f, b in zip(some, factors, others, strict=True) if f) and \
                not np.any(some[factors == 0]):
            return axis - 1, factors
    return None


def _match(some, others):
    """Find for every slice the one it is equal to; None if they are not the same slices."""
    some, others = (array.reshape(len(array), -1) for array in (some, others))
    if len(some) < 2 or rms(others) == 0:
        return None
    tolerance = 1e-6 * rms(others)
    found, free = [], set(range(len(others)))
    for i, one in enumerate(some):
        near = [j for j in sorted(free) if np.all(np.abs(one - others[j]) <= tolerance)]
        if not near:
            return None
        # A slice that is right stays where it is.
        found.append(i if i in near else near[0])
        free.discard(found[-1])
    return None if found == list(range(len(some))) else found


def _as_blocks(found):
    """Describe an order of slices by as few blocks as it can be made of."""
    for blocks in range(2, len(found)):
        size, rest = divmod(len(found), blocks)
        if rest:
            continue
        starts = [found[block * size] for block in range(blocks)]
        whole = [start + i for start in starts for i in range(size)]
        if whole == found and all(start % size == 0 for start in starts):
            return blocks, [start // size for start in starts]
    return len(found), found


def _are_reordered(some, others):
    """Tell whether every row holds the same numbers as the other, in another order."""
    values = np.unique(np.round(others / (rms(others) or 1), 5))
    if len(values) < 5:
        return False
    return same(np.sort(some, axis=1), np.sort(others, axis=1)) and not same(some, others)


def _where(wrong, axis):
    places = np.flatnonzero(wrong)
    if len(places) == 1:
        return f" at index {places[0]} of axis {axis}"
    for blocks in range(2, len(wrong)):
        size, rest = divmod(len(wrong), blocks)
        is_block = places[0] % size == 0 and np.ptp(places) == size - 1
        if not rest and len(places) == size and is_block:
            return f" in block {places[0] // size} of {blocks} along axis {axis} (counted from 0)"
    return f" at the indices {', '.join(map(str, places))} of axis {axis}"


def _cause(e, what, evidence):
    return Cause(
        "permuted",
        f"{what}. Compare the order in which the forward lays things side by side, such as the"
        " gates, with the order in which the backward puts them together.",
        evidence=evidence,
    )
