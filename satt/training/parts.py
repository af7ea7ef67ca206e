"""A batch in several parts, each computed by a processor of its own.

The loss is a mean over captions, so that the gradient of a batch is the mean of those of its
parts, and no part waits for another. NumPy lets go of the interpreter while it computes: plain
threads are enough, and what they share, the parameters, is only read.

BLAS has threads too, which split every single product. On products as small as these they spend
most of their time waiting for each other, so the command `satt` turns them off.
"""

from concurrent.futures import ThreadPoolExecutor

import numpy as np


def split_batch(batch, parts):
    """Split a batch between images; the captions of an image stay with it.

    Parameters
    ----------
    batch : dict
        "images": ndarray, shape (M, ...); "words": ndarray, shape (M k, T + 1), the k captions of
        an image one below the other.
    parts : int

    Returns
    -------
    list of dict
        At most so many batches, none of them empty.
    """
    M = len(batch["images"])
    k = len(batch["words"]) // M
    ends = [M * part // parts for part in range(parts + 1)]
    return [
        {"images": batch["images"][a:b], "words": batch["words"][a * k : b * k]}
        for a, b in zip(ends, ends[1:], strict=False)
        if a < b
    ]


class PartsPool:
    """Threads that take the gradients of the parts of a batch, side by side.

    Parameters
    ----------
    model : Captioner
    parts : int
        1 is the whole batch, in the thread that asks.
    seed : int
        Of the dropout; every part draws its own.

    Notes
    -----
    Each part is normalised by the encoder with its own statistics, as if trained on as many
    machines. So the result depends on the number of parts, but not on the number of processors.
    """

    def __init__(self, model, parts, seed):
        self._model = model
        self._randoms = np.random.default_rng(seed).spawn(parts)
        self._threads = ThreadPoolExecutor(parts) if parts > 1 else None

    @property
    def random_states(self):
        """The states of the parts' generators, as JSON can hold them; assign them to go on."""
        return [random.bit_generator.state for random in self._randoms]

    @random_states.setter
    def random_states(self, states):
        for random, state in zip(self._randoms, states, strict=True):
            random.bit_generator.state = state

    def loss_and_gradients(self, batch):
        """The loss of a batch and its gradients, as from the model's method of that name."""
        if self._threads is None:
            return self._model.loss_and_gradients(batch, self._randoms[0])
        batches = split_batch(batch, len(self._randoms))
        results = list(self._threads.map(
            self._model.loss_and_gradients, batches, self._randoms
        ))
        shares = [len(part["images"]) / len(batch["images"]) for part in batches]
        loss = sum(share * loss for share, (loss, _) in zip(shares, results, strict=True))
        gradients = {
            name: sum(share * part[name] for share, (_, part) in zip(shares, results, strict=True))
            for name in results[0][1]
        }
        return loss, gradients

    def close(self):
        """Let the threads go."""
        if self._threads is not None:
            self._threads.shutdown()
