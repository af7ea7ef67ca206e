"""`satt homework check`, as a student uses it."""

import json
import shutil

import pytest

from satt.cli import main as satt
from satt.homework.folder import write_folder
from satt.homework.sets import load_set
from tests.homework.solved import solve


@pytest.fixture(scope="module")
def handed_out(tmp_path_factory):
    folder = tmp_path_factory.mktemp("homework") / "hw3"
    write_folder(load_set("hw3"), folder)
    return folder


@pytest.fixture
def folder(handed_out, tmp_path):
    return shutil.copytree(handed_out, tmp_path / "hw3")


def test_the_skeleton_is_not_written_yet(folder, capsys):
    assert satt(["homework", "check", str(folder)]) == 1
    out = capsys.readouterr().out
    assert out.count("not written yet") >= 8 and "0 of 100 points" in out


def test_half_of_it_is_enough_to_check(folder, capsys, monkeypatch):
    solve(folder, load_set("hw3"), ["rnn_step_forward", "rnn_step_backward", "rnn_forward"])
    monkeypatch.chdir(folder)
    assert satt(["homework", "check"]) == 1
    out = capsys.readouterr().out
    assert "right: new_state" in out or "right:" in out.splitlines()[0]
    assert "right: dx, dstate, dW_x, dW_state, db" in out
    assert "30 of 100 points" in out


def test_all_right(folder, capsys):
    solve(folder, load_set("hw3"))
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    assert satt(["homework", "check", str(folder)]) == 0
    assert "100 of 100 points" in capsys.readouterr().out
    assert {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before


def test_a_mistake_is_diagnosed_and_gives_nothing_away(folder, capsys):
    solve(folder, load_set("hw3"))
    path = folder / "rnn_step.py"
    text = path.read_text(encoding="utf-8")
    line = "dpre = dnew_state * (1 - new_state**2)"
    assert line in text
    path.write_text(text.replace(line, "dpre = dnew_state"), encoding="utf-8")
    arguments = ["homework", "check", str(folder), "--only", "rnn_step_backward"]
    assert satt(arguments) == 1
    out = capsys.readouterr().out
    assert "slope of the tanh" in out and "1 - new_state**2" not in out
    assert satt([*arguments, "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    parts = {part["name"]: part for part in found["functions"][0]["parts"]}
    assert parts["dx"]["wrong"][0]["cause"] == "missing-activation-gradient"


def test_an_exception_shows_only_the_students_line(folder, capsys):
    solve(folder, load_set("hw3"))
    path = folder / "rnn_step.py"
    text = path.read_text(encoding="utf-8").replace(
        "import numpy as np", "import numpy as np\nprint('here I am')", 1
    )
    path.write_text(text.replace("dpre = dnew_state *", "dpre = np.ones((99, 99)) *"),
                    encoding="utf-8")
    satt(["homework", "check", str(folder), "--only", "rnn_step_backward"])
    out = capsys.readouterr().out
    assert "ValueError" in out and "of rnn_step.py in rnn_step_backward" in out
    assert "Traceback" not in out and "homework_child" not in out
    assert "here I am" in out


def test_it_says_when_satt_is_imported(folder, capsys):
    with open(folder / "rnn_step.py", "a", encoding="utf-8") as file:
        file.write("\nfrom satt.layers.rnn_step import *\n")
    assert satt(["homework", "check", str(folder)]) == 1
    assert "may not import satt" in capsys.readouterr().out


@pytest.mark.parametrize(("arguments", "words"), [
    (["nowhere"], "there is no folder nowhere"),
    (["."], "there is no homework.ini"),
    ([".", "--set", "hw9"], "no set 'hw9'"),
    ([".", "--set", "hw3", "--only", "relu"], "there is no 'relu'"),
])
def test_what_is_wrong_is_said_in_a_line(arguments, words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert satt(["homework", "check", *arguments]) == 2
    err = capsys.readouterr().err
    assert words in err and err.count("\n") == 1


@pytest.mark.parametrize("seconds", ["0", "nan", "inf"])
def test_a_time_limit_is_a_number_of_seconds(seconds, capsys):
    with pytest.raises(SystemExit) as error:
        satt(["homework", "check", "--time-limit", seconds])
    assert error.value.code == 2
    assert "--time-limit: expected a number above 0" in capsys.readouterr().err
