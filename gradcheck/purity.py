"""Calling a pair of functions with care: do they give the same twice, and leave all as it was?"""

import copy

import numpy as np

from gradcheck.diagnosis import hints

# The same sum in another order may end in another last digit; anything larger is another result.
SAME = 1e-9

# Distances, as shares of an input's size; over each and over its double, a slope in float64 is the
# same. A kink may lie in between, but hardly for both.
NEAR = (2e-7, 3e-8)


def call(forward, inputs, options):
    """Call a forward with copies, so that nothing it does can reach the next call.

    Parameters
    ----------
    forward : callable
    inputs : dict from str to ndarray or None
        The positional arguments, in order.
    options : dict
        The keyword arguments.

    Returns
    -------
    out : ndarray or tuple of ndarray
    cache : object
    given : dict
        The copies of all arguments by name, as the forward left them.

    Raises
    ------
    ValueError
        If the forward does not return a pair.
    """
    # Thousands of calls: deepcopy takes longer over many small arrays than some forwards do.
    inputs = {name: None if x is None else x.copy(order="K") for name, x in inputs.items()}
    options = copy.deepcopy(options)
    returned = forward(*inputs.values(), **options)
    if not isinstance(returned, tuple) or len(returned) != 2:
        kind = type(returned).__name__
        raise ValueError(f"forward: expected the pair (out, cache), got {kind}; return both")
    return *returned, inputs | options


def as_tuple(out):
    """Put a single output into a tuple, and leave several as they are.

    Parameters
    ----------
    out : ndarray or tuple of ndarray

    Returns
    -------
    outputs : tuple of ndarray
    """
    return out if isinstance(out, tuple) else (out,)


def run_twice(forward, backward, inputs, options, random):
    """Run forward and backward, each twice, and watch what they do to what they are given.

    Parameters
    ----------
    forward, backward : callable
    inputs, options : dict
        As for `call`.
    random : numpy.random.Generator
        Draws the upstream.

    Returns
    -------
    upstream : tuple of ndarray
        One for each output; normal, as under ones many a wrong gradient is right.
    out, cache : object
        What the forward returned.
    gradients : tuple or None
        What the backward returned; None if it could not be called or is of no use.
    problems : list of (str, Cause)
        What is wrong, in a line and in the words of a teaching assistant.
    """
    arguments = inputs | options
    out, cache, given = call(forward, inputs, options)
    problems = _changed("forward", given, arguments)
    faults = [fault for output in as_tuple(out) for fault in _faults_of_output(output)]
    if not faults and not _same(as_tuple(out), as_tuple(call(forward, inputs, options)[0])):
        text = "forward called twice gives two results; fix its mask or its generator"
        faults = [(text, hints.forward_inconsistent())]
    if faults:
        return (), out, cache, None, problems + faults
    if _loses_precision(forward, inputs, options, out):
        text = "the forward computes in float32 on the way; let the dtype follow the inputs"
        problems.append((text, hints.dtype("something inside the forward", "float32")))

    upstream = tuple(np.asarray(random.normal(size=np.shape(output))) for output in as_tuple(out))
    before = copy.deepcopy((given, cache))
    gradients, fault = call_backward(backward, out, upstream, cache)
    problems += fault
    if _contents(cache) != _contents(before[1]):
        text = "backward changed its cache in place"
        problems.append((text, hints.mutates("backward", "the cache")))
    problems += _changed("backward", given, before[0])
    if not _same(gradients, call_backward(backward, out, upstream, cache)[0]):
        problems.append(("backward called twice gives two results", hints.not_repeatable()))
    return upstream, out, before[1], gradients, problems


def call_backward(backward, out, upstream, cache):
    """Call a backward with a copy of the upstream, and copy what it returns.

    Parameters
    ----------
    backward : callable
    out : ndarray or tuple of ndarray
        What the forward returned: the backward gets a tuple if that was one.
    upstream : tuple of ndarray
    cache : object

    Returns
    -------
    gradients : tuple
    problems : list of (str, Cause)
        Not empty if the backward changed the upstream.
    """
    given = copy.deepcopy(tuple(upstream))
    returned = backward(given if isinstance(out, tuple) else given[0], cache)
    problems = []
    if _contents(given) != _contents(tuple(upstream)):
        text = "backward changed the upstream gradient in place"
        problems = [(text, hints.mutates("backward", "the upstream gradient"))]
    gradients = tuple(returned) if isinstance(returned, tuple | list) else (returned,)
    return copy.deepcopy(gradients), problems


def _loses_precision(forward, inputs, options, out):
    """Tell whether numbers pass through float32 between inputs and outputs of float64.

    With 7 digits instead of 16, what a millionth of an input changes is mostly rounding: the
    slopes over one millionth and over two no longer agree.
    """
    random = np.random.default_rng(0)
    along = {
        name: random.normal(size=x.shape) * max(1.0, np.max(np.abs(x), initial=0))
        for name, x in inputs.items() if x is not None and x.dtype.kind == "f"
    }

    def at(step):
        moved = {name: inputs[name] + step * direction for name, direction in along.items()}
        return as_tuple(call(forward, inputs | moved, options)[0])

    def is_rough(step):
        ends = [at(s * step) for s in (2, -2, 1, -1)]
        for y, a, b, c, d in zip(as_tuple(out), *ends, strict=True):
            weights = random.normal(size=np.shape(y))
            wide, narrow = np.sum(weights * (a - b)) / (2 * step), np.sum(weights * (c - d)) / step
            rounding = 1e-7 * np.sum(np.abs(weights * y))
            if abs(wide - narrow) > 1e-4 * abs(narrow) + rounding:
                return True
        return False

    return all(is_rough(step) for step in NEAR)


def _faults_of_output(output):
    """Say why an output cannot be differentiated, if it cannot."""
    output = np.asarray(output)
    if output.dtype != np.float64:
        text = f"forward made {output.dtype} of float64; let the dtype follow the inputs"
        return [(text, hints.dtype("the output", output.dtype))]
    if not np.all(np.isfinite(output)):
        return [("forward returned NaN or infinity", hints.nan("the output"))]
    return []


def _changed(function, after, before):
    """Say which arguments are no longer what they were."""
    return [
        (f"{function} changed {name} in place", hints.mutates(function, name))
        for name in before
        if _contents(after[name]) != _contents(before[name])
    ]


def _contents(something):
    """Turn all arrays in a nest of tuples, lists and dicts into what can be compared."""
    if isinstance(something, np.ndarray):
        return something.shape, something.dtype, something.tobytes()
    if isinstance(something, dict):
        return {key: _contents(value) for key, value in something.items()}
    if isinstance(something, tuple | list):
        return [_contents(part) for part in something]
    return None


def _same(some, others):
    """Tell whether two tuples of arrays are equal, rounding in another order aside."""
    if len(some) != len(others):
        return False
    for one, other in zip(some, others, strict=True):
        one, other = np.asarray(one), np.asarray(other)
        if one.shape != other.shape or one.dtype != other.dtype:
            return False
        if one.dtype.kind not in "fiuc":
            continue  # it is no gradient at all, which the comparison will report
        with np.errstate(invalid="ignore"):
            distance = np.max(np.abs(one - other), initial=0)
        close = distance <= SAME * np.max(np.abs(one), initial=0)
        if not (close or np.array_equal(one, other, equal_nan=True)):
            return False
    return True
