"""The check that most courses teach, to be compared with: what does it miss?

It differs from `gradcheck.check` in four habits: the upstream gradient is all ones, only
parameters are looked at, one number stands for a whole tensor, and nobody asks whether the pair of
functions is pure. It is here to be measured, not to be used.
"""

import copy

import numpy as np

STEP = 1e-5
THRESHOLD = 1e-4

# A norm below this is taken for zero: rounding is left where all slopes cancel.
NOTHING = 1e-8


def parameters_of(case):
    """Tell the parameters of a case from its other inputs, by their names.

    Parameters
    ----------
    case : Case

    Returns
    -------
    names : tuple of str
        Inputs of floats named like W, W_state, b, b_cell, beta, gamma or v. Of a layer that has no
        parameters, all inputs of floats: otherwise nothing of it would be checked.
    """
    floats = [name for name, value in case.inputs.items() if _is_float(value)]
    parameters = [name for name in floats if name[0] in "Wb" or name in ("gamma", "v")]
    return tuple(parameters or floats)


def textbook_check(case, parameters=None):
    """Say whether a case passes the usual check.

    For each parameter, with a the backward's gradient under an upstream of ones and n that from
    plain central differences, each laid out as one vector: |a - n| / (|a| + |n|) <= 1e-4.

    Parameters
    ----------
    case : Case
    parameters : iterable of str, optional
        The inputs to look at; `parameters_of(case)` if left out.

    Returns
    -------
    passes : bool
        False also if a gradient is not of the right size, or a function fails.
    """
    parameters = parameters_of(case) if parameters is None else parameters
    inputs = {name: copy.deepcopy(value) for name, value in case.inputs.items()}
    try:
        out, cache = case.forward(*inputs.values(), **copy.deepcopy(case.options))
        returned = case.backward(_map(np.ones_like, out), cache)
        returned = returned if isinstance(returned, tuple | list) else (returned,)
        receivers = [name for name, value in inputs.items() if value is None or _is_float(value)]
        analytic = dict(zip(receivers, returned, strict=False))
        errors = [_error(analytic[name], _slopes(case, inputs, name)) for name in parameters]
    except Exception:  # whatever a student's function raises, the check has not passed
        return False
    return all(error <= THRESHOLD for error in errors)


def misses(mistakes):
    """List the mistakes that the usual check does not notice.

    Parameters
    ----------
    mistakes : iterable of Mistake
        As from `gradcheck.cases.mistakes.mistakes`.

    Returns
    -------
    missed : list of Mistake
    """
    return [mistake for mistake in mistakes if textbook_check(mistake.case)]


def _is_float(value):
    return value is not None and value.dtype.kind == "f"


def _map(function, out):
    if isinstance(out, tuple):
        return tuple(function(np.asarray(output, dtype=np.float64)) for output in out)
    return function(np.asarray(out, dtype=np.float64))


def _slopes(case, inputs, name):
    """Move every entry of an input up and down, in place, and see how the sum of `out` answers."""

    def total():
        out, _ = case.forward(*inputs.values(), **copy.deepcopy(case.options))
        return float(sum(map(np.sum, out)) if isinstance(out, tuple) else np.sum(out))

    value = inputs[name]
    slopes = np.zeros_like(value)
    for index in np.ndindex(value.shape):
        before = value[index]
        value[index] = before + STEP
        above = total()
        value[index] = before - STEP
        slopes[index] = (above - total()) / (2 * STEP)
        value[index] = before
    return slopes


def _error(analytic, numeric):
    analytic, numeric = np.ravel(analytic), np.ravel(numeric)
    size = np.linalg.norm(analytic) + np.linalg.norm(numeric)
    return 0.0 if size < NOTHING else np.linalg.norm(analytic - numeric) / size
