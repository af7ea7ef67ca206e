"""The hyperbolic tangent: squeezes any number into (-1, 1), steepest at zero.

It stands inside f_att, in the LSTM's candidate and output, and where s_0 is made from the grid.
"""

import numpy as np


def tanh_forward(x):
    """Take the hyperbolic tangent of each entry.

    Parameters
    ----------
    x : ndarray, any shape

    Returns
    -------
    out : ndarray, the shape of `x`
    cache : tuple
        What `tanh_backward` needs.
    """
    out = np.tanh(x)
    return out, (out,)


def tanh_backward(dout, cache):
    """Scale the gradient by the slope, which the output already knows.

    From tanh = sinh / cosh, with sinh' = cosh, cosh' = sinh and the quotient rule:

        tanh' = (cosh^2 - sinh^2) / cosh^2 = 1 - tanh^2
        dx    = dout (1 - out^2)

    Near out = +-1 the slope is almost zero: a saturated unit hardly learns.

    Returns
    -------
    dx : ndarray, the shape of `x`
    """
    (out,) = cache
    return dout * (1 - out * out)
