"""The check: a backward against the slopes of its forward, and what else can be wrong with it."""

from dataclasses import replace

import numpy as np

from gradcheck.compare import compare, methods_agree, rms
from gradcheck.diagnosis import Cause, diagnose_all, hints
from gradcheck.numerical import METHODS, NotComplexSafe, slopes
from gradcheck.probe import Probe
from gradcheck.purity import as_tuple, call, run_twice
from gradcheck.report import Report

REDRAWS = 5  # how often inputs at a kink are moved
MOVE = 0.02  # by this share of their size


def check(
    forward, backward, inputs, options=None, method="both", seed=0, tolerance=1e-6, partials=None,
    zero=(),
):
    """Compare a backward with the slopes of its forward, argument by argument.

    The scalar that is differentiated is sum(upstream * out) over all outputs, with an upstream
    drawn from the normal distribution: under an upstream of ones the true gradient of a softmax
    is zero, and a backward that returns nothing would pass. Beside the values, the check looks at
    the number of gradients, their shapes and dtypes, and whether the functions are pure: called
    twice they give the same, and they change nothing that they were given. What is wrong is
    diagnosed.

    Parameters
    ----------
    forward : callable
        `forward(*inputs, **options) -> (out, cache)`; `out` is one array or a tuple of arrays.
    backward : callable
        `backward(dout, cache)`, with a tuple for `dout` where `out` is one. Returns the gradients
        in the order of the inputs: one array, or a tuple, with None for an input that is None.
    inputs : dict from str to array_like or None
        Floats are cast to float64 and differentiated. All others (words, masks of bool, None) are
        passed as they are; but for None they get no place among the gradients. Where the forward
        has a kink just at an input (two equal entries of a max-pool), all are moved a little.
    options : dict, optional
        Each call gets a fresh copy, so that a generator in it draws the same numbers every time.
    method : {"both", "central", "complex"}, optional
        How slopes are taken: by central differences, which any forward allows, by the complex
        step, which is exact to rounding, or by both.
    seed : int, optional
        Of the upstream, and of the sample where an argument has very many entries.
    tolerance : float, optional
        The largest error of an entry that passes; `gradcheck.compare` says how it is measured.
    partials : dict, optional
        For the diagnosis, parts of a gradient by a name, one for each use of the argument, as
        {"grid as key": ("grid", part)}; `part` is an array, or a function that makes one of the
        upstream. Without the argument's name, a part belongs to all arguments of its shape.
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
    if method not in ("both", *METHODS):
        raise ValueError(f"method: expected both, {' or '.join(METHODS)}, got {method!r}")
    if not floats:
        raise ValueError("inputs: expected an array of floats, got none to differentiate")
    for name in zero:
        if name not in floats:
            raise ValueError(f"zero: expected some of {', '.join(floats)}, got {name!r}")

    methods = tuple(METHODS) if method == "both" else (method,)
    for redrawn in range(REDRAWS + 1):
        # Not default_rng(seed): inputs drawn from that would be the very numbers of the upstream,
        # and with x equal to dout, x^T dout is its own transpose.
        random = np.random.default_rng([seed, 1, redrawn])
        try:
            return _check_once(
                forward, backward, inputs, options, methods, random, tolerance, partials or {},
                zero, redrawn,
            )
        except _KinkError:
            inputs = {
                name: _moved(value, random) if name in floats else value
                for name, value in inputs.items()
            }
    raise AssertionError("the last round ends in a report")


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
    if not case.complex_step and settings.get("method", "both") == "both":
        settings["method"] = "central"
    return check(
        case.forward, case.backward, case.inputs, case.options, partials=case.partials,
        zero=case.zero, **settings,
    )


class _KinkError(Exception):
    """The forward has a kink just at these inputs."""


def _check_once(
    forward, backward, inputs, options, methods, random, tolerance, partials, zero, redrawn
):
    """Check on these very inputs; raise `_KinkError` if they have to be moved first."""
    upstream, out, cache, returned, problems = run_twice(
        forward, backward, inputs, options, random
    )
    if returned is None:
        return _report({}, problems, redrawn)
    floats = [name for name, value in inputs.items() if _is_float(value)]
    receivers = [name for name in inputs if name in floats or inputs[name] is None]
    if len(returned) != len(receivers):
        wanted = f"{len(receivers)} ({', '.join(receivers)})"
        wrong = f"backward returned {len(returned)} gradient(s), expected {wanted}"
        problems.append((wrong, hints.wrong_number(len(returned), receivers)))
        return _report({}, problems, redrawn)
    returned = dict(zip(receivers, returned, strict=True))
    for name, gradient in returned.items():
        if inputs[name] is None and gradient is not None:
            text = f"backward returned a gradient for {name}, which was None"
            problems.append((text, Cause("shape", f"{text}: return None in its place.")))

    upstream_scale, gradients, found = rms(*upstream), {}, {}
    for name in floats:

        def evaluate(x, name=name):
            return as_tuple(call(forward, inputs | {name: x}, options)[0])

        found[name], fault = _slopes(methods, name, evaluate, inputs[name], upstream, random)
        if any(each.kinks for each in found[name].values()):
            # In float32 every function is a staircase, wherever one stands on it.
            is_staircase = any(cause.kind == "dtype" for _, cause in problems)
            if redrawn < REDRAWS and not is_staircase:
                raise _KinkError
            fault = fault or _kink(name, found[name], is_staircase)
        if not fault and not methods_agree(found[name], upstream_scale):
            del found[name]["complex"]
            text = f"the forward is not complex-safe in {name}: of a complex number it computes " \
                "something else than of a real one"
            fault = text, hints.not_complex_safe(f"the forward in {name}")
        if fault:
            problems.append(fault)
        gradients[name] = compare(
            name, returned[name], found[name], tolerance, upstream_scale, name in zero
        )
    causes = _causes(
        gradients, found, backward, out, cache, inputs, options, upstream, returned, partials
    )
    gradients = {
        name: replace(gradient, cause=causes.get(name)) for name, gradient in gradients.items()
    }
    return _report(gradients, problems, redrawn)


def _moved(x, random):
    """Move every entry by a small share of its size; a positive one stays positive."""
    size = np.where(x == 0, rms(x) or 1.0, np.abs(x))
    return x + MOVE * size * random.normal(size=x.shape)


def _slopes(methods, name, evaluate, x, upstream, random):
    """Take slopes by each method, and say if the forward does not allow one of them."""
    found, fault = {}, None
    if "complex" in methods:
        try:
            found["complex"] = slopes(METHODS["complex"], evaluate, x, upstream, random)
        except NotComplexSafe as error:
            fault = (
                f"the forward is not complex-safe in {name}: {error}",
                hints.not_complex_safe(f"the forward in {name}"),
            )
    # Without either there would be nothing to show, though the check has failed already.
    if "central" in methods or fault:
        exact = found.get("complex")
        found["central"] = slopes(METHODS["central"], evaluate, x, upstream, random, exact)
    return found, fault


def _kink(name, found, is_staircase):
    """Say that inputs stay at a kink, however they are moved; the complex step does not mind."""
    if "complex" in found:
        found["central"] = found["central"].without_kinks()
    if "complex" in found or is_staircase:
        return None
    (index, *_) = next(each.kinks for each in found.values() if each.kinks)
    text = f"the forward has a kink in {name} at {list(index)}, wherever the inputs are moved"
    return text, Cause("unknown", f"{text}: it has no derivative there. Choose other inputs.")


def _causes(
    gradients, found, backward, out, cache, inputs, options, upstream, returned, partials
):
    """Diagnose what is wrong."""
    causes, wrong, probes = {}, {}, {}
    numeric = {name: gradient.numeric for name, gradient in gradients.items()}
    for name, gradient in gradients.items():
        if gradient.ok:
            continue
        if gradient.is_vacuous:
            causes[name] = hints.vacuous(name)
        elif not all(each.is_finite for each in found[name].values()):
            causes[name] = hints.nan(f"the output of the forward, close to this {name},")
        else:
            wrong[name] = returned[name], numeric[name]
            jacobian = found[name][_best(found[name])].jacobian
            if jacobian is not None:
                place = list(returned).index(name)
                probes[name] = Probe(
                    backward, out, cache, place, inputs[name].shape, jacobian, returned, numeric,
                    options,
                )
    if wrong:
        parts = parts_by_argument(
            partials, numeric, upstream if isinstance(out, tuple) else upstream[0]
        )
        causes |= diagnose_all(wrong, inputs, upstream, parts, probes)
    return causes


def _best(found):
    return "complex" if "complex" in found else "central"


def parts_by_argument(partials, numeric, upstream):
    """Sort the named parts of gradients by argument.

    Parameters
    ----------
    partials : dict
        As for `check`.
    numeric : dict from str to ndarray
        The true gradients.
    upstream : ndarray or tuple of ndarray
        As the backward gets it.

    Returns
    -------
    parts : dict from str to (dict from str to ndarray)
    """
    parts = {}
    for label, part in partials.items():
        argument, part = part if isinstance(part, tuple) else (None, part)
        part = np.asarray(part(upstream) if callable(part) else part)
        owners = [argument] if argument else [n for n in numeric if numeric[n].shape == part.shape]
        for name in owners:
            parts.setdefault(name, {})[label] = part
    return parts


def _report(gradients, problems, redrawn):
    texts, causes = zip(*problems, strict=True) if problems else ((), ())
    return Report(gradients, texts, causes, redrawn)


def _is_float(value):
    return value is not None and value.dtype.kind == "f"


def _prepared(value):
    """Make an array of an input, of float64 if it holds floats."""
    if value is None:
        return None
    value = np.asarray(value)
    return value.astype(np.float64) if value.dtype.kind == "f" else value
