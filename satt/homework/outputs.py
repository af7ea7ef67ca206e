"""Is what a function returned what it should be, and if not, what is it instead?"""

import numpy as np

from gradcheck.compare import relative_errors, rms

FLOOR = 1e-3  # below this share of the RMS an entry is measured against the share
ROUNDED = 1e-10, 1e-5  # as a share of the RMS: float32 somewhere on the way
SAME = 1e-7


def difference(name, got, expected, tolerance=1e-6, rounding=0.0, shows_values=True):
    """Compare an output with what it should be.

    Parameters
    ----------
    name : str
        The output's.
    got : object
        A stranger's.
    expected : array_like
    tolerance : float, optional
        The largest relative error of an entry.
    rounding : float, optional
        A difference that passes whatever its size.
    shows_values : bool, optional
        Whether the expected numbers may be told.

    Returns
    -------
    kind, text : str
        What is wrong as a word and in a sentence; both empty if nothing is.
    """
    expected = np.asarray(expected)
    if got is None:
        return "missing", f"{name} is None, expected an array of shape {expected.shape}"
    got = np.asarray(got)
    if got.dtype.kind not in "fiub":
        return "dtype", f"{name} is of dtype {got.dtype}, expected {expected.dtype}"
    if got.shape != expected.shape:
        return "shape", f"{name} has the shape {got.shape}, expected {expected.shape}"
    if expected.dtype.kind in "iub":
        wrong = np.argwhere(got != expected)
        if not len(wrong):
            return "", ""
        return "wrong", _entry(name, got, expected, tuple(wrong[0]), shows_values)
    got = got.astype(np.float64) if got.dtype.kind != "f" else got
    if not np.all(np.isfinite(got)):
        return "nan", f"{name} holds NaN or infinity"
    if got.dtype != expected.dtype:
        text = f"{name} is {got.dtype}, expected {expected.dtype}: let the dtype follow the data"
        return "dtype", text
    size = rms(expected)
    errors = relative_errors(got, expected, FLOOR * size)
    errors = np.where(np.abs(got - expected) <= rounding, 0, errors)
    if np.max(errors, initial=0) > tolerance:
        worst = tuple(map(int, np.unravel_index(np.argmax(errors), errors.shape)))
        if ROUNDED[0] * size < np.max(np.abs(got - expected)) < ROUNDED[1] * size:
            return "dtype", f"{name} is right to some 7 digits only: something on the way to it " \
                "is float32"
        return "wrong", _entry(name, got, expected, worst, shows_values)
    return "", ""


def looks_like(name, got, expected, likenesses):
    """Say what a wrong output is instead.

    Parameters
    ----------
    name : str
    got : object
    expected : array_like
    likenesses : iterable of (str, array_like)
        What else might have been computed, each in words.

    Returns
    -------
    str
        A sentence; empty if it is nothing known.
    """
    got, expected = np.asarray(got), np.asarray(expected)
    if got.dtype.kind not in "fiub" or not np.all(np.isfinite(got)):
        return ""
    for words, other in likenesses:
        if _same(got, other) and not _same(got, expected):
            return words
    if got.ndim > 1 and got.size == expected.size:
        for axes in _exchanges(got.ndim):
            if _same(np.transpose(got, axes), expected):
                return f"{name} is right but for the order of its axes."
    if got.shape != expected.shape:
        return ""
    factor = _factor(got, expected)
    if factor is not None and abs(factor) < SAME:
        return f"{name} is zero everywhere."
    if factor is not None:
        return f"{name} is {factor:.6g} times what is expected, in all entries: a number that " \
            "is missing or too much, or a mean for a sum?"
    wrong = np.abs(got - expected) > SAME * rms(expected)
    if got.ndim > 1 and 0 < np.count_nonzero(wrong) < wrong.size:
        return _where(name, wrong)
    return ""


def _entry(name, got, expected, index, shows_values):
    place = f"[{', '.join(map(str, index))}]" if index else ""
    if not shows_values:
        return f"{name} has wrong values"
    return f"{name}{place} is {got[index]:.6g}, expected {expected[index]:.6g}"


def _same(a, b):
    a, b = np.asarray(a), np.asarray(b)
    return a.shape == b.shape and bool(
        np.all(np.abs(a - b) <= SAME * np.maximum(np.abs(b), rms(b)))
    )


def _exchanges(count):
    for one in range(count):
        for other in range(one + 1, count):
            axes = list(range(count))
            axes[one], axes[other] = axes[other], axes[one]
            yield axes


def _factor(got, expected):
    """The number by which all entries are too large, or None."""
    if expected.size < 2 and expected.ndim:
        return None
    square = np.sum(expected**2)
    if square == 0:
        return None
    factor = float(np.sum(got * expected) / square)
    return factor if _same(got, factor * expected) or _same(got, 0 * expected) else None


def _where(name, wrong):
    """Say along which axis the wrong entries lie together."""
    for axis in range(wrong.ndim):
        others = tuple(k for k in range(wrong.ndim) if k != axis)
        places = np.flatnonzero(wrong.any(axis=others))
        if len(places) < wrong.shape[axis]:
            listed = ", ".join(map(str, places[:6])) + (", ..." if len(places) > 6 else "")
            return f"{name} is wrong only at index {listed} of axis {axis}; the rest is right."
    return ""
