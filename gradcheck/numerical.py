"""The derivative from evaluations of the forward alone.

Two methods. The **central difference** moves a number a little up and a little down. It needs
nothing of the forward, but it cuts off what is not linear, and rounds off the rest. The **complex
step** moves a number by i h, with h far below anything that counts: from

    f(x + i h) = f(x) + i h f'(x) - h^2 f''(x) / 2 - ...

the imaginary part is h f'(x) without any subtraction, so that nothing cancels and h = 1e-30 makes
what is cut off smaller than any rounding (Squire and Trapp 1998). It needs a forward that lets
complex numbers through.

A method is a function `(forward, direction, weights, floor, known) -> derivatives,
is_smooth, noise`: how fast each output of the forward grows along the direction.
"""

import warnings
from dataclasses import dataclass, replace

import numpy as np

# Two errors meet here: what is cut off grows as h^4, what is rounded off as 1e-16 / h. The smaller
# steps are for what bends more, or has a kink close by.
STEPS = (1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8)
TINY = 1e-30

# Where the exact slope is known, a plain difference over this step that agrees with it to this
# share of the gradient's size needs no refinement.
PLAIN_STEP, ENOUGH = 1e-4, 9e-10

# Of a smooth function two differences agree up to this share of the gradient's size.
AGREE = 1e-5

# Numbers carry this much rounding each, and a difference loses as much of its slope as the step is
# small. A slope of which more than this share is noise says nothing beside an exact one.
ROUNDING = 4 * np.finfo(float).eps
LOUD = 1e-7

# An entry costs three to five evaluations. Of a larger argument this many entries are sampled, and
# slopes along a few random directions, which move all entries at once, look at the rest.
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
        A central difference leaves out entries where rounding drowns it and the exact slope is
        known.
    directions : tuple of (ndarray, float)
        Directions of length 1, each with its slope; empty if all entries were taken.
    jacobian : ndarray, shape (entries, outputs), or None
        How fast every output grows with every entry, all laid out flat; None if not all entries
        were taken, the outputs are very many, or another method has kept one.
    kinks : tuple of tuple of int
        Entries at which the function has a kink just here: its slope is not the same to both
        sides, however small the step.
    """

    gradient: np.ndarray
    taken: np.ndarray
    directions: tuple[tuple[np.ndarray, float], ...] = ()
    jacobian: np.ndarray | None = None
    kinks: tuple[tuple[int, ...], ...] = ()

    def without_kinks(self):
        """Leave out the entries at which there is a kink."""
        gradient, taken = self.gradient.copy(), self.taken.copy()
        for index in self.kinks:
            gradient[index], taken[index] = np.nan, False
        return replace(self, gradient=gradient, taken=taken)

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

    def outputs(self, x):
        """Evaluate, and lay each output out in one row."""
        return [np.asarray(output).reshape(-1) for output in self._evaluate(x)]

    def at(self, x):
        """Evaluate, and lay all outputs out in one row."""
        return in_one_row(self.outputs(x))


def in_one_row(arrays):
    """Join arrays of one axis; of none it is an empty row.

    Parameters
    ----------
    arrays : list of ndarray

    Returns
    -------
    ndarray
    """
    return np.concatenate(arrays) if arrays else np.zeros(0)


def central_difference(forward, direction, weights, floor=0.0, known=None):
    """Take derivatives from points on both sides.

    Taylor's series gives

        D(h) = (f(h) - f(-h)) / (2 h) = f'(0) + h^2 f'''(0) / 6 + O(h^4)

    and one step of Richardson's extrapolation removes the h^2: (4 D(h/2) - D(h)) / 3.

    At a kink, where a ReLU or a maximum changes its winner, this is neither slope. A kink inside
    the step shows in that D(h) and D(h/2) differ; one just here, in that the second difference
    (f(h) - 2 f(0) + f(-h)) / h does not shrink with h. The step is then made smaller.

    If an exact slope is known, a plain difference that agrees with it is all that is wanted: what
    agrees has neither crossed a kink nor cut off anything that counts.

    Parameters
    ----------
    forward : Forward
    direction : ndarray, the shape of the argument
    weights : ndarray
        The upstream, laid out in one row; decides what is a kink worth the name.
    floor : float, optional
        The size of a slope that counts.
    known : float, optional
        The slope of the sum over weights * outputs, from the complex step.

    Returns
    -------
    derivatives : ndarray
        Of all outputs, in one row.
    is_smooth : bool
        Whether some step was small enough to stay away from kinks.
    noise : float
        How far rounding may have moved the slope of the sum over weights * outputs.
    """
    x, here = forward.x, forward.here
    rounding = ROUNDING * float(np.sum(np.abs(weights * here)))
    largest = max(1.0, np.max(np.abs(x[direction != 0]), initial=0))
    if known is not None:
        h = PLAIN_STEP * largest
        plain = (forward.at(x + h * direction) - forward.at(x - h * direction)) / (2 * h)
        if abs(float(np.sum(weights * plain)) - known) <= ENOUGH * max(abs(known), floor):
            return plain, True, 0.0
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
        limit = AGREE * max(abs(slopes[1]), floor) + rounding / h
        if not np.all(np.isfinite(slopes)):
            is_smooth = True  # whatever it is, it is no kink
            continue
        is_smooth = abs(slopes[0] - slopes[1]) <= limit and (
            abs(bends[1]) <= limit or abs(bends[1]) <= 0.75 * abs(bends[0])
        )
        if is_smooth:
            break
    return (4 * narrow - wide) / 3, is_smooth, 3 * rounding / h


def complex_step(forward, direction, weights=None, floor=0.0, known=None):
    """Take derivatives from one point, a step away in the imaginary direction.

    Parameters
    ----------
    forward : Forward
    direction : ndarray, the shape of the argument
    weights, floor, known
        Not used: there is no step to choose.

    Returns
    -------
    derivatives : ndarray
    is_smooth : bool
        True: at a kink it is the slope of the branch that the forward takes.
    noise : float
        0.

    Raises
    ------
    NotComplexSafe
        If the forward cannot take complex numbers, or turns them into real ones on the way.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", np.exceptions.ComplexWarning)
            outputs = forward.outputs(forward.x + 1j * TINY * direction)
    except (TypeError, np.exceptions.ComplexWarning) as error:
        raise NotComplexSafe(str(error)) from None
    if not all(map(np.iscomplexobj, outputs)):
        moved = forward.outputs(forward.x + STEPS[0] * direction)
        for output, other in zip(outputs, moved, strict=True):
            # One that does not depend on the argument may stay real.
            if not np.iscomplexobj(output) and not np.array_equal(output, other):
                raise NotComplexSafe("a complex input gave a real output")
    return in_one_row(outputs).imag / TINY, True, 0.0


