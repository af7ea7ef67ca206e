"""The same for several batches at once, each in a thread of its own.

NumPy lets go of the interpreter while it computes, so that plain threads are enough.
"""

import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor

MOST = 4  # each holds a batch of its own in memory


def side_by_side(function, items):
    """Call a function with each item, some at the same time.

    Parameters
    ----------
    function : callable
        Changes nothing that the other calls see.
    items : iterable

    Yields
    ------
    result
        In the order of the items.
    """
    count = min(MOST, os.cpu_count() or 1)
    threads, waiting = ThreadPoolExecutor(count), deque()
    try:
        for item in items:  # taken when there is room for it, as there may be many
            waiting.append(threads.submit(function, item))
            if len(waiting) > count:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        threads.shutdown(cancel_futures=True)
