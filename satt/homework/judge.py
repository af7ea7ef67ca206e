"""A submission judged: every function in turn, whatever becomes of the others."""

import ast
import time
from dataclasses import replace

import numpy as np

from satt.homework.calls import judge_call, part_names
from satt.homework.cases import HALVES, cases_of, stem
from satt.homework.cases.case import PairCase
from satt.homework.child.messages import BadMessage
from satt.homework.expected import expected
from satt.homework.failures import ended, told
from satt.homework.pairs import judge_backward, judge_forward
from satt.homework.process import Ended
from satt.homework.results import FunctionResult, SubmissionResult, Verdict
from satt.homework.session import Session

WHOLE = ("not-written", "missing", "imports-satt")


def judge(name, code, homework, limits, with_hidden, keep_output=False, only=None):
    """Judge all functions of a submission.

    Parameters
    ----------
    name : str
        The submission's.
    code : Path
        As `satt.homework.staging` lays it out.
    homework : HomeworkSet
    limits : Limits
    with_hidden : bool
        Whether the hidden cases are tried too.
    keep_output : bool, optional
    only : collection of str, optional
        The names of the functions to judge; None for all.

    Returns
    -------
    SubmissionResult
    """
    start = time.monotonic()
    with Session(code, limits, keep_output) as session, np.errstate(all="ignore"):
        functions = tuple(
            judge_function(session, function, limits, with_hidden)
            for function in homework.functions
            if only is None or function.name in only
        )
    seconds = time.monotonic() - start
    functions = name_consequences(functions, code)
    return SubmissionResult(name, functions, seconds=seconds, noise=session.noise)


def judge_function(session, function, limits, with_hidden):
    """Judge one function.

    Parameters
    ----------
    session : Session
    function : Function
    limits : Limits
    with_hidden : bool

    Returns
    -------
    FunctionResult
    """
    name = stem(function.name)
    cases = [case for case in cases_of(name) if with_hidden or not case.is_hidden]
    parts = parts_of(function, cases)

    def result(**found):
        return FunctionResult(function.name, function.file, function.points, parts, **found)

    verdicts, impure = [], []
    try:
        failure = session.load(function.file)
        if failure:
            kind, text = told(failure)
            return result(kind=kind, problem=text)
        if not isinstance(cases[0], PairCase):
            findings = judge_call(session, function, cases)
        elif function.name.endswith("_backward"):
            findings = judge_backward(session, function, name, cases)
        else:
            findings = judge_forward(session, function, name, cases)
        for found in findings:
            if not isinstance(found, Verdict):
                impure.append(found)
                continue
            verdicts.append(found)
            if found.kind in WHOLE:
                return result(kind=found.kind, problem=found.text)
    except Ended as error:
        kind, text = ended(error, limits.function)
        return result(kind=kind, problem=text)
    except (BadMessage, AttributeError, KeyError, TypeError, ValueError) as error:
        # A reply that is a message, but not one that the child itself would have sent.
        session.close()
        return result(kind="ended", problem="the process answered with what is no answer: "
                      f"{type(error).__name__}")
    return result(verdicts=tuple(verdicts), impure=tuple(dict.fromkeys(impure)))


def name_consequences(functions, code):
    """Say of wrong functions which wrong ones they call, by what their files import.

    Parameters
    ----------
    functions : tuple of FunctionResult
    code : Path
        The folder with the student's files.

    Returns
    -------
    functions : tuple of FunctionResult
    """
    wrong = {function.name for function in functions if not function.ok}
    found = []
    for function in functions:
        path = code / function.file
        if not function.ok and path.is_file():
            imported = _imported(path.read_text(encoding="utf-8", errors="replace"))
            half = "_" + function.name.rpartition("_")[2]
            calls = sorted(n for n in imported & wrong if half not in HALVES or n.endswith(half))
            function = replace(function, calls=tuple(calls))
        found.append(function)
    return tuple(found)


def _imported(source):
    """The names that a source imports from modules, as far as it can be read."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    nodes = (node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom))
    return {alias.name for node in nodes for alias in node.names}


def parts_of(function, cases):
    """Name what a function has points for.

    Parameters
    ----------
    function : Function
    cases : sequence of PairCase or of CallCase

    Returns
    -------
    parts : tuple of str
    """
    if not isinstance(cases[0], PairCase):
        return part_names(cases[0])
    if function.name.endswith(HALVES[0]):
        return expected(cases[0]).names
    found = dict.fromkeys(
        f"d{n}" for case in cases for n in case.receivers if case.case.inputs[n] is not None
    )
    return tuple(found)