METHODS = {"central": central_difference, "complex": complex_step}


def slopes(method, evaluate, x, upstream, random, exact=None):
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
    exact : Slopes, optional
        From the complex step. The same entries are then taken, with less effort where it agrees,
        and no Jacobian is kept.

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
    if exact is not None:
        entries, directions = np.flatnonzero(exact.taken), exact.directions
        scale = np.sqrt(np.mean(exact.gradient[exact.taken] ** 2))
    elif x.size > MOST_ENTRIES:
        entries = random.choice(x.size, MOST_ENTRIES, replace=False)
        directions = [random.normal(size=x.shape) for _ in range(DIRECTIONS)]
        directions = [(d / np.sqrt(np.sum(d**2)), None) for d in directions]
    whole = exact is None and len(entries) == x.size and x.size * len(weights) <= MOST_KEPT
    gradient, axis = np.full(x.shape, np.nan), np.zeros(x.shape)
    taken = np.zeros(x.shape, bool)
    rows, kinks, size = [], [], 0.0
    for count, entry in enumerate(entries, start=1):
        axis.flat[entry] = 1
        floor = np.sqrt(size / count) if exact is None else scale
        known = None if exact is None else exact.gradient.flat[entry]
        derivatives, is_smooth, noise = method(forward, axis, weights, floor, known)
        axis.flat[entry] = 0
        slope = float(np.sum(weights * derivatives))
        if known is not None and _is_drowned(slope, known, noise, floor):
            continue
        gradient.flat[entry], taken.flat[entry] = slope, True
        size += slope**2
        if whole:
            rows.append(derivatives)
        if not is_smooth:
            kinks.append(tuple(map(int, np.unravel_index(entry, x.shape))))
    along = []
    for direction, known in directions:
        derivatives, is_smooth, noise = method(forward, direction, weights, 0.0, known)
        slope = float(np.sum(weights * derivatives))
        if is_smooth and (known is None or not _is_drowned(slope, known, noise, 0.0)):
            along.append((direction, slope))
    jacobian = np.array(rows).reshape(x.size, len(weights)) if whole else None
    return Slopes(gradient, taken, tuple(along), jacobian, tuple(kinks))


def _is_drowned(slope, known, noise, floor):
    """Tell whether a slope differs from the exact one by rounding, and cannot be had better."""
    return noise > LOUD * max(abs(known), floor) and abs(slope - known) <= noise
