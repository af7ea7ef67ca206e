"""The log of a training: one JSON object a line, readable while it grows."""

import json


def append_log(path, record):
    """Add one line to a log in UTF-8.

    Parameters
    ----------
    path : str or Path
        Made if it does not exist.
    record : dict
        What JSON can hold; NumPy numbers and arrays become plain numbers and lists.

    Raises
    ------
    TypeError
        If JSON cannot hold a value.
    """
    line = json.dumps(record, ensure_ascii=False, default=to_plain)
    with open(path, "a", encoding="utf-8", newline="\n") as file:
        file.write(line + "\n")


def to_plain(value):
    """Turn a NumPy number or array into what JSON knows; the `default` of `json.dumps`."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"a {type(value).__name__} cannot be written as JSON")
