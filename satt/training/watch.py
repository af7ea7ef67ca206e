"""Watching over a training: does the loss stay a number, and if not, which gradient grew first?"""

import numpy as np

from satt.errors import SattError

EXPLODED, IN_A_ROW = 10, 20
GROWN = 10  # times the usual size
NOISE = 1e-3  # of the usual norm of all gradients together
WINDOW = 200  # steps that are remembered


class Watch:
    """The sizes of the last gradients, and the alarm.

    The loss has exploded when for 20 steps in a row it is, per word, more than 10 times that of
    the first step and more than 10 times log V, that of guessing. No healthy training comes near:
    the model would have to give the right words a probability of V^-10 in 20 batches, one after
    the other, and what is large for another reason, such as a penalty, is large at the first step.
    What a self-critical step has for a loss is never large: there only what is no number is seen.

    A gradient has grown at a step if its norm there and at all steps since is more than 10 times
    its usual size, the median of its norms before. A usual size counts as a thousandth of that of
    all gradients together if it is less: where the true gradient is zero, as for a bias that the
    softmax cancels, rounding alone goes up and down a lot.

    Parameters
    ----------
    model : Captioner
    learning_rate : float
        To be named as one of the things to look at.

    Attributes
    ----------
    norms : list of lists of float
        A row for each of the last steps, a number for each gradient.
    state : dict
        All the rest, as JSON can hold it. Norms and state can be assigned back.
    """

    def __init__(self, model, learning_rate):
        self._model, self._learning_rate = model, learning_rate
        self.norms = []
        self.state = {"step": 0, "names": [], "untrained": None, "per_word": None, "high": 0}

    def look(self, step, loss, words, gradients):
        """Remember a step; this takes less than a thousandth of the step itself.

        Parameters
        ----------
        step : int
        loss : float
            Nats per caption; of a self-critical step, minus its mean reward.
        words : ndarray of int, shape (N, T + 1)
            Of the batch, padded with 0.
        gradients : dict of ndarray
            In the order in which the backward has made them; later steps may have fewer.
        """
        state, per_word = self.state, float(loss) * len(words) / np.count_nonzero(words[:, 1:])
        if state["untrained"] is None:
            guessing = float(np.log(self._model.settings.vocabulary_size))
            state.update(names=list(gradients), untrained=max(per_word, guessing))
        high = state["high"] + 1 if per_word > EXPLODED * state["untrained"] else 0
        state.update(step=step, per_word=per_word, high=high)
        # What has settled gets none any more.
        norms = [_norm(gradients[name]) if name in gradients else 0.0 for name in state["names"]]
        self.norms = [*self.norms[1 - WINDOW :], norms]

    def check(self, kept, **numbers):
        """Raise a SattError if one of the numbers is none, or the loss has exploded.

        Parameters
        ----------
        kept : int
            The step whose state is kept.
        **numbers : float
            What must be finite, by its name, such as loss.
        """
        state = self.state
        broken = [name for name, number in numbers.items() if not np.isfinite(number)]
        if broken:
            problem = f"expected a number, got {numbers[broken[0]]} at step {state['step']}"
        elif state["high"] >= IN_A_ROW:
            problem = (
                f"exploded: {state['per_word']:.3g} nats a word at step {state['step']}, and for "
                f"{IN_A_ROW} steps more than {EXPLODED} times the {state['untrained']:.3g} of the "
                "untrained model"
            )
        else:
            return
        raise SattError(
            f"{broken[0] if broken else 'loss'}: {problem}; {self._blame()}; run gradcheck on "
            f"what you changed, or try a smaller learning_rate than {self._learning_rate:g} "
            f"(the model is back at step {kept})"
        )

    def _blame(self):
        """Say which parameter to look at."""
        names, params = self.state["names"], self._model.params
        # Only the last step's norms can be no numbers.
        norms = np.array([row for row in self.norms if np.isfinite(row).all()])
        growths = [self._growth(norms, row) for row in range(1, len(norms))]
        for step, growth in enumerate(growths, start=self.state["step"] - len(self.norms) + 2):
            if (growth > GROWN).any():
                index = int(np.argmax(growth > GROWN))  # the nearest to the loss
                return (
                    f"the gradient of {names[index]} grew first, at step {step} to "
                    f"{growth[index]:.3g} times its usual size"
                )
        for name in [*names, *params]:
            if not np.isfinite(params[name]).all():
                return f"no gradient had grown, but {name} itself is no longer a number"
        last = self.norms[-1] if self.norms else []
        for name, norm in zip(names, last, strict=False):
            if not np.isfinite(norm):
                return f"from the loss backwards, the gradient of {name} is the first to be none"
        if growths and growths[-1].max() > 1:
            index = int(np.argmax(growths[-1]))
            return (
                f"no gradient had grown tenfold, most that of {names[index]}, to "
                f"{growths[-1][index]:.2g} times its usual size"
            )
        return "no gradient had grown"

    @staticmethod
    def _growth(norms, row):
        """How many times its usual size each gradient was at least, from a row on: shape (P,)."""
        together = np.sqrt(np.square(norms[:row]).sum(axis=1))
        usual = np.maximum(np.median(norms[:row], axis=0), NOISE * np.median(together))
        return norms[row:].min(axis=0) / np.maximum(usual, np.finfo(float).tiny)


def _norm(array):
    return float(np.vdot(array, array)) ** 0.5
