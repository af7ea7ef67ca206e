"""Explanation: the gradient does not listen to the upstream gradient."""

import numpy as np

from gradcheck.diagnosis.cause import Cause
from gradcheck.diagnosis.evidence import rms, same


def ignores_upstream(e):
    """The same gradient whatever comes from above, or at least a part of it."""
    if e.probe is None or not e.upstream:
        return _without_experiments(e)
    random = np.random.default_rng(0)
    other = [random.normal(size=array.shape) for array in e.upstream]
    under_other = e.analytic_under(*other)
    if under_other is not None and np.any(e.analytic) and same(under_other, e.analytic):
        return _cause(e, "it is the same under another upstream")
    under_zeros = e.analytic_under(*(np.zeros(array.shape) for array in e.upstream))
    # What is 0 / 0 in a backward is NaN here, and no evidence.
    if under_zeros is not None and rms(under_zeros) > 1e-6 * rms(e.numeric):
        return _cause(e, "it is not zero under an upstream of zeros")
    return None


def right_under_ones(e):
    """Right where every entry of the upstream is the same, wrong otherwise."""
    if e.probe is None or not e.upstream:
        return None
    ones = tuple(np.ones(array.shape) for array in e.upstream)
    under_ones = e.analytic_under(*ones)
    if under_ones is None or sum(array.size for array in ones) == 1:
        return None
    expected = np.asarray(e.probe.numeric(ones))
    if rms(expected) > 1e-3 * rms(e.numeric) and same(under_ones, expected):
        return Cause(
            "ignores-upstream",
            f"The gradient of {e.name} is right for an upstream of ones, and for no other: what"
            " comes from above enters it in the wrong way. Look for its mean, sum or square, or"
            " for the wrong axis of it.",
            evidence="right under an upstream of ones, wrong under a random one",
        )
    return None


def _without_experiments(e):
    if len(e.upstream) != 1 or not np.any(e.analytic):
        return None
    (upstream,) = e.upstream
    ones = np.ones(upstream.shape)
    guesses = [np.full(e.analytic.shape, upstream.size / e.analytic.size)]
    if upstream.size == 1 or upstream.shape == e.analytic.shape:
        with np.errstate(divide="ignore", invalid="ignore"):
            guesses.append(e.numeric / upstream)
    for array in e.inputs.values():
        if array is not None and np.ndim(array) == 2 and upstream.ndim == 2:
            guesses += [ones @ array.T] if array.shape[1] == upstream.shape[1] else []
            guesses += [array.T @ ones] if array.shape[0] == upstream.shape[0] else []
    for guess in guesses:
        if np.all(np.isfinite(guess)) and same(e.analytic, guess):
            return _cause(e, "it is what an upstream of ones would give")
    return None


def _cause(e, evidence):
    return Cause(
        "ignores-upstream",
        f"The gradient of {e.name} does not listen to what comes from above: it is right for an"
        " upstream of ones only. The chain rule multiplies every local slope by the upstream"
        " gradient; look for the term in which it does not occur.",
        evidence=evidence,
    )
