"""Gradient clipping: one steep place must not throw away what was learned.

Pascanu, Mikolov and Bengio 2013, "On the difficulty of training recurrent neural networks".
"""

import numpy as np


def clip_by_global_norm(gradients, maximum):
    """Scale all gradients by one factor so that together they are no longer than `maximum`.

        norm = sqrt(sum over all parameters of the sum of g^2)
        g   <- g min(1, maximum / norm)

    One factor for all keeps the direction, which a limit for each number would not.

    Parameters
    ----------
    gradients : dict from str to ndarray
        Not changed.
    maximum : float

    Returns
    -------
    gradients : dict from str to ndarray
    norm : float
        Before clipping; infinite or NaN if the gradients are.
    """
    squares = (float(np.square(g).sum()) for g in gradients.values())
    norm = sum(squares) ** 0.5
    if not norm > maximum:
        return dict(gradients), norm
    scale = float(maximum) / norm
    return {name: gradient * scale for name, gradient in gradients.items()}, norm
