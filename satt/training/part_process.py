"""A process that takes the gradients of one part of each batch.

Parameters and gradients lie in memory that both processes see; the rest goes through a pipe. The
process keeps nothing from step to step, so that it may be lost at any time: what it owes is then
computed by whoever asked.
"""

import multiprocessing
import signal

import numpy as np

from satt.data.processes import deaf_children
from satt.training.memory import keep_freed_memory
from satt.training.self_critical import loss_and_gradients


class PartProcess:
    """The process, seen from the one that asks.

    Parameters
    ----------
    model : Captioner

    Attributes
    ----------
    process : multiprocessing.Process
    """

    def __init__(self, model):
        context = multiprocessing.get_context("spawn")
        self._model = model
        sizes = sum(param.nbytes for param in model.params.values())
        memory = [context.RawArray("b", sizes) for _ in range(2)]
        dtype = next(iter(model.params.values())).dtype
        self._params, self._gradients = (_views(part, model.params, dtype) for part in memory)
        self._connection, other_end = context.Pipe()
        self.process = context.Process(
            target=_serve, args=(other_end, type(model), model.settings, dtype, memory),
            daemon=True,
        )
        with deaf_children():
            self.process.start()
        other_end.close()  # so that its end is noticed

    def ask(self, batch, random):
        """Have it begin; the same arguments are then given to `answer`."""
        for name, param in self._model.params.items():
            self._params[name][...] = param
        state = random.bit_generator.state
        try:
            self._connection.send((batch, state, self._model.settled, self._model.statistics))
        except OSError:
            pass  # it has ended; `answer` will notice

    def answer(self, batch, random):
        """Wait for the loss and the gradients; these are overwritten when it is asked again."""
        try:
            loss, names, state = self._connection.recv()
        except (EOFError, OSError):
            # It was ended by somebody, or could not do it: then we get the same error.
            return loss_and_gradients(self._model, batch, random)
        random.bit_generator.state = state
        return loss, {name: self._gradients[name] for name in names}

    def close(self):
        """Have it end."""
        self._connection.close()
        self.process.join(timeout=5)
        if self.process.is_alive():
            self.process.terminate()
            self.process.join()


def _serve(connection, kind, settings, dtype, memory):
    """What the process does until nobody asks any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    keep_freed_memory()
    model, random = kind(settings, dtype=dtype), np.random.default_rng()
    model.params, shared = (_views(part, model.params, dtype) for part in memory)
    try:
        while True:
            batch, state, model.settled, model.statistics = connection.recv()
            random.bit_generator.state = state
            loss, gradients = loss_and_gradients(model, batch, random)
            for name, gradient in gradients.items():
                shared[name][...] = gradient
            connection.send((loss, list(gradients), random.bit_generator.state))
    except (EOFError, OSError):
        pass  # nobody asks any more
    except Exception:  # whatever it is: whoever asked does it once more, and tells
        connection.close()


def _views(memory, params, dtype):
    """Lay arrays of the parameters' shapes over shared memory, one after the other."""
    flat, views, begin = np.frombuffer(memory, dtype), {}, 0
    for name, param in params.items():
        views[name] = flat[begin : begin + param.size].reshape(param.shape)
        begin += param.size
    return views
