"""How fast satt is on this machine, against torch, jax and a textbook's NumPy.

    python -m tests.benchmarks                     the whole table, with one thread and with two
    python -m tests.benchmarks decoder --threads 1
    python -m tests.benchmarks --demo              and `satt demo`, which takes minutes
    python -m tests.benchmarks --scaling           how the cost grows with each size
    python -m tests.benchmarks --json              one object a row
    SATT_DATA=FOLDER python -m tests.benchmarks captioner     with the captions of Flickr8k, too

Ours and the rivals run in turn, and medians are compared: a ratio is the rival's time by ours.
Before a rival is timed, its loss and gradients, or its words, are compared with ours. Rivals that
are not installed are left out. A peak_fraction is what the direct algorithm multiplies and adds,
by what sgemm does in that time: an algorithm with fewer multiplications can pass 1.
"""

import argparse
import importlib
import json
import os
import subprocess
import sys
import tempfile
from time import perf_counter

GROUPS = ("convolution", "pool_and_norm", "decoder", "captioner", "captioning")
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")  # the rivals'
BLAS_THREADS = ("OPENBLAS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")  # ours
# Where several threads are as many processes, as in the command, BLAS has one in each of them.
IN_PROCESSES = ("captioner",)
DEMO_GOAL = 75.0  # seconds


def main():
    """Run what is asked for, each number of threads in a process of its own."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("groups", nargs="*", metavar="GROUP", choices=[[], *GROUPS],
                        help=f"some of {', '.join(GROUPS)} (default: all)")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2], metavar="N",
                        help="numbers of threads (default: 1 2)")
    parser.add_argument("--seconds", type=float, default=3.0,
                        help="for each row (default: %(default)s)")
    parser.add_argument("--demo", action="store_true", help="time `satt demo` too")
    parser.add_argument("--scaling", action="store_true", help="the scaling table alone")
    parser.add_argument("--json", action="store_true", help="one JSON object a row")
    options = parser.parse_args()
    if os.environ.get("SATT_BENCHMARK_CHILD"):
        return _child(options)
    for threads, groups, blas_threads in _runs(options.groups or GROUPS, options.threads):
        arguments = [sys.executable, "-m", "tests.benchmarks", *groups,
                     "--threads", str(threads), "--seconds", str(options.seconds)]
        arguments += ["--scaling"] * options.scaling + ["--json"] * options.json
        surroundings = {**os.environ, "SATT_BENCHMARK_CHILD": "1"}
        surroundings |= {name: str(threads) for name in THREADS}
        surroundings |= {name: str(blas_threads) for name in BLAS_THREADS}
        # BLAS reads how many threads it may have when NumPy is imported: hence the processes.
        code = subprocess.run(arguments, env=surroundings).returncode
        if code or options.scaling:
            return code
    if options.demo:
        _demo(options.json)
    return 0


def _runs(groups, numbers):
    """What is run in a process of its own: threads, groups, and the threads of our BLAS."""
    for threads in numbers:
        apart = IN_PROCESSES if threads > 1 else ()
        together = [group for group in groups if group not in apart]
        in_processes = [group for group in groups if group in apart]
        for some, blas_threads in ((together, threads), (in_processes, 1)):
            if some:
                yield threads, some, blas_threads


def _child(options):
    from satt.training.memory import keep_freed_memory
    from tests.benchmarks.measure import surroundings

    if options.threads == [1] and hasattr(os, "sched_setaffinity"):
        # jax asks for no number of threads: it takes as many as there are processors.
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    keep_freed_memory()  # as the command does
    threads, torch = options.threads[0], _torch(options.threads[0])
    if not options.json:
        print("\n".join(surroundings()), flush=True)
    if options.scaling:
        from tests.benchmarks.scaling import scaling

        for line in scaling(options.seconds):
            print(json.dumps(line) if options.json else _scaling_line(line), flush=True)
        return 0
    if not options.json:
        print(f"\n{'what':62} {'rival':42} {'threads':>7} {'ratio':>6} {'goal':>5} "
              f"{'peak':>5} {'ms':>8}")
    for group in options.groups or GROUPS:
        module = importlib.import_module(f"tests.benchmarks.{group}")
        for row in module.rows(threads, options.seconds, torch):
            _print(row, options.json)
    return 0


def _torch(threads):
    try:
        import torch
    except ImportError:
        return None
    torch.set_num_threads(threads)
    return torch


def _print(row, as_json):
    if as_json:
        print(json.dumps(row.as_dict()), flush=True)
        return

    def figure(value, digits):
        return "" if value is None else f"{value:.{digits}f}"

    verdict = ""
    if row.ratio is not None and row.goal is not None:
        verdict = "reached" if row.ratio >= row.goal else "missed"
    print(
        f"{row.what:62} {row.rival:42} {row.threads:>7} {figure(row.ratio, 2):>6} "
        f"{figure(row.goal, 1):>5} {figure(row.peak_fraction, 2):>5} "
        f"{figure(row.milliseconds, 2):>8}  {verdict}  {row.note}".rstrip(),
        flush=True,
    )


def _scaling_line(line):
    cells = [
        f"{size}: {ms} ms, {mb} MB"
        for size, ms, mb in zip(
            line["sizes"], line["milliseconds"], line["megabytes"], strict=True
        )
    ]
    return (
        f"{line['axis']:18} time ~ size^{line['exponent']:<5} memory ~ "
        f"size^{line['memory_exponent']:<5} {'; '.join(cells)}"
    )


def _demo(as_json):
    from tests.benchmarks.measure import Row

    with tempfile.TemporaryDirectory() as folder:
        start = perf_counter()
        command = [sys.executable, "-m", "satt", "demo", "--out", folder]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        seconds = perf_counter() - start
    note = f"{seconds:.0f} s, asked at most {DEMO_GOAL:.0f}"
    row = Row("satt demo, command to picture", "the goal, s", os.cpu_count(),
              DEMO_GOAL / seconds, 1.0, note=note)
    _print(row, as_json)


if __name__ == "__main__":
    sys.exit(main())
