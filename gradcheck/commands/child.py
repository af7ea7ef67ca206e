"""The process in which a student's file runs: what it loops in, prints or ends, ends here.

It gets one argument, a JSON object, and writes what it finds as a line of JSON each. Whatever the
file itself prints goes to the standard error.
"""

import contextlib
import json
import os
import sys
import threading
import time
import warnings
from dataclasses import asdict
from pathlib import Path

import numpy as np

from gradcheck.cases.layers import layer_cases
from gradcheck.check import check_case
from gradcheck.commands.blame import describe, where_now
from gradcheck.commands.results import could_not_run, draw, from_report
from gradcheck.exercises import disagreement, exercises, parameter_names
from gradcheck.student_file import CannotCheck, find_pairs, load, missing_half

# How long the process that started this one may take to end it; without it, it ends itself.
GRACE = 10


def main():
    """Check the pairs of a file; see `gradcheck.commands.process` for who calls this."""
    asked = json.loads(sys.argv[1])
    send = _channel()
    path = asked["path"]
    warnings.simplefilter("ignore")  # what they warn of, the check says
    sys.dont_write_bytecode = True  # the student's folder stays as it is
    sys.argv = [path]
    sys.path.insert(0, str(Path(path).resolve().parent))
    limit = TimeLimit(asked["time_limit"], path, send)
    send("ready")
    limit.start()
    try:
        module = load(path)
    except BaseException as error:  # SystemExit and whatever else a file may raise
        send("fault", text=describe(error, path))
    else:
        _check_all(module, asked, limit, send)
    limit.stop()
    with contextlib.suppress(Exception):  # the file may have closed it
        sys.stdout.flush()
    send("end")
    os._exit(0)  # threads that the file has left running do not matter


def _check_all(module, asked, limit, send):
    """Check the pairs of a module but for those that are to be skipped."""
    pairs, satt_cases = find_pairs(module), layer_cases()
    if not pairs:
        send("fault", text="no functions NAME_forward and NAME_backward are defined in it")
    names = {case.name for case in satt_cases for p in pairs if case.name.startswith(p.name)}
    names |= {pair.name for pair in pairs}
    send("columns", names=[*names], arguments=[parameter_names(p.forward) for p in pairs])
    for pair in pairs:
        if pair.name not in asked["skip"]:
            limit.start()
            send("pair", name=pair.name)
            for result in _check_pair(pair, module, satt_cases, asked, limit, send):
                send("result", result=asdict(result))


def _check_pair(pair, module, satt_cases, asked, limit, send):
    """Yield the results of a pair, one for each of its exercises."""
    try:
        lacking = missing_half(pair, module)
        if lacking:
            raise CannotCheck(lacking)
        found, notes = exercises(pair, satt_cases)
    except BaseException as error:
        yield could_not_run(pair.name, describe(error, asked["path"]))
        return
    for note in notes:
        send("note", text=note)
    for exercise in found:
        limit.start()
        send("check")
        start = time.perf_counter()
        case = exercise.case
        try:
            report = check_case(case, method=asked["method"])
            doubts = [text for text in [disagreement(exercise, report.ok)] if text]
            result = from_report(case, report, time.perf_counter() - start, doubts)
            if not report.ok and exercise.reference is None:
                _explain_integers(case, send)
            if asked["plot"] and not report.ok:
                draw(report, case.name, asked["plot"])
        except BaseException as error:
            seconds = time.perf_counter() - start
            why = describe(error, asked["path"])
            result = could_not_run(case.name, why, case.inputs, seconds)
        yield result


def _explain_integers(case, send):
    """Where a check fails, an array of integers may have been meant as one of floats."""
    integers = [name for name, x in case.inputs.items() if np.asarray(x).dtype.kind in "iu"]
    if integers:
        advice = "such inputs get no gradient; write 1.0 for 1 where one is wanted"
        send("note", text=f"{case.name}: integers stand in {', '.join(integers)}; {advice}")


def _channel():
    """Keep the standard output for the results, and turn all other output away from it."""
    lines = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    os.dup2(2, 1)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
    lock = threading.Lock()

    def send(event, **values):
        with lock:
            lines.write(json.dumps({"event": event, **values}) + "\n")
            lines.flush()

    return send


class TimeLimit:
    """Tells where the main thread is when a check takes too long.

    Parameters
    ----------
    seconds : float
    path : str
        The student's file.
    send : callable
    """

    def __init__(self, seconds, path, send):
        self._seconds, self._path, self._send = seconds, path, send
        self._main = threading.get_ident()
        self._end = float("inf")
        threading.Thread(target=self._watch, daemon=True).start()

    def start(self):
        """Count from now on."""
        self._end = time.monotonic() + self._seconds

    def stop(self):
        """Count no longer."""
        self._end = float("inf")

    def _watch(self):
        while time.monotonic() < self._end:
            time.sleep(0.05)
        frame = sys._current_frames().get(self._main)
        self._send("stuck", where=where_now(frame, self._path))
        time.sleep(GRACE)
        os._exit(1)


if __name__ == "__main__":
    main()
