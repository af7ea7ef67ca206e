"""Explanations by paths: an argument is used in several places, and one of them was forgotten."""

from itertools import combinations

import numpy as np

from gradcheck.diagnosis.cause import Cause
from gradcheck.diagnosis.evidence import same
from gradcheck.diagnosis.factor import factor_cause


def named_path(e):
    """Without one or several of the named parts the expected gradient is what came back."""
    parts = {name: np.asarray(part) for name, part in e.partials.items()
             if np.shape(part) == e.numeric.shape and np.any(part)}
    for count in range(1, len(parts) + 1):
        for names in combinations(parts, count):
            total = sum(parts[name] for name in names)
            lacking = same(e.analytic, e.numeric - total)
            only = count < len(parts) and same(e.analytic, total)
            if lacking and np.any(e.analytic):
                listed = " and ".join(names)
                return _cause(e, f"lacks the path through {listed}", "adding it gives all entries")
            if only:
                listed = " and ".join(names)
                return _cause(e, f"holds the path through {listed} alone", "all entries agree")
    return None


def lost_contributions(e):
    """Each slope is either the right one or zero: some outputs' messages never arrived."""
    if e.ratios is None:
        return None
    there, lost = _there_and_lost(e)
    if lost is None:
        return None
    return (
        _lost_output(e, lost, there)
        or _one_place(e, lost, there)
        or _lost_entries(e, lost, there)
        or _cause(e, "gets nothing from some of the outputs that it moves, and is right otherwise",
                  f"{np.count_nonzero(lost)} of {np.count_nonzero(there)} slopes are lost")
    )


def sparser(e):
    """Nothing comes from outputs that the argument moves, and nothing false from others."""
    if e.ratios is None or np.any(np.isinf(e.ratios)):
        return None
    there = ~np.isnan(e.ratios)
    lost = there & (np.abs(e.ratios) < 1e-9)
    if not np.any(lost) or np.mean(lost[there]) < 0.5 or np.all(lost[there]):
        return None
    return _cause(e, "gets nothing from some of the outputs that it moves",
                  f"{np.count_nonzero(lost)} of {np.count_nonzero(there)} slopes are zero")


def lost_product(e):
    """What is lacking passed a matrix, whose own gradient is right."""
    if e.ratios is None or np.any(np.isinf(e.ratios)) or e.numeric.ndim != 2:
        return None
    if np.any(np.all(np.isnan(e.ratios), axis=0)):
        return None
    one_for_each_entry = np.nanmax(e.ratios, axis=0) - np.nanmin(e.ratios, axis=0)
    if np.all(one_for_each_entry < 1e-6):
        return None  # a factor, whatever it is
    lacking = e.jacobians[1] - e.jacobians[0]
    for k, output in enumerate(e.upstream):
        if output.ndim != 2 or len(output) != len(e.numeric):
            continue
        rows = [row for row, (j, _) in enumerate(e.places) if j == k]
        square = lacking[rows].reshape(*output.shape, *e.numeric.shape)
        own = np.arange(len(output))
        square = square[own, :, own, :]  # (N, H of the output, I of the argument)
        if not np.any(square):
            continue
        for name, matrix in e.inputs.items():
            if name != e.name and name in e.right and _passed(matrix, square):
                return _cause(e, f"lacks a path through {name}", "what is lacking is a factor for"
                              f" each output, {name}, and a factor for each entry")
    return None


