"""Work in several processes at once, for what spends its time in Python itself.

Python's threads take turns, its processes do not.
"""

import multiprocessing
import signal
import threading
from contextlib import contextmanager


def run_in_processes(function, arguments, processes):
    """Call a function with each of some arguments, several at a time.

    Parameters
    ----------
    function : callable
        Of the top level of a module, so that another process finds it.
    arguments : list of tuple
    processes : int
        That are started for this; 0 calls the function here.

    Yields
    ------
    result
        In the order of the arguments. What a process does not deliver, because it cannot be
        started or is ended by somebody, is computed here.
    """
    context = multiprocessing.get_context("spawn")
    workers, connections = [], []
    try:
        with deaf_children():
            for first in range(min(processes, len(arguments))):
                connection, other_end = context.Pipe(duplex=False)
                connections.append(connection)
                worker = context.Process(
                    target=_send, args=(other_end, function, arguments[first::processes]),
                    daemon=True,
                )
                worker.start()
                workers.append(worker)
                other_end.close()  # so that a process that ends early is noticed
        for number, given in enumerate(arguments):
            try:
                yield connections[number % processes].recv() if processes else function(*given)
            except (EOFError, OSError):
                yield function(*given)
    finally:
        for worker in workers:
            if worker.is_alive():
                worker.terminate()
            worker.join()


def _send(connection, function, arguments):
    """What each process does. Where nobody receives any more, it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        for given in arguments:
            connection.send(function(*given))
    except BrokenPipeError:
        pass


@contextmanager
def deaf_children():
    """Have the processes that are started in this ignore Ctrl-C, which ends us and so them."""
    ours = threading.current_thread() is threading.main_thread()
    before = signal.getsignal(signal.SIGINT)
    if ours:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        if ours:
            signal.signal(signal.SIGINT, before)
