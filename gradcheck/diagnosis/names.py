"""What is the factor 12? The lengths of axes say it."""

from itertools import combinations
from numbers import Number

import numpy as np

NEAR = 1e-5


def meaning_of(factor, e):
    """Say what a positive factor is, by the lengths of axes and the constants around.

    Parameters
    ----------
    factor : float
    e : Evidence

    Returns
    -------
    str
        As "4 is the length of axis 0 of x"; empty if nothing fits.
    """
    found, below = {}, f"{factor:.4g} is 1 / " if factor < 1 else ""
    for value, text in _candidates(e):
        if value <= 0 or abs(value - 1) < NEAR:
            continue
        if abs(factor - value) < NEAR * value:
            found.setdefault(f"{value:g}", []).append(text)
        elif abs(factor * value - 1) < NEAR:
            found.setdefault(f"{below}{value:g}, and {value:g}", []).append(text)
    if not found:
        return ""
    number, texts = next(iter(found.items()))
    return f"{number} is {' or '.join(list(dict.fromkeys(texts))[:2])}"


def advice_for(factor):
    """Say where a factor of this kind usually comes from.

    Parameters
    ----------
    factor : float
        Positive.

    Returns
    -------
    str
    """
    if abs(factor - 2) < NEAR:
        return "Is a term counted twice, the 2 of a square's slope written where there is none," \
               " or a mean taken as a sum?"
    if abs(factor - 0.5) < NEAR:
        return "Is the 2 of a square's slope forgotten, or a sum taken as a mean?"
    if factor > 1:
        return "Is a mean taken as a sum, or a division (or a factor below 1) left out?"
    return "Is a sum taken as a mean, or something divided twice?"


def _candidates(e):
    yield 2.0, "the exponent of a square"
    for name, value in e.options.items():
        if isinstance(value, Number) and not isinstance(value, bool) and np.isreal(value):
            yield float(value), f"the option {name}"
            yield float(value) ** 2, f"the square of the option {name}"
            yield 1 - float(value), f"1 - {name}"
    arrays = {e.name: e.numeric} | {f"the output {k}" if k else "the output": a
                                    for k, a in enumerate(e.upstream)}
    arrays |= {name: np.asarray(a) for name, a in (*e.inputs.items(), *e.options.items())
               if np.ndim(a)}
    for count in (1, 2, 3, 4):
        for name, array in arrays.items():
            for axes in combinations(range(array.ndim), count):
                size = float(np.prod([array.shape[axis] for axis in axes]))
                listed = " and ".join(map(str, axes))
                what = f"axis {listed}" if count == 1 else f"axes {listed} together"
                yield size, f"the length of {what} of {name}"
                yield np.sqrt(size), f"the root of the length of {what} of {name}"
    for name, array in arrays.items():
        if array.dtype.kind in "biu" or set(np.unique(array)) <= {0, 1}:
            yield float(np.count_nonzero(array)), f"the number of entries of {name} that are not 0"
    for name, array in arrays.items():
        values = np.unique(array[array != 0]) if array.dtype.kind == "f" and array.size else ()
        if len(values) == 1:
            yield float(values[0]), f"the value in {name}"
