"""A student's functions, called: what they return, what they change, and where they fail."""

import copy
import importlib
import linecache
import os
import sys

import numpy as np

from .callables import make
from .trees import Unsendable, build, flatten, leaves

LONGEST_TEXT = 300
MOST_UNITS = 500
MOST_BYTES = 32 * 2**20  # of all that goes into one answer
SAME = 1e-9  # as a share of the largest number


class Failure(Exception):
    """What a student's code did instead of returning.

    Parameters
    ----------
    where : {"import", "function", "forward", "backward"}
    **facts
        What JSON can hold.
    """

    def __init__(self, where, **facts):
        super().__init__(where)
        self.facts = {"where": where, **facts}


def answer(header, arrays, folder):
    """Do what a message asks for.

    Parameters
    ----------
    header : dict
        With "do": "load", "pair" or "call".
    arrays : dict from str to ndarray
    folder : str
        Where the student's files are.

    Returns
    -------
    header : dict
    arrays : dict from str to ndarray
    """
    replies = {"load": _load, "pair": _pair, "call": _call}
    sent = {}
    try:
        reply = replies[header["do"]](header, arrays, sent, folder)
    except Failure as failure:
        return {"failure": failure.facts}, {}
    return reply, sent


def _load(header, arrays, sent, folder):
    module = _module(header["file"], folder)
    return {"functions": [name for name, value in vars(module).items() if callable(value)]}


def _call(header, arrays, sent, folder):
    """Call a function twice, with fresh copies of its arguments."""
    function = _function(header["file"], header["name"], folder)
    results, changed = [], []
    for _ in range(2):
        given = build(header["arguments"], arrays, make)
        before = _contents(given)
        with _Watched("function", folder):
            results.append(function(*given[0], **given[1]))
        changed = changed or _changed(given, before)
    trees = [_tree(result, sent if place == 0 else {}, "what it returned")
             for place, result in enumerate(results)]
    return {"result": trees[0], "changed": changed, "repeats": _repeats(*results)}


def _pair(header, arrays, sent, folder):
    """Run a forward, then its backward under several upstreams."""
    forward = _function(header["file"], header["forward"], folder)
    outs = []
    for _ in range(2):
        given = build(header["arguments"], arrays, make)
        before = _contents(given)
        with _Watched("forward", folder):
            returned = forward(*given[0], **given[1])
        if not isinstance(returned, tuple) or len(returned) != 2:
            kind = type(returned).__name__
            raise Failure("forward", text=f"expected the pair (out, cache), got {kind}")
        outs.append(returned)
    out, cache = outs[1]
    reply = {
        "out": _tree(out, sent, "its output"),
        "changed": _changed(given, before),
        "repeats": _repeats(outs[0][0], out),
    }
    if header.get("backward"):
        try:
            _backward(header, arrays, sent, folder, out, cache, given, reply)
        except Failure as failure:
            reply["backward"] = {"failure": failure.facts}
    return reply


def _backward(header, arrays, sent, folder, out, cache, given, reply):
    upstreams = build(header["upstreams"], arrays)
    shapes = [np.shape(part) for part in _as_tuple(out)]
    if shapes != [np.shape(part) for part in upstreams[0]]:
        reply["backward"] = {"failure": {"where": "forward", "unfit": True}}
        return
    backward = _function(header["file"], header["backward"], folder)
    before = _contents((given, cache))
    kept = copy.deepcopy(cache) if header.get("units") else None
    gradients, changed = [], []
    for upstream in upstreams:
        dout, untouched = _like(out, upstream)
        with _Watched("backward", folder):
            gradients.append(_as_tuple(backward(dout, cache)))
        if _contents(dout) != untouched:
            changed.append("the upstream gradient")
    if _contents((given, cache)) != before:
        changed.append("the cache")
    trees = [_tree(gradient, sent, "a gradient") for gradient in gradients]
    reply["backward"] = {"gradients": trees, "changed": sorted(set(changed))}
    if header.get("units"):
        reply["backward"]["units"] = _units(backward, out, kept, sent, folder)


def _units(backward, out, cache, sent, folder):
    """Run the backward under upstreams that are 1 at one entry and 0 elsewhere, and stack."""
    parts = [np.asarray(part) for part in _as_tuple(out)]
    places = [(k, index) for k, part in enumerate(parts) for index in np.ndindex(part.shape)]
    if len(places) > MOST_UNITS:
        return None
    rows = []
    for k, index in places:
        upstream = [np.zeros(part.shape) for part in parts]
        upstream[k][index] = 1
        dout, _ = _like(out, upstream)
        with _Watched("backward", folder):
            rows.append(_as_tuple(backward(dout, copy.deepcopy(cache))))
    try:
        return flatten(_stacked(rows), sent)
    except (Unsendable, ValueError, TypeError):
        return None  # the gradients differ from one upstream to the next, or are none


