"""What the outputs of a function are called: as the reference's docstring calls them."""

import inspect
import re


def output_names(function, count):
    """Name the outputs of a function.

    Parameters
    ----------
    function : callable
        With a numpydoc docstring.
    count : int
        How many outputs it has; the cache is none.

    Returns
    -------
    names : tuple of str
    """
    text = inspect.getdoc(function) or ""
    section = re.search(r"^Returns\n-+\n(.*?)(?:\n\n|\Z)", text, re.MULTILINE | re.DOTALL)
    heads = re.findall(r"^([A-Za-z_][\w, ]*) :", section[1], re.MULTILINE) if section else []
    names = [name.strip() for head in heads for name in head.split(",")]
    names = [name for name in names if name != "cache"]
    if len(names) == count:
        return tuple(names)
    return ("the output",) if count == 1 else tuple(f"output {k + 1}" for k in range(count))
