"""The exact mean of what is random: every way that the dice can fall, by its probability.

A layer that draws, as hard attention draws a location, has a gradient that is right only on
average. At a tiny size the average needs no sampling: with L locations and T steps there are L^T
trajectories, and all of them can be tried.
"""

MOST_TRAJECTORIES = 100_000


def expectation(run, most=MOST_TRAJECTORIES):
    """Take the mean of a random computation over all that can happen in it.

    Parameters
    ----------
    run : callable
        `run(choose) -> value`. Where it would draw, it calls `choose(probabilities)`, which takes
        a vector that sums to 1 and returns an index; how many draws there are, and from what, may
        depend on the draws before. The value is a number, an array, or a tuple or dict of them,
        the same for every trajectory.
    most : int, optional
        The most trajectories to try.

    Returns
    -------
    mean : like the value
        The sum over all trajectories of probability times value. It can be differentiated by the
        complex step: complex probabilities count as they are.

    Raises
    ------
    ValueError
        If there are more trajectories than `most`, or none.

    Examples
    --------
    Two throws of a coin that shows 1 with a probability of 0.3:

    >>> from gradcheck import expectation
    >>> round(expectation(lambda choose: choose([0.7, 0.3]) + choose([0.7, 0.3])), 12)
    0.6
    """
    mean, waiting, tried = None, [()], 0
    while waiting:
        tried += 1
        if tried > most:
            raise ValueError(f"most: more than {most:,} trajectories; take fewer steps or choices")
        path = _Path(waiting.pop(), waiting)
        value = run(path.choose)
        weighted = _map(lambda x, weight=path.probability: weight * x, value)
        mean = weighted if mean is None else _map(lambda a, b: a + b, mean, weighted)
    return mean


class _Path:
    """One trajectory: the choices that it is told to begin with, then always the first one."""

    def __init__(self, beginning, waiting):
        self._beginning, self._waiting, self._taken = beginning, waiting, ()
        self.probability = 1.0

    def choose(self, probabilities):
        place = len(self._taken)
        if place < len(self._beginning):
            choice = self._beginning[place]
        else:
            choice = 0
            # The others are for later trajectories that begin like this one.
            self._waiting.extend((*self._taken, other) for other in range(1, len(probabilities)))
        self._taken += (choice,)
        self.probability = self.probability * probabilities[choice]
        return choice


def _map(function, *values):
    """Apply a function to the numbers of values that are built alike."""
    first = values[0]
    if isinstance(first, dict):
        return {key: _map(function, *(value[key] for value in values)) for key in first}
    if isinstance(first, tuple):
        return tuple(_map(function, *parts) for parts in zip(*values, strict=True))
    return function(*values)
