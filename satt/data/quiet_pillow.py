"""Decode images in many threads without Pillow's remarks on the terminal."""

import logging
import threading
import warnings
from contextlib import contextmanager

# Without a handler of its own, what Pillow logs would go to the terminal.
logging.getLogger("PIL").addHandler(logging.NullHandler())

_lock = threading.Lock()
_state = {"threads": 0, "caught": None}


@contextmanager
def quiet_pillow():
    """Keep Pillow's warnings to itself while any thread is in here.

    The filters of warnings belong to all threads, and `warnings.catch_warnings` puts back what it
    found, also when another thread still needs the new ones. So the first one in sets the filter,
    and the last one out takes it away.
    """
    with _lock:
        if _state["threads"] == 0:
            _state["caught"] = warnings.catch_warnings()
            _state["caught"].__enter__()
            warnings.filterwarnings("ignore", module=r"PIL\b")
        _state["threads"] += 1
    try:
        yield
    finally:
        with _lock:
            _state["threads"] -= 1
            if _state["threads"] == 0:
                _state["caught"].__exit__(None, None, None)
