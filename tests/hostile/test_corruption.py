"""10,000 corrupted files: each is refused in one line, or what is read of it is right."""

import json
import os
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from plan import TARGETS

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]


def run_worker(name, begin, end, folder):
    """Corrupt in a process of its own; return its lines and how it ended."""
    folder.mkdir(parents=True)
    environment = dict(
        os.environ, PYTHONPATH=str(ROOT), OMP_NUM_THREADS="1", SATT_CACHE="off"
    )
    run = subprocess.run(
        [sys.executable, HERE / "worker.py", name, str(begin), str(end), str(folder)],
        cwd=folder, env=environment, capture_output=True, encoding="utf-8", errors="replace",
    )
    return [json.loads(line) for line in run.stdout.splitlines()], run


def problems_of(name, lines, run):
    """Yield a text for each file that was neither refused cleanly nor read rightly."""
    for begun, ended in zip(lines[:-1:2], lines[1:-1:2], strict=False):
        if ended["problem"]:
            yield f"{name} {begun['number']} {begun['ways']}: {ended['problem']}"
    if run.returncode or not lines or not lines[-1].get("end"):
        last = lines[-1] if lines else "nothing begun"
        yield f"{name}: ended with {run.returncode} at {last}: {run.stderr[-1000:]}"


def test_there_are_10_000():
    assert sum(count for _, count in TARGETS.values()) == 10_000


@pytest.mark.slow
@pytest.mark.parametrize("name", TARGETS)
def test_a_corrupted_file_is_refused_or_read_rightly(name, tmp_path):
    count = TARGETS[name][1]
    cuts = [0, count // 2, count]
    with ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(run_worker, name, a, b, tmp_path / f"from-{a}" / "run")
                for a, b in zip(cuts, cuts[1:], strict=False)]
        done = [job.result() for job in jobs]
    problems = [problem for lines, run in done for problem in problems_of(name, lines, run)]
    assert not problems, f"{len(problems)} problems\n" + "\n".join(problems[:20])
    outcomes = Counter(line["outcome"] for lines, _ in done for line in lines if "outcome" in line)
    assert sum(outcomes.values()) == count + len(done)
    # Not corrupted, at the end, it is right; and what is only refused would prove nothing.
    assert all(lines[-1]["outcome"] == "right" for lines, _ in done)
    assert outcomes["refused"] > count / 5 and outcomes["right"] > count / 100, outcomes
    written = {path.name for path in tmp_path.rglob("*")}
    assert not written & {"unpickled", "outside.npy"}
    assert {path.name for path in tmp_path.iterdir()} == {f"from-{a}" for a in cuts[:-1]}
    for folder in tmp_path.iterdir():
        assert [path.name for path in folder.iterdir()] == ["run"]
