"""A grader that is stopped, or killed, loses no marks and leaves nothing behind."""

import csv
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from tests.homework.test_hostile import leftovers

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="it looks into /proc"),
]


@pytest.fixture
def scratch():
    """A folder for temporary files that other users can reach, as /tmp."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


@pytest.fixture
def grading(solved, tmp_path, scratch):
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
        env=os.environ | {"TMPDIR": str(scratch)},
    )
    first = tmp_path / "marks" / "s0" / "results.json"
    for _ in range(600):
        if first.exists():
            break
        time.sleep(0.1)
    assert first.exists() and any(scratch.iterdir())
    yield process, tmp_path / "marks"
    if process.poll() is None:
        process.kill()
        process.wait()


def scores(marks):
    with open(marks / "marks.csv", encoding="utf-8", newline="") as file:
        return {row["submission"]: float(row["score"]) for row in csv.DictReader(file)}


def workers_of(process):
    here = Path("/proc")
    children = (here / f"{process.pid}/task/{process.pid}/children").read_text("utf-8").split()
    return [c for c in children if "spawn_main" in (here / c / "cmdline").read_text("utf-8")]


def test_ctrl_c_keeps_the_marks_so_far(grading, scratch):
    process, marks = grading
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130 and "the marks of 1 of 4 are in" in err
    assert scores(marks) == {"s0": 100}
    assert leftovers() == [] == os.listdir(scratch)


@pytest.mark.parametrize("way", [signal.SIGHUP, signal.SIGKILL])
def test_a_grader_that_is_gone_leaves_nothing_behind(grading, scratch, way):
    """A terminal that is closed hangs up on all of them; a kill, on the first alone."""
    process, marks = grading
    workers = workers_of(process)
    (os.killpg if way == signal.SIGHUP else os.kill)(process.pid, way)
    process.communicate(timeout=60)
    for _ in range(600):
        if not any(Path(f"/proc/{worker}").exists() for worker in workers):
            break
        time.sleep(0.1)
    assert not any(Path(f"/proc/{worker}").exists() for worker in workers)
    assert leftovers() == [] == os.listdir(scratch)


def test_a_worker_that_is_killed_costs_nobody_marks(grading, scratch):
    process, marks = grading
    os.kill(int(workers_of(process)[0]), signal.SIGKILL)
    process.communicate(timeout=300)
    assert process.returncode == 0
    assert scores(marks) == {"s0": 100, "s1": 40, "s2": 40, "s3": 40}
    assert leftovers() == [] == os.listdir(scratch)
