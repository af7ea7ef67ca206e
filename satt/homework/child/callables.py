"""Functions that a student's function is handed: what a gradient check checks, what a beam walks.

Each is made by name, of numbers that come with the message.
"""

import numpy as np


def make(name, **arguments):
    """Make a function.

    Parameters
    ----------
    name : str
        One of `MAKERS`.
    **arguments
        What the maker takes.

    Returns
    -------
    function : callable
    """
    return MAKERS[name](**arguments)


def cubic(weights):
    """The function f(x) = sum of weights x^3, whose slope is 3 weights x^2."""

    def f(x):
        return float(np.sum(weights * x**3))

    return f


def bilinear_forward():
    """The forward of out = x W, then squared, so that the slopes depend on where one stands."""

    def forward(x, W):
        product = x @ W
        return product**2, (x, W, product)

    return forward


def bilinear_backward(factor=1.0):
    """Its backward; with a factor other than 1 the second gradient is wrong."""

    def backward(dout, cache):
        x, W, product = cache
        dproduct = 2 * product * dout
        return dproduct @ W.T, factor * (x.T @ dproduct)

    return backward


def square_forward():
    """The forward of out = x^2, with a single input."""

    def forward(x):
        return x**2, x

    return forward


def square_backward(factor=1.0):
    """Its backward; it returns its gradient without a tuple."""

    def backward(dout, cache):
        return 2 * factor * cache * dout

    return backward


def rowwise_forward():
    """The forward of a softmax over the last axis: under an upstream of ones its slope is zero."""

    def forward(x):
        e = np.exp(x - x.max(axis=-1, keepdims=True))
        return e / e.sum(axis=-1, keepdims=True), e

    return forward


def silent_backward():
    """A backward that returns zeros."""

    def backward(dout, cache):
        return np.zeros_like(cache)

    return backward


def table_step(table):
    """A language of K beginnings' last words: log p of the next word is a row of a table.

    The state counts the words read and remembers the one before, and the row depends on both, so
    a beam that mixes up its states goes astray.

    Parameters
    ----------
    table : ndarray, shape (steps, V, V, V)
        log p of a word at a step, after two words.
    """

    def step(words, state):
        before, count = state
        rows = table[count[:, 0] % len(table), before[:, 0], words]
        return rows, (words[:, None].copy(), count + 1)

    return step


MAKERS = {
    "cubic": cubic,
    "bilinear_forward": bilinear_forward,
    "bilinear_backward": bilinear_backward,
    "square_forward": square_forward,
    "square_backward": square_backward,
    "rowwise_forward": rowwise_forward,
    "silent_backward": silent_backward,
    "table_step": table_step,
}
