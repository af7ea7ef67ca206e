"""Arguments and results as a tree of JSON and flat arrays, so that a message can carry them.

Numbers, texts, None, arrays, and tuples, lists and dicts of these. A function that is to be
handed over, such as the step that a beam search calls, is `Made`: the name of a maker in
`callables.py`, and what that is called with.
"""

import numpy as np

from .messages import BadMessage

DEEPEST = 8
MOST_LEAVES = 20_000


class Unsendable(TypeError):
    """Something that is neither a number nor made of numbers."""


class Made:
    """A function that is made where it is needed.

    Parameters
    ----------
    name : str
        Of the maker, in `callables.py`.
    **arguments
        What the maker is called with.
    """

    def __init__(self, name, **arguments):
        self.name, self.arguments = name, arguments


def flatten(value, arrays, depth=0):
    """Make a tree of a value, and put its arrays into a dict.

    Parameters
    ----------
    value : object
    arrays : dict from str to ndarray
        Gets the arrays, under new names.
    depth : int, optional
        How far below the root this is.

    Returns
    -------
    tree : dict

    Raises
    ------
    Unsendable
        For anything that is not made of numbers.
    """
    if depth > DEEPEST or len(arrays) > MOST_LEAVES:
        raise Unsendable("too much, or too deep")
    if value is None:
        return {"kind": "none"}
    if isinstance(value, (bool, int, float)) and type(value) in (bool, int, float):
        return {"kind": "number", "value": value}
    if isinstance(value, str):
        return {"kind": "text", "value": value}
    if isinstance(value, dict):
        parts = {str(key): flatten(part, arrays, depth + 1) for key, part in value.items()}
        return {"kind": "dict", "parts": parts}
    if isinstance(value, (tuple, list)):
        parts = [flatten(part, arrays, depth + 1) for part in value]
        return {"kind": "tuple" if isinstance(value, tuple) else "list", "parts": parts}
    if isinstance(value, Made):
        arguments = flatten(value.arguments, arrays, depth + 1)
        return {"kind": "made", "name": value.name, "arguments": arguments}
    if not isinstance(value, (np.ndarray, np.generic)):
        raise Unsendable(f"a {type(value).__name__}")
    array = np.asarray(value)
    if array.dtype.kind not in "fiubc":
        raise Unsendable(f"an array of {array.dtype}")
    name = f"a{len(arrays)}"
    arrays[name] = array
    return {"kind": "array", "name": name}


def build(tree, arrays, make=None):
    """Make a value of a tree and its arrays.

    Parameters
    ----------
    tree : dict
        Possibly a stranger's.
    arrays : dict from str to ndarray
    make : callable, optional
        `make(name, **arguments) -> function`; without it no function is made.

    Returns
    -------
    value : object
        With copies of the arrays.

    Raises
    ------
    BadMessage
        If it is no tree.
    """
    try:
        return _build(tree, arrays, make, 0)
    except (AttributeError, KeyError, TypeError) as error:
        raise BadMessage(f"a tree is broken: {type(error).__name__}") from None


def _build(tree, arrays, make, depth):
    kind = tree["kind"]
    if depth > DEEPEST + 1:
        raise BadMessage("a tree is too deep")
    if kind == "none":
        return None
    if kind in ("number", "text"):
        value = tree["value"]
        wanted = str if kind == "text" else (bool, int, float)
        if not isinstance(value, wanted):
            raise BadMessage(f"a {kind} is none")
        return value
    if kind == "array":
        return arrays[tree["name"]].copy(order="K")
    if kind == "made" and make is not None:
        return make(tree["name"], **_build(tree["arguments"], arrays, make, depth + 1))
    if kind == "dict":
        return {str(k): _build(v, arrays, make, depth + 1) for k, v in tree["parts"].items()}
    if kind in ("tuple", "list"):
        parts = [_build(part, arrays, make, depth + 1) for part in tree["parts"]]
        return tuple(parts) if kind == "tuple" else parts
    raise BadMessage("a tree has a part of no known kind")


def leaves(value, path=""):
    """List what stands at the ends of a nest of tuples, lists and dicts, each with its path.

    Parameters
    ----------
    value : object
    path : str, optional
        Where the nest itself stands.

    Returns
    -------
    found : list of (str, object)
        Paths such as "0" or "1.decoder.lstm.W_x".
    """
    if isinstance(value, dict):
        parts = [(str(key), part) for key, part in value.items()]
    elif isinstance(value, (tuple, list)):
        parts = [(str(place), part) for place, part in enumerate(value)]
    else:
        return [(path, value)]
    before = f"{path}." if path else ""
    return [leaf for key, part in parts for leaf in leaves(part, before + key)]
