"""The average of the last states, which is often better than any of them.

A step follows a few captions, and the state wanders around the best place without resting there.
The mean of where it was lies nearer (Polyak and Juditsky 1992, "Acceleration of stochastic
approximation by averaging").
"""

import numpy as np

from satt.training.optimisers import PIECE


def update_average(average, params, decay, step):
    """Let the parameters after a step into their running average, in place.

        average <- average + (1 - d) (params - average)      d = min(decay, step / (step + 9))

    The average of the last 1 / (1 - decay) steps, roughly. At the beginning d is smaller: what is
    averaged is then the last tenth of the steps, so that the first values are soon forgotten.

    Parameters
    ----------
    average, params : dict of ndarray
        Under the same names. An empty average begins with the parameters.
    decay : float
        In (0, 1).
    step : int
        Counted from 1.
    """
    if not average:
        average.update({name: param.copy() for name, param in params.items()})
        return
    share = 1 - min(decay, step / (step + 9))
    for name, param in params.items():
        # In pieces that stay in the cache, as in the optimisers.
        one, other = average[name].reshape(-1), param.reshape(-1)
        for begin in range(0, one.size, PIECE):
            piece = slice(begin, begin + PIECE)
            change = np.subtract(other[piece], one[piece])
            change *= share
            one[piece] += change
