"""The reference passes with full marks, the skeleton gets nothing, and what is between is fair."""

import shutil

import pytest

from satt.homework.grade import grade
from satt.homework.process import Limits
from satt.homework.sets import load_set, set_names

LIMITS = Limits(memory=2**30)
SHORT = Limits(function=2.0, submission=20.0, memory=2**30)


@pytest.mark.parametrize("name", set_names())
def test_the_reference_gets_all_points(solved, name):
    result = grade(solved(name), load_set(name), LIMITS)
    wrong = {f.name: (f.problem, f.wrong, f.impure) for f in result.functions if not f.ok}
    assert not wrong and result.score == result.points == 100


@pytest.mark.parametrize("name", set_names())
def test_the_skeleton_gets_nothing(skeleton, name):
    result = grade(skeleton(name), load_set(name), LIMITS)
    assert result.score == 0
    for function in result.functions:
        assert "not written yet" in function.problem


@pytest.fixture
def changed(solved, tmp_path):
    """Grade a solved set in which some texts are replaced in a file."""
    def graded(name, file, *replacements, **settings):
        folder = shutil.copytree(solved(name), tmp_path / "changed")
        path = folder / file
        text = path.read_text(encoding="utf-8")
        for old, new in replacements:
            assert old in text, old
            text = text.replace(old, new)
        path.write_text(text, encoding="utf-8")
        settings = {"limits": LIMITS} | settings
        result = grade(folder, load_set(name), **settings)
        return {function.name: function for function in result.functions}, result

    return graded


WEIGHTED_SUM = {"only": ["weighted_sum_forward", "weighted_sum_backward"]}


def test_each_gradient_counts_by_itself(changed):
    found, _ = changed("hw4", "weighted_sum.py",
                       ("return dattention, dgrid", "return dattention, 2 * dgrid"),
                       **WEIGHTED_SUM)
    backward = found["weighted_sum_backward"]
    assert backward.score == pytest.approx(5)
    assert [v.part for v in backward.wrong] == ["dgrid"]
    assert backward.wrong[0].kind == "scale" and "2" in backward.wrong[0].hint
    assert found["weighted_sum_forward"].ok


@pytest.mark.parametrize("code, said", [("", set()), ("print('hello'); ", {"hello"})])
def test_only_what_the_code_prints_is_told_of_it(changed, code, said):
    old = "return dattention, dgrid"
    _, result = changed("hw4", "weighted_sum.py", (old, code + old), keep_output=True,
                        **WEIGHTED_SUM)
    assert set(result.noise.split()) == said


def test_what_is_right_but_for_one_image_loses_hidden_points(changed):
    found, _ = changed("hw4", "weighted_sum.py",
                       ("return dattention, dgrid",
                        "return dattention, dgrid * (1 if len(dgrid) > 1 else 3)"),
                       **WEIGHTED_SUM)
    backward = found["weighted_sum_backward"]
    assert backward.share("dgrid", is_hidden=False) == 1
    assert backward.share("dgrid", is_hidden=True) == pytest.approx(3 / 4)
    assert backward.score == pytest.approx(5 + 2.5 + 2.5 * 3 / 4)
    assert "one image" in backward.wrong[0].about


def test_hidden_cases_tell_no_numbers(changed):
    found, _ = changed("hw4", "weighted_sum.py",
                       ("return dattention, dgrid",
                        "return dattention, dgrid * (1 if len(dgrid) > 1 else 3)"),
                       **WEIGHTED_SUM)
    verdict = found["weighted_sum_backward"].wrong[0]
    assert verdict.is_hidden and "expected" not in verdict.text


def test_a_wrong_forward_leaves_the_gradients_that_are_right(changed):
    found, _ = changed("hw4", "weighted_sum.py", ("return context,", "return context + 1,"),
                       **WEIGHTED_SUM)
    assert found["weighted_sum_forward"].score == 0
    assert found["weighted_sum_backward"].ok


