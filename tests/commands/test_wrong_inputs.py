"""Every option of every command, given wrongly: one line that says what to do, exit code 2."""

import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gradcheck import cli as gradcheck_cli
from gradcheck.commands import check, mistakes, mutate
from satt import cli
from satt.commands.arguments import number

ROOT = Path(__file__).resolve().parents[2]
NO_NUMBERS = ("", " ", "x", "nan", "-nan", "inf", "-inf", "-1", "-0.5", "1e400", "1,5", "1.5.2",
              "0x10", "½", "1 2", "9" * 5000, "[1]", "None", "true", "\n", "\udcff", "1\0")
NO_CHOICES = ("", " ", "x", "TEST", "test ", "train,test", "0", "\n", "\udcff")
# One colon after what is wrong, and one semicolon before what to do.
COMPLAINT = re.compile(r"(satt|gradcheck): .+; .+")
GRADCHECK = {"": check, "mutate": mutate, "mistakes": mistakes}


def satt_actions():
    """Every argument of every command of satt."""
    for command in cli.COMMANDS:
        parser = argparse.ArgumentParser()
        command.add_arguments(parser)
        for action in parser._actions[1:]:  # without --help
            yield command.NAME, action


def gradcheck_actions():
    """Every argument of every command of gradcheck."""
    for name, command in GRADCHECK.items():
        parser = gradcheck_cli._new_parser("gradcheck", "", "")
        command.add_arguments(parser)
        for action in parser._actions[1:]:
            yield name, action


def of_kind(actions, is_kind):
    """Pairs of a command and an option, of one kind of option."""
    return [(name, a.option_strings[0]) for name, a in actions if a.option_strings and is_kind(a)]


def is_number(action):
    return action.type not in (None, str) and action.dest != "penalty_target"


def is_text(action):
    return action.type in (None, str) and action.choices is None and action.nargs is None


def is_flag(action):
    return action.nargs == 0


def has_choices(action):
    return action.choices is not None


@pytest.fixture
def nothing_is_run(monkeypatch):
    """No command does anything: what is wrong must have been seen before."""
    for command in cli.COMMANDS:
        monkeypatch.setattr(command, "run", lambda options: 0)
    for command in GRADCHECK.values():
        monkeypatch.setattr(command, "run", lambda options: 0)


NEEDED = {"train": ["--data", "scenes"], "evaluate": ["--data", "scenes"], "caption": ["a.png"],
          "inspect": ["photos"]}


def complaint_of(ended):
    assert ended.code == 2, ended
    assert ended.out == ""
    (line,) = ended.err.splitlines()
    assert COMPLAINT.fullmatch(line), line
    assert len(line) < 700
    return line


# --- what the shell hands over -------------------------------------------------------------------


@pytest.mark.parametrize("name, option", of_kind(satt_actions(), is_number))
def test_what_is_no_number(name, option, satt, nothing_is_run):
    for text in NO_NUMBERS:
        line = complaint_of(satt(name, *NEEDED.get(name, []), f"{option}={text}"))
        assert option in line and "expected" in line
        assert f"{text!r:.60}" in line and f"`satt {name} --help`" in line


@pytest.mark.parametrize("name, option", of_kind(satt_actions(), has_choices))
def test_what_is_no_choice(name, option, satt, nothing_is_run):
    for text in NO_CHOICES:
        line = complaint_of(satt(name, *NEEDED.get(name, []), f"{option}={text}"))
        assert option in line and "choose from" in line


@pytest.mark.parametrize("name, option", of_kind(satt_actions(), is_text))
def test_an_empty_text(name, option, satt, nothing_is_run):
    needed = [] if option == "--data" else NEEDED.get(name, [])
    line = complaint_of(satt(name, *needed, option, ""))
    assert option in line and "got ''" in line


@pytest.mark.parametrize("name, option", of_kind(satt_actions(), lambda a: not is_flag(a)))
def test_an_option_without_its_value(name, option, satt, nothing_is_run):
    line = complaint_of(satt(name, *NEEDED.get(name, []), option))
    assert option in line and "expected one argument" in line


