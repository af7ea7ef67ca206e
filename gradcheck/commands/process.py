"""Running a student's file in a process of its own, which is ended when it takes too long.

A plain process and not one of `multiprocessing`: that imports the calling program once more, and
its results would have to be unpickled. It starts the same way on every system.
"""

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from pathlib import Path

from gradcheck.commands.results import Result, could_not_run

# With -I nothing in the working folder can stand in for a module of Python's own.
BOOT = "import os, sys; sys.path[:] = sys.argv.pop().split(os.pathsep)\n"
BOOT += "from gradcheck.commands.child import main; main()"
STARTUP = 60.0  # seconds in which Python and NumPy are up, also on a busy machine
GRACE = 2.0  # seconds in which the child itself says that the time is over, and where it was


def run_file(path, time_limit, method="both", plot=None):
    """Check all pairs of a student's file.

    Parameters
    ----------
    path : str or Path
    time_limit : float
        Seconds for the import of the file, and then for each check.
    method : str, optional
        As for `check`.
    plot : str, optional
        The folder for the heat maps of what failed.

    Yields
    ------
    event : tuple
        ("columns", names, arguments) what rows there may be; ("result", Result) as each is done;
        ("note", text) what else there is to say.
    """
    asked = {"path": str(path), "time_limit": time_limit, "method": method, "skip": []}
    asked["plot"] = None if plot is None else str(plot)
    file_name, noise = Path(path).name, []
    while True:
        pair = None
        with contextlib.closing(_Child(asked, noise)) as child:
            for message in child.messages(time_limit):
                event = message["event"]
                if event == "pair":
                    pair = message["name"]
                    asked["skip"].append(pair)
                elif event == "result":
                    yield "result", Result(**message["result"])
                elif event == "fault":
                    yield "result", could_not_run(file_name, message["text"])
                elif event == "columns":
                    yield "columns", message["names"], message["arguments"]
                elif event == "note":
                    yield "note", message["text"]
            ended = child.ended
        if ended:
            yield "result", could_not_run(pair or file_name, ended)
        if not ended or pair is None:
            break
    if noise:
        yield "note", f"{file_name} prints while it is checked, left out here: {noise[0]}"


class _Child:
    """A process that checks a file, and the messages that it sends."""

    def __init__(self, asked, noise):
        path = os.pathsep.join(os.path.abspath(folder) for folder in sys.path)
        # A group of its own: Ctrl-C then goes to the parent alone, which ends the group.
        group = (
            {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
            if os.name == "nt"
            else {"start_new_session": True}
        )
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-c", BOOT, json.dumps(asked), path],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            **group,
        )
        self._lines = queue.Queue()
        self.ended = ""  # how it came to an end before it was done
        self._readers = [
            threading.Thread(target=self._read, daemon=True),
            threading.Thread(target=self._listen, args=(noise,), daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    def messages(self, time_limit):
        """Yield what the child says until it is done, has ended, or takes too long."""
        patience = STARTUP
        while True:
            try:
                message = self._lines.get(timeout=patience)
            except queue.Empty:
                self.ended = _too_long(time_limit, "")
                return
            if message is None:
                self.ended = f"the process ended in the middle of it ({self._how()})"
                return
            if message["event"] == "stuck":
                self.ended = _too_long(time_limit, message["where"])
                return
            if message["event"] == "end":
                return
            patience = time_limit + GRACE
            yield message

    def close(self):
        """End the process, and whatever it has started."""
        with contextlib.suppress(OSError):
            if os.name == "nt":
                self._process.kill()
            else:
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for reader in self._readers:
            reader.join(timeout=1)  # longer only if what the file has started lives on

    def _read(self):
        with contextlib.suppress(ValueError):  # half a line, if it was killed while it wrote
            for line in self._process.stdout:
                self._lines.put(json.loads(line))
        self._lines.put(None)

    def _listen(self, noise):
        """Keep the first line that the file itself prints; read on, or it would have to wait."""
        for line in iter(lambda: self._process.stderr.readline(1000), b""):
            text = line.decode("utf-8", errors="replace").strip()
            if text and not noise:
                noise.append(text[:100])

    def _how(self):
        code = self._process.wait()
        if code < 0:
            with contextlib.suppress(ValueError):
                return signal.Signals(-code).name
        return f"exit code {code}"


def _too_long(time_limit, where):
    at = f", at {where}" if where else ""
    return f"still running after {time_limit:g} s{at}: an endless loop? (--time-limit allows more)"
