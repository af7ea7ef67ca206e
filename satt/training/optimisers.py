"""Optimisers: from gradients to better parameters.

Each has `step(params, gradients, learning_rate)`, which changes the parameters in place, and
`state`, a flat dict of arrays that a checkpoint can hold and that can be assigned back.
"""

import numpy as np

from satt.errors import SattError
from satt.training.orthogonal import orthogonalise

PIECE = 2**14  # numbers that are worked on at a time; with their averages they fit in the cache
FILTERS_STEP = 40.0  # of Muon, in every direction, at learning rate 1


class _Optimiser:
    """What the optimisers share: running averages of the gradients, one array a parameter."""

    averages = ()

    def __init__(self):
        self._state = {}

    @property
    def state(self):
        """The running averages, "average.parameter" -> array: live, so copy what is to be kept.

        Assigning copies the arrays. A SattError is raised if they are another optimiser's.
        """
        return self._state

    @state.setter
    def state(self, state):
        for name in state:
            if name.partition(".")[0] not in self.averages:
                raise SattError(
                    f"state: {type(self).__name__} keeps no {name!r}; "
                    "restore it with the optimiser that it was saved from"
                )
        self._state = {name: np.array(array) for name, array in state.items()}

    def _average(self, kind, name, param):
        key = f"{kind}.{name}"
        if key not in self._state:
            self._state[key] = np.zeros_like(param)
        return self._state[key]


class SGD(_Optimiser):
    """Gradient descent with momentum (Polyak 1964): a ball that rolls down and keeps its speed.

        v <- momentum v + g
        p <- p - learning_rate v

    Parameters
    ----------
    momentum : float
        In [0, 1); 0 is plain gradient descent.
    """

    averages = ("velocity",)

    def __init__(self, momentum=0.9):
        super().__init__()
        self.momentum = momentum

    def step(self, params, gradients, learning_rate):
        """Change `params[name]` in place for every name in `gradients`."""
        # A NumPy float64 would turn every float32 array it meets into float64.
        rate = float(learning_rate)
        for name, gradient in gradients.items():
            param = params[name]
            velocity = self._average("velocity", name, param)
            velocity *= self.momentum
            velocity += gradient
            param -= rate * velocity


class RMSProp(_Optimiser):
    """Each parameter's gradient divided by its recent size (Hinton 2012, lecture 6e).

        s <- decay s + (1 - decay) g^2
        p <- p - learning_rate g / (sqrt(s) + epsilon)

    Parameters
    ----------
    decay : float
    epsilon : float
    """

    averages = ("square",)

    def __init__(self, decay=0.9, epsilon=1e-8):
        super().__init__()
        self.decay, self.epsilon = decay, epsilon

    def step(self, params, gradients, learning_rate):
        """Change `params[name]` in place for every name in `gradients`."""
        rate = float(learning_rate)
        for name, gradient in gradients.items():
            param = params[name]
            square = self._average("square", name, param)
            square *= self.decay
            square += (1 - self.decay) * gradient * gradient
            param -= rate * gradient / (np.sqrt(square) + self.epsilon)


class Adam(_Optimiser):
    """Momentum and RMSProp together, without their slow start (Kingma and Ba 2015, algorithm 1).

        m <- beta1 m + (1 - beta1) g
        v <- beta2 v + (1 - beta2) g^2
        p <- p - learning_rate m' / (sqrt(v') + epsilon)
        m' = m / (1 - beta1^t),  v' = v / (1 - beta2^t),  t = 1, 2, ...

    m and v begin at zero, so after t steps their weights add up to 1 - beta^t only; dividing by
    that makes them averages from the first step on.

    Parameters
    ----------
    beta1, beta2 : float
    epsilon : float
    """

    averages = ("mean", "square", "steps")

    def __init__(self, beta1=0.9, beta2=0.999, epsilon=1e-8):
        super().__init__()
        self.beta1, self.beta2, self.epsilon = beta1, beta2, epsilon

    def step(self, params, gradients, learning_rate):
        """Change `params[name]` in place for every name in `gradients`."""
        steps = int(self._state.get("steps", 0)) + 1
        self._state["steps"] = np.array(steps)
        # m' / (sqrt(v') + epsilon) = root m / (sqrt(v) + root epsilon) / (1 - beta1^t)
        root = (1 - self.beta2**steps) ** 0.5
        rate, epsilon = float(learning_rate) * root / (1 - self.beta1**steps), root * self.epsilon
        for name, gradient in gradients.items():
            param = params[name]
            mean = self._average("mean", name, param)
            square = self._average("square", name, param)
            # Every line walks through memory once: in pieces, all but the first find it cached.
            arrays = [np.atleast_1d(array) for array in (param, mean, square, gradient)]
            rows = max(1, PIECE * len(arrays[0]) // param.size)
            buffer = np.empty_like(arrays[0][:rows])
            for begin in range(0, len(arrays[0]), rows):
                p, m, v, g = (array[begin : begin + rows] for array in arrays)
                change = buffer[: len(p)]
                m *= self.beta1
                m += np.multiply(g, 1 - self.beta1, out=change)
                np.multiply(g, g, out=change)
                change *= 1 - self.beta2
                v *= self.beta2
                v += change
                np.sqrt(v, out=change)
                change += epsilon
                np.divide(m, change, out=change)
                change *= rate
                p -= change


class Muon(Adam):
    """Momentum whose steps are orthogonal, for filters; Adam for all else (Jordan et al. 2024).

        m <- momentum m + (1 - momentum) g
        M  = momentum m + (1 - momentum) g     as a matrix, a column a filter
        W <- W - 40 learning_rate orthogonal(M)

    What the filters of a layer have in common drowns the rest of their gradients: few singular
    values are large. Adam, which sees single numbers, takes its steps in those few directions.
    Here all directions get the same step, so that rare features are learned as fast as common
    ones. With 40, one learning rate serves both: 0.003 for Adam is then 0.12 for the filters. (In
    trainings of 1,200 steps on drawn scenes, 20 to 45 did about equally well, and 13 worse.)

    The decoder's matrices are left to Adam: it matters to them how large they begin, and a step
    that is alike in all directions would forget that soon.

    Parameters
    ----------
    momentum : float
        In [0, 1).
    """

    averages = ("velocity", *Adam.averages)

    def __init__(self, momentum=0.95):
        super().__init__()
        self.momentum = momentum

    def step(self, params, gradients, learning_rate):
        """Change `params[name]` in place for every name in `gradients`."""
        banks = [name for name in gradients if params[name].ndim == 4]
        others = {name: g for name, g in gradients.items() if name not in banks}
        super().step(params, others, learning_rate)
        for name in banks:
            param, gradient = params[name], gradients[name]
            velocity = self._average("velocity", name, param)
            velocity += (1 - self.momentum) * (gradient - velocity)
            ahead = gradient + self.momentum * (velocity - gradient)
            matrix = ahead.reshape(-1, param.shape[-1])
            size = FILTERS_STEP * float(learning_rate)
            param -= size * orthogonalise(matrix).reshape(param.shape)


OPTIMISERS = {"sgd": SGD, "rmsprop": RMSProp, "adam": Adam, "muon": Muon}
