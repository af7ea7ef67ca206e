"""`satt train` killed at fifty random moments, and gone on with each time."""

import json
import random
import subprocess
import sys
import time

import pytest

from satt.training.keeping import load_captioner

KILLS = 50
# Pictures would take most of the time. The state is saved far more often than usual, so that each
# start gets on; when that is must make no difference.
SCRIPT = (
    "import sys\n"
    "from satt.cli import main\n"
    "from satt.commands import train\n"
    "from satt.training import trainer\n"
    "trainer.SAVE_EVERY, train.PICTURES = 0.02, 0\n"
    "sys.exit(main(sys.argv[1:]))\n"
)
OPTIONS = (
    "--data", "scenes", "--scenes", "40", "--size", "16", "--epochs", "25", "--batch-size", "8",
    "--validation", "20", "--evaluations", "25", "--patience", "25", "--dropout", "0.3",
    "--sharpening", "2", "--state-width", "9", "--embedding-width", "6", "--attention-width", "5",
)
STEPS = 125


def start(folder):
    options = OPTIONS
    if (folder / "resume.npz").exists():
        options = ("--resume",)
    command = [sys.executable, "-c", SCRIPT, "train", *options, "--out", str(folder)]
    return subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, encoding="utf-8"
    )


def finish(folder):
    """Let it come to its end; return how long it took until the first step was done."""
    process, begin, first = start(folder), time.perf_counter(), None
    while process.poll() is None and first is None:
        time.sleep(0.01)
        if steps_of(folder):
            first = time.perf_counter() - begin
    _, errors = process.communicate(timeout=600)
    assert process.returncode == 0, errors
    return first


def records_of(folder):
    path = folder / "log.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [{k: v for k, v in json.loads(line).items() if k != "seconds"} for line in lines]


def steps_of(folder):
    """How many lines the log has; the last one may be a half."""
    path = folder / "log.jsonl"
    return path.read_bytes().count(b"\n") if path.exists() else 0


def assert_same_run(folder, whole):
    assert records_of(folder) == records_of(whole)
    mine, theirs = (load_captioner(place / "checkpoint.npz")[0] for place in (folder, whole))
    arrays = theirs.arrays()
    for name, array in mine.arrays().items():
        assert array.tobytes() == arrays.pop(name).tobytes(), name
    assert not arrays
    names = [{path.name for path in place.iterdir()} for place in (folder, whole)]
    assert names[0] == names[1]


@pytest.mark.slow
def test_fifty_kills_change_nothing(tmp_path, capsys):
    whole = tmp_path / "whole"
    until_the_first_step = finish(whole)
    assert len(records_of(whole)) == STEPS

    moments, runs, kills = random.Random(50), 0, {}
    folder = tmp_path / "run-0"
    folder.mkdir()
    while sum(kills.values()) < KILLS:
        before = steps_of(folder)
        process = start(folder)
        if moments.random() < 0.5:
            # Never mind how slow the machine is just now: at least one step further.
            while process.poll() is None and steps_of(folder) <= before:
                time.sleep(0.005)
        time.sleep(moments.uniform(0, 0.9 * until_the_first_step))
        process.kill()
        _, errors = process.communicate(timeout=600)
        after = steps_of(folder)
        if process.returncode == 0:
            # It was done before; that is another run, and the next one begins.
            assert_same_run(folder, whole)
            runs += 1
            folder = tmp_path / f"run-{runs}"
            folder.mkdir()
            continue
        assert "Traceback" not in errors
        where = "before a step" if after <= before else "while learning"
        if after == STEPS:
            where = "at the end"
        if list(folder.glob(".*.tmp")):
            where = "while saving"
        kills[where] = kills.get(where, 0) + 1
    finish(folder)
    assert_same_run(folder, whole)
    with capsys.disabled():
        print(f"\nkilled {kills}, in {runs + 1} runs")
    assert kills["before a step"] and kills["while learning"]
