"""Adam: from a gradient to a better parameter (Kingma and Ba 2015, algorithm 1)."""

import numpy as np


def adam_step(
    param, gradient, mean, square, steps, learning_rate, beta1=0.9, beta2=0.999, epsilon=1e-8
):
    """Move one parameter array by one step.

        mean   <- beta1 mean + (1 - beta1) gradient
        square <- beta2 square + (1 - beta2) gradient^2
        param  <- param - learning_rate mean' / (sqrt(square') + epsilon)
        mean' = mean / (1 - beta1^steps),  square' = square / (1 - beta2^steps)

    Both averages begin at zero. After t steps their weights add up to 1 - beta^t only; dividing
    by that makes them averages from the first step on.

    Parameters
    ----------
    param, gradient, mean, square : ndarray, all of one shape
        Not changed: new arrays are returned.
    steps : int
        This is the so-manieth step: 1, 2, ...
    learning_rate, beta1, beta2, epsilon : float

    Returns
    -------
    param, mean, square : ndarray
    """
    mean = beta1 * mean + (1 - beta1) * gradient
    square = beta2 * square + (1 - beta2) * gradient**2
    unbiased_mean = mean / (1 - beta1**steps)
    unbiased_square = square / (1 - beta2**steps)
    param = param - learning_rate * unbiased_mean / (np.sqrt(unbiased_square) + epsilon)
    return param, mean, square
