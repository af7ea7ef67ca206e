"""The log of a training: one JSON object a line, readable while it grows."""

import json
import os
from pathlib import Path

from satt.errors import SattError
from satt.training.whole_file import whole_file


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
    SattError
        If the file cannot be written.
    TypeError
        If JSON cannot hold a value.
    """
    line = json.dumps(record, ensure_ascii=False, default=to_plain)
    try:
        with open(path, "a", encoding="utf-8", newline="\n") as file:
            file.write(line + "\n")
    except OSError as error:
        reason = error.strerror or error
        raise SattError(f"log: {path} cannot be written: {reason}") from error


def cut_log(path, last_step):
    """Drop what was logged after a step, and lines that were written only by half.

    Parameters
    ----------
    path : str or Path
        There may be no such file.
    last_step : int

    Returns
    -------
    records : list of dict
        What the log now holds.

    Raises
    ------
    SattError
        If the file cannot be read or written.
    """
    path, lines, records = Path(path), [], []
    try:
        old = path.read_bytes() if path.exists() else b""
        for line in old.splitlines():
            record = _read_line(line)
            after = records[-1]["step"] if records else 0
            if record is not None and after < record["step"] <= last_step:
                lines.append(line + b"\n")
                records.append(record)
        if old != b"".join(lines):
            with whole_file(path) as file:
                file.writelines(lines)
    except OSError as error:
        reason = error.strerror or error
        raise SattError(f"log: {path} cannot be read or written: {reason}") from error
    return records


def sync_log(path):
    """Wait until all that was logged is on the disk, so that it outlasts a loss of power."""
    with open(path, "ab") as file:
        os.fsync(file.fileno())


def _read_line(line):
    """Read a record; None if the line is no record of a step."""
    try:
        record = json.loads(line)
        return record if isinstance(record["step"], int) else None
    except (ValueError, TypeError, KeyError):
        return None


def to_plain(value):
    """Turn a NumPy number or array into what JSON knows; the `default` of `json.dumps`."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"a {type(value).__name__} cannot be written as JSON")
