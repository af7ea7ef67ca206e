"""When are two gradients the same? Errors that neither hide a bug nor blame rounding."""

import numpy as np

from gradcheck.report import Gradient

# Below this share of the upstream's size, a slope from differences is rounding and nothing else.
NOTHING = 1e-10

# Below this share of a gradient's RMS an entry is measured against the share, not against itself:
# a central difference has no more digits, a complex step has.
FLOORS = {"central": 1.0, "complex": 1e-3}

# The rounding of float32, as a share of a gradient's RMS; float64 stays far below.
FLOAT32 = 1e-9, 1e-6
FLOAT64 = 1e-14  # of numbers as large as the upstream

# The two methods differentiate the same forward; further apart than this they cannot be.
METHODS_AGREE = 1e-5


def compare(name, analytic, found, tolerance, upstream_scale, is_zero=False):
    """Measure how far what the backward returned is from the slopes of the forward.

    Parameters
    ----------
    name : str
        The argument's.
    analytic : object
        What the backward returned for it; an array, if the backward is right.
    found : dict from str to Slopes
        By each method, "central" or "complex" or both, the slopes.
    tolerance : float
        The largest error that passes.
    upstream_scale : float
        The RMS of the upstream gradient.
    is_zero : bool, optional
        Whether the true gradient is known to be zero everywhere.

    Returns
    -------
    Gradient
        Without a cause.
    """
    slopes = found.get("complex") or found["central"]
    numeric, taken = slopes.gradient, slopes.taken
    analytic, fault = _as_floats(analytic, numeric.shape)
    if fault:
        return Gradient(name, analytic, numeric, tolerance, problem=fault)
    largest = np.max(np.abs(np.append(analytic, numeric[taken])), initial=0)
    if largest <= NOTHING * upstream_scale and not is_zero:
        problem = "both gradients are zero everywhere, so this check is vacuous and shows nothing"
        return Gradient(name, analytic, numeric, tolerance, problem=problem, is_vacuous=True)

    def errors(a, n, floor):
        if is_zero:
            return zero_errors(a, n, upstream_scale)
        return relative_errors(a, n, floor)

    worst, worst_index, problem = {}, None, ""
    for method, each in found.items():
        if not (np.any(each.taken) or each.directions):
            continue
        floor = FLOORS[method] * rms(each.gradient[each.taken])
        by_entry = np.where(each.taken, errors(analytic, each.gradient, floor), -1)
        index = tuple(map(int, np.unravel_index(np.argmax(by_entry), by_entry.shape)))
        along = [
            errors(np.sum(analytic * d), slope, rms(each.gradient[each.taken]))
            for d, slope in each.directions
        ]
        if by_entry[index] <= tolerance < np.max(along, initial=0):
            problem = "the sampled entries are right, others are not: a random direction disagrees"
        worst[method] = float(np.max([by_entry[index], *along]))
        if not max(worst.values()) > worst[method]:
            worst_index = index
    if "complex" in found and not problem and _is_rounded(
        analytic[taken], numeric[taken], upstream_scale
    ):
        problem = "right to 7 digits only: something in the backward is float32"
    if not np.all(np.isfinite(analytic)):
        problem = "the gradient holds NaN or infinity"
    elif not all(each.is_finite for each in found.values()):
        problem = "the forward returns NaN or infinity close to this input"
    return Gradient(
        name, analytic, numeric, tolerance, worst.get("central"), worst.get("complex"),
        worst_index, problem,
    )


def methods_agree(found, upstream_scale):
    """Tell whether both methods say the same of the forward.

    They do not if the forward is another function of complex numbers than of real ones, as with
    np.abs, np.var or a norm.

    Parameters
    ----------
    found : dict from str to Slopes
    upstream_scale : float

    Returns
    -------
    bool
    """
    if len(found) < 2:
        return True
    central, exact = found["central"], found["complex"]
    both = central.taken & exact.taken
    both &= np.isfinite(central.gradient) & np.isfinite(exact.gradient)
    one, other = central.gradient[both], exact.gradient[both]
    floor = max(rms(one), rms(other), NOTHING * upstream_scale)
    scale = np.maximum(np.abs(one), floor)
    return bool(np.all(np.abs(one - other) <= METHODS_AGREE * scale))


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
        Of nothing it is 0.

    Returns
    -------
    float
    """
    squares = np.concatenate([np.square(array).reshape(-1) for array in arrays])
    return float(np.sqrt(np.mean(squares))) if squares.size else 0.0


def _is_rounded(analytic, numeric, upstream_scale):
    """Tell whether what is left between two gradients has the size of float32's rounding.

    Where a slope is nearly nothing, as of a saturated tanh, it may be float64's.
    """
    size, distance = rms(numeric), np.max(np.abs(analytic - numeric), initial=0)
    is_float64 = distance <= FLOAT64 * upstream_scale
    return FLOAT32[0] * size < distance < FLOAT32[1] * size and not is_float64


def _as_floats(analytic, shape):
    """Make an array of what a backward returned, and say what keeps it from being a gradient."""
    if analytic is None:
        return None, "the backward returned None, expected a gradient"
    analytic = np.asarray(analytic)
    if analytic.dtype.kind not in "fiu":
        return None, f"the gradient is of dtype {analytic.dtype}, expected float64"
    if analytic.shape != shape:
        return analytic, f"the gradient has the shape {analytic.shape}, expected {shape}"
    if analytic.dtype != np.float64:
        return analytic, f"the gradient is {analytic.dtype}, expected float64 like the inputs"
    return analytic, ""
