"""The process of a student's code, from its first line to its last.

It is started as `python -I -S` with one argument, a JSON object (see
`satt.homework.process`), reads requests from the standard input and writes replies to the standard
output; what the student's code prints goes to the standard error.
"""

import json
import os
import sys
import threading
import time

from .limits import become, set_limits

# How long the grader may take to end this process when the time is over; else it ends itself.
GRACE = 10
# What homework may use without a look at the disk, which another user may not be allowed.
PRELOADED = (
    "abc", "bisect", "cmath", "collections.abc", "contextlib", "copy", "dataclasses", "datetime",
    "enum", "fractions", "functools", "heapq", "inspect", "itertools", "json", "math", "numbers",
    "operator", "pathlib", "pprint", "random", "re", "statistics", "string", "textwrap", "time",
    "traceback", "types", "typing", "warnings",
)


def main():
    """Serve requests until there are none."""
    asked = json.loads(sys.argv.pop())
    sys.dont_write_bytecode = True
    requests, replies = _channels()
    os.chdir(asked["scratch"])
    library = sys.path[1:]  # but for the folder with these files
    del sys.path[0]
    set_limits(asked["memory"], asked["processes"], asked["seconds"])
    numpy_folder = _import_numpy(asked["packages"])
    for name in PRELOADED:
        __import__(name)
    from . import messages, students, walls

    messages.unpack(messages.pack({}, {}))  # what this imports on its way is then there too
    become(asked["user"])
    sys.path.append(asked["code"])
    sys.argv[:] = [""]
    walls.raise_walls(library, asked["code"], asked["scratch"], numpy_folder)
    _serve(requests, replies, messages, students, asked["code"])


def _serve(requests, replies, messages, students, code):
    lock = threading.Lock()

    def send(header, arrays):
        with lock:
            messages.write(replies, header, arrays)

    watch = _Watch(lambda facts: send({"stuck": facts}, {}), students.place_now, code)
    send({"ready": True}, {})
    while True:
        request = messages.read(requests)
        if request is None:
            os._exit(0)  # threads that the student's code has left running do not matter
        header, arrays = request
        watch.start(header["seconds"])
        try:
            header, arrays = students.answer(header, arrays, code)
        except BaseException as error:  # such as no memory left to write the answer with
            header, arrays = {"failure": {"where": "function", "type": type(error).__name__}}, {}
        watch.stop()
        try:
            send(header, arrays)
        except (ValueError, MemoryError):
            send({"failure": {"where": "function", "text": "what it returned is too large"}}, {})


class _Watch:
    """Tells where the main thread is when it takes too long."""

    def __init__(self, tell, place_now, code):
        self._tell, self._place_now, self._code = tell, place_now, code
        self._main = threading.get_ident()
        self._end = float("inf")
        threading.Thread(target=self._watch, daemon=True).start()

    def start(self, seconds):
        self._end = time.monotonic() + seconds

    def stop(self):
        self._end = float("inf")

    def _watch(self):
        while time.monotonic() < self._end:
            time.sleep(0.05)
        try:
            self._tell(self._place_now(self._main, self._code))
            time.sleep(GRACE)
        finally:  # also if nobody is there any more to be told
            os._exit(1)


def _channels():
    """Keep the standard streams for messages, and give the student's code others."""
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
    return requests, replies


class _OnlyNumpy:
    """Finds NumPy among the installed packages, and none of the others."""

    def __init__(self, folder):
        self._folder = folder

    def find_spec(self, name, path=None, target=None):
        from importlib.machinery import PathFinder

        return PathFinder.find_spec(name, [self._folder]) if name == "numpy" else None


def _import_numpy(folder):
    sys.meta_path.append(_OnlyNumpy(folder))
    sys.modules["ctypes"] = None  # NumPy can do without; it would let Python run machine code
    import numpy
    import numpy.fft
    import numpy.linalg
    import numpy.random  # noqa: F401

    return os.path.dirname(numpy.__file__)