def _stacked(rows):
    first = rows[0]
    if isinstance(first, dict):
        return {key: _stacked([row[key] for row in rows]) for key in first}
    if isinstance(first, (tuple, list)):
        return tuple(_stacked(list(parts)) for parts in zip(*rows, strict=True))
    return None if first is None else np.stack([np.asarray(row) for row in rows])


def _like(out, upstream):
    """Hand an upstream over as the output was: alone, or as a tuple."""
    dout = tuple(np.array(part) if np.ndim(part) else part[()] for part in upstream)
    dout = dout if isinstance(out, (tuple, list)) else dout[0]
    return dout, _contents(dout)


def _as_tuple(value):
    return tuple(value) if isinstance(value, (tuple, list)) else (value,)


def _module(file, folder):
    name = file.removesuffix(".py")
    if not os.path.isfile(os.path.join(folder, file)):
        raise Failure("import", missing=True, text=f"{file} is not there")
    with _Watched("import", folder):
        return importlib.import_module(name)


def _function(file, name, folder):
    found = getattr(_module(file, folder), name, None)
    if not callable(found):
        raise Failure("function", missing=True, text=f"{name} is not in {file}")
    return found


class _Watched:
    """Turns whatever a student's code raises into a `Failure`, with its own last line."""

    def __init__(self, where, folder):
        self._where, self._folder = where, folder

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if error is None or isinstance(error, Failure):
            return False
        raise Failure(self._where, **_facts(kind, error, trace, self._folder)) from None


def _facts(kind, error, trace, folder):
    facts = {"type": kind.__name__[:60], "text": _text_of(error)}
    if issubclass(kind, SyntaxError) and getattr(error, "filename", None):
        facts |= {"file": os.path.basename(str(error.filename)), "line": error.lineno}
    while trace is not None:
        facts |= place_of(trace.tb_frame, trace.tb_lineno, folder)
        trace = trace.tb_next
    return facts


def place_of(frame, line, folder):
    """Say where in a student's files a frame is.

    Parameters
    ----------
    frame : frame
    line : int
    folder : str
        Where the student's files are.

    Returns
    -------
    facts : dict
        "file", "line", "function" and "source", that line's text; empty if it is elsewhere.
    """
    path = frame.f_code.co_filename
    if os.path.dirname(path) != folder:
        return {}
    source = linecache.getline(path, line).strip()
    return {
        "file": os.path.basename(path),
        "line": line,
        "function": frame.f_code.co_name[:100],
        "source": source[:LONGEST_TEXT],
    }


def place_now(thread, folder):
    """Say where in a student's files a thread is just now.

    Parameters
    ----------
    thread : int
    folder : str

    Returns
    -------
    facts : dict
        As `place_of`.
    """
    frame = sys._current_frames().get(thread)
    while frame is not None:
        facts = place_of(frame, frame.f_lineno, folder)
        if facts:
            return facts
        frame = frame.f_back
    return {}


def _text_of(error):
    try:
        return " ".join(str(error).split())[:LONGEST_TEXT]
    except Exception:  # a class of the student's, whose text cannot be had
        return ""


def _tree(value, sent, what):
    try:
        tree = flatten(value, sent)
        if sum(array.nbytes for array in sent.values()) > MOST_BYTES:
            sent.clear()
            raise Unsendable("larger than anything that was asked for")
        return tree
    except Unsendable as error:
        where = "backward" if what == "a gradient" else "forward"
        text = f"{what} is {error}, expected an array of floats"
        raise Failure(where, text=text, unsendable=True) from None


def _changed(given, before):
    """Say which arguments are no longer what they were, by place or by name."""
    after = _contents(given)
    places = [str(k) for k, (a, b) in enumerate(zip(after[0], before[0], strict=True)) if a != b]
    return places + [name for name in before[1] if after[1][name] != before[1][name]]


def _repeats(one, other):
    """Tell whether two results are the same, rounding in another order aside."""
    pairs = list(zip(leaves(one), leaves(other), strict=False))
    if len(leaves(one)) != len(leaves(other)):
        return False
    for (_, a), (_, b) in pairs:
        a, b = np.asarray(a), np.asarray(b)
        if a.shape != b.shape or a.dtype != b.dtype:
            return False
        if a.dtype.kind not in "fc" and a.tobytes() != b.tobytes():
            return False
        if a.dtype.kind in "fc" and not np.array_equal(a, b, equal_nan=True):
            if not np.max(np.abs(a - b)) <= SAME * np.max(np.abs(a)):
                return False
    return True


def _contents(value):
    """Turn all arrays in a nest of tuples, lists and dicts into what can be compared."""
    if isinstance(value, (np.ndarray, np.generic)):
        return value.shape, str(value.dtype), value.tobytes()
    if isinstance(value, dict):
        return {key: _contents(part) for key, part in value.items()}
    if isinstance(value, (tuple, list)):
        return tuple(_contents(part) for part in value)
    return value if isinstance(value, (bool, int, float, str, type(None))) else None


