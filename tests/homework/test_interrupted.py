"""A grader that is stopped, or killed in part, loses no marks and leaves nothing running."""

import csv
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.homework.test_hostile import leftovers

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="it looks into /proc"),
]


@pytest.fixture
def grading(solved, tmp_path):
    """A grader at work: one submission that is done at once, three that are endless."""
    for number in range(4):
        folder = shutil.copytree(solved("hw4"), tmp_path / "submissions" / f"s{number}")
        if number:
            with open(folder / "alignment.py", "a", encoding="utf-8") as file:
                file.write("\nwhile True:\n    pass\n")
    process = subprocess.Popen(
        [sys.executable, "-m", "satt", "homework", "grade", tmp_path / "submissions", "--set",
         "hw4", "--out", tmp_path / "marks", "--jobs", "2", "--function-seconds", "6"],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )
    first = tmp_path / "marks" / "s0" / "results.json"
    for _ in range(600):
        if first.exists():
            break
        time.sleep(0.1)
    assert first.exists()
    yield process, tmp_path / "marks"
    if process.poll() is None:
        process.kill()
        process.wait()


def scores(marks):
    with open(marks / "marks.csv", encoding="utf-8", newline="") as file:
        return {row["submission"]: float(row["score"]) for row in csv.DictReader(file)}


def test_ctrl_c_keeps_the_marks_so_far(grading):
    process, marks = grading
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130 and "the marks of 1 of 4 are in" in err
    assert scores(marks) == {"s0": 100}
    assert leftovers() == []


def test_a_worker_that_is_killed_costs_nobody_marks(grading):
    process, marks = grading
    here = Path("/proc")
    children = (here / f"{process.pid}/task/{process.pid}/children").read_text("utf-8").split()
    workers = [c for c in children if "spawn_main" in (here / c / "cmdline").read_text("utf-8")]
    os.kill(int(workers[0]), signal.SIGKILL)
    process.communicate(timeout=300)
    assert process.returncode == 0
    assert scores(marks) == {"s0": 100, "s1": 40, "s2": 40, "s3": 40}
