"""Hostile submissions end with a result, cost only themselves, and leave the machine unharmed.

Limits are low and each process may have few others, so that nothing here can harm the machine
that runs the tests, whatever fails.
"""

import os
import sys
import types
import uuid
from dataclasses import replace
from pathlib import Path

import pytest

import gradcheck
import satt
from satt.homework import process
from satt.homework.grade import grade, grade_all
from satt.homework.isolation import USERS, isolation
from satt.homework.process import Limits
from satt.homework.sets import load_set
from tests.homework import hostile
from tests.homework.attack import write_attacks

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"),
    reason="elsewhere nothing but the hook and the time limit would hold these",
)
# A function's limit is low, so that what is endless ends soon; what is honest has to pass on a
# busy machine too, so the submission's is not.
LIMITS = Limits(function=1.5, submission=60.0, memory=768 * 2**20)
ANSWERS = [os.path.dirname(module.__file__) for module in (satt, gradcheck)]
PLACES = ("/tmp", "/dev/shm", "/var/tmp", "/", os.path.expanduser("~"))
# What their own code leaves right.
HARMLESS = {
    "prints-megabytes", "fork-through-the-back-door", "daemon", "kills-its-parent",
    "signals-its-group", "writes-outside", "symlinks", "writes-the-results",
}
ATTACKS = [*hostile.IN_IMPORT, *hostile.IN_FORWARD, *hostile.CHEATS]
QUICK = ["os-exit", "writes-into-every-file", "objects", "imports-satt", "reads-the-reference"]


class Scene:
    """Where attacks are let loose, and what must still be there afterwards."""

    def __init__(self, folder, solved):
        self.folder, self.mark = folder, uuid.uuid4().hex[:10]
        self.outside = folder / "outside"
        self.outside.mkdir()
        self.outside.chmod(0o755)
        (self.outside / "kept").write_text("still here", encoding="utf-8")
        self.submissions = folder / "submissions"
        self.names = write_attacks(
            self.submissions, solved, self.outside, self.mark, ANSWERS
        )
        self.before = self._state()

    def _state(self):
        files = sorted(p for p in self.submissions.rglob("*") if p.is_file())
        contents = {p: p.read_bytes() for p in [*files, *self.outside.iterdir()]}
        return contents, [sorted(os.listdir(folder)) for folder in ANSWERS]

    def check_unharmed(self):
        assert self._state() == self.before
        for place in PLACES:
            assert not [name for name in os.listdir(place) if self.mark in name], place
        assert leftovers() == []


def leftovers():
    """List processes of students' code that are ours, or nobody's any more."""
    parents, lines, found = {}, {}, []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            line = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            stat = (path / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
            of_a_student = "homework_child" in line or path.stat().st_uid in USERS
        except OSError:
            continue  # it has just ended
        parents[int(path.name)] = int(stat[1])
        if of_a_student:
            lines[int(path.name)] = line
    for pid, line in lines.items():
        above = parents[pid]
        while above in lines:
            above = parents[above]
        if above in (1, os.getpid()):  # others may be grading on this machine too
            found.append((pid, line))
    return found


@pytest.fixture
def scene(tmp_path, solved):
    return Scene(tmp_path, solved("hw4"))


def points(result, start):
    return sum(f.score for f in result.functions if f.name.startswith(start))


def check(name, result):
    """What an attack may have cost: what it stands in, and what calls that."""
    assert not result.problem
    assert points(result, "alignment") == pytest.approx(30)
    if name in HARMLESS and name != "writes-the-results":
        return
    forward = next(f for f in result.functions if f.name == "weighted_sum_forward")
    assert forward.score == 0 and not forward.ok
    assert forward.problem or forward.wrong[0].text
    if name in hostile.CHEATS:
        assert points(result, "weighted_sum") < 5
    else:
        assert points(result, "doubly_stochastic") == pytest.approx(10)
        assert points(result, "context_gate") == pytest.approx(15)


def test_there_are_enough():
    assert len(ATTACKS) == len({*ATTACKS}) >= 25


@pytest.mark.parametrize("name", QUICK)
def test_some_attacks(scene, name):
    check(name, grade(scene.submissions / name, load_set("hw4"), LIMITS))
    scene.check_unharmed()


@pytest.mark.slow
def test_all_attacks_beside_honest_work(scene, solved):
    honest = [f"honest-{number}" for number in range(4)]
    paths = [scene.submissions / name for name in scene.names]
    for place, name in zip((0, 12, 25, len(paths)), honest, strict=True):
        link = scene.folder / name
        link.mkdir()
        for path in solved("hw4").glob("*.py"):
            (link / path.name).write_bytes(path.read_bytes())
        paths.insert(place, link)
    results = {result.name: result for result in grade_all(paths, "hw4", LIMITS, jobs=2)}
    assert results.keys() == {*scene.names, *honest}
    for name in honest:
        assert results[name].score == 100, (name, [f for f in results[name].functions if not f.ok])
    for name in scene.names:
        check(name, results[name])
    scene.check_unharmed()


ROOT_ONLY = pytest.mark.skipif(
    not isolation().is_own_user, reason="only root can give a student another user"
)


@pytest.mark.slow
@ROOT_ONLY
@pytest.mark.parametrize("name", ATTACKS)
def test_without_namespaces_another_user_is_enough(scene, name, monkeypatch):
    bare = replace(isolation(), namespaces=())
    monkeypatch.setattr(process, "isolation", lambda: bare)
    check(name, grade(scene.submissions / name, load_set("hw4"), LIMITS))
    scene.check_unharmed()


WITHOUT_HOOK = [
    "fork", "fork-bomb", "thread-bomb", "daemon", "system", "kills-its-parent", "writes-outside",
    "deletes", "symlinks", "fills-the-disk", "reads-the-reference", "fills-memory",
    "signals-its-group",
]


@pytest.mark.slow
@pytest.mark.skipif(not isolation().namespaces, reason="the system offers no namespaces")
@pytest.mark.parametrize("name", WITHOUT_HOOK)
def test_the_first_wall_holds_without_the_second(scene, name, monkeypatch, tmp_path):
    """With the hook taken out, the process alone keeps the machine and the answers safe."""
    child = tmp_path / "child"
    child.mkdir()
    for path in Path(process.messages.__file__).parent.glob("*.py"):
        text = path.read_text(encoding="utf-8")
        if path.name == "walls.py":
            assert "sys.addaudithook(" in text
            text = text.replace("sys.addaudithook(", "str(")
        (child / path.name).write_text(text, encoding="utf-8")
    fake = types.SimpleNamespace(**vars(process.messages))
    fake.__file__ = str(child / "messages.py")
    monkeypatch.setattr(process, "messages", fake)
    result = grade(scene.submissions / name, load_set("hw4"), LIMITS)
    assert not result.problem and points(result, "alignment") == pytest.approx(30)
    forward = next(f for f in result.functions if f.name == "weighted_sum_forward")
    assert "READ THE REFERENCE" not in forward.problem
    scene.check_unharmed()
