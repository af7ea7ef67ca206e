"""How long every module takes to import, and the help to come: the best of several runs.

    python tests/benchmarks/import_times.py

Each is imported in a process of its own, NumPy included, as most of them need it. The machine may
be busy with other things, so that the best run is the one to look at. Nothing should take longer
than half a second, and no help longer than a second.
"""

import pkgutil
import subprocess
import sys
import time

import gradcheck
import satt

RUNS = 3


def seconds(arguments):
    """Run Python with some arguments; return the seconds of the best run."""
    times = []
    for _ in range(RUNS):
        begin = time.perf_counter()
        subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - begin)
    return min(times)


def main():
    """Measure, and print the slowest first."""
    bare = seconds(["-c", "pass"])
    print(f"{bare:.3f} s  Python itself, taken off the imports below")
    for command in ("satt", "gradcheck"):
        print(f"{seconds(['-m', command, '--help']):.3f} s  {command} --help")
    names = [
        module.name
        for package in (satt, gradcheck)
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        if not module.name.endswith("__main__")
    ]
    times = {name: seconds(["-c", f"import {name}"]) - bare for name in ["numpy", *names]}
    for name in sorted(times, key=times.get, reverse=True):
        print(f"{times[name]:.3f} s  {name}")


if __name__ == "__main__":
    main()
