"""JSON from others: whatever it holds, it is as expected or there is one line about it."""

import json
from collections import Counter

from satt.data.readers.text_file import read_text
from satt.errors import SattError

LONGEST_NUMBER = 20  # digits; what is longer takes Python long, or is refused by it
KINDS = {str: "a text", list: "a list", dict: "an object {...}", int: "a whole number"}


def read_json(path):
    """Read a JSON file whose outermost value is an object.

    Parameters
    ----------
    path : Path

    Returns
    -------
    dict

    Raises
    ------
    SattError
        If it is no such file: other text, cut off, nested too deeply, with a key twice in one
        object, NaN or a number of more than 20 digits.
    """
    text = read_text(path)
    try:
        found = json.loads(
            text, object_pairs_hook=_object, parse_int=_whole, parse_constant=_no_number
        )
    except json.JSONDecodeError as error:
        raise SattError(
            f"{path}: line {error.lineno:,}, column {error.colno:,}: expected JSON, got "
            f"{text[error.pos:error.pos + 20]!r} ({error.msg}); was it cut off? Fetch it again"
        ) from error
    except RecursionError as error:
        raise SattError(
            f"{path}: expected lists and objects a few levels deep, got some nested hundreds of "
            "times; this is no file of captions: take it out of the folder"
        ) from error
    except ValueError as error:
        raise SattError(f"{path}: {error}; fetch it again") from error
    if not isinstance(found, dict):
        raise _unexpected(path, "the whole", dict, found)
    return found


def member(path, where, record, key, kind):
    """Take what a record has under a key.

    Parameters
    ----------
    path : Path
        Of the file, for the error.
    where : str
        Which record it is, such as "images[3]"; "" for the whole file.
    record : object
        Expected to be a dict; from `read_json`.
    key : str
    kind : {str, list, dict, int}

    Returns
    -------
    value : instance of `kind`

    Raises
    ------
    SattError
        If the record is no dict, lacks the key, or has something of another kind there.
    """
    if not isinstance(record, dict):
        raise _unexpected(path, where, dict, record)
    place = f"{where}.{key}" if where else key
    if key not in record:
        raise SattError(
            f"{path}: {place}: expected {KINDS[kind]}, got nothing: the key {key!r} is missing; "
            "fetch the file again, or take it out of the folder"
        )
    value = record[key]
    if not isinstance(value, kind) or isinstance(value, bool):
        raise _unexpected(path, place, kind, value)
    return value


def _unexpected(path, place, kind, value):
    # The start of what may be millions of values.
    shown = f"{value!r:.60}" if isinstance(value, (str, int, float)) else type(value).__name__
    return SattError(
        f"{path}: {place}: expected {KINDS[kind]}, got {shown}; fetch the file again, or take it "
        "out of the folder"
    )


def _object(pairs):
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise ValueError(f"expected each key once in an object, got {twice!r:.60} twice")
    return found


def _whole(digits):
    if len(digits) > LONGEST_NUMBER:
        raise ValueError(
            f"expected numbers of at most {LONGEST_NUMBER} digits, got one of {len(digits):,}"
        )
    return int(digits)


def _no_number(name):
    raise ValueError(f"expected numbers, got {name}")
