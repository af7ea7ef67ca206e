"""A forward and a backward of a student, judged: output by output, gradient by gradient."""

from dataclasses import replace

import numpy as np

from gradcheck.compare import compare
from gradcheck.diagnosis import hints
from gradcheck.numerical import Slopes
from satt.homework.child.messages import BadMessage
from satt.homework.child.trees import build, flatten
from satt.homework.diagnosis import Student, causes
from satt.homework.expected import expected
from satt.homework.failures import told
from satt.homework.likenesses import likenesses
from satt.homework.outputs import difference, looks_like
from satt.homework.receivers import by_receiver
from satt.homework.results import Verdict

TOLERANCE = 1e-6
MOST_DIAGNOSED = 3  # cases of one function; the others mostly go wrong for the same reason


def request(pair_case, file, name, with_backward):
    """Make the message that has a case computed.

    Parameters
    ----------
    pair_case : PairCase
    file, name : str
        Where the pair is, and its name.
    with_backward : bool

    Returns
    -------
    header, arrays : dict
    """
    case, arrays = pair_case.case, {}
    arguments = tuple(case.inputs.values())
    if pair_case.arrange is not None:
        arguments = pair_case.arrange(case.inputs)
    header = {
        "do": "pair", "file": file, "forward": f"{name}_forward",
        "arguments": flatten((arguments, case.options), arrays),
    }
    if with_backward:
        upstream = list(expected(pair_case).upstream)
        header["backward"] = f"{name}_backward"
        # The same twice: a backward that uses up its cache shows the second time.
        header["upstreams"] = flatten([upstream, upstream], arrays)
    return header, arrays


def judge_forward(session, function, name, cases):
    """Judge a forward.

    Parameters
    ----------
    session : Session
    function : Function
    name : str
        The pair's.
    cases : sequence of PairCase

    Yields
    ------
    found : Verdict, or str
        A verdict for each output and case, and for each thing it changes a sentence.
    """
    for pair_case in cases:
        known = expected(pair_case)
        header, arrays = session.ask(
            function.name, *request(pair_case, function.file, name, False)
        )
        base = Verdict("", pair_case.about, pair_case.is_hidden, ok=True)
        if "failure" in header:
            yield from _failed(base, known.names, header["failure"])
            continue
        out = _outputs(header, arrays, "out")
        for number, part in enumerate(known.names):
            yield _judge_output(replace(base, part=part), known, number, out, header)
        yield from _changes("forward", pair_case, header.get("changed"))


def judge_backward(session, function, name, cases):
    """Judge a backward, by the gradients of the right forward; as `judge_forward`."""
    diagnosed = 0
    explained = {}
    for pair_case in cases:
        known = expected(pair_case)
        message = request(pair_case, function.file, name, True)
        header, arrays = session.ask(function.name, *message)
        base = Verdict("", pair_case.about, pair_case.is_hidden, ok=True)
        receivers = [n for n in pair_case.receivers if pair_case.case.inputs[n] is not None]
        parts = [f"d{n}" for n in receivers]
        if "failure" in header:
            kind, text = told(header["failure"], base.is_hidden)
            text = f"not judged: it needs a forward that runs ({text})"
            yield from (replace(base, part=p, ok=False, kind=kind, text=text) for p in parts)
            continue
        is_right = not any(
            difference(part, *pair)[0]
            for part, pair in zip(known.names, _paired(header, arrays, known), strict=True)
        )
        reply = header.get("backward")
        reply = reply if isinstance(reply, dict) else {}
        if "failure" in reply:
            yield from _failed(base, parts, reply["failure"], "forward")
            continue
        trees = reply.get("gradients")
        if not isinstance(trees, list) or len(trees) != 2:
            raise BadMessage("there are no gradients in it")
        (first, fault), (second, _) = (
            by_receiver(pair_case, build(tree, arrays)) for tree in trees
        )
        if fault:
            hint = "" if pair_case.sort else hints.wrong_number(
                len(build(trees[0], arrays)), pair_case.receivers).hint
            yield from (
                replace(base, part=p, ok=False, kind="shape", text=fault, hint=hint) for p in parts
            )
            continue
        verdicts = {
            n: _judge_gradient(replace(base, part=f"d{n}"), known, n, first, second, is_right)
            for n in receivers
        }
        wrong = [n for n, v in verdicts.items() if not v.ok and not v.hint]
        new = {(n, verdicts[n].kind) for n in wrong} - explained.keys()
        if new and diagnosed < MOST_DIAGNOSED:
            diagnosed += 1
            student = Student(session, function.name, known, *message, first)
            found = causes(student, wrong)
            explained |= {(n, kind): found[n] for n, kind in new}
        for n, verdict in verdicts.items():
            cause = explained.get((n, verdict.kind))
            if n in wrong and cause is not None:
                verdict = replace(verdict, kind=cause.kind, hint=cause.hint)
            yield verdict
        for n in set(pair_case.receivers) - set(receivers):
            if first.get(n) is not None:
                text = f"the backward returns a gradient for {n}, which was None"
                yield replace(base, part=f"d{n}", ok=False, kind="shape", text=text,
                              hint="Return None in its place.")
        yield from _changes("backward", pair_case, reply.get("changed"))


