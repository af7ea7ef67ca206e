"""The process of a student's code, from outside: started, asked, and ended with all it started."""

import contextlib
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from satt.homework.child import messages
from satt.homework.isolation import isolation
from satt.homework.scratch import new_folder

# With -I and -S nothing but Python's own modules can be imported, and the child's by this.
BOOT = "import sys; sys.path.insert(0, sys.argv.pop())\n"
BOOT += "from homework_child.main import main; main()"
STARTUP = 60.0  # seconds in which Python and NumPy are up, also on a busy machine
GRACE = 1.0  # seconds in which the child itself says where it was when the time was over
MOST_NOISE = 2000  # characters of what it prints
PATIENCE = 0.5  # seconds for a process to see that its child has ended


@dataclass(frozen=True)
class Limits:
    """What a student's code may use.

    Attributes
    ----------
    function : float
        Seconds for all cases of a function, and for the import of its file.
    submission : float
        Seconds for everything.
    memory : int
        Bytes of address space, some 300 MB of which Python and NumPy take.
    """

    function: float = 10.0
    submission: float = 60.0
    memory: int = 2 * 2**30


class Ended(Exception):
    """The process came to an end, or was ended; the message says how.

    Parameters
    ----------
    text : str
    where : dict, optional
        The line of the student's code at which it was, as the child tells it.
    is_time : bool, optional
        Whether the time was over.
    """

    def __init__(self, text, where=None, is_time=False):
        super().__init__(text)
        self.where, self.is_time = where or {}, is_time


