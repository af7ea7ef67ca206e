"""Timing that can be trusted on a machine with other things to do: in turn, and by medians."""

import os
import platform
import tracemalloc
from dataclasses import asdict, dataclass
from time import perf_counter, process_time

import numpy as np

FEWEST = 7  # rounds


@dataclass
class Row:
    """One line of the table.

    Attributes
    ----------
    what, rival : str
    threads : int
    ratio : float or None
        The rival's time by ours: above 1, we are faster. None if the rival is left out.
    goal : float or None
    peak_fraction : float or None
        The multiplications and additions of the direct algorithm, by what sgemm does in the time.
    milliseconds : float or None
        Ours.
    note : str
        Why it is left out, or what was measured if not a ratio of times.
    """

    what: str
    rival: str
    threads: int
    ratio: float | None
    goal: float | None = None
    peak_fraction: float | None = None
    milliseconds: float | None = None
    note: str = ""

    def as_dict(self):
        """Round what is measured to what it is worth."""
        return {
            name: float(f"{value:.4g}") if isinstance(value, float) else value
            for name, value in asdict(self).items()
        }


def in_turn(steps, seconds):
    """Run steps in turn, in an order drawn anew each time; return each one's median in seconds.

    What else the machine does slows all of them down, and each finds the caches and the memory as
    another has left them. With one thread, only the time counts in which the process runs: no
    step waits for anything but its turn.
    """
    clock = process_time if os.environ.get("OMP_NUM_THREADS") == "1" else perf_counter
    random, times = np.random.default_rng(0), {name: [] for name in steps}
    for step in steps.values():
        step()
    start = perf_counter()
    while perf_counter() - start < seconds or len(next(iter(times.values()))) < FEWEST:
        for name in random.permutation(list(steps)):
            before = clock()
            steps[name]()
            times[name].append(clock() - before)
    return {name: float(np.median(values)) for name, values in times.items()}


def sgemm():
    """A step that multiplies two matrices as BLAS likes them, and its operations."""
    size = 768
    a, b = np.random.default_rng(0).standard_normal((2, size, size), dtype=np.float32)
    out = np.empty_like(a)
    return (lambda: np.matmul(a, b, out=out)), 2 * size**3


def compare(steps, ours, seconds, operations=None):
    """Time ours, the rivals and sgemm in turn.

    Parameters
    ----------
    steps : dict from str to callable
    ours : str
        Which of them is ours.
    seconds : float
    operations : int, optional
        Of the direct algorithm.

    Returns
    -------
    ratios : dict from str to float
        Of each rival.
    peak_fraction : float or None
    milliseconds : float
        Ours.
    """
    product, product_operations = sgemm()
    times = in_turn({**steps, "sgemm": product}, seconds)
    rate = product_operations / times.pop("sgemm")
    own = times.pop(ours)
    peak_fraction = operations / own / rate if operations else None
    return {name: time / own for name, time in times.items()}, peak_fraction, 1e3 * own


def check_equal(ours, theirs, what, tolerance=2e-3):
    """End the run if a rival computes something else: a ratio would say nothing."""
    for number, (one, other) in enumerate(zip(ours, theirs, strict=True)):
        one, other = np.asarray(one, np.float64), np.asarray(other, np.float64)
        difference = np.abs(one - other).max() / max(np.abs(other).max(), 1e-30)
        if one.shape != other.shape or not difference <= tolerance:
            raise SystemExit(f"{what}: result {number} differs from the rival's by {difference}")


def peak_memory(step):
    """The most memory that a step holds at a time, in MB, its inputs not counted."""
    step()
    tracemalloc.start()
    try:
        step()
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


def surroundings():
    """What the figures depend on: a line for each."""
    product, operations = sgemm()
    rate = operations / in_turn({"sgemm": product}, 0.5)["sgemm"] / 1e9
    rivals = [f"{name} {_version(name)}" for name in ("torch", "jax")]
    return [
        f"processor: {_processor()}, {os.cpu_count()} for us; {platform.platform()}",
        f"Python {platform.python_version()}, NumPy {np.__version__}, {', '.join(rivals)}",
        f"sgemm with {os.environ.get('OPENBLAS_NUM_THREADS', '?')} thread(s): {rate:.0f} GFLOP/s",
    ]


def _version(name):
    try:
        return __import__(name).__version__
    except ImportError:
        return "is not installed: its rows are left out"


def _processor():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            names = [line.partition(":")[2].strip() for line in lines if "model name" in line]
        return names[0]
    except (OSError, IndexError):
        return platform.processor() or platform.machine()
