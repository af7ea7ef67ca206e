"""The rectifier with a ceiling: what lies between 0 and 6 passes, the rest is cut off.

relu6(x) = min(max(x, 0), 6). Nets that are to run in eight bits use it, as numbers in a range that
is known beforehand lose least by rounding (Howard et al. 2017, MobileNets; Krizhevsky 2010).
"""

import numpy as np

CEILING = 6


def relu6_forward(x):
    """Set what is negative to zero, and what is above 6 to 6.

    Parameters
    ----------
    x : ndarray, any shape
        Of a complex number the real part decides; between the bounds the whole number passes.

    Returns
    -------
    out : ndarray, the shape of `x`
    cache : tuple
        What `relu6_backward` needs.
    """
    inside = (x.real > 0) & (x.real < CEILING)
    return np.where(x.real < CEILING, x * inside, CEILING).astype(x.dtype), (inside,)


def relu6_backward(dout, cache):
    """Let the gradient through where the input went through.

    The slope is 1 between the bounds and 0 outside of them, so

        dx = dout where 0 < x < 6, and 0 elsewhere.

    At the two kinks there is no slope; we take 0. There is one more way to go silent than in
    `relu`: a unit that is above 6 for every example gets no gradient either.

    Returns
    -------
    dx : ndarray, the shape of `x`
    """
    (inside,) = cache
    return dout * inside
