"""The three uses of a captioner's grid: as start, as key and as value."""

from gradcheck.numerical import complex_step, slopes
from satt.models.captioner import Captioner

USES = ("start", "key", "value")


def grid_uses(model, grid, words):
    """Name the parts of the grid's gradient, so that a check can say which one was forgotten.

    The state starts from the grid, the scores compare it with the state, and the context is made
    of it. Its gradient is the sum of three.

    Parameters
    ----------
    model : Captioner
        Without an encoder, and without dropout.
    grid : ndarray, shape (M, L, D)
    words : ndarray of int, shape (N, T + 1)

    Returns
    -------
    partials : dict
        As `gradcheck.check` takes them; each is computed only when it is asked for.
    """

    def partial(use):
        def evaluate(moved):
            loss, _ = _OneUse(model, use, grid).forward({"images": moved, "words": words})
            return (loss,)

        return lambda dloss: slopes(complex_step, evaluate, grid, (dloss,), None).gradient

    return {f"grid as {use}": ("images", partial(use)) for use in USES}


class _OneUse(Captioner):
    """A captioner for which the grid stays what it was, but in one of its uses."""

    def __init__(self, model, use, grid):
        vars(self).update(vars(model))
        self._use, self._held = use, grid

    def _check(self, batch):
        """A moved grid is complex, the parameters are not: here that may be."""

    def _start(self, grid, repeats=1):
        return super()._start(grid if self._use == "start" else self._held, repeats)

    def _keys(self, grid):
        return super()._keys(grid if self._use == "key" else self._held)

    def _look(self, to_read, state, cell, grid, keys, lengths, words):
        grid = grid if self._use == "value" else self._held
        return super()._look(to_read, state, cell, grid, keys, lengths, words)