@pytest.mark.parametrize("name, option", of_kind(satt_actions(), is_flag))
def test_a_flag_with_a_value(name, option, satt, nothing_is_run):
    assert option in complaint_of(satt(name, *NEEDED.get(name, []), f"{option}=yes"))


@pytest.mark.parametrize("name", [command.NAME for command in cli.COMMANDS])
@pytest.mark.parametrize("more", [["--colour"], ["--see"], ["-x"], ["--seed=1", "--=3"]])
def test_options_that_there_are_not(name, more, satt, nothing_is_run):
    line = complaint_of(satt(name, *NEEDED.get(name, []), *more))
    assert more[-1] in line and f"`satt {name} --help`" in line


@pytest.mark.parametrize("arguments", [
    [""], ["\n"], ["dance\nhall"], ["--", ""], ["--seed", "3", "draw"], ["draw", "more\nthings"],
    ["caption", ""], ["caption", "a.png", ""], ["caption", "--", "a.png", ""], ["DRAW"],
    ["draw", "draw"], ["evaluate"], ["caption"], ["--version=3"], ["\udcff"],
])
def test_words_that_are_no_command(arguments, satt, nothing_is_run):
    complaint_of(satt(*arguments))


@pytest.mark.parametrize("name, option", of_kind(gradcheck_actions(), is_number))
def test_what_gradcheck_takes_for_no_number(name, option, gradcheck, nothing_is_run):
    for text in NO_NUMBERS:
        line = complaint_of(gradcheck(*[name][: len(name)], f"{option}={text}"))
        assert option in line and "expected" in line and f"{text!r:.60}" in line


@pytest.mark.parametrize("arguments", [
    ["--method", "x"], ["--method="], ["--method"], ["--colour"], ["--json=1"], ["mistakes", "x"],
    ["mutate", "x"], ["mutate", "--sample=0"], ["--time-limit=0"], ["mistakes", "--plot=folder"],
])
def test_what_gradcheck_does_not_understand(arguments, gradcheck, nothing_is_run):
    complaint_of(gradcheck(*arguments))


def test_a_bound_is_told_as_it_is_meant():
    convert = number(0, 10, open_below=True)
    assert convert("10") == 10.0 and convert("1e-300") == 1e-300
    with pytest.raises(argparse.ArgumentTypeError, match="above 0, up to 10, got '0'"):
        convert("0")


# --- files and folders ---------------------------------------------------------------------------


