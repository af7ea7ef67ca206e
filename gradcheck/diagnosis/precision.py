"""Explanations by the kind of number: NaN, or too few digits."""

import numpy as np

from gradcheck.diagnosis import hints
from gradcheck.diagnosis.cause import Cause
from gradcheck.diagnosis.evidence import same

# float32 keeps 7 digits; a sum of many terms loses some of them.
DIGITS_OF_FLOAT32 = 1e-4


def not_numbers(e):
    """Something else than real numbers came back."""
    found = e.analytic.dtype
    return None if found.kind == "f" else hints.dtype(f"the gradient of {e.name}", found)


def not_finite(e):
    """NaN or infinity in the gradient: nothing else can be said before they are gone."""
    if np.all(np.isfinite(e.analytic)):
        return None
    return hints.nan(f"the gradient of {e.name}")


def other_precision(e):
    """Right but for its digits: it was held in float32, or in integers."""
    found = np.asarray(e.returned).dtype
    if found.kind != "f" or found.itemsize < 8:
        return hints.dtype(f"the gradient of {e.name}", found)
    if np.array_equal(e.analytic, np.trunc(e.numeric)) and np.any(e.analytic):
        return hints.dtype(f"the gradient of {e.name}, or a buffer it went through,", "integer")
    rounded = np.array_equal(e.analytic.astype(np.float32), e.analytic)
    if rounded and e.numeric.size > 1 and same(e.analytic, e.numeric, DIGITS_OF_FLOAT32):
        return hints.dtype(f"the gradient of {e.name}, or a buffer it went through,", "float32")
    if _is_right_to_seven_digits(e):
        return Cause(
            "dtype",
            f"The gradient of {e.name} is right to about 7 digits in every entry: somewhere on the"
            " way it was float32. Look for `.astype`, a `dtype=` written out, float32 constants.",
            evidence=f"all {e.numeric.size} entries agree to {DIGITS_OF_FLOAT32:g}, none better",
        )
    return None


def _is_right_to_seven_digits(e):
    known = np.isfinite(e.numeric) & (e.numeric != 0)
    if np.count_nonzero(known) < 4 or not same(e.analytic, e.numeric, DIGITS_OF_FLOAT32):
        return False
    errors = np.abs(e.analytic[known] / e.numeric[known] - 1)
    # One entry in a hundred that differs would be a bug of its own; float32 touches them all.
    return np.mean(errors > 1e-10) > 0.9 and 1e-9 < np.median(errors) < 1e-6
