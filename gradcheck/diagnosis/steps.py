"""Explanations by time: steps were forgotten. In arrays of three axes, time is the second."""

import numpy as np

from gradcheck.diagnosis.cause import Cause
from gradcheck.diagnosis.evidence import rms, same


def one_step_only(e):
    """Only the first or the last step reached the gradient."""
    return _own_steps(e) or _steps_of_the_upstream(e) or _overwritten(e)


def nothing_carried(e):
    """Each step is right for itself; what later steps send back is lost."""
    return _carry(e, lost_entirely=True)


def wrongly_carried(e):
    """Each step is right for itself; what later steps send back is wrong."""
    return _carry(e, lost_entirely=False)


def _own_steps(e):
    """The argument has a time axis, and only one of its steps has a gradient."""
    if e.numeric.ndim != 3 or e.numeric.shape[1] < 2:
        return None
    steps = e.numeric.shape[1]
    for kept, kind in ((steps - 1, "last-step-only"), (0, "first-step-only")):
        others = np.delete(np.arange(steps), kept)
        silent = not np.any(e.analytic[:, others]) and np.any(e.numeric[:, others])
        if silent and same(e.analytic[:, kept], e.numeric[:, kept]):
            return _cause(e, kind, "the other steps of its gradient are all zero")
    return None


def _steps_of_the_upstream(e):
    """Only one step of the output sends something back."""
    for k, output in _timed_outputs(e):
        mine, expected = _by_step(e, k)
        steps = output.shape[1]
        for kept, kind in ((steps - 1, "last-step-only"), (0, "first-step-only")):
            others = [t for t in range(steps) if t != kept and rms(expected[t])]
            if not others or not np.any(mine[kept]) or any(np.any(mine[t]) for t in others):
                continue
            if kept == 0 and not same(mine[0], expected[0]):
                continue
            if kept == 0 and e.numeric.ndim == 2 and len(e.numeric) == len(output) and not (
                _time_is_right(e, steps)
            ):
                # A state before the first step: the later ones reach it through the carry only.
                return _not_carried(e, "the first step of the upstream alone reaches it")
            return _cause(e, kind, "the other steps of the upstream do not change it")
    return None


def _overwritten(e):
    """Right for the first step of the output, while an input with a time axis is right for all."""
    for k, output in _timed_outputs(e):
        mine, expected = _by_step(e, k)
        steps = output.shape[1]
        if e.numeric.ndim == 3 and e.numeric.shape[1] == steps:
            continue
        if not _time_is_right(e, steps) or not np.any(expected[0]):
            continue
        later = [same(mine[t], expected[t]) for t in range(1, steps) if np.any(expected[t])]
        if same(mine[0], expected[0]) and later and not any(later):
            return _cause(e, "first-step-only", "it is right for the first step of the upstream")
    return None


def _carry(e, lost_entirely):
    for k, output in _timed_outputs(e):
        mine, expected = _by_step(e, k)
        steps = output.shape[1]
        if e.numeric.ndim != 3 or e.numeric.shape[1] != steps:
            continue
        # (T of the upstream, T of the argument, everything else)
        mine, expected = (
            np.moveaxis(a.reshape(steps, -1, *e.numeric.shape), 3, 1) for a in (mine, expected)
        )
        now = np.arange(steps)
        later = now[:, None] > now[None, :]
        if not np.any(expected[later]) or not same(mine[now, now], expected[now, now]):
            continue
        if same(mine[later], expected[later]) or np.any(mine[now[:, None] < now[None, :]]):
            continue
        if lost_entirely and not np.any(mine[later]):
            return _not_carried(e, "no step gets anything from a later one")
        if not lost_entirely:
            return _not_carried(e, "each step is right for its own upstream, not for later ones")
    return None


def _timed_outputs(e):
    """List the outputs that have a time axis."""
    if e.jacobians is None:
        return []
    return [(k, a) for k, a in enumerate(e.upstream) if a.ndim == 3 and a.shape[1] > 1]


def _by_step(e, k):
    """Split the rows of both Jacobians that belong to output k by their step."""
    steps = [
        [row for row, (j, index) in enumerate(e.places) if j == k and index[1] == t]
        for t in range(e.upstream[k].shape[1])
    ]
    return tuple(np.stack([jacobian[rows] for rows in steps]) for jacobian in e.jacobians)


def _time_is_right(e, steps):
    """Tell whether an argument with these steps has the right gradient."""
    shapes = [np.shape(e.inputs.get(name)) for name in e.right]
    return any(len(shape) == 3 and shape[1] == steps for shape in shapes)


def _cause(e, kind, evidence):
    if kind == "last-step-only":
        which, look = "last", "Does every step's gradient enter, `dstates[:, t]` for each t?"
    else:
        which = "first"
        look = "The loop runs backwards, so what it writes last belongs to the first step."
    return Cause(
        kind,
        f"Only the {which} step counts in the gradient of {e.name}. {look} What is used at every"
        " step gets the sum over the steps: `+=`, not `=`.",
        evidence=evidence,
    )


def _not_carried(e, evidence):
    return Cause(
        "missing-path",
        f"The gradient of {e.name} lacks what later steps send back: the state after step t is an"
        " output and also the input of step t+1, so its gradient is the sum of both. Look at what"
        " the loop hands from step to step.",
        evidence=evidence,
    )
