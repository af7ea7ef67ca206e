"""The derivative from evaluations of the forward alone.

A method is a function `(evaluate, x, direction, upstream) -> slope`: how fast
sum(upstream * evaluate(x + s direction)) grows with s at s = 0. A gradient's entries are the
slopes along the axes.
"""

from dataclasses import dataclass

import numpy as np

# Two errors meet here: what is cut off grows as STEP^4, what is rounded off as 1e-16 / STEP.
STEP = 1e-3

# An entry costs four evaluations. Of a larger argument this many entries are sampled, and slopes
# along a few random directions, which move all entries at once, look at the rest.
MOST_ENTRIES = 2000
DIRECTIONS = 3


@dataclass(frozen=True)
class Slopes:
    """How fast a scalar grows with one argument.

    Attributes
    ----------
    gradient : ndarray of float64, the shape of the argument
        NaN at entries that were not taken.
    taken : ndarray of bool, the same shape
    directions : tuple of (ndarray, float)
        Directions of length 1, each with its slope; empty if all entries were taken.
    """

    gradient: np.ndarray
    taken: np.ndarray
    directions: tuple[tuple[np.ndarray, float], ...] = ()


def central_difference(evaluate, x, direction, upstream):
    """Take the slope from points on both sides.

    With f(s) = sum(upstream * evaluate(x + s direction)), Taylor's series gives

        D(h) = (f(h) - f(-h)) / (2 h) = f'(0) + h^2 f'''(0) / 6 + O(h^4)

    and one step of Richardson's extrapolation removes the h^2: (4 D(h/2) - D(h)) / 3.

    Parameters
    ----------
    evaluate : callable
        From an array like `x` to the tuple of all outputs.
    x : ndarray of float64
    direction : ndarray, the shape of `x`
    upstream : tuple of ndarray
        One for each output.

    Returns
    -------
    slope : float
    """
    step = STEP * max(1.0, np.max(np.abs(x[direction != 0])))

    def difference(h):
        ahead, behind = evaluate(x + h * direction), evaluate(x - h * direction)
        # The difference comes before the sum: outputs that did not move then add no rounding.
        terms = zip(upstream, ahead, behind, strict=True)
        return sum(float(np.sum(u * (a - b))) for u, a, b in terms) / (2 * h)

    return (4 * difference(step / 2) - difference(step)) / 3


def slopes(method, evaluate, x, upstream, random):
    """Take the slope along every axis of `x`, or along a sample of them and some directions.

    Parameters
    ----------
    method : callable
        Such as `central_difference`, whose parameters are the next three.
    evaluate, x, upstream
    random : numpy.random.Generator
        Draws the sample and the directions, where `x` has more than `MOST_ENTRIES` entries.

    Returns
    -------
    Slopes
    """
    entries, directions = np.arange(x.size), []
    if x.size > MOST_ENTRIES:
        entries = random.choice(x.size, MOST_ENTRIES, replace=False)
        directions = [random.normal(size=x.shape) for _ in range(DIRECTIONS)]
        directions = [direction / np.sqrt(np.sum(direction**2)) for direction in directions]
    gradient, taken, axis = np.full(x.shape, np.nan), np.zeros(x.shape, bool), np.zeros(x.shape)
    taken.flat[entries] = True
    for entry in entries:
        axis.flat[entry] = 1
        gradient.flat[entry] = method(evaluate, x, axis, upstream)
        axis.flat[entry] = 0
    along = ((direction, method(evaluate, x, direction, upstream)) for direction in directions)
    return Slopes(gradient, taken, tuple(along))
