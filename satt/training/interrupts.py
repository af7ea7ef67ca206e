"""Ctrl-C between two steps, never within one: half a step would be neither state."""

import signal
import threading
from contextlib import contextmanager


class Interrupts:
    """Hold Ctrl-C back while something must be done as a whole.

        with Interrupts() as interrupts:
            while ...:
                with interrupts.held():
                    step()

    Ctrl-C within `held` raises KeyboardInterrupt at its end, anywhere else at once. SIGTERM is
    treated alike where the program has made Ctrl-C of it, as the command `satt` does.

    Notes
    -----
    A handler that somebody else has set stays, and only the main thread may set one. So in another
    thread, or in a program with its own way to be interrupted, nothing is held back.
    """

    def __init__(self):
        self._held = self._asked = False
        self._signals = []

    def __enter__(self):
        if threading.current_thread() is threading.main_thread():
            self._signals = [
                number for number in (signal.SIGINT, signal.SIGTERM)
                if signal.getsignal(number) is signal.default_int_handler
            ]
        for number in self._signals:
            signal.signal(number, self._note)
        return self

    def __exit__(self, *_):
        for number in self._signals:
            signal.signal(number, signal.default_int_handler)

    @contextmanager
    def held(self):
        """Within this, Ctrl-C waits for the end."""
        self._held = True
        try:
            yield
        finally:
            self._held = False
        if self._asked:
            self._asked = False
            raise KeyboardInterrupt

    def _note(self, number, frame):
        self._asked = self._held
        if not self._held:
            raise KeyboardInterrupt
