"""The check: a backward against the slopes of its forward, and what else can be wrong with it."""

import numpy as np

from gradcheck.compare import compare, rms
from gradcheck.numerical import central_difference, slopes
from gradcheck.purity import as_tuple, call, run_twice
from gradcheck.report import Report

METHODS = {"central": central_difference}


def check(
    forward, backward, inputs, options=None, method="central", seed=0, tolerance=1e-6, zero=()
):
    """Compare a backward with the slopes of its forward, argument by argument.

    The scalar that is differentiated is sum(upstream * out) over all outputs, with an upstream
    drawn from the normal distribution: under an upstream of ones the true gradient of a softmax
    is zero, and a backward that returns nothing would pass. Beside the values, the check looks at
    the number of gradients, their shapes, and whether the functions are pure: called twice they
    give the same, and they change nothing that they were given.

    Parameters
    ----------
    forward : callable
        `forward(*inputs, **options) -> (out, cache)`; `out` is one array or a tuple of arrays.
    backward : callable
        `backward(dout, cache)`, with a tuple for `dout` where `out` is one. Returns the gradients
        in the order of the inputs: one array, or a tuple, with None for an input that is None.
    inputs : dict from str to array_like or None
        Floats are cast to float64 and differentiated. All others (words, masks of bool, None) are
        passed as they are; but for None they get no place among the gradients.
    options : dict, optional
        Each call gets a fresh copy, so that a generator in it draws the same numbers every time.
    method : {"central"}, optional
        How slopes are taken.
    seed : int, optional
        Of the upstream, and of the sample where an argument has very many entries.
    tolerance : float, optional
        The largest error of an entry that passes; `gradcheck.compare` says how it is measured.
    zero : tuple of str, optional
        The inputs whose true gradient is zero everywhere. One that is not named here fails, as
        the comparison of nothing with nothing shows nothing.

    Returns
    -------
    report : Report

    Raises
    ------
    ValueError
        If the check cannot be made: no floats among the inputs, an unknown name or method, or a
        forward that does not return (out, cache). What the two functions raise is passed on.
    """
    inputs, options = {name: _prepared(value) for name, value in inputs.items()}, options or {}
    floats = [name for name, value in inputs.items() if _is_float(value)]
    if method not in METHODS:
        raise ValueError(f"method: expected one of {', '.join(METHODS)}, got {method!r}")
    if not floats:
        raise ValueError("inputs: expected an array of floats, got none to differentiate")
    for name in zero:
        if name not in floats:
            raise ValueError(f"zero: expected some of {', '.join(floats)}, got {name!r}")

    # Not default_rng(seed): inputs drawn from that would be the very numbers of the upstream, and
    # with x equal to dout, x^T dout is its own transpose.
    random = np.random.default_rng([seed, 1])
    upstream, returned, problems = run_twice(forward, backward, inputs, options, random)
    if returned is None:
        return Report({}, problems)
    receivers = [name for name in inputs if name in floats or inputs[name] is None]
    if len(returned) != len(receivers):
        wanted = f"{len(receivers)} ({', '.join(receivers)})"
        wrong = f"backward returned {len(returned)} gradient(s), expected {wanted}"
        return Report({}, (*problems, wrong))

    gradients, upstream_scale = {}, rms(*upstream)
    for name, analytic in zip(receivers, returned, strict=True):
        if name in floats:

            def evaluate(x, name=name):
                return as_tuple(call(forward, inputs | {name: x}, options)[0])

            found = slopes(METHODS[method], evaluate, inputs[name], upstream, random)
            is_zero = name in zero
            gradients[name] = compare(name, analytic, found, tolerance, upstream_scale, is_zero)
        elif analytic is not None:
            problems = (*problems, f"backward returned a gradient for {name}, which was None")
    return Report(gradients, problems)


def check_case(case, **settings):
    """Make the check that a case describes.

    Parameters
    ----------
    case : Case
    **settings
        As for `check`: method, seed, tolerance.

    Returns
    -------
    report : Report
    """
    return check(
        case.forward, case.backward, case.inputs, case.options, zero=case.zero, **settings
    )


def _is_float(value):
    return value is not None and value.dtype.kind == "f"


def _prepared(value):
    """Make an array of an input, of float64 if it holds floats."""
    if value is None:
        return None
    value = np.asarray(value)
    return value.astype(np.float64) if value.dtype.kind == "f" else value
