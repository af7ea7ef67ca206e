"""When are two gradients the same? Errors that neither hide a bug nor blame rounding."""

import numpy as np

from gradcheck.report import Gradient

# Below this share of the upstream's size, a slope from differences is rounding and nothing else.
NOTHING = 1e-10


def compare(name, analytic, slopes, tolerance, upstream_scale, is_zero=False):
    """Measure how far what the backward returned is from the slopes of the forward.

    Parameters
    ----------
    name : str
        The argument's.
    analytic : object
        What the backward returned for it; an array, if the backward is right.
    slopes : gradcheck.numerical.Slopes
    tolerance : float
        The largest error that passes.
    upstream_scale : float
        The RMS of the upstream gradient.
    is_zero : bool, optional
        Whether the true gradient is known to be zero everywhere.

    Returns
    -------
    Gradient
    """
    numeric, taken = slopes.gradient, slopes.taken
    analytic, problem = _as_floats(analytic, numeric.shape)
    if problem:
        return Gradient(name, analytic, numeric, tolerance, problem=problem)
    largest = np.max(np.abs(np.append(analytic, numeric[taken])), initial=0)
    if largest <= NOTHING * upstream_scale and not is_zero:
        problem = "both gradients are zero everywhere, so this check is vacuous and shows nothing"
        return Gradient(name, analytic, numeric, tolerance, problem=problem)

    def errors(a, n):
        if is_zero:
            return zero_errors(a, n, upstream_scale)
        return relative_errors(a, n, floor=rms(numeric[taken]))

    each = np.where(taken, errors(analytic, numeric), -1)
    worst_index = tuple(map(int, np.unravel_index(np.argmax(each), each.shape)))
    along = [errors(np.sum(analytic * d), slope) for d, slope in slopes.directions]
    max_error = float(np.max([each[worst_index], *along]))
    if not np.all(np.isfinite(analytic)):
        problem = "the gradient holds NaN or infinity"
    elif not np.all(np.isfinite(numeric[taken])):
        problem = "the forward returns NaN or infinity close to this input"
    elif each[worst_index] <= tolerance < max_error:
        problem = "the sampled entries are right, others are not: a random direction disagrees"
    return Gradient(name, analytic, numeric, tolerance, max_error, worst_index, problem)


def relative_errors(analytic, numeric, floor):
    """Measure each entry against its own size, or against the floor if that is larger.

    |a - n| / max(|a|, |n|, floor), with the gradient's RMS for the floor: a plain relative error
    would blame right code for the rounding in entries that are nearly zero, and a ratio of whole
    tensors would hide a wrong entry among larger ones.

    Parameters
    ----------
    analytic, numeric : ndarray of the same shape
    floor : float

    Returns
    -------
    errors : ndarray, the same shape
        Between 0 and 2.
    """
    size = np.maximum(np.maximum(np.abs(analytic), np.abs(numeric)), floor)
    with np.errstate(invalid="ignore"):  # infinity over infinity: the NaN is reported
        return np.abs(analytic - numeric) / np.where(size == 0, 1, size)


def zero_errors(analytic, numeric, upstream_scale):
    """Measure each entry of a gradient that ought to be zero against the upstream's size.

    It has no size of its own to divide by: 1e-16 against 0 would be a relative error of 1.

    Parameters
    ----------
    analytic, numeric : ndarray of the same shape
    upstream_scale : float

    Returns
    -------
    errors : ndarray, the same shape
    """
    return np.maximum(np.abs(analytic), np.abs(numeric)) / upstream_scale


def rms(*arrays):
    """Take the root of the mean square over all entries of some arrays together.

    Parameters
    ----------
    *arrays : ndarray
        Not all empty.

    Returns
    -------
    float
    """
    squares = np.concatenate([np.square(array).reshape(-1) for array in arrays])
    return float(np.sqrt(np.mean(squares)))


def _as_floats(analytic, shape):
    """Make float64 of what a backward returned, or say why it is no gradient of this shape."""
    if analytic is None:
        return None, "the backward returned None, expected a gradient"
    analytic = np.asarray(analytic)
    if analytic.dtype.kind not in "fiu":
        return None, f"the gradient is of dtype {analytic.dtype}, expected float64"
    if analytic.shape != shape:
        return analytic, f"the gradient has the shape {analytic.shape}, expected {shape}"
    return analytic.astype(np.float64), ""
