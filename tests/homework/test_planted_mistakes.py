"""Mistakes of students, planted: each loses points at the right function, and is named."""

import shutil

import pytest

from gradcheck.cases.mistakes import mistakes
from satt.homework.cases import stem
from satt.homework.judge import judge_function
from satt.homework.process import Limits
from satt.homework.session import Session
from satt.homework.sets import load_set, set_names
from satt.homework.staging import staged
from tests.homework.planting import plant, plantable

FUNCTIONS = {f.name: (name, f) for name in set_names() for f in load_set(name).functions}
PLANTED = plantable(FUNCTIONS)
LIMITS = Limits(memory=2**30)

# What the collection shows on inputs of its own, and on a homework's cases is something else.
ELSE = {
    # One location hides the first, positive numbers the second; here they are plain.
    "softmax-is-diagonal-over-one-location": "missing-path",
    "relu-multiplies-by-the-output": "unknown",
    # It needs scores over the words that stand in the caption, and raises or has another shape.
    "sequence_cross_entropy-divides-by-the-probability": "shape",
    # Its image has no padding, which it does not cut off.
    "conv2d-collects-in-float32": "shape",
}


def test_there_are_enough():
    assert len(PLANTED) >= 100 and len(mistakes()) > len(PLANTED)
    assert len(PLANTED) - len(ELSE) >= 60
    assert ELSE.keys() <= {mistake.name for mistake, _ in PLANTED}


def judged(mistake, wrong, solved, folder):
    """Plant a mistake, and judge the pair: the wrong function's result, and the other one's."""
    name, function = FUNCTIONS[wrong]
    shutil.copytree(solved(name), folder)
    plant(folder / function.file, mistake)
    with staged(folder, load_set(name)) as (code, _), Session(code, LIMITS) as session:
        results = {
            f.name: judge_function(session, f, LIMITS, True)
            for set_name, f in FUNCTIONS.values()
            if set_name == name and stem(f.name) == stem(wrong)
        }
    found = results.pop(wrong)
    return found, results


def check(mistake, wrong, solved, folder):
    found, others = judged(mistake, wrong, solved, folder)
    assert found.score < found.points, "nothing lost"
    assert ELSE.get(mistake.name, mistake.kind) in found.kinds, (found.problem, found.wrong)
    if wrong.endswith("_backward") and mistake.case.forward.__name__ == f"{mistake.layer}_forward":
        assert all(other.ok for other in others.values()), "lost at another function"


@pytest.mark.parametrize("place", range(0, len(PLANTED), 12))
def test_some_are_named(place, solved, tmp_path):
    check(*PLANTED[place], solved, tmp_path / "folder")


@pytest.mark.slow
@pytest.mark.parametrize(("mistake", "wrong"), PLANTED, ids=[m.name for m, _ in PLANTED])
def test_all_are_named(mistake, wrong, solved, tmp_path):
    check(mistake, wrong, solved, tmp_path / "folder")
