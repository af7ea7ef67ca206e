"""A gradient check: is what a backward says the slope of its forward?

Lesson 1 builds the first of these functions with you. The functions to be checked follow the one
convention: `out, cache = forward(*inputs)`, and `backward(dout, cache)` returns one gradient for
each input, in their order (a single array if there is one input).
"""

import numpy as np


def numerical_gradient(f, x, h=1e-5):
    """Take the slope of a function along every entry of its argument, by central differences.

        gradient[i] = (f(x with x[i] + h) - f(x with x[i] - h)) / (2 h)

    Parameters
    ----------
    f : callable
        From an array of the shape of `x` to one number.
    x : ndarray of float64, any shape
        Where to take the slopes. It is not changed.
    h : float, optional
        How far an entry is moved.

    Returns
    -------
    gradient : ndarray, the shape of `x`
    """
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        move = np.zeros_like(x)
        move[index] = h
        gradient[index] = (f(x + move) - f(x - move)) / (2 * h)
    return gradient


def relative_error(mine, numerical, floor=1e-8):
    """Find the largest relative error among all entries.

        max over i of |mine[i] - numerical[i]| / max(|mine[i]|, |numerical[i]|, floor)

    Parameters
    ----------
    mine, numerical : ndarray, the same shape
    floor : float, optional
        What an entry is measured against if both are smaller: 0 against 1e-17 is no error.

    Returns
    -------
    error : float
        0 if they are equal, at most 2.
    """
    size = np.maximum(np.maximum(np.abs(mine), np.abs(numerical)), floor)
    return float(np.max(np.abs(mine - numerical) / size))


def check_gradients(forward, backward, inputs, upstream, h=1e-5):
    """Check a pair of functions: one error for each input.

    The forward gives an array, a gradient is that of a number. So invent a loss, the sum of
    upstream * out: then d loss / d out = upstream, which is what the backward gets as `dout`, and
    what it returns for an input must be the slope of this loss along that input.

    Parameters
    ----------
    forward, backward : callable
    inputs : sequence of ndarray of float64
        The arguments of `forward`.
    upstream : ndarray, the shape of the output
        Random. (Ones would let a softmax that returns zeros pass.)
    h : float, optional
        As in `numerical_gradient`.

    Returns
    -------
    errors : list of float
        For each input, what `relative_error` says.
    """
    _, cache = forward(*inputs)
    gradients = backward(upstream, cache)
    if not isinstance(gradients, tuple):
        gradients = (gradients,)
    errors = []
    for position, x in enumerate(inputs):

        def loss(moved, position=position):
            arguments = list(inputs)
            arguments[position] = moved
            out, _ = forward(*arguments)
            return float(np.sum(upstream * out))

        errors.append(relative_error(gradients[position], numerical_gradient(loss, x, h)))
    return errors