class Child:
    """A process that serves the functions of one submission.

    Parameters
    ----------
    code : Path
        The folder with the student's files, readable by all; it is not changed.
    limits : Limits
    keep_output : bool, optional
        Whether to keep the beginning of what the code prints, in `noise`.

    Raises
    ------
    Ended
        If it does not come up.
    """

    def __init__(self, code, limits, keep_output=False):
        self._heard = ""
        self._apart = isolation()
        self._base = new_folder()
        try:
            self._start(Path(code).resolve(), limits, keep_output)
            self.take(STARTUP)
        except BaseException:
            self.close()
            raise

    def _start(self, code, limits, keep_output):
        scratch = self._base / "scratch"
        scratch.mkdir()
        shutil.copytree(Path(messages.__file__).parent, self._base / "homework_child",
                        ignore=shutil.ignore_patterns("__pycache__"))
        open_to_all(self._base)
        if self._apart.user is not None:
            os.chown(scratch, self._apart.user, self._apart.user)
        asked = {
            "code": str(code),
            "scratch": str(scratch),
            "packages": str(Path(np.__file__).resolve().parents[1]),
            "memory": limits.memory,
            "processes": self._apart.processes(),
            "seconds": int(limits.submission) + 60,
            "user": self._apart.user,
        }
        python = [sys.executable, "-I", "-S", "-c", BOOT, json.dumps(asked), str(self._base)]
        # A session of its own: Ctrl-C then goes to the grader alone, which ends the session.
        apart = (
            {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
            if os.name == "nt"
            else {"start_new_session": True}
        )
        self._process = subprocess.Popen(
            self._apart.command(python, scratch),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if keep_output else subprocess.DEVNULL,
            env=_environment(scratch),
            cwd=self._base,
            **apart,
        )
        self._replies, self._requests = queue.Queue(4), queue.Queue()
        self._is_closed = False
        for work in (self._read, self._write, *([self._listen] if keep_output else [])):
            threading.Thread(target=work, daemon=True).start()

    @property
    def noise(self):
        """The beginning of what the code has printed."""
        # The command that made the namespaces may complain of its end, in the same channel.
        lines = self._heard.splitlines(keepends=True)
        return "".join(line for line in lines if not line.startswith("unshare: "))

    def ask(self, header, arrays, seconds):
        """Have something computed.

        Parameters
        ----------
        header : dict
        arrays : dict from str to ndarray
        seconds : float

        Returns
        -------
        header, arrays
            Of the reply, which may be anything that is a message.

        Raises
        ------
        Ended
            If there is none in time; the process is of no more use then.
        """
        self._requests.put((header | {"seconds": seconds}, arrays))
        return self.take(seconds + GRACE)

    def take(self, seconds):
        """Wait for a reply; as `ask`."""
        try:
            reply = self._replies.get(timeout=max(seconds, 0.0))
        except queue.Empty:
            raise Ended("still running when the time was over", is_time=True) from None
        if reply is None:
            raise Ended(f"the process ended in the middle of it ({self._how()})")
        if isinstance(reply, messages.BadMessage):
            raise Ended(f"the process answered with what is no answer: {reply}")
        header, arrays = reply
        if "stuck" in header:
            where = header["stuck"] if isinstance(header["stuck"], dict) else {}
            raise Ended("still running when the time was over", where, is_time=True)
        return header, arrays

    def close(self):
        """End the process and all that it started, and remove its folder."""
        self._is_closed = True
        process = getattr(self, "_process", None)
        if process is not None:
            if self._apart.namespaces:
                _end(process)
            else:
                _end_session(process)
            self._apart.end_all()
            process.wait()
            self._requests.put(None)
            for stream in (process.stdin, process.stdout, process.stderr):
                # One that a thread is just reading would have to be waited for.
                with contextlib.suppress(OSError, ValueError):
                    if stream is process.stdin:
                        stream.close()
        shutil.rmtree(self._base, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def _write(self):
        with contextlib.suppress(OSError, ValueError):
            while (request := self._requests.get()) is not None:
                messages.write(self._process.stdin, *request)

    def _read(self):
        """Take replies as they come; few are waiting, so that nobody can fill our memory."""
        with self._process.stdout as stream:
            while not self._is_closed:
                try:
                    reply = messages.read(stream)
                except messages.BadMessage as bad:
                    reply = bad
                except (OSError, ValueError):
                    reply = None
                self._put(reply)
                if not isinstance(reply, tuple):
                    return

    def _put(self, reply):
        while not self._is_closed:
            with contextlib.suppress(queue.Full):
                self._replies.put(reply, timeout=0.5)
                return

    def _listen(self):
        """Keep the beginning of what the code prints; read on, or it would have to wait."""
        with self._process.stderr as stream:
            while text := stream.read1(65_536):
                if len(self._heard) < MOST_NOISE:
                    self._heard += text.decode("utf-8", errors="replace")
                    self._heard = self._heard[:MOST_NOISE]

    def _how(self):
        try:
            code = self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            return "it closed its channel"
        if code < 0 or code > 128:
            with contextlib.suppress(ValueError):
                return signal.Signals(-code if code < 0 else code - 128).name
        return f"exit code {code}"


def open_to_all(folder):
    """Let every user read a folder with all that is in it, and nobody but us change it.

    Parameters
    ----------
    folder : Path
    """
    folder.chmod(0o755)
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)


def _end(process):
    """End the first process of a namespace, and with it all that is inside.

    The one that made the namespace waits for it, so that nobody stays unburied.
    """
    for child in _children(process.pid):
        with contextlib.suppress(OSError):
            os.kill(child, signal.SIGKILL)
    try:
        process.wait(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        _end_session(process)


def _end_session(process):
    """End a process with all that it started and that has not left its session."""
    with contextlib.suppress(OSError):
        if os.name == "nt":
            subprocess.run(
                ["taskkill", "/T", "/F", "/PID", str(process.pid)],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)


def _children(pid):
    """List the processes that a process of ours has started, where the system tells."""
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    except OSError:
        return []
    return [int(child) for child in text.split()]


def _environment(scratch):
    """What the code sees of our variables: nothing that is ours."""
    kept = {name: os.environ[name] for name in ("SYSTEMROOT", "PATH") if name in os.environ}
    threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS",
               "VECLIB_MAXIMUM_THREADS")
    folders = dict.fromkeys(("HOME", "TMPDIR", "TEMP", "TMP"), str(scratch))
    return kept | dict.fromkeys(threads, "1") | folders | {"PYTHONHASHSEED": "0"}
