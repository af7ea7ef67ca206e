"""Runs of `satt train` that are interrupted, and folders that something has happened to."""

import json
import os
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest

from satt.commands import train
from satt.training import checkpoint, log, trainer
from satt.training.checkpoint import load_checkpoint, save_checkpoint
from satt.training.keeping import load_captioner

QUICK = ("--size", 16, "--epochs", 2, "--validation", 5, "--evaluations", 2, "--batch-size", 10,
         "--state-width", 9, "--embedding-width", 6, "--attention-width", 5)
SCENES = ("--data", "scenes", "--scenes", 40, "--dropout", 0.3, "--sharpening", 2, *QUICK)
STEPS = 8
FILES = {"checkpoint.npz", "learning-curve.png", "log.jsonl", "resume.npz"}


@pytest.fixture(autouse=True)
def no_pictures(monkeypatch):
    monkeypatch.setattr(train, "PICTURES", 0)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The folder of a run that nothing interrupted."""
    from satt.cli import main

    folder = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(train, "PICTURES", 0)
        assert main(["train", *map(str, SCENES), "--out", str(folder)]) == 0
    return folder


@pytest.fixture
def stop_at(monkeypatch):
    """Have Ctrl-C come when a step is logged: with stop_at(3): satt(...)."""

    def stop_at(step):
        patch = monkeypatch.context()

        def append(path, record, append=log.append_log):
            append(path, record)
            if record["step"] == step:
                signal.raise_signal(signal.SIGINT)

        class Stopping:
            def __enter__(self):
                patch.__enter__().setattr(log, "append_log", append)

            def __exit__(self, *error):
                patch.__exit__(*error)

        return Stopping()

    return stop_at


@pytest.fixture
def interrupted(satt, stop_at, tmp_path):
    """A folder with a run that was interrupted after step 5."""
    folder = tmp_path / "run"
    with stop_at(5):
        assert satt("train", *SCENES, "--out", folder).code == 130
    return folder


def records_of(folder):
    lines = (folder / "log.jsonl").read_text(encoding="utf-8").splitlines()
    return [{k: v for k, v in json.loads(line).items() if k != "seconds"} for line in lines]


def assert_same_run(folder, whole):
    assert records_of(folder) == records_of(whole)
    (mine, words, about), (theirs, other_words, other_about) = (
        load_captioner(place / "checkpoint.npz") for place in (folder, whole)
    )
    assert words.words == other_words.words and mine.settings == theirs.settings
    assert {**about, "seconds": 0} == {**other_about, "seconds": 0}
    arrays = theirs.arrays()
    for name, array in mine.arrays().items():
        assert array.tobytes() == arrays.pop(name).tobytes(), name
    assert not arrays
    assert {path.name for path in folder.iterdir()} == FILES


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def rewrite(folder, edit):
    arrays, kept = load_checkpoint(folder / "resume.npz")
    edit(arrays, kept)
    save_checkpoint(folder / "resume.npz", arrays, kept)


# --- going on ------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", [1, 4, 7])
def test_ctrl_c_and_going_on(satt, stop_at, whole, tmp_path, step):
    folder = tmp_path / "a run"
    with stop_at(step):
        ended = satt("train", *SCENES, "--out", folder)
    assert ended.code == 130
    assert f"interrupted after step {step};" in ended.out
    assert records_of(folder) == records_of(whole)[:step]
    load_captioner(folder / "checkpoint.npz")
    command = ended.out.splitlines()[-1]
    assert command.startswith("to go on: satt train --resume --out ")
    path = command.removeprefix("to go on: satt train --resume --out ")
    assert path[0] == path[-1] and path[1:-1] == str(folder)  # it has a space

    ended = satt("train", "--resume", "--out", folder)
    assert ended.code == 0, ended.err
    assert f"going on after step {step}\n" in ended.out
    first = next(part for part in ended.err.split("\r") if part.startswith("training"))
    assert f"| {step}/{STEPS} " in first
    assert_same_run(folder, whole)


def test_a_default_folder_needs_no_name(satt, stop_at, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with stop_at(2):
        ended = satt("train", *SCENES)
    assert ended.out.splitlines()[-1] == "to go on: satt train --resume"
    assert satt("train", "--resume").code == 0


def test_ctrl_c_within_an_evaluation(satt, whole, tmp_path, monkeypatch):
    calls = []

    def validate(*given, validate=trainer.validate):
        calls.append(given)
        if len(calls) == 1:
            raise KeyboardInterrupt
        return validate(*given)

    monkeypatch.setattr(trainer, "validate", validate)
    ended = satt("train", *SCENES, "--out", tmp_path)
    assert ended.code == 130 and "interrupted after step 3;" in ended.out
    ended = satt("train", "--resume", "--out", tmp_path)
    # The fourth step was taken, and is evaluated and logged now.
    assert ended.code == 0 and "going on after step 4" in ended.out
    assert "of the" not in ended.err
    assert_same_run(tmp_path, whole)


def test_the_seconds_add_up(satt, interrupted):
    rewrite(interrupted, lambda arrays, kept: kept["run"].update(seconds=1000.0))
    assert satt("train", "--resume", "--out", interrupted).code == 0
    lines = (interrupted / "log.jsonl").read_text(encoding="utf-8").splitlines()
    seconds = [json.loads(line)["seconds"] for line in lines]
    assert seconds == sorted(seconds) and seconds[4] < 1000 < seconds[5] < 1100


def test_interrupted_twice(satt, stop_at, interrupted, whole):
    with stop_at(6):
        assert satt("train", "--resume", "--out", interrupted).code == 130
    assert satt("train", "--resume", "--out", interrupted).code == 0
    assert_same_run(interrupted, whole)


def test_a_better_state_at_the_interruption_is_no_part_of_the_run(
    satt, stop_at, whole, tmp_path, monkeypatch
):
    def flattering(*given, validate=trainer.validate):
        return {**validate(*given), "bleu4": 1.0}

    with monkeypatch.context() as patch, stop_at(5):
        real = trainer.validate
        patch.setattr(
            trainer, "validate",
            lambda *given: real(*given) if records_of(tmp_path)[-1]["step"] < 5
            else flattering(*given),
        )
        assert satt("train", *SCENES, "--out", tmp_path).code == 130
    assert load_captioner(tmp_path / "checkpoint.npz")[2]["bleu4"] == 1
    assert satt("train", "--resume", "--out", tmp_path).code == 0
    assert_same_run(tmp_path, whole)


def test_the_curve_is_of_the_whole_run(satt, interrupted, monkeypatch):
    drawn = []
    monkeypatch.setattr("satt.figures.draw_learning_curve", lambda path, r: drawn.extend(r))
    assert satt("train", "--resume", "--out", interrupted).code == 0
    assert [record["step"] for record in drawn] == list(range(1, STEPS + 1))


def test_the_log_is_cut_back_to_the_state(satt, interrupted, whole):
    path = interrupted / "log.jsonl"
    lines = path.read_text(encoding="utf-8")
    path.write_text(lines + '{"step": 6, "loss": 1}\n{"step": 7, "lo', encoding="utf-8")
    assert satt("train", "--resume", "--out", interrupted).code == 0
    assert_same_run(interrupted, whole)


def test_a_lost_log_is_said_and_not_needed(satt, interrupted, whole):
    (interrupted / "log.jsonl").unlink()
    ended = satt("train", "--resume", "--out", interrupted)
    assert ended.code == 0
    assert "holds 0 of the 5 steps" in ended.err
    assert records_of(interrupted) == records_of(whole)[5:]


def test_what_a_killed_process_has_left_is_removed(satt, interrupted, whole):
    (interrupted / ".resume.npz.123.tmp").write_bytes(b"half")
    (interrupted / ".checkpoint.npz.123.tmp").write_bytes(b"half")
    assert satt("train", "--resume", "--out", interrupted).code == 0
    assert_same_run(interrupted, whole)


def test_ctrl_c_while_drawing_at_the_end(satt, whole, tmp_path, monkeypatch):
    def draw(*given):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("satt.figures.draw_learning_curve", draw)
        ended = satt("train", *SCENES, "--out", tmp_path)
    assert ended.code == 130
    assert ended.err.splitlines()[-1] == (
        f"satt: interrupted; to go on: satt train --resume --out {tmp_path}"
    )
    assert not (tmp_path / "learning-curve.png").exists()
    ended = satt("train", "--resume", "--out", tmp_path)
    assert ended.code == 0 and "BLEU-4" in ended.out
    assert_same_run(tmp_path, whole)


def test_two_ctrl_c_before_there_is_anything_to_keep(satt, whole, tmp_path, monkeypatch):
    def validate(*given):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(trainer, "validate", validate)
        ended = satt("train", *SCENES, "--out", tmp_path)
    assert ended.code == 130 and "Traceback" not in ended.err
    assert ended.err.splitlines()[-1].endswith(f"satt train --resume --out {tmp_path}")
    assert satt("train", "--resume", "--out", tmp_path).code == 0
    assert_same_run(tmp_path, whole)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows only ends processes")
def test_sigterm_is_ctrl_c(satt, whole, tmp_path, monkeypatch):
    def append(path, record, append=log.append_log):
        append(path, record)
        if record["step"] == 3:
            os.kill(os.getpid(), signal.SIGTERM)

    before = signal.getsignal(signal.SIGTERM)
    with monkeypatch.context() as patch:
        patch.setattr(log, "append_log", append)
        ended = satt("train", *SCENES, "--out", tmp_path)
    assert ended.code == 130 and "interrupted after step 3;" in ended.out
    assert signal.getsignal(signal.SIGTERM) is before
    assert satt("train", "--resume", "--out", tmp_path).code == 0
    assert_same_run(tmp_path, whole)


def test_ctrl_c_while_the_scenes_are_drawn(satt, whole, interrupted, monkeypatch):
    def draw(*given, **options):
        raise KeyboardInterrupt

    before = contents(interrupted)
    with monkeypatch.context() as patch:
        patch.setattr("satt.data.scenes.dataset.draw_scenes", draw)
        resumed = satt("train", "--resume", "--out", interrupted)
        anew = satt("train", *SCENES, "--out", interrupted, "--overwrite")
    assert resumed.code == anew.code == 130
    assert resumed.err == (
        f"satt: interrupted; to go on: satt train --resume --out {interrupted}\n"
    )
    assert anew.err == "satt: interrupted\n"  # what would go on is the old run
    assert contents(interrupted) == before


# --- what is asked for ---------------------------------------------------------------------------


def test_an_unfinished_run_is_not_replaced_by_accident(satt, complains, interrupted, whole):
    before = contents(interrupted)
    complains("train", *SCENES, "--out", interrupted,
              about=[str(interrupted), "not finished", "--resume", "--overwrite"])
    assert contents(interrupted) == before
    assert satt("train", *SCENES, "--out", interrupted, "--overwrite").code == 0
    assert_same_run(interrupted, whole)


def test_overwriting_waits_until_all_is_ready(satt, interrupted, tmp_path):
    before = contents(interrupted)
    ended = satt("train", *SCENES, "--minimum-count", 1000, "--out", interrupted, "--overwrite")
    assert ended.code == 2 and "--minimum-count" in ended.err
    assert contents(interrupted) == before


def test_a_finished_run_says_so(satt, complains, whole):
    before = contents(whole)
    ended = satt("train", "--resume", "--out", whole)
    assert (ended.code, ended.err) == (0, "")
    for what in (f"{whole} is finished, after 8 steps", "checkpoint.npz", "more --epochs"):
        assert what in ended.out
    complains("train", "--resume", "--out", whole, "--epochs", 5, about=["--epochs", "2", "5"])
    complains("train", *SCENES, "--out", whole, about=["already holds a run", "--overwrite"])
    assert contents(whole) == before


@pytest.mark.parametrize(("option", "value", "was"), [
    ("--epochs", 10, "2"),  # which is the default
    ("--learning-rate", 0.1, "0.003"),
    ("--seed", 3, "0"),
    ("--optimiser", "sgd", "adam"),
    ("--scenes", 50, "40"),
    ("--penalty-target", "1", "T/L"),
    ("--minimum-count", 2, "its default"),
])
def test_other_options_are_refused(complains, interrupted, option, value, was):
    before = contents(interrupted)
    line = complains("train", "--resume", "--out", interrupted, option, value, about=[option])
    assert f"was begun with {was}, got {float(value) if option == '--penalty-target' else value}" \
        in line
    assert contents(interrupted) == before


def test_the_same_options_once_more_are_taken(satt, interrupted, whole):
    assert satt("train", "--resume", *SCENES, "--out", interrupted).code == 0
    assert_same_run(interrupted, whole)


def test_no_run_at_all(satt, complains, whole, tmp_path):
    nowhere = tmp_path / "none"
    complains("train", "--resume", "--out", nowhere, about=["--resume", "no run", str(nowhere)])
    assert not nowhere.exists()
    complains("train", "--resume", "--out", tmp_path, about=["--resume", "no run", "--out"])
    shutil.copy(whole / "checkpoint.npz", tmp_path)
    complains("train", "--resume", "--out", tmp_path, about=["--resume", "there is no resume.npz"])
    complains("train", about=["--data", "scenes", "--resume"])
    complains("train", "--resume", "--overwrite", about=["--resume", "--overwrite"])


# --- what has happened to the folder -------------------------------------------------------------


def cut_off(path):
    path.write_bytes(path.read_bytes()[:-1000])


def empty(path):
    path.write_bytes(b"")


def other_format(path):
    arrays, kept = load_checkpoint(path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checkpoint, "FORMAT", 99)
        save_checkpoint(path, arrays, kept)


def a_captioner(path):
    shutil.copy(path.with_name("checkpoint.npz"), path)


@pytest.mark.parametrize(("spoil", "expected"), [
    (cut_off, "is damaged"),
    (empty, "is damaged"),
    (other_format, "has format 99, this satt reads 1"),
    (a_captioner, "holds no run"),
])
def test_a_file_that_is_no_saved_run(complains, interrupted, spoil, expected):
    spoil(interrupted / "resume.npz")
    before = contents(interrupted)
    complains("train", "--resume", "--out", interrupted,
              about=["--resume", expected, "resume.npz", "--overwrite"])
    assert contents(interrupted) == before
    load_captioner(interrupted / "checkpoint.npz")


def other_shape(arrays, kept):
    arrays["model.params.decoder.lstm.b"] = arrays["model.params.decoder.lstm.b"][1:]


def other_words(arrays, kept):
    kept["words"][0] = "xylophone"


def other_scenes(arrays, kept):
    kept["data"]["training"][1] = "0" * 32


def lost_option(arrays, kept):
    del kept["options"]["penalty"]


def lost_state(arrays, kept):
    del kept["run"]["place"]


@pytest.mark.parametrize(("edit", "expected"), [
    (other_shape, "decoder.lstm.b: expected shape (36,), got (35,)"),
    (other_words, "vocabulary: "),
    (other_scenes, "--data: the training images and captions are not those"),
    (lost_option, "other options (penalty)"),
    (lost_state, "'place'"),
])
def test_a_run_of_another_shape_vocabulary_or_version(satt, interrupted, edit, expected):
    rewrite(interrupted, edit)
    before = contents(interrupted)
    ended = satt("train", "--resume", "--out", interrupted)
    assert ended.code == 2
    line = ended.err.splitlines()[-1]
    assert line.startswith("satt: ") and expected in line and "Traceback" not in ended.err
    assert contents(interrupted) == before


def test_photographs_may_move_but_not_change(satt, stop_at, flickr8k, tmp_path):
    run, moved = tmp_path / "run", tmp_path / "moved"
    with stop_at(1):
        assert satt("train", "--data", flickr8k, *QUICK, "--out", run).code == 130
    shutil.copytree(flickr8k, moved)
    (moved / "Images" / "train3.jpg").unlink()
    ended = satt("train", "--resume", "--data", moved, "--out", run)
    assert ended.code == 2
    assert "--data: the training images" in ended.err and "were 6, there are 5" in ended.err
    shutil.copy(flickr8k / "Images" / "train3.jpg", moved / "Images")
    ended = satt("train", "--resume", "--data", moved, "--out", run)
    assert ended.code == 0, ended.err
    ended = satt("train", "--resume", "--data", "scenes", "--out", run)
    assert ended.code == 2 and "--data: " in ended.err


def test_photographs_are_found_from_another_folder(
    satt, stop_at, flickr8k, tmp_path, monkeypatch
):
    monkeypatch.chdir(flickr8k.parent)
    with stop_at(1):
        ended = satt("train", "--data", flickr8k.name, *QUICK, "--out", tmp_path)
    assert ended.code == 130, ended.err
    monkeypatch.chdir(tmp_path)
    assert satt("train", "--resume", "--out", tmp_path).code == 0


# --- disks ---------------------------------------------------------------------------------------


def no_space(*_):
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize(("file", "step"), [
    ("resume.npz", 2), ("resume.npz", 8), ("checkpoint.npz", 4), ("checkpoint.npz", 8),
    ("log.jsonl", 4), ("log.jsonl", 6),
])
def test_a_full_disk_ends_the_training_and_loses_nothing(
    satt, whole, tmp_path, monkeypatch, file, step
):
    real_write, real_open = checkpoint._write_npz, open

    def is_full(path):
        return file in str(path) and len(records_of(tmp_path)) == step - 1

    def write(handle, arrays):
        if is_full(handle.name):
            handle.write(b"half")
            no_space()
        real_write(handle, arrays)

    def open_log(path, mode, **how):
        if mode == "a" and is_full(path):
            with real_open(path, mode, **how) as half:
                half.write('{"step": ')
            no_space()
        return real_open(path, mode, **how)

    with monkeypatch.context() as patch:
        patch.setattr(trainer, "SAVE_EVERY", -1)
        patch.setattr(checkpoint, "_write_npz", write)
        patch.setattr(log, "open", open_log, raising=False)
        ended = satt("train", *SCENES, "--out", tmp_path)
    assert ended.code == 2
    line = ended.err.splitlines()[-1]
    for what in ("satt: ", file, "cannot be written: No space left on device",
                 f"`satt train --resume --out {tmp_path}`"):
        assert what in line
    assert not [path for path in tmp_path.iterdir() if path.suffix == ".tmp"]
    ended = satt("train", "--resume", "--out", tmp_path)
    assert ended.code == 0, ended.err
    assert_same_run(tmp_path, whole)


def test_a_disk_that_is_full_from_the_beginning(satt, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", no_space)
    ended = satt("train", *SCENES, "--out", tmp_path)
    assert ended.code == 2
    assert ended.err.splitlines()[-1].endswith(
        "No space left on device; put that right, and then begin again"
    )
    assert {path.name for path in tmp_path.iterdir()} <= {"log.jsonl"}


def test_a_disk_that_is_full_when_a_run_is_overwritten(satt, interrupted, monkeypatch):
    monkeypatch.setattr(os, "fsync", no_space)
    ended = satt("train", *SCENES, "--out", interrupted, "--overwrite")
    assert ended.code == 2 and ended.err.splitlines()[-1].endswith("and then begin again")
    # The captioner stays until there is another; the state of the old run is no state of the new.
    load_captioner(interrupted / "checkpoint.npz")
    assert not (interrupted / "resume.npz").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_FSIZE")
def test_no_file_can_grow(tmp_path, whole):
    script = (
        "import resource, sys\n"
        "from satt.cli import main\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    command = [sys.executable, "-c", script, "train", *map(str, SCENES), "--out", str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    assert ended.returncode == 2 and "Traceback" not in ended.stderr
    assert "cannot be written: File too large" in ended.stderr.splitlines()[-1]
    assert {path.name for path in tmp_path.iterdir()} == {"log.jsonl"}


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0, reason="for root every folder is writable"
)
def test_a_folder_that_became_read_only(complains, interrupted):
    before = contents(interrupted)
    interrupted.chmod(0o500)
    try:
        complains("train", "--resume", "--out", interrupted,
                  about=["--out", str(interrupted), "cannot be written to"])
    finally:
        interrupted.chmod(0o700)
    assert contents(interrupted) == before


def test_a_folder_that_cannot_be_written_to(complains, interrupted, monkeypatch):
    def refuse(dir):
        raise PermissionError(13, "Permission denied")

    before = contents(interrupted)
    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    complains("train", "--resume", "--out", interrupted,
              about=["--out", str(interrupted), "cannot be written to: Permission denied"])
    assert contents(interrupted) == before


# --- what is no number ---------------------------------------------------------------------------


def test_a_gradient_that_is_no_number(satt, whole, tmp_path, monkeypatch):
    from satt.models.captioner import Captioner

    real = Captioner.loss_and_gradients

    def broken(self, batch, random):
        loss, gradients = real(self, batch, random)
        if (tmp_path / "log.jsonl").is_file() and len(records_of(tmp_path)) == 5:
            for name in ("encoder.conv1.W", "decoder.gate.b", "decoder.alignment.v"):
                gradients[name] = gradients[name] * np.nan
        return loss, gradients

    with monkeypatch.context() as patch:
        patch.setattr(Captioner, "loss_and_gradients", broken)
        ended = satt("train", *SCENES, "--out", tmp_path)
    assert ended.code == 2
    line = ended.err.splitlines()[-1]
    for what in ("gradient_norm: expected a number, got nan at step 6", "run gradcheck",
                 "smaller learning_rate than 0.003", "the gradient of decoder.gate.b is the first",
                 "back at step 4"):
        assert what in line
    assert load_captioner(tmp_path / "checkpoint.npz")[2]["step"] == 4
    # What was wrong is put right.
    assert satt("train", "--resume", "--out", tmp_path).code == 0
    assert_same_run(tmp_path, whole)