def test_a_forward_that_raises_leaves_nothing_to_judge(changed):
    found, _ = changed("hw4", "weighted_sum.py", ("return context,", "1 / 0; return context,"),
                       **WEIGHTED_SUM)
    backward = found["weighted_sum_backward"]
    assert found["weighted_sum_forward"].score == backward.score == 0
    assert "ZeroDivisionError" in found["weighted_sum_forward"].wrong[0].text
    assert "needs a forward" in backward.wrong[0].text


def test_changing_an_input_costs_a_fifth(changed):
    found, _ = changed("hw4", "weighted_sum.py",
                       ("return dattention, dgrid", "dcontext *= 0; return dattention, dgrid"),
                       **WEIGHTED_SUM)
    backward = found["weighted_sum_backward"]
    assert backward.score == pytest.approx(8) and "in place" in backward.impure[0]
    assert backward.kinds == ["mutates"]


@pytest.mark.slow
def test_a_time_out_costs_the_function_and_no_other(changed):
    found, _ = changed("hw4", "weighted_sum.py",
                       ("return dattention, dgrid",
                        "while len(dgrid) == 1: pass\n    return dattention, dgrid"), limits=SHORT)
    # It hangs in a hidden case alone, and has no points for the others either.
    assert found["weighted_sum_backward"].score == 0
    assert found["weighted_sum_backward"].kind == "time"
    assert "line" in found["weighted_sum_backward"].problem
    assert found["weighted_sum_forward"].ok and found["context_gate_backward"].ok


def test_a_crash_costs_the_function_and_no_other(changed):
    found, _ = changed("hw4", "weighted_sum.py",
                       ("return dattention, dgrid", "import os; os._exit(0)"))
    assert found["weighted_sum_backward"].score == 0
    assert "exit code 0" in found["weighted_sum_backward"].problem
    assert found["weighted_sum_forward"].ok and found["context_gate_backward"].ok


def test_what_is_wrong_for_what_it_calls_says_so(changed):
    found, _ = changed("hw4", "alignment.py", ("dv = ", "dv = 3 * "))
    assert found["alignment_backward"].wrong[0].kind == "scale"
    assert found["attention_lstm_step_backward"].calls == ("alignment_backward",)
    assert not found["attention_lstm_step_forward"].calls


def test_importing_satt_is_said(changed):
    found, result = changed("hw4", "weighted_sum.py",
                            ("import numpy as np", "import numpy as np\nimport satt.layers"),
                       **WEIGHTED_SUM)
    assert found["weighted_sum_forward"].score == 0
    assert "may not import satt" in found["weighted_sum_forward"].problem
    assert any("imports satt.layers" in note for note in result.notes)


def test_a_file_that_does_not_parse_says_where(changed):
    found, _ = changed("hw4", "weighted_sum.py", ("return context,", "return return context,"))
    assert "SyntaxError" in found["weighted_sum_forward"].problem
    assert "weighted_sum.py" in found["weighted_sum_forward"].problem
    assert found["alignment_backward"].ok


def test_given_is_made_anew(solved, tmp_path):
    folder = shutil.copytree(solved("hw4"), tmp_path / "changed")
    for path in (folder / "given").glob("*.py"):
        path.write_text("raise SystemExit(0)\n", encoding="utf-8")
    assert grade(folder, load_set("hw4"), LIMITS).score == 100


@pytest.mark.parametrize(("old", "new", "words"), [
    ("joint = np.tanh(keys + query[:, None, :])",
     "joint = np.tanh(keys) + np.tanh(query)[:, None, :]", "never looks at it"),
    ("query = state @ W_state + b", "query = state @ W_state", "if b were zero"),
    ("return joint @ v,", "return 2 * joint @ v,", "2 times"),
])
def test_a_wrong_forward_is_explained(changed, old, new, words):
    found, _ = changed("hw4", "alignment.py", (old, new), only=["alignment_forward"])
    assert words in found["alignment_forward"].wrong[0].hint


def test_only_some_functions(changed):
    _, result = changed("hw4", "weighted_sum.py", only=["weighted_sum_backward"])
    assert [f.name for f in result.functions] == ["weighted_sum_backward"]
    assert result.ok