@pytest.fixture
def places(tmp_path, checkpoint, flickr8k, photos, monkeypatch):
    """Files and folders of every wrong kind, by name, in the current folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "file").write_text("words\n", encoding="utf-8")
    (tmp_path / "empty").write_bytes(b"")
    shutil.copy(photos[0], tmp_path / "image.png")
    shutil.copy(checkpoint, tmp_path / "checkpoint.npz")
    shutil.copytree(flickr8k, tmp_path / "flickr8k")
    shutil.copytree(flickr8k, tmp_path / "latin-1")
    (tmp_path / "latin-1" / "Flickr8k.token.txt").write_bytes(b"dev1.jpg#0\tA caf\xe9 .\n")
    shutil.copytree(flickr8k, tmp_path / "no-images", ignore=shutil.ignore_patterns("*.jpg"))
    (tmp_path / "no-images" / "Images" / "train1.jpg").write_bytes(b"")
    return tmp_path


CAPTION = ["caption", "--checkpoint", "checkpoint.npz"]
QUICK = ["--size", "16", "--epochs", "1", "--validation", "1", "--evaluations", "1"]
TRAIN = ["train", "--data", "scenes", "--scenes", "4", *QUICK, "--out"]
TOO_LONG = "n" * 300


@pytest.mark.parametrize("arguments, about", [
    ([*CAPTION, "nowhere.png"], ["image", "nowhere.png"]),
    ([*CAPTION, "image.png", "nowhere.png", "--strict"], ["image", "nowhere.png"]),
    ([*CAPTION, "folder"], ["image", "folder"]),
    ([*CAPTION, "empty"], ["image", "empty"]),
    ([*CAPTION, "checkpoint.npz"], ["image", "checkpoint.npz"]),
    ([*CAPTION, "file/image.png"], ["image", "file"]),
    ([*CAPTION, "no\udcffwhere.png"], ["image", "no\\udcffwhere.png"]),
    ([*CAPTION, "no\nwhere.png"], ["image", "no where.png"]),
    ([*CAPTION, TOO_LONG], ["image", TOO_LONG]),
    (["caption", "image.png", "--checkpoint", "image.png"], ["checkpoint", "image.png"]),
    (["caption", "image.png", "--checkpoint", "folder"], ["checkpoint", "folder"]),
    (["caption", "image.png", "--checkpoint", "empty"], ["checkpoint", "empty"]),
    (["caption", "image.png", "--checkpoint", "file/x"], ["checkpoint", "file/x"]),
    (["caption", "image.png", "--checkpoint", TOO_LONG], ["checkpoint", TOO_LONG]),
    ([*CAPTION, "image.png", "--figure", "look.docx"], ["--figure", "look.docx", ".png"]),
    ([*CAPTION, "image.png", "--figure", "file"], ["--figure", "file", "folder"]),
    ([*CAPTION, "image.png", "--figure", "file/look.png"], ["--figure", "file"]),
    ([*CAPTION, "image.png", "image.png", "--figure", "look.png"], ["--figure", "look.png"]),
    ([*TRAIN, "file"], ["--out", "file"]),
    ([*TRAIN, "file/run"], ["--out", "file"]),
    ([*TRAIN, TOO_LONG], [TOO_LONG]),
    (["train", "--data", "nowhere"], ["--data", "nowhere"]),
    (["train", "--data", "image.png"], ["--data", "image.png"]),
    (["train", "--data", "folder"], ["--data", "folder", "Flickr8k.token.txt"]),
    (["train", "--data", "no\nwhere"], ["--data", "no where"]),
    (["train", "--data", "flickr8k", "--scenes", "3"], ["--scenes"]),
    (["evaluate", "--data", "nowhere", "--checkpoint", "checkpoint.npz"], ["--data", "nowhere"]),
    (["evaluate", "--data", "scenes", "--checkpoint", "file"], ["checkpoint", "file"]),
    (["evaluate", "--data", "scenes", "--checkpoint", "folder"], ["checkpoint", "is a folder"]),
    (["evaluate", "--data", "scenes"], ["--checkpoint", "satt-demo"]),
    (["inspect", "nowhere"], ["FOLDER", "nowhere"]),
    (["inspect", "file"], ["FOLDER", "file"]),
    (["inspect", ""], ["FOLDER", "''"]),
    (["inspect", "folder"], ["FOLDER", "folder", "Flickr8k.token.txt"]),
    (["inspect", "flickr8k", "--out", "look.docx"], ["--out", "look.docx", ".png"]),
    (["inspect", "flickr8k", "--out", "file/look.png"], ["file"]),
    (["inspect", "flickr8k", "--out", "folder.png"], ["--out", "the folder folder.png"]),
    (["inspect", "flickr8k", "--cache", "file"], ["file"]),
    (["draw", "--out", "file"], ["--out", "file"]),
    (["draw", "--out", "file/deeper"], ["--out", "file"]),
    (["draw", "--json"], ["--json", "--statistics"]),
    (["demo", "--out", "file"], ["--out", "file"]),
])
def test_files_and_folders(arguments, about, satt, places):
    before = sorted(places.rglob("*"))
    line = complaint_of(satt(*arguments))
    assert all(what in line for what in about), line
    assert sorted(places.rglob("*")) == before


@pytest.mark.parametrize("folder, about", [
    ("latin-1", ["Flickr8k.token.txt", "UTF-8", "0xe9"]),
    ("no-images", ["train photographs can be read"]),
])
def test_folders_that_are_half_right(folder, about, satt, places):
    ended = satt("evaluate", "--data", folder, "--split", "train", "--checkpoint",
                 "checkpoint.npz")
    assert ended.code == 2 and ended.out == ""
    line = ended.err.splitlines()[-1]  # below the bar
    assert COMPLAINT.fullmatch(line) and all(what in line for what in about), line


@pytest.mark.parametrize("arguments, about", [
    (["folder"], ["folder", "name a Python file"]),
    (["nowhere.py"], ["nowhere.py", "no such file"]),
    (["no\nwhere.py"], ["no where.py"]),
    (["no\udcffwhere.py"], ["no\\udcffwhere.py"]),
    ([""], ["NAME"]),
    (["softmaxx"], ["'softmaxx'", "softmax"]),
    (["relu", "--plot", "file"], ["--plot", "file"]),
    (["relu", "--plot", "file/deeper"], ["--plot", "file"]),
    (["relu", "--plot", ""], ["--plot", "''"]),
])
def test_what_gradcheck_cannot_check(arguments, about, gradcheck, places):
    line = complaint_of(gradcheck(*arguments))
    assert all(what in line for what in about), line


def test_what_the_permissions_forbid(satt, places):
    for name, mode in (("folder", 0o555), ("checkpoint.npz", 0), ("image.png", 0)):
        Path(name).chmod(mode)
    if os.access("folder", os.W_OK) or os.access("checkpoint.npz", os.R_OK):
        pytest.skip("this user may do anything")
    for arguments in ([*TRAIN, "folder/run"], ["draw", "--out", "folder"], [*CAPTION, "empty"]):
        assert "Permission denied" in complaint_of(satt(*arguments))
    Path("checkpoint.npz").chmod(0o400)
    assert "image.png" in complaint_of(satt(*CAPTION, "image.png"))
    Path("folder").chmod(0o755)


# --- surroundings --------------------------------------------------------------------------------


def call(arguments, folder, **surroundings):
    environment = dict(os.environ, PYTHONPATH=str(ROOT), OMP_NUM_THREADS="1", **surroundings)
    return subprocess.run(
        [sys.executable, "-m", "satt", *arguments], cwd=folder, env=environment,
        stdin=subprocess.DEVNULL, capture_output=True,
    )


def test_names_that_the_terminal_cannot_show(places):
    shutil.copy(places / "image.png", places / "새.png")
    ended = call([*CAPTION, "새.png", "--figure", "그림"], places,
                 LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0", PYTHONIOENCODING="ascii")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.isascii()
    assert (places / "그림" / "새-attention.png").exists()


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="file names are Unicode there")
def test_names_that_are_no_unicode(places):
    name = b"\xff\xfe.png"
    shutil.copy(places / "image.png", os.fsdecode(name))
    ended = call([*CAPTION, name, "--json", "--figure", b"\xfflook"], places)
    assert ended.returncode == 0, ended.stderr
    assert b"\\udcff\\udcfe.png" in ended.stdout
    assert (places / os.fsdecode(b"\xfflook")).is_dir()


def test_a_home_that_is_none(places):
    home = {name: str(places / "file") for name in ("HOME", "USERPROFILE", "LOCALAPPDATA",
                                                    "XDG_CACHE_HOME", "XDG_CONFIG_HOME")}
    for arguments in (["evaluate", "--data", "flickr8k", "--checkpoint", "checkpoint.npz"],
                      [*CAPTION, "image.png", "--figure", "look.png"]):
        ended = call(arguments, places, SATT_CACHE="", **home)
        assert ended.returncode == 0, ended.stderr
    assert (places / "look.png").exists()


def test_warnings_that_are_errors(places):
    ended = call([*TRAIN, "run"], places, PYTHONWARNINGS="error")
    assert ended.returncode == 0, ended.stderr
    (places / "flickr8k" / "Images" / "train1.jpg").unlink()
    arguments = ["evaluate", "--data", "flickr8k", "--split", "train", "--checkpoint"]
    ended = call([*arguments, "checkpoint.npz"], places, PYTHONWARNINGS="error")
    assert ended.returncode == 2 and b"Traceback" not in ended.stderr
    line = ended.stderr.decode("utf-8").splitlines()[-1]
    assert line.startswith("satt: flickr8k: 1 of the 6 train photographs") and "train1.jpg" in line
