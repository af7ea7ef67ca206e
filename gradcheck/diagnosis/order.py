"""Explanation: this is the gradient of another argument."""

import numpy as np

from gradcheck.diagnosis.cause import Cause
from gradcheck.diagnosis.evidence import same


def gradient_of_another(e):
    """The gradients were returned in another order than the arguments."""
    numeric, analytic = e.ask("all_numeric", {}), e.ask("all_analytic", {})
    for other, gradient in numeric.items():
        if other == e.name or not np.any(gradient):
            continue
        if not same(e.analytic, gradient):
            continue
        exchanged = analytic.get(other) is not None and same(analytic[other], e.numeric)
        if np.size(gradient) < 2 and not exchanged:
            continue
        return Cause(
            "permuted",
            f"What comes back for {e.name} is the gradient of {other}"
            + (", and the other way round" if exchanged else "")
            + ". Return the gradients in the order of the forward's arguments.",
            evidence=f"all {np.size(gradient)} entries are those of {other}",
        )
    return None
