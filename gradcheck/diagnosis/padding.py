"""Explanation: something comes back where the mask says that nothing counts."""

import numpy as np

from gradcheck.diagnosis.cause import Cause
from gradcheck.diagnosis.evidence import same


def padding_leak(e):
    """The true gradient is zero at all masked places, this one is not."""
    if e.numeric.ndim == 0:
        return None
    for name, mask in (*e.options.items(), *e.inputs.items()):
        silent = _masked(mask, e.numeric.shape)
        if silent is None or np.any(e.numeric[silent]) or not np.any(e.analytic[silent]):
            continue
        right = same(e.analytic[~silent], e.numeric[~silent])
        return _cause(e, name, "elsewhere it is right" if right else "elsewhere it is wrong too")
    return None


def silent_rows_leak(e):
    """Whole rows have a zero gradient, and only there is this one wrong."""
    if e.numeric.ndim != 3 or e.numeric.shape[2] < 2:
        return None
    silent = ~np.any(e.numeric, axis=2)
    if np.any(silent) and not np.all(silent) and np.any(e.analytic[silent]):
        if same(e.analytic[~silent], e.numeric[~silent]):
            return _cause(e, "the mask", "elsewhere it is right")
    return None


def _masked(mask, shape):
    """Spread a mask over an array whose leading axes it has, True where nothing counts."""
    mask = np.asarray(mask)
    if mask.dtype.kind not in "biuf" or not 0 < mask.ndim <= len(shape):
        return None
    if set(np.unique(mask)) != {0, 1}:
        return None
    leading = mask.reshape(mask.shape + (1,) * (len(shape) - mask.ndim))
    for spread in (leading, mask):
        try:
            return np.broadcast_to(spread, shape) == 0
        except ValueError:
            continue
    return None


def _cause(e, name, evidence):
    return Cause(
        "padding-leak",
        f"The gradient of {e.name} is not zero where {name} is 0, though the forward never uses"
        " those entries. Multiply by the mask in the backward as well, at every place where the"
        " forward did.",
        evidence=f"the true gradient is exactly zero there; {evidence}",
    )
