"""`satt homework grade` and `gradescope`, as a teacher uses them."""

import csv
import json
import shutil
import zipfile

import pytest
from PIL import Image

from satt.cli import main as satt
from satt.homework.folder import folder_files
from satt.homework.sets import load_set
from tests.homework.planting import plant, plantable
from tests.homework.solved import solve


@pytest.fixture(scope="module")
def submissions(tmp_path_factory):
    """Four of `hw4`: right, with a mistake, empty, and no archive, by the name of our marks."""
    folder = tmp_path_factory.mktemp("class") / "submissions"
    homework = load_set("hw4")
    for name in ("ann", "bob", "cas"):
        for file, text in folder_files(homework).items():
            (folder / name / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / name / file).write_text(text, encoding="utf-8")
    for name in ("ann", "bob"):
        solve(folder / name, homework)
    (mistake,) = [m for m, _ in plantable({"alignment_backward"})
                  if m.name == "alignment-turns-dv-round"]
    plant(folder / "bob" / "alignment.py", mistake)
    with zipfile.ZipFile(folder / "ann.x.zip", "w") as archive:
        for path in (folder / "ann").rglob("*.py"):
            archive.write(path, f"hw4/{path.relative_to(folder / 'ann')}")
    shutil.rmtree(folder / "ann")
    (folder / "marks.csv.tar.gz").write_bytes(b"no archive")
    return folder


@pytest.fixture(scope="module")
def marks(submissions, tmp_path_factory):
    out = tmp_path_factory.mktemp("marks")
    assert satt(["homework", "grade", str(submissions), "--set", "hw4", "--out", str(out),
                 "--jobs", "2", "--past", str(submissions)]) == 0
    return out


def test_marks(marks):
    with open(marks / "marks.csv", encoding="utf-8", newline="") as file:
        rows = {row["submission"]: row for row in csv.DictReader(file)}
    assert {name: row["score"] for name, row in rows.items()} == {
        "ann.x": "100.00", "bob": rows["bob"]["score"], "cas": "0.00", "marks.csv": "0.00",
    }
    assert float(rows["bob"]["alignment_backward"]) == pytest.approx(16)
    assert "cannot be read" in rows["marks.csv"]["problem"]


def test_results_for_each(marks):
    for name in ("ann.x", "bob", "cas", "marks.csv_"):
        found = json.loads((marks / name / "results.json").read_text(encoding="utf-8"))
        assert sum(test["max_score"] for test in found["tests"]) == pytest.approx(100, abs=0.01)
    assert "cannot be read" in found["output"]
    bob = json.loads((marks / "bob" / "results.json").read_text(encoding="utf-8"))
    (wrong,) = [t for t in bob["tests"] if t["name"] == "alignment_backward: dv, shown cases"]
    assert wrong["status"] == "failed" and "wrong sign" in wrong["output"]
    for test in (test for test in bob["tests"] if test["status"] == "failed"):
        assert test["output"] != "right", test["name"]


def test_the_class(marks):
    page = (marks / "class.html").read_text(encoding="utf-8")
    assert "alignment_backward (dv): the sign" in page and "4 submission(s)" in page
    with Image.open(marks / "class.png") as image:
        assert image.width > 600


def test_similar_code(marks):
    text = (marks / "similar.csv").read_text(encoding="utf-8")
    assert "ann.x,bob" in text and "satt's own source" in text and "past: bob" in text


@pytest.mark.parametrize(("arguments", "words"), [
    (["nowhere", "--set", "hw4"], "there is no folder nowhere"),
    (["empty", "--set", "hw4"], "holds no submission"),
    (["twice", "--set", "hw4"], "have the same name"),
    (["one", "--set", "hw7"], "no set 'hw7'"),
    (["one", "--set", "hw4", "--past", "nowhere"], "--past: there is no folder"),
])
def test_what_is_wrong_is_said_in_a_line(arguments, words, tmp_path, monkeypatch, capsys):
    for name in ("empty", "one/a", "twice/a"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "twice" / "a.zip").write_bytes(b"")
    monkeypatch.chdir(tmp_path)
    assert satt(["homework", "grade", *arguments, "--out", "marks"]) == 2
    err = capsys.readouterr().err
    assert words in err and err.count("\n") == 1
    assert not (tmp_path / "marks").exists()


@pytest.mark.parametrize("option", ["--function-seconds", "--submission-seconds"])
@pytest.mark.parametrize("seconds", ["-1", "inf"])
def test_a_time_limit_is_a_number_of_seconds(option, seconds, capsys):
    with pytest.raises(SystemExit) as error:
        satt(["homework", "grade", "one", "--set", "hw4", "--out", "marks", option, seconds])
    assert error.value.code == 2
    assert f"{option}: expected a number above 0" in capsys.readouterr().err


def test_the_autograder_holds_all_it_needs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert satt(["homework", "gradescope", "hw4"]) == 0
    assert "upload it" in capsys.readouterr().out
    with zipfile.ZipFile("hw4-autograder.zip") as archive:
        names = {*archive.namelist()}
        assert "hw4" in archive.read("run_autograder").decode()
    assert {"setup.sh", "run_autograder", "requirements.txt", "satt/homework/sets/hw4/set.ini",
            "gradcheck/check.py", "satt/homework/child/main.py"} <= names
    assert not [name for name in names if "pycache" in name or name.startswith("tests")]


@pytest.mark.parametrize(("arguments", "words"), [
    (["hw9"], "no set 'hw9'"),
    (["hw4", "--out", "x.tar"], "ends in .zip"),
    (["hw4", "--out", "a.zip"], "is a folder"),
])
def test_what_cannot_be_made(arguments, words, tmp_path, monkeypatch, capsys):
    (tmp_path / "a.zip").mkdir()
    monkeypatch.chdir(tmp_path)
    assert satt(["homework", "gradescope", *arguments]) == 2
    err = capsys.readouterr().err
    assert words in err and err.count("\n") == 1
