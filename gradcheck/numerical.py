"""The derivative from evaluations of the forward alone.

Two methods. The **central difference** moves a number a little up and a little down. It needs
nothing of the forward, but it cuts off what is not linear, and rounds off the rest. The **complex
step** moves a number by i h, with h far below anything that counts: from

    f(x + i h) = f(x) + i h f'(x) - h^2 f''(x) / 2 - ...

the imaginary part is h f'(x) without any subtraction, so that nothing cancels and h = 1e-30 makes
what is cut off smaller than any rounding (Squire and Trapp 1998). It needs a forward that lets
complex numbers through.

A method is a function `(forward, x, direction, upstream) -> derivatives, is_smooth`: how fast each
output of `forward.at(x)` grows along the direction.
"""

import warnings
from dataclasses import dataclass

import numpy as np

# Two errors meet here: what is cut off grows as h^4, what is rounded off as 1e-16 / h. The smaller
# steps are for what bends more, or has a kink close by.
STEPS = (1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8)
TINY = 1e-30

# Of a smooth function two differences agree up to this share of the gradient's size.
AGREE = 1e-5

# An entry costs five evaluations. Of a larger argument this many entries are sampled, and slopes
# along a few random directions, which move all entries at once, look at the rest.
MOST_ENTRIES = 2000
DIRECTIONS = 3

MOST_KEPT = 1_000_000  # numbers of a Jacobian that are kept for the diagnosis


class NotComplexSafe(Exception):
    """A forward loses the imaginary part of a complex input."""


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
    jacobian : ndarray, shape (entries, outputs), or None
        How fast every output grows with every entry, all laid out flat; None if not all entries
        were taken, or the outputs are very many.
    kinks : tuple of tuple of int
        Entries at which the function has a kink just here: its slope is not the same to both
        sides, however small the step.
    """

    gradient: np.ndarray
    taken: np.ndarray
    directions: tuple[tuple[np.ndarray, float], ...] = ()
    jacobian: np.ndarray | None = None
    kinks: tuple[tuple[int, ...], ...] = ()

    @property
    def is_finite(self):
        """Whether all that was taken is a number."""
        return bool(np.all(np.isfinite(self.gradient[self.taken])))


class Forward:
    """A forward as a function of one argument, the others held.

    Parameters
    ----------
    evaluate : callable
        From an array like the argument to the tuple of all outputs.
    x : ndarray of float64
        The argument.
    """

    def __init__(self, evaluate, x):
        self._evaluate = evaluate
        self.x = x
        self.here = self.at(x)

    def at(self, x):
        """Evaluate, and lay all outputs out in one row."""
        outputs = [np.asarray(output).reshape(-1) for output in self._evaluate(x)]
        return np.concatenate(outputs) if outputs else np.zeros(0)


def central_difference(forward, direction, weights, floor=0.0):
    """Take derivatives from points on both sides.

    Taylor's series gives

        D(h) = (f(h) - f(-h)) / (2 h) = f'(0) + h^2 f'''(0) / 6 + O(h^4)

    and one step of Richardson's extrapolation removes the h^2: (4 D(h/2) - D(h)) / 3.

    At a kink, where a ReLU or a maximum changes its winner, this is neither slope. A kink inside
    the step shows in that D(h) and D(h/2) differ; one just here, in that the second difference
    (f(h) - 2 f(0) + f(-h)) / h does not shrink with h. The step is then made smaller.

    Parameters
    ----------
    forward : Forward
    direction : ndarray, the shape of the argument
    weights : ndarray
        The upstream, laid out in one row; decides what is a kink worth the name.
    floor : float, optional
        The size of a slope that counts.

    Returns
    -------
    derivatives : ndarray
        Of all outputs, in one row.
    is_smooth : bool
        Whether some step was small enough to stay away from kinks.
    """
    x, here = forward.x, forward.here
    largest = max(1.0, np.max(np.abs(x[direction != 0]), initial=0))
    for step in STEPS:
        h = step * largest
        ends = [forward.at(x + s * direction) for s in (h, -h, h / 2, -h / 2)]
        wide, narrow = (ends[0] - ends[1]) / (2 * h), (ends[2] - ends[3]) / h
        # The differences come before the sums: outputs that did not move then add no rounding.
        bends = [
            float(np.sum(weights * ((a - here) + (b - here)))) / width
            for a, b, width in ((*ends[:2], h), (*ends[2:], h / 2))
        ]
        slopes = float(np.sum(weights * wide)), float(np.sum(weights * narrow))
        limit = AGREE * max(abs(slopes[1]), floor)
        if not np.all(np.isfinite(slopes)):
            is_smooth = True  # whatever it is, it is no kink
            continue
        is_smooth = abs(slopes[0] - slopes[1]) <= limit and (
            abs(bends[1]) <= limit or abs(bends[1]) <= 0.75 * abs(bends[0])
        )
        if is_smooth:
            break
    return (4 * narrow - wide) / 3, is_smooth


def complex_step(forward, direction, weights=None, floor=0.0):
    """Take derivatives from one point, a step away in the imaginary direction.

    Parameters
    ----------
    forward : Forward
    direction : ndarray, the shape of the argument
    weights, floor
        Not used: there is no step to choose.

    Returns
    -------
    derivatives : ndarray
    is_smooth : bool
        True: at a kink it is the slope of the branch that the forward takes.

    Raises
    ------
    NotComplexSafe
        If the forward cannot take complex numbers, or turns them into real ones on the way.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", np.exceptions.ComplexWarning)
            out = forward.at(forward.x + 1j * TINY * direction)
    except (TypeError, np.exceptions.ComplexWarning) as error:
        raise NotComplexSafe(str(error)) from None
    if not np.iscomplexobj(out):
        moved = forward.at(forward.x + STEPS[0] * direction)
        if not np.array_equal(moved, forward.here):
            raise NotComplexSafe("a complex input gave a real output")
    return out.imag / TINY, True


