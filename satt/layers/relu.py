"""The rectifier: what is positive passes, the rest becomes zero.

relu(x) = max(x, 0), the non-linearity between the convolutions that make the grid.
"""


def relu_forward(x):
    """Set everything that is not positive to zero.

    Parameters
    ----------
    x : ndarray, any shape
        Of a complex number the real part decides and the whole number passes.

    Returns
    -------
    out : ndarray, the shape of `x`
    cache : tuple
        What `relu_backward` needs.
    """
    positive = x.real > 0
    # A product with 0 or 1: many times quicker than np.where, which branches at every entry.
    return x * positive, (positive,)


def relu_backward(dout, cache):
    """Let the gradient through where the input went through.

    The slope of max(x, 0) is 1 for x > 0 and 0 for x < 0, so

        dx = dout where x > 0, and 0 elsewhere.

    At x = 0 the function has a kink and no slope; we take 0. A unit that is negative for every
    example gets no gradient at all and cannot recover by itself: a "dead" unit.

    Returns
    -------
    dx : ndarray, the shape of `x`
    """
    (positive,) = cache
    return dout * positive
