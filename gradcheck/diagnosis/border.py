"""Explanation: right in the middle of an image, wrong at its rim, or shifted by its width."""

from itertools import product

import numpy as np

from gradcheck.diagnosis.cause import Cause
from gradcheck.diagnosis.evidence import CLOSE, rms, same


def border(e):
    """All wrong pixels lie at the rim of the image's two axes."""
    if e.numeric.ndim != 4:
        return None
    tolerance = CLOSE * np.maximum(np.abs(e.numeric), rms(e.numeric))
    wrong = np.abs(e.analytic - e.numeric) > tolerance
    for rows, columns in ((1, 2), (0, 1), (2, 3)):
        others = tuple(axis for axis in range(4) if axis not in (rows, columns))
        at, used = np.any(wrong, axis=others), np.any(e.numeric, axis=others)
        height, width = at.shape
        if min(height, width) < 3 or not np.any(at):
            continue
        best = None
        for top, bottom, left, right in product(*[range(n // 2 + 1) for n in (height, width)
                                                  for _ in (0, 1)]):
            inside = np.s_[top : height - bottom, left : width - right]
            middle = at[inside]
            if not middle.size or np.any(middle) or not np.any(used[inside]):
                continue
            outside = np.ones(at.shape, bool)
            outside[inside] = False
            share = np.mean(at[outside])
            large = 4 * middle.size >= at.size if at.size >= 16 else 9 * middle.size >= at.size
            if large and share >= 0.5 and (best is None or middle.size > best[0]):
                best = middle.size, (top, bottom, left, right)
        if best:
            return _cause(
                e, "is right in the middle of the image and wrong at its rim", best[1]
            )
    return _shifted(e)


def rim_of_the_output(e):
    """Windows at the rim of the output are left out, all others are right."""
    if e.ratios is None:
        return None
    for k, output in enumerate(e.upstream):
        if output.ndim != 4 or min(output.shape[1:3]) < 2:
            continue
        rows = [row for row, (j, _) in enumerate(e.places) if j == k]
        mine, expected = (jacobian[rows].reshape(*output.shape, -1) for jacobian in e.jacobians)
        by_window = (np.moveaxis(a, (1, 2), (0, 1)) for a in (mine, expected))
        mine, expected = (a.reshape(*output.shape[1:3], -1) for a in by_window)
        right = np.array([[same(a, b) for a, b in zip(*pair, strict=True)]
                          for pair in zip(mine, expected, strict=True)])
        lost = ~np.any(mine, axis=2)
        if not np.any(lost) or not np.all(right | lost) or not np.any(right):
            continue
        height, width = lost.shape
        kept_rows, kept_columns = ~np.all(lost, axis=1), ~np.all(lost, axis=0)
        box = np.outer(kept_rows, kept_columns)
        if np.array_equal(lost, ~box) and 2 * np.count_nonzero(box) >= lost.size // 2:
            edge = lost[0].all() or lost[-1].all() or lost[:, 0].all() or lost[:, -1].all()
            if edge and _is_run(kept_rows) and _is_run(kept_columns):
                return _cause(e, "lacks what the windows at the rim of the output send back", None)
    return None


def _is_run(kept):
    places = np.flatnonzero(kept)
    return len(places) and places[-1] - places[0] + 1 == len(places)


def _shifted(e):
    """The image came back shifted: the rim was cut off at the wrong side."""
    _, height, width, _ = e.numeric.shape
    for down, across in product(range(-2, 3), range(-2, 3)):
        if (down, across) == (0, 0) or height <= abs(down) + 1 or width <= abs(across) + 1:
            continue
        mine = e.analytic[:, max(down, 0) : height + min(down, 0),
                          max(across, 0) : width + min(across, 0)]
        expected = e.numeric[:, max(-down, 0) : height + min(-down, 0),
                             max(-across, 0) : width + min(-across, 0)]
        if np.count_nonzero(expected) > 3 and same(mine, expected):
            return _cause(
                e, f"came back shifted by {down} down and {across} across", None
            )
    return None


def _cause(e, what, rim):
    sides = "" if rim is None else ", ".join(
        f"{n} at the {side}"
        for n, side in zip(rim, ("top", "bottom", "left", "right"), strict=True) if n
    )
    return Cause(
        "border",
        f"The gradient of {e.name} {what}. Look at the padding: how wide the rim is, where it is"
        " cut off (`padding : padding + H`, not `padding : -padding`), and at the last window.",
        evidence=f"pixels that are wrong: {sides}" if sides else "all other entries agree",
    )