def _outputs(header, arrays, key):
    out = build(header[key], arrays)
    return tuple(out) if isinstance(out, (tuple, list)) else (out,)


def _paired(header, arrays, known):
    """Put each output beside what it should be; None where there is none."""
    out = _outputs(header, arrays, "out")
    out += (None,) * (len(known.outputs) - len(out))
    return list(zip(out, known.outputs, strict=False))


def _judge_output(base, known, number, out, header):
    if len(out) != len(known.outputs):
        text = f"the forward returns {len(out)} output(s) before the cache, " \
            f"expected {len(known.outputs)} ({', '.join(known.names)})"
        return replace(base, ok=False, kind="shape", text=text)
    part, got, wanted = base.part, out[number], known.outputs[number]
    if not header.get("repeats"):
        cause = hints.forward_inconsistent()
        return replace(base, ok=False, kind=cause.kind, text=f"{part} is another the second time",
                       hint=cause.hint)
    kind, text = difference(part, got, wanted, shows_values=not base.is_hidden)
    if kind:
        case = known.case
        others = likenesses(
            case.forward.__name__.removesuffix("_forward"), case.forward, case.inputs,
            case.options,
        )
        hint = "" if kind == "dtype" else looks_like(
            part, got, wanted, ((words, result[number]) for words, result in others
                                if len(result) == len(out)),
        )
        if kind == "nan":
            hint = hint or hints.nan(part).hint
        return replace(base, ok=False, kind=kind, text=text, hint=hint)
    return base


def _judge_gradient(base, known, name, first, second, is_right):
    wanted = known.gradients[name]
    upstream = known.scale
    is_zero = bool(np.max(np.abs(wanted), initial=0) <= 1e-12 * upstream)
    slopes = {"complex": Slopes(wanted, np.ones(wanted.shape, bool))}

    def compared(gradient):
        return compare(base.part, gradient, slopes, TOLERANCE, upstream, is_zero)

    found = compared(first[name])
    if found.ok and not compared(second.get(name)).ok:
        cause = hints.not_repeatable()
        return replace(base, ok=False, kind=cause.kind, hint=cause.hint,
                       text=f"{base.part} is wrong when the backward is called a second time")
    if found.ok:
        return replace(base, counts=not is_zero)
    text = found.problem
    if not text and found.worst_index is not None and not base.is_hidden:
        place = f"[{', '.join(map(str, found.worst_index))}]" if found.worst_index else ""
        text = f"{base.part}{place} is {found.yours:.6g}, expected {found.expected:.6g}"
    elif not text or base.is_hidden and not found.problem:
        text = f"{base.part} has wrong values"
    if not is_right:
        return replace(base, ok=False, kind="forward-wrong", text=text,
                       hint="The forward is wrong in this case: correct that first. The "
                            "gradient is compared with that of the right forward.")
    # One explanation holds for all cases in which it goes wrong in the same way.
    kind = "fault" if found.problem else "unknown"
    return replace(base, ok=False, kind=kind, text=text)


def _failed(base, parts, failure, unfit_half=""):
    failure = failure if isinstance(failure, dict) else {}
    if unfit_half and failure.get("unfit"):
        kind, text = "forward-wrong", f"not judged: the {unfit_half}'s output has another shape"
    else:
        kind, text = told(failure, base.is_hidden)
    for part in parts:
        yield replace(base, part=part, ok=False, kind=kind, text=text)


def _changes(half, pair_case, changed):
    """Say what a function changed of what it was given."""
    names = [*pair_case.case.inputs, *pair_case.case.options]
    for what in changed if isinstance(changed, list) else ():
        if isinstance(what, str) and what.isdigit():
            place = int(what)
            what = names[place] if pair_case.arrange is None and place < len(names) else "params"
        if what in (*names, "params", "the cache", "the upstream gradient"):
            yield hints.mutates(half, what).hint
