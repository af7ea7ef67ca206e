"""Explanations of a gradient that has another shape than its argument."""

from itertools import combinations

import numpy as np

from gradcheck.diagnosis.cause import Cause
from gradcheck.diagnosis.evidence import same


def not_returned(e):
    """None in place of a gradient."""
    if e.analytic is not None:
        return None
    return Cause(
        "zero",
        f"The backward returns None for {e.name}, but {e.name} moves the output. Its gradient"
        " has to be computed and returned.",
        factor=0.0,
        evidence="nothing was returned",
    )


def not_summed(e):
    """An axis of the output's along which the argument was repeated, still in its gradient."""
    found, wanted = e.analytic, e.numeric
    if found.shape == wanted.shape:
        return None
    for count in range(1, found.ndim + 1):
        for axes in combinations(range(found.ndim), count):
            if all(found.shape[axis] == 1 for axis in axes):
                continue
            total = found.sum(axis=axes)
            if total.size == wanted.size and same(total.reshape(wanted.shape), wanted):
                return _missing_sum(e, axes, f"summed over axes {axes} it is right everywhere")
    if wanted.size < found.size:
        for count in range(1, found.ndim):
            for axes in combinations(range(found.ndim), count):
                left = tuple(np.delete(found.shape, axes))
                if left == wanted.shape and found.ndim > wanted.ndim:
                    return _missing_sum(e, axes, f"the shape {found.shape} has these axes more")
    return None


def wrong_shape(e):
    """Any other wrong shape."""
    found, wanted = e.analytic, e.numeric
    if found.shape == wanted.shape:
        return None
    hint = f"The gradient of {e.name} has the shape {found.shape}, but {e.name} has the shape" \
           f" {wanted.shape}; "
    if found.size == wanted.size and same(found.reshape(wanted.shape), wanted):
        hint += "the values are right: look at keepdims, or reshape it."
    elif found.size < wanted.size:
        hint += "look for a sum over an axis too many, or a slice that is too short."
    else:
        hint += "look at the slices and products of its last line."
    return Cause("shape", hint, evidence=f"{found.shape} instead of {wanted.shape}")


def _missing_sum(e, axes, evidence):
    listed = "axis " + str(axes[0]) if len(axes) == 1 else "axes " + ", ".join(map(str, axes))
    return Cause(
        "missing-sum",
        f"{e.name} was repeated (broadcast) in the forward, and what is used many times gets the"
        f" sum of all the gradients: sum yours over {listed}.",
        evidence=evidence,
    )