def lost_number(e):
    """Most slopes are right, and the others lack numbers that the forward knows."""
    if e.ratios is None or np.any(np.isinf(e.ratios)) or not e.numeric.ndim or len(e.upstream) > 1:
        return None
    there = ~np.isnan(e.ratios)
    wrong = there & (np.abs(e.ratios - 1) > 1e-6)
    if not np.any(wrong) or np.mean(wrong[there]) > 0.5:
        return None
    lacking = (e.jacobians[1] - e.jacobians[0])[wrong]
    output, shape = e.upstream[0].shape, e.numeric.shape
    if np.allclose(lacking, 1):
        return _cause(e, "lacks the direct path, on which it is added to the output as it is",
                      f"{np.count_nonzero(wrong)} of {np.count_nonzero(there)} slopes lack a 1")
    if np.ptp(lacking) < 1e-6 * np.max(np.abs(lacking)):
        return None
    by_output, by_entry = {}, {}
    fitting = {(size, size) for size in output} | {(1, size) for size in output}
    for name, y in e.arrays.items():
        if y.dtype.kind != "f" or not y.ndim:
            continue
        if y.ndim == len(output) and {*zip(y.shape, output, strict=True)} <= fitting:
            spread = np.broadcast_to(y, output).reshape(-1, *(1,) * len(shape))
            by_output[name] = np.broadcast_to(spread, wrong.shape)[wrong]
        if y.shape == shape[: y.ndim]:
            spread = y.reshape(1, *y.shape, *(1,) * (len(shape) - y.ndim))
            by_entry[name] = np.broadcast_to(spread, wrong.shape)[wrong]
    known = by_output | by_entry
    known |= {f"{a} and {b}": by_output[a] * by_entry[b] for a in by_output for b in by_entry}
    for name, y in known.items():
        if same(lacking, y, 1e-5):
            return _cause(e, f"lacks the path on which it is multiplied with {name}",
                          f"{np.count_nonzero(wrong)} of {np.count_nonzero(there)} slopes lack"
                          " just that number, the others are right")
    return None


def only_this_one(e):
    """All other gradients are right, and this one, wrong throughout, stays with its example."""
    others = set(e.ask("all_numeric", {})) - {e.name}
    if e.ratios is None or len(others) < 3 or others - e.right or not 2 <= e.numeric.ndim <= 3:
        return None
    if np.any(np.isinf(e.ratios)) or any(a.ndim == 0 or len(a) != len(e.numeric)
                                         for a in e.upstream):
        return None
    own, apart = [], []
    for row, (_, index) in enumerate(e.places):
        own.append(e.ratios[row, index[0]])
        apart.append(np.delete(e.ratios[row], index[0], axis=0))
    # One product is one path; where each output feels all entries, several may meet.
    dense = not np.any(np.isnan(own)) and np.all(np.isnan(apart)) and len(e.numeric) > 1
    if not dense or np.mean(np.abs(np.array(own) - 1) < 1e-6) > 0.5:
        return None
    return _cause(e, "is wrong where all others are right, so its last line may lack a term",
                  "the gradients made of the same intermediate values are right")


def _passed(matrix, square):
    """Tell whether what is lacking is a block of a matrix, its rows and columns scaled."""
    outputs, entries = square.shape[1:]
    if np.ndim(matrix) != 2 or len(matrix) != entries or min(entries, outputs) < 2:
        return False
    for start in range(0, matrix.shape[1] - outputs + 1, outputs):
        block = matrix[:, start : start + outputs].T
        if np.any(block == 0):
            continue
        scaled = square / block
        first = scaled[:, :1, :1]
        if np.all(first) and same(scaled * first, scaled[:, :, :1] * scaled[:, :1, :], 1e-5):
            return True
    return False


def _lost_output(e, lost, there):
    """One array of several outputs sends nothing back."""
    numbers = np.array([k for k, _ in e.places])
    for k in range(len(e.upstream)):
        of_k = numbers == k
        if len(e.upstream) > 1 and np.array_equal(lost[of_k], there[of_k]) and np.any(lost[of_k]):
            return _cause(e, f"gets nothing from output {k} (counted from 0)",
                          "what the other outputs send is right")
    return None


