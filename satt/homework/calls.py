"""A student's function that is no layer, judged: result by result."""

from dataclasses import replace

import numpy as np

from gradcheck.diagnosis import hints
from satt.homework.child.callables import make
from satt.homework.child.trees import build, flatten, leaves
from satt.homework.failures import told
from satt.homework.names import output_names
from satt.homework.outputs import difference, looks_like
from satt.homework.results import Verdict

_known = {}


def judge_call(session, function, cases):
    """Judge a function by its results.

    Parameters
    ----------
    session : Session
    function : Function
    cases : sequence of CallCase

    Yields
    ------
    found : Verdict, or str
        As `satt.homework.pairs.judge_forward`.
    """
    for case in cases:
        wanted = _wanted(case)
        names = part_names(case)
        header, arrays = session.ask(function.name, *_request(case, function))
        base = Verdict("", case.about, case.is_hidden, ok=True)
        if "failure" in header:
            kind, text = told(header["failure"], case.is_hidden)
            yield from (replace(base, part=p, ok=False, kind=kind, text=text) for p in names)
            continue
        result = build(header["result"], arrays)
        several = result if isinstance(wanted, tuple) else (result,)
        wanted = wanted if isinstance(wanted, tuple) else (wanted,)
        if not isinstance(several, (tuple, list)) or len(several) != len(wanted):
            count = len(several) if isinstance(several, (tuple, list)) else 1
            text = f"it returns {count} thing(s), expected {len(wanted)} ({', '.join(names)})"
            yield from (
                replace(base, part=p, ok=False, kind="shape", text=text) for p in names
            )
            continue
        for name, got, value in zip(names, several, wanted, strict=True):
            yield _judge(replace(base, part=name), got, value, case, header)
        for what in header.get("changed") or ():
            parameters = [*_parameters(case.reference)]
            if isinstance(what, str) and what.isdigit() and int(what) < len(parameters):
                yield f"{function.name} changes {parameters[int(what)]}, which it was given, in " \
                    "place. Look for `+=`, `*=`, `out=` or an assignment into a slice, and work " \
                    "on a new array."


def part_names(case):
    """Name the results of a function.

    Parameters
    ----------
    case : CallCase

    Returns
    -------
    names : tuple of str
    """
    wanted = _wanted(case)
    if hasattr(wanted, "_fields"):
        return wanted._fields
    return output_names(case.reference, len(wanted) if isinstance(wanted, tuple) else 1)


def _wanted(case):
    if id(case) not in _known:
        _known[id(case)] = _run(case.reference, case)
    return _known[id(case)]


def _run(function, case):
    arrays = {}
    tree = flatten((case.arguments, case.options), arrays)
    arguments, options = build(tree, arrays, make)
    return function(*arguments, **options)


def _request(case, function):
    arrays = {}
    tree = flatten((case.arguments, case.options), arrays)
    return {"do": "call", "file": function.file, "name": function.name, "arguments": tree}, arrays


def _parameters(function):
    from inspect import signature

    return signature(function).parameters


def _judge(base, got, wanted, case, header):
    """Compare a result with what it should be, number by number."""
    mine, theirs = leaves(wanted), leaves(got)
    if [path for path, _ in mine] != [path for path, _ in theirs]:
        text = f"{base.part} is built of {len(theirs)} thing(s), expected {len(mine)}"
        return replace(base, ok=False, kind="shape", text=text, hint=case.words)
    for (path, value), (_, found) in zip(mine, theirs, strict=True):
        name = f"{base.part}[{path.replace('.', '][')}]" if path else base.part
        found = _like(found, value)
        kind, text = difference(name, found, value, case.tolerance, case.rounding,
                                shows_values=not case.is_hidden)
        if kind:
            hint = ""
            if kind != "dtype":
                hint = looks_like(name, found, value, _slips(case, base.part, path))
            if not hint or case.words and "times what is expected" in hint:
                hint = case.words or hint
            return replace(base, ok=False, kind=kind, text=text, hint=hint)
    if not header.get("repeats"):
        text, hint = f"{base.part} is another the second time", hints.forward_inconsistent().hint
        return replace(base, ok=False, kind="forward-inconsistent", text=text, hint=hint)
    return base


def _slips(case, part, path):
    """What a slip would have made of the same arguments, at one place of the result."""
    for words, slip in case.slips:
        result = _run(slip, case)
        if isinstance(result, tuple):
            result = result[part_names(case).index(part)]
        yield words, dict(leaves(result))[path]


def _like(found, value):
    """A float may come as an integer, an integer as another: 1 for 1.0 is no mistake here."""
    wanted, array = np.asarray(value), np.asarray(found)
    if array.dtype.kind in "iub" and wanted.dtype.kind == "f":
        return array.astype(wanted.dtype)
    return found
