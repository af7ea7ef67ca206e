"""Dropout: silence random units while training, so that none of them can be relied on alone.

Inverted dropout: the units that stay are scaled up at once, so that the expected value is the
input's and nothing has to be done when captioning.
"""


def dropout_mask(shape, rate, random, dtype):
    """Draw a mask: 0 with probability `rate`, else 1 / (1 - rate).

    The mask is drawn apart from the layer, so that the forward stays a pure function: a gradient
    check, which evaluates it many times, sees the same mask each time.

    Parameters
    ----------
    shape : tuple of int
    rate : float
        The probability of being silenced, 0 <= rate < 1.
    random : numpy.random.Generator
    dtype : dtype
        That of the data the mask will multiply.

    Returns
    -------
    mask : ndarray of the given shape and dtype
    """
    keep = 1 - rate
    return ((random.random(shape) < keep) / keep).astype(dtype)


def dropout_forward(x, mask):
    """Multiply by a mask.

    Parameters
    ----------
    x : ndarray, any shape
    mask : ndarray, a shape that broadcasts to that of `x`
        From `dropout_mask`. A size of 1 along an axis, as time, silences a unit all along it.

    Returns
    -------
    out : ndarray, the shape of `x`
    cache : tuple
        What `dropout_backward` needs.
    """
    return x * mask, (mask,)


def dropout_backward(dout, cache):
    """Multiply the gradient by the same mask.

    The mask is a constant, so out = mask x has the slope mask:

        dx = mask dout      silenced: no blame; kept: scaled up like the value was

    Returns
    -------
    dx : ndarray, the shape of `x`
    """
    (mask,) = cache
    return dout * mask
