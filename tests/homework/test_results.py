"""How marks are made, and how they are told."""

import csv
import json
from dataclasses import replace

import pytest

from satt.homework.reports.class_page import class_page, count_mistakes
from satt.homework.reports.gradescope import gradescope_results
from satt.homework.reports.marks import write_marks
from satt.homework.reports.student import as_json, student_lines
from satt.homework.results import FunctionResult, SubmissionResult, Verdict
from satt.homework.sets import load_set


def verdict(part="dx", ok=True, is_hidden=False, about="the usual sizes", **more):
    return Verdict(part, about, is_hidden, ok, **more)


def function(*verdicts, parts=("dx",), points=10, **more):
    return FunctionResult("relu_backward", "relu.py", points, parts, verdicts, **more)


def test_shown_and_hidden_cases_share_the_points():
    found = function(verdict(), verdict(ok=False, is_hidden=True), verdict(is_hidden=True))
    assert found.score == pytest.approx(5 + 2.5)
    assert found.worth("dx", False) == found.worth("dx", True) == 5


def test_without_hidden_cases_the_shown_ones_count_for_all():
    assert function(verdict(), verdict(ok=False)).score == pytest.approx(5)


def test_a_case_that_shows_nothing_counts_only_if_it_is_wrong():
    right = function(verdict(), verdict(counts=False), verdict(ok=False))
    assert right.score == pytest.approx(5)
    wrong = function(verdict(), verdict(counts=False, ok=False))
    assert wrong.score == pytest.approx(5)
    nothing = function(verdict(counts=False))
    assert nothing.score == 0


def test_parts_share_the_points():
    found = function(verdict("dx"), verdict("dW", ok=False), parts=("dx", "dW"))
    assert found.score == pytest.approx(5)


def test_a_problem_leaves_nothing():
    found = function(verdict(), problem="still running after 10 s", kind="time")
    assert found.score == 0 and not found.ok and found.kinds == ["time"]


def test_impure_functions_lose_a_fifth():
    found = function(verdict(), impure=("backward changes x in place",))
    assert found.score == pytest.approx(8) and not found.ok


RESULTS = [
    SubmissionResult("ann", (function(verdict(), verdict(is_hidden=True)),)),
    SubmissionResult("=bob", (function(
        verdict(ok=False, kind="scale", text="dx[0] is 2, expected 1", hint="A factor of 2."),
        verdict(ok=False, is_hidden=True, kind="scale", text="dx has wrong values",
                hint="A factor of 2."),
    ),)),
    SubmissionResult("<i>cas", (function(kind="time", problem="still running <b>"),)),
]


def test_gradescope_gets_what_it_reads():
    for result in RESULTS:
        found = json.loads(json.dumps(gradescope_results(result)))
        assert found["score"] == pytest.approx(sum(test["score"] for test in found["tests"]))
        assert sum(test["max_score"] for test in found["tests"]) == pytest.approx(10)
        assert found["extra_data"]["max_score"] == 10
        for test in found["tests"]:
            assert {"name", "score", "max_score", "status", "output", "visibility"} <= {*test}
            assert test["visibility"] in ("hidden", "after_due_date", "after_published", "visible")
            assert test["status"] in ("passed", "failed")
    bob = gradescope_results(RESULTS[1])["tests"]
    assert "expected 1" in bob[0]["output"] and "factor of 2" in bob[0]["output"]
    assert "dx has wrong values" in bob[1]["output"] and "expected" not in bob[1]["output"]


def test_gradescope_does_not_tell_what_the_hidden_cases_bring():
    found = [gradescope_results(SubmissionResult("dan", (function(
        verdict(), verdict(ok=ok, is_hidden=True)),))) for ok in (True, False)]
    assert [each["score"] for each in found] == [10, 5]
    shown = [[each["output"], *(test["output"] for test in each["tests"]
                                if test["visibility"] == "visible")] for each in found]
    assert shown[0] == shown[1]
    assert shown[0][0].startswith("5 of 5 points by the shown cases")
    assert gradescope_results(RESULTS[2])["output"] == "0 of 10 points"


def test_marks_are_a_table(tmp_path):
    write_marks(tmp_path / "marks.csv", RESULTS)
    with open(tmp_path / "marks.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["score"] for row in rows] == ["10.00", "0.00", "0.00"]
    assert rows[0]["relu_backward"] == "10.00"
    assert rows[1]["submission"] == "'=bob"  # no formula


def test_the_class_page_counts_and_escapes():
    mistakes = count_mistakes(RESULTS)
    assert [(m.kind, m.count, m.parts) for m in mistakes] == [
        ("scale", 1, ("dx",)), ("time", 1, ()),
    ]
    hw1 = load_set("hw1")
    one = replace(hw1, functions=tuple(f for f in hw1.functions if f.name == "relu_backward"))
    page = class_page(one, RESULTS, mistakes, [], "class.png")
    assert "&lt;i&gt;cas" in page and "<i>cas" not in page and "<b>" not in page
    assert "A factor of 2." in page and 'src="class.png"' in page


def test_a_student_reads_every_part():
    text = "\n".join(student_lines(RESULTS[1]))
    assert "WRONG: dx" in text and "A factor of 2." in text and "0 of 10 points" in text
    found = as_json(RESULTS[1])
    assert found["functions"][0]["parts"][0]["wrong"][0]["cause"] == "scale"
