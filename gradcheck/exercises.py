"""What a student's pair is checked on: satt's own cases, or the inputs that the file gives."""

import inspect
from dataclasses import dataclass, replace

import numpy as np

from gradcheck.case import Case
from gradcheck.purity import as_tuple, call
from gradcheck.student_file import CannotCheck

# Another order of summing ends in another last digit; another formula is further away than this.
SAME_OUTPUT = 1e-7


@dataclass(frozen=True)
class Exercise:
    """A pair with inputs to check it on.

    Attributes
    ----------
    case : Case
    reference : callable or None
        The forward that the pair's own should agree with: satt's, or None where satt has none.
    """

    case: Case
    reference: object = None


def exercises(pair, satt_cases):
    """Find inputs for a pair: satt's own cases if it has satt's signature, and its example.

    Parameters
    ----------
    pair : Pair
    satt_cases : list of Case

    Returns
    -------
    exercises : list of Exercise
    notes : list of str
        Which of satt's cases are left out, and why.

    Raises
    ------
    CannotCheck
        If there are no inputs, or what the example returns is none.
    """
    known = [case for case in satt_cases if case.forward.__name__ == f"{pair.name}_forward"]
    found, notes = [], []
    for case in known:
        options, why = _fitting_options(pair.forward, case)
        if why:
            notes.append(f"{case.name} is left out: {pair.name}_forward {why}")
        else:
            own = replace(case, forward=pair.forward, backward=pair.backward, options=options)
            found.append(Exercise(own, case.forward))
    notes = notes if found else []  # with no case of satt's, the pair is another operation
    if pair.example is not None:
        name = f"{pair.name}-example" if found else pair.name
        found.append(Exercise(_example_case(pair, name)))
    if not found:
        raise CannotCheck(_no_inputs(pair, known))
    return found, notes


def _fitting_options(forward, case):
    """Make the options with which a forward takes a case, or say why it cannot."""
    theirs, ours = _parameters(forward), _parameters(case.forward)
    if theirs is None or any(p.kind is p.VAR_POSITIONAL for p in theirs.values()):
        return case.options, ""  # it does not say what it takes: let it be tried
    required = [name for name, p in ours.items() if p.default is p.empty]
    needed = [*case.inputs, *(name for name in required if name not in case.inputs)]
    if [*theirs][: len(case.inputs)] != [*case.inputs] or not {*needed} <= {*theirs}:
        return {}, f"takes ({', '.join(theirs)}), satt's takes ({', '.join(ours)})"
    # What satt has a default for may be required here: satt's value is what the case means.
    defaults = {
        name: ours[name].default
        for name, p in theirs.items()
        if p.default is p.empty and name in ours and name not in required
    }
    options = {k: v for k, v in defaults.items() if k not in case.inputs} | case.options
    lacking = [name for name in options if name not in theirs]
    if lacking and not any(p.kind is p.VAR_KEYWORD for p in theirs.values()):
        return {}, f"takes no {', '.join(lacking)}"
    try:
        inspect.signature(forward).bind(*case.inputs.values(), **options)
    except TypeError as error:
        return {}, f"cannot be called as satt's: {error}"
    return options, ""


def parameter_names(function):
    """List the names of what a function takes.

    Parameters
    ----------
    function : callable or None

    Returns
    -------
    names : list of str
    """
    return [*(_parameters(function) or ())]


def _parameters(function):
    try:
        return inspect.signature(function).parameters
    except (TypeError, ValueError):  # not every callable has one
        return None


def _example_case(pair, name):
    """Call a file's example, and see whether it can be what the forward takes."""
    given = pair.example() if callable(pair.example) else pair.example
    what = f"example_{pair.name}()"
    is_pair = isinstance(given, tuple) and len(given) == 2
    inputs, options = given if is_pair else (given, {})
    if not isinstance(inputs, dict) or not isinstance(options, dict) or not inputs:
        raise CannotCheck(
            f"{what}: expected a dict from names to arrays, or a pair (inputs, options) of dicts, "
            f"got {type(given).__name__}; return for example {_sketch(pair)}"
        )
    names = parameter_names(pair.forward) or [*inputs]
    if {*names[: len(inputs)]} == {*inputs}:
        inputs = {name: inputs[name] for name in names[: len(inputs)]}
    try:
        inspect.signature(pair.forward).bind(*inputs.values(), **options)
    except TypeError as error:
        takes = f"{pair.name}_forward({', '.join(names)})"
        raise CannotCheck(
            f"{what}: {takes} cannot be called with {', '.join([*inputs, *options])}: {error}"
        ) from None
    except ValueError:
        pass  # it has no signature to compare with
    return Case(name, pair.forward, pair.backward, inputs, options)


def _no_inputs(pair, known):
    """Say what to add, so that a pair can be checked."""
    advice = f"add example_{pair.name}() that returns its inputs: return {_sketch(pair)}"
    if not known:
        return f"no inputs to check it on; {advice}"
    ours = inspect.signature(known[0].forward)
    theirs = ", ".join(parameter_names(pair.forward))
    return f"takes ({theirs}), and satt's {pair.name}_forward{ours}; take the same, or {advice}"


def _sketch(pair):
    """Write the dict that an example could return."""
    names = [
        name
        for name, p in (_parameters(pair.forward) or {"x": None}).items()
        if p is None or p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD
    ]
    first, *others = names or ["x"]
    filled = [f'"{first}": np.random.default_rng(0).normal(size=(2, 3))']
    return "{" + ", ".join(filled + [f'"{name}": ...' for name in others]) + "}"


def disagreement(exercise, is_backward_right):
    """Compare a pair's forward with satt's: both may be wrong, and the backward fit the forward.

    Parameters
    ----------
    exercise : Exercise
    is_backward_right : bool
        Whether the backward is the derivative of the pair's own forward.

    Returns
    -------
    str
        One line, empty if the two agree or satt has no such forward.
    """
    case = exercise.case
    if exercise.reference is None:
        return ""
    theirs = as_tuple(call(case.forward, case.inputs, case.options)[0])
    ours = as_tuple(call(exercise.reference, case.inputs, case.options)[0])
    what = _difference(theirs, ours)
    if not what:
        return ""
    first = "; the backward is right for this forward: " if is_backward_right else "; "
    return f"the forward is not satt's: {what}{first}correct the forward first"


def _difference(theirs, ours):
    if len(theirs) != len(ours):
        return f"it returns {len(theirs)} output(s) before the cache, expected {len(ours)}"
    for number, (a, b) in enumerate(zip(theirs, ours, strict=True)):
        which = "out" if len(ours) == 1 else f"output {number + 1}"
        a, b = np.asarray(a), np.asarray(b)
        if a.shape != b.shape:
            return f"{which} has the shape {a.shape}, expected {b.shape}"
        error = np.abs(a - b) / max(np.sqrt(np.mean(np.square(b))), np.finfo(float).tiny)
        error = np.where(np.isnan(error), np.inf, error)
        if np.max(error, initial=0) > SAME_OUTPUT:
            worst = tuple(map(int, np.unravel_index(np.argmax(error), error.shape)))
            index = f" at [{', '.join(map(str, worst))}]" if worst else ""
            return f"{which}{index} is {a[worst]:.6g}, expected {b[worst]:.6g}"
    return ""