def _one_place(e, lost, there):
    """Along one axis of the output, only one entry sends something back."""
    if len(e.upstream) != 1:
        return None
    for axis in range(e.upstream[0].ndim):
        place = np.array([index[axis] for _, index in e.places])
        kept = [n for n in range(place.max() + 1) if np.any((there & ~lost)[place == n])]
        silent = [n for n in range(place.max() + 1) if n not in kept and np.any(lost[place == n])]
        if len(kept) == 1 and silent and not np.any(lost[place == kept[0]]):
            return Cause(
                "missing-sum",
                f"Only entry {kept[0]} along axis {axis} of the output reaches the gradient of"
                f" {e.name}, but {e.name} serves all {len(silent) + 1}: sum over them, with `+=`"
                " if in a loop.",
                evidence=f"its part is right, {len(silent)} others are lost",
            )
    return None


def one_window(e):
    """Of the windows that hold a pixel, one is kept."""
    if e.ratios is None or len(e.upstream) != 1 or e.upstream[0].ndim != 4:
        return None
    there, lost = _there_and_lost(e)
    if lost is None:
        return None
    shape = e.upstream[0].shape
    kept, used, missing = (
        np.any(some.reshape(*shape, -1), axis=(0, 3)).reshape(-1, e.numeric.size)
        for some in (there & ~lost, there, lost)
    )
    if np.any(kept & missing) or np.any(kept.sum(axis=0) > 1):
        return None
    if e.numeric.ndim != 4 or e.numeric.shape[0] != shape[0]:
        return Cause(
            "missing-sum",
            f"The gradient of {e.name} comes from a single window, but {e.name} serves all of"
            " them: sum over the windows, with `+=` if in a loop.",
            evidence="the slopes of one window are right, the others are lost",
        )
    times = used.sum(axis=0)
    alone_lost = np.any(missing[:, times == 1])
    one_winner = np.all(there.reshape(len(there), -1).sum(axis=1) == 1)
    if np.any(times > 1) and (one_winner or not alone_lost):
        return Cause(
            "overwrites-repeats",
            f"Where windows overlap, the gradient of {e.name} keeps the message of one of them"
            " and loses the others: `+=` into the window, not `=`.",
            evidence="every entry has the slopes of a single window",
        )
    return None


def _there_and_lost(e):
    """Find the slopes that ought to be there, and those lost if all others are right."""
    there = ~np.isnan(e.ratios)
    lost = there & (np.abs(e.ratios) < 1e-9)
    right = np.abs(e.ratios - 1) < 1e-5
    if np.any(np.isinf(e.ratios)) or not np.any(lost) or not np.any(there & ~lost):
        return there, None
    return there, lost if np.all(lost | ~there | right) else None


def _lost_entries(e, lost, there):
    """Some entries of the argument get nothing at all, the others everything."""
    silent = np.all(lost | ~there, axis=0) & np.any(lost, axis=0)
    if not np.array_equal(lost, there & silent) or np.any(e.all_slopes[:, silent]):
        return None
    return Cause(
        "zero",
        f"The gradient of {e.name} is zero in {np.count_nonzero(silent)} of {silent.size} entries,"
        f" such as {tuple(map(int, np.argwhere(silent)[0]))}, and right in the others. Which slice"
        " or block is never written?",
        factor=0.0,
        evidence="all other entries are right",
    )


def one_factor_in_part(e):
    """Each slope is right or off by one and the same factor."""
    if e.ratios is None or np.any(np.isinf(e.ratios)):
        return None
    values = e.ratios[~np.isnan(e.ratios)]
    off = values[np.abs(values - 1) > 1e-5]
    if len(off) < 3 or len(off) == len(values) or np.ptp(off) > 1e-5 * np.max(np.abs(off)):
        return None
    if abs(off[0]) < 1e-9:
        return None
    where = " in what some of the outputs send back"
    return factor_cause(e, float(off[0]), f"{len(off)} of {len(values)} slopes have it", where)


def _cause(e, what, evidence):
    return Cause(
        "missing-path",
        f"The gradient of {e.name} {what}. What is used in several places gets the sum of what"
        f" comes back from each: list the lines of the forward in which {e.name}, or what is made"
        " of it, occurs.",
        evidence=evidence,
    )

