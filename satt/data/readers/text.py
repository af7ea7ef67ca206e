"""Text files of data sets: UTF-8, or an error that says where not."""

import json

from satt.errors import SattError


def read_text(path):
    """Read a text file.

    Parameters
    ----------
    path : Path

    Returns
    -------
    str
        Without the byte order mark that some editors write.

    Raises
    ------
    SattError
        If it cannot be read, or is not UTF-8.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SattError(f"{path}: cannot be read: {error.strerror}; allow it") from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SattError(
            f"{path}: line {line}: expected UTF-8, got the byte 0x{data[error.start]:02x}; "
            "save the file as UTF-8, or fetch it again"
        ) from error


def read_json(path):
    """Read a JSON file.

    Raises
    ------
    SattError
        If it cannot be read or is not JSON.
    """
    text = read_text(path)
    try:
        return json.loads(text, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        raise SattError(
            f"{path}: line {error.lineno}: {error.msg}, which is not JSON; fetch the file again"
        ) from error
    except (ValueError, RecursionError) as error:
        what = "is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise SattError(f"{path}: {what:.200}; fetch the file again") from error


def field_of(record, name, kind, where):
    """Take a field of a JSON object.

    Parameters
    ----------
    record : object
        Should be a dict.
    name : str
    kind : type or tuple of types
    where : str
        The file and the place in it, for the error.

    Raises
    ------
    SattError
        If there is no such field, or it is of another kind.
    """
    value = record.get(name) if isinstance(record, dict) else None
    # To Python, true is a number; to a data set it is not.
    if not isinstance(value, kind) or isinstance(value, bool):
        kinds = kind if isinstance(kind, tuple) else (kind,)
        wanted = " or ".join(JSON_NAMES[each] for each in kinds)
        got = "nothing" if value is None else f"{value!r:.40}"
        raise SattError(
            f"{where}: expected {wanted} as {name!r}, got {got}; fetch the file again"
        )
    return value


JSON_NAMES = {str: "a text", list: "a list", int: "a whole number", dict: "an object"}


def _refuse(constant):
    raise ValueError(f"expected a number, got {constant}")
