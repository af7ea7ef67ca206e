"""A batch in several parts, each computed by a processor of its own.

The loss is a mean over captions, so that the gradient of a batch is the mean of those of its
parts, and no part waits for another. NumPy lets go of the interpreter while it computes, so that
plain threads will do, and what they share, the parameters, is only read. But a step makes some
thousand calls, and between them the threads wait for the interpreter, a third of the time. Where
a program can be started a second time, as a command can, processes are the faster.

BLAS has threads too, which split every single product. On products as small as these they spend
most of their time waiting for each other, so the command `satt` turns them off.
"""

import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from satt.training.part_process import PartProcess
from satt.training.self_critical import loss_and_gradients

SWITCH = 1e-4  # seconds; between small products, threads wait for the interpreter less long so


def split_batch(batch, parts):
    """Split a batch between images; the captions of an image stay with it.

    Parameters
    ----------
    batch : dict
        "images": ndarray, shape (M, ...); "words": ndarray, shape (M k, T + 1), the k captions of
        an image one below the other; what else it holds goes with every part.
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
        {**batch, "images": batch["images"][a:b], "words": batch["words"][a * k : b * k]}
        for a, b in zip(ends, ends[1:], strict=False)
        if a < b
    ]


class PartsPool:
    """Threads or processes that take the gradients of the parts of a batch, side by side.

    Parameters
    ----------
    model : Captioner
    parts : int
        1 is the whole batch, in the thread that asks.
    seed : int
        Of the dropout; every part draws its own.
    processes : bool
        Whether all parts but the first get a process each, rather than a thread.

    Notes
    -----
    Each part is normalised by the encoder with its own statistics, as if trained on as many
    machines. So the result depends on the number of parts, but not on the number of processors.
    """

    def __init__(self, model, parts, seed, processes=False):
        self._model = model
        self._randoms = np.random.default_rng(seed).spawn(parts)
        self._processes = [PartProcess(model) for _ in range(parts - 1)] if processes else []
        in_threads = parts > 1 and not processes
        self._threads = ThreadPoolExecutor(parts) if in_threads else None
        self._switch = sys.getswitchinterval()
        if self._threads is not None:
            sys.setswitchinterval(min(SWITCH, self._switch))

    @property
    def processes(self):
        """Those that were started, as the standard library has them."""
        return [each.process for each in self._processes]

    @property
    def random_states(self):
        """The states of the parts' generators, as JSON can hold them; assign them to go on."""
        return [random.bit_generator.state for random in self._randoms]

    @random_states.setter
    def random_states(self, states):
        for random, state in zip(self._randoms, states, strict=True):
            random.bit_generator.state = state

    def loss_and_gradients(self, batch):
        """The loss of a batch and its gradients: `satt.training.self_critical` says of what."""
        if len(self._randoms) == 1:
            return loss_and_gradients(self._model, batch, self._randoms[0])
        batches = split_batch(batch, len(self._randoms))
        if self._threads is None:
            results = self._in_processes(batches)
        else:
            models = [self._model] * len(batches)
            results = list(self._threads.map(loss_and_gradients, models, batches, self._randoms))
        shares = [len(part["images"]) / len(batch["images"]) for part in batches]
        loss = sum(share * loss for share, (loss, _) in zip(shares, results, strict=True))
        gradients = {
            name: sum(share * part[name] for share, (_, part) in zip(shares, results, strict=True))
            for name in results[0][1]
        }
        return loss, gradients

    def _in_processes(self, batches):
        """The first part is ours."""
        asked = list(zip(self._processes, batches[1:], self._randoms[1:], strict=False))
        for process, batch, random in asked:
            process.ask(batch, random)
        first = loss_and_gradients(self._model, batches[0], self._randoms[0])
        return [first, *(process.answer(batch, random) for process, batch, random in asked)]

    def close(self):
        """Let the threads or processes go."""
        for process in self._processes:
            process.close()
        if self._threads is not None:
            self._threads.shutdown()
            sys.setswitchinterval(self._switch)
