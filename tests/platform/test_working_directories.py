"""The commands from wherever they are called, and whatever lies there."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GAIN = """
import numpy as np

def gain_forward(x, gain):
    return x * gain, (x, gain)

def gain_backward(dout, cache):
    x, gain = cache
    return dout * gain, (dout * x).sum(axis=0)

def example_gain():
    random = np.random.default_rng(0)
    return {"x": random.normal(size=(2, 3)), "gain": random.normal(size=3)}
"""


@pytest.fixture
def run(tmp_path):
    """Run a command as its script does, in any folder: run("satt", arguments, folder)."""
    environment = dict(os.environ, PYTHONPATH=str(ROOT), OMP_NUM_THREADS="1")

    def run(command, arguments, folder, **options):
        # What pip writes for an entry point.
        script = tmp_path / "bin" / command
        script.parent.mkdir(exist_ok=True)
        script.write_text(
            f"import sys\nfrom {command}.cli import main\nsys.exit(main())\n", encoding="utf-8"
        )
        return subprocess.run(
            [sys.executable, script, *arguments], cwd=folder, env=environment,
            capture_output=True, encoding="utf-8", **options,
        )

    return run


def test_a_folder_full_of_names_that_python_could_mistake(run, tmp_path):
    folder = tmp_path / "with blanks, 한글 und ü"
    folder.mkdir()
    for name in ("numpy", "satt", "gradcheck", "json", "PIL", "tqdm", "argparse", "matplotlib"):
        (folder / f"{name}.py").write_text("raise SystemExit('the wrong one')", encoding="utf-8")
    (folder / "mine.py").write_text(GAIN, encoding="utf-8")
    drawn = run("satt", ["draw", "--count", "2", "--size", "16", "--out", "새 scenes"], folder)
    assert drawn.returncode == 0, drawn.stderr
    assert (folder / "새 scenes" / "train-0-1.png").exists()
    checked = run("gradcheck", ["mine.py", "relu"], folder)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "2 of 2 right" in checked.stdout


def test_relative_paths_are_taken_from_the_current_folder(run, tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    options = ["--size", "16", "--count", "1", "--out", os.path.join("..", "c")]
    drawn = run("satt", ["draw", *options], tmp_path / "a" / "b")
    assert drawn.returncode == 0, drawn.stderr
    assert (tmp_path / "a" / "c" / "sheet.png").exists()
    assert not any((tmp_path / "a" / "b").iterdir())


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps a folder that somebody is in")
@pytest.mark.parametrize("command, arguments, code, said", [
    ("satt", ["--help"], 0, "where to begin"),
    ("satt", ["draw", "--count", "1"], 2, "--out: satt-scenes cannot be written to"),
    ("satt", ["evaluate", "--data", "scenes"], 2, "run `satt demo` first"),
    ("gradcheck", ["relu"], 0, "1 of 1 right"),
    ("gradcheck", ["mine.py"], 2, "mine.py: there is no such file"),
])
def test_a_folder_that_is_gone(command, arguments, code, said, run, tmp_path):
    folder = tmp_path / "gone"
    folder.mkdir()
    ended = run(command, arguments, folder, preexec_fn=folder.rmdir)
    assert ended.returncode == code, ended.stderr
    assert said in ended.stdout + ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.skipif(os.name == "nt", reason="the shell is a POSIX one")
@pytest.mark.parametrize("command", [
    "satt --help >&-", "satt draw --count 1 --size 16 --out $OUT >&- 2>&-", "satt --help | true",
    "satt draw --count 3 --size 16 --out $OUT 2>&1 | true", "gradcheck relu >&-",
    "gradcheck relu | true", "gradcheck --help <&- >&-", "gradcheck relu 2>&-", "satt dance 2>&-",
])
def test_streams_that_are_closed(command, tmp_path):
    name, *_ = command.split()
    environment = dict(os.environ, PYTHONPATH=str(ROOT), OMP_NUM_THREADS="1", OUT=str(tmp_path))
    script = command.replace(name, f'"{sys.executable}" -m {name}', 1)
    whole = subprocess.run(
        ["bash", "-c", script + "; exit ${PIPESTATUS[0]}"], cwd=tmp_path, env=environment,
        capture_output=True, encoding="utf-8",
    )
    assert "Traceback" not in whole.stderr and "Exception ignored" not in whole.stderr
    assert whole.returncode in ((2,) if "dance" in command else (0, 2))
