"""Explanations by one number: zero, the negative, or a multiple of the true gradient."""

import numpy as np

from gradcheck.diagnosis.cause import Cause
from gradcheck.diagnosis.evidence import rms, same
from gradcheck.diagnosis.names import advice_for, meaning_of


def zero(e):
    """Nothing at all comes back."""
    if rms(e.analytic) > 1e-12 * rms(e.numeric):
        return None
    return Cause(
        "zero",
        f"The gradient of {e.name} is zero everywhere, but {e.name} moves the output. Is it"
        " computed at all, or is the buffer of zeros returned as it was made?",
        factor=0.0,
        evidence=f"all {e.analytic.size} entries are zero",
    )


def constant_factor(e):
    """Every entry off by the same factor."""
    known = np.isfinite(e.numeric)
    expected, found = e.numeric[known], e.analytic[known]
    if not np.any(expected):
        return None
    factor = float(np.sum(found * expected) / np.sum(expected**2))
    if factor == 0 or abs(factor - 1) < 1e-6 or not same(found, factor * expected):
        return None
    if e.jacobians is not None and not same(e.jacobians[0], factor * e.jacobians[1]):
        return None  # a chance, under this upstream only
    entries = np.count_nonzero(expected if e.jacobians is None else e.jacobians[1])
    cause = factor_cause(e, factor, f"all {entries} entries agree with this factor")
    # Of a single number everything is a multiple: it takes a factor with a meaning.
    return cause if entries > 1 or factor == -1 or meaning_of(abs(factor), e) else None


def factor_cause(e, factor, evidence, where=""):
    """Make the cause for a factor.

    Parameters
    ----------
    e : Evidence
    factor : float
        Yours over expected.
    evidence : str
    where : str, optional
        For a factor that holds in a part only, as " in block 2 of 4 along axis 1".

    Returns
    -------
    Cause
    """
    if abs(factor + 1) < 1e-5:
        return Cause(
            "sign",
            f"The gradient of {e.name} has the right size and the wrong sign{where}. Look for a"
            " minus lost or one too many, such as the one from 1 - z or from a difference.",
            factor=-1.0,
            evidence=evidence,
        )
    meaning = meaning_of(abs(factor), e)
    return Cause(
        "scale",
        f"Yours is {factor:.6g} times the expected gradient of {e.name}{where}"
        + (f"; {meaning}" if meaning else "")
        + f". {advice_for(abs(factor))}"
        + (" The sign is wrong as well." if factor < 0 else ""),
        factor=factor,
        evidence=evidence,
    )
