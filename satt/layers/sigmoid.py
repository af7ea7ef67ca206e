"""The logistic sigmoid: squeezes any number into (0, 1), so that it can serve as a gate.

sigma(x) = 1 / (1 + exp(-x)); the LSTM's gates i, f, o and the context's gate beta_t.
"""

import numpy as np


def sigmoid_forward(x):
    """Take the logistic sigmoid of each entry.

    Parameters
    ----------
    x : ndarray, any shape

    Returns
    -------
    out : ndarray, the shape of `x`
    cache : tuple
        What `sigmoid_backward` needs.
    """
    # The same function as 1 / (1 + exp(-x)), but with nothing that overflows for large -x.
    out = 0.5 * (1 + np.tanh(0.5 * x))
    return out, (out,)


def sigmoid_backward(dout, cache):
    """Scale the gradient by the slope, which the output already knows.

    From sigma = (1 + exp(-x))^-1 and the chain rule:

        sigma' = exp(-x) / (1 + exp(-x))^2 = sigma (1 - sigma)
        dx     = dout out (1 - out)

    The slope is at most 1/4, at x = 0, and vanishes where the gate is wide open or shut.

    Returns
    -------
    dx : ndarray, the shape of `x`
    """
    (out,) = cache
    return dout * out * (1 - out)