METHODS = {"central": central_difference, "complex": complex_step}


def slopes(method, evaluate, x, upstream, random):
    """Take the slope along every axis of `x`, or along a sample of them and some directions.

    Parameters
    ----------
    method : callable
        One of `METHODS`.
    evaluate : callable
        From an array like `x` to the tuple of all outputs.
    x : ndarray of float64
    upstream : tuple of ndarray
    random : numpy.random.Generator
        Draws the sample and the directions, where `x` has more than `MOST_ENTRIES` entries.

    Returns
    -------
    Slopes

    Raises
    ------
    NotComplexSafe
        From `complex_step`.
    """
    forward = Forward(evaluate, x)
    weights = np.concatenate([u.reshape(-1) for u in upstream])
    entries, directions = np.arange(x.size), []
    if x.size > MOST_ENTRIES:
        entries = random.choice(x.size, MOST_ENTRIES, replace=False)
        directions = [random.normal(size=x.shape) for _ in range(DIRECTIONS)]
        directions = [direction / np.sqrt(np.sum(direction**2)) for direction in directions]
    whole = len(entries) == x.size and x.size * len(weights) <= MOST_KEPT
    gradient, axis = np.full(x.shape, np.nan), np.zeros(x.shape)
    rows, kinks, size = [], [], 0.0
    for count, entry in enumerate(entries, start=1):
        axis.flat[entry] = 1
        derivatives, is_smooth = method(forward, axis, weights, np.sqrt(size / count))
        axis.flat[entry] = 0
        gradient.flat[entry] = np.sum(weights * derivatives)
        size += gradient.flat[entry] ** 2
        if whole:
            rows.append(derivatives)
        if not is_smooth:
            kinks.append(tuple(map(int, np.unravel_index(entry, x.shape))))
    along = []
    for direction in directions:
        derivatives, is_smooth = method(forward, direction, weights, 0.0)
        if is_smooth:
            along.append((direction, float(np.sum(weights * derivatives))))
    taken = np.zeros(x.shape, bool)
    taken.flat[entries] = True
    jacobian = np.array(rows).reshape(x.size, len(weights)) if whole else None
    return Slopes(gradient, taken, tuple(along), jacobian, tuple(kinks))
