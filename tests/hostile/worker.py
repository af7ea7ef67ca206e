"""Corrupt one target many times, read it each time, and tell what came of it in lines of JSON.

    python tests/hostile/worker.py captions 0 500 FOLDER

corrupts the captions with the numbers 0 to 499 in a folder that is empty and stays the current
one. It runs in a process of its own, which the system ends if a reader takes too much memory or
time: what was begun last is then the culprit.
"""

import contextlib
import faulthandler
import io
import json
import signal
import sys
import traceback
import warnings
from pathlib import Path

import numpy as np
from corrupt import corrupt
from plan import TARGETS
from targets import Checkpoint, place

from satt.cli import main as satt
from satt.errors import SattError

SECONDS = 10  # of the processor, for one file
BYTES = 2 * 2**30  # of address space, much of it taken by the libraries
SEED = 11
EVERY = 12  # through the command, too


def main():
    name, begin, end, folder = sys.argv[1:]
    limit_memory()
    warnings.simplefilter("ignore")
    kind, _ = TARGETS[name]
    target, checkpoint = kind(Path(folder)), Checkpoint(Path(folder)).path
    for number in range(int(begin), int(end)):
        random = np.random.default_rng([SEED, sorted(TARGETS).index(name), number])
        data, ways = corrupt(target.data, target.kind, random)
        place(target.path, data)
        tell(number=number, ways=ways)
        limit_time(SECONDS)
        outcome, problem = judge(target)
        if not problem and number % EVERY == 0:
            problem = run_command(target.command(checkpoint), outcome)
        limit_time(0)
        tell(outcome=outcome, problem=problem)
    place(target.path, target.data)
    tell(outcome=judge(target)[0], end=True)


def judge(target):
    """Read the file: "right", "refused" or "wrong", and what is the matter."""
    try:
        target.judge()
    except SattError as error:
        line = str(error)
        if line.splitlines() != [line] or not 20 < len(line) < 500 or ": " not in line:
            return "wrong", f"no single line that tells: {line!r:.600}"
        return "refused", None
    except BaseException as error:
        frames = traceback.format_tb(error.__traceback__)[-3:]
        return "wrong", f"{type(error).__name__}: {error!s:.300}\n{''.join(frames)}"
    return "right", None


def run_command(arguments, outcome):
    """Have the command read it; return what is wrong with how it ended, or None."""
    out, err = io.StringIO(), io.StringIO()
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = satt([str(argument) for argument in arguments])
    except BaseException as error:
        return f"satt raised {type(error).__name__}: {error!s:.300}"
    lines = [line for line in err.getvalue().splitlines() if line.startswith("satt: ")]
    if code != {"right": 0, "refused": 2}[outcome]:
        return f"{outcome}, but satt ended with {code}: {err.getvalue()[-300:]}"
    if code == 2 and (not lines or not err.getvalue().endswith(lines[-1] + "\n")):
        return f"satt said {err.getvalue()[-300:]!r}"
    return None


def limit_memory():
    with contextlib.suppress(ImportError, ValueError, OSError):  # not every system has this limit
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))


def limit_time(seconds):
    """End this process if it computes for longer; without such a clock, if it lasts far longer."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_PROF, seconds)
    elif seconds:
        faulthandler.dump_traceback_later(10 * seconds, exit=True)
    else:
        faulthandler.cancel_dump_traceback_later()


def tell(**what):
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    main()
