"""`satt lessons`: the list, a lesson run, and what to do where there are none."""

import subprocess
import sys

import pytest

from satt.commands import lessons

FIRST = """\
# %% [markdown]
# # Lesson 1: what a gradient check is
#
# **What you need.** Nothing.
#
# **How long.** 35 minutes to read, some 5 seconds
# to run.

# %%
import sys
from pathlib import Path

import satt

Path("ran.txt").write_text(f"{sys.executable} {satt.__file__}", encoding="utf-8")
"""
SECOND = """\
# %% [markdown]
# # 12. One step by hand: "cat"
#
# What you need: lessons 2 (forward, 2 ways), 4 (the
# grid) and 5; it helps to know lesson 8, and Python 3.
#
# How long it runs: 10 seconds; 40 minutes to read.

# %%
raise SystemExit(3)
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A checkout with two lessons, beside which nothing is."""
    folder = tmp_path / "checkout" / "lessons"
    folder.mkdir(parents=True)
    (folder / "01_check.py").write_text(FIRST, encoding="utf-8")
    (folder / "12_step.py").write_text(SECOND, encoding="utf-8")
    (folder / "showing.py").write_text("no lesson", encoding="utf-8")
    monkeypatch.chdir(folder.parent)
    monkeypatch.setattr(lessons, "find_lessons", lambda: folder)
    return folder


def test_the_list(folder, satt):
    ended = satt("lessons")
    assert ended.code == 0
    first, second = ended.out.splitlines()[1:3]
    assert first.split() == ["1", "What", "a", "gradient", "check", "is", "35", "-"]
    assert second.split() == [
        "12", "One", "step", "by", "hand:", '"cat"', "40", "2,", "4,", "5",
    ]


def test_a_lesson_runs_in_the_current_folder_with_this_python(folder, satt, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ended = satt("lessons", 1)
    assert ended.code == 0
    python, package = (tmp_path / "ran.txt").read_text(encoding="utf-8").split()
    import satt as ours

    assert (python, package) == (sys.executable, ours.__file__)
    assert str(folder / "figures") in ended.out


def test_a_lesson_that_fails_says_so(folder, satt):
    ended = satt("lessons", 12)
    assert ended.code == 2
    assert ended.err.startswith("satt: lesson 12 ended with exit code 3")
    assert "figures" not in ended.out


def test_a_number_that_is_no_lesson(folder, complains):
    complains("lessons", 2, about=["no lesson 2", "1, 12"])


def test_the_lessons_of_this_source_are_found_from_anywhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert lessons.find_lessons() == lessons.PACKAGE / "lessons"


def test_those_of_the_current_folder_are_found(tmp_path, monkeypatch):
    monkeypatch.setattr(lessons, "PACKAGE", tmp_path / "site-packages")
    (tmp_path / "lessons").mkdir()
    (tmp_path / "lessons" / "01_check.py").write_text(FIRST, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert lessons.find_lessons() == tmp_path / "lessons"


def test_where_there_are_none_it_says_where_to_get_them(tmp_path, monkeypatch, complains):
    monkeypatch.setattr(lessons, "PACKAGE", tmp_path / "site-packages")
    monkeypatch.chdir(tmp_path)
    complains("lessons", about=["come with the source", ".tar.gz"])


def test_the_list_needs_no_slow_import():
    code = "import sys; from satt.cli import main; main(['lessons']); print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8")
    assert run.returncode == 0, run.stderr
    assert not {"numpy", "PIL", "matplotlib", "tqdm"} & set(run.stdout.split())
