"""Where in a student's file it went wrong, in one line."""

import linecache
import traceback
from pathlib import Path

from gradcheck.commands.results import one_line
from gradcheck.student_file import CannotCheck


def describe(error, path):
    """Write what a student's file raised in one line, with the line where it happened.

    Parameters
    ----------
    error : BaseException
    path : str or Path

    Returns
    -------
    str
    """
    path = str(Path(path).resolve())
    if isinstance(error, CannotCheck):
        return str(error)
    if isinstance(error, SyntaxError) and error.filename == path:
        text = f": {error.text.strip()}" if error.text and error.text.strip() else ""
        return f"line {error.lineno}: {type(error).__name__}: {error.msg}{text}"
    frames = traceback.extract_tb(error.__traceback__)
    lines = [place(frame.name, frame.lineno) for frame in frames if frame.filename == path]
    said = one_line(error)
    if isinstance(error, SystemExit):
        said = f"it ends the program ({said}); leave that out"
    return f"{lines[-1]}: {said}" if lines else said


def place(function, number):
    """Name a line of a student's file."""
    return f"line {number}" if function == "<module>" else f"line {number} of {function}"


def where_now(frame, path):
    """Say at which line of a student's file a running frame is.

    Parameters
    ----------
    frame : frame
        The innermost.
    path : str or Path

    Returns
    -------
    str
        Empty if it is in none.
    """
    path = str(Path(path).resolve())
    while frame is not None:
        if frame.f_code.co_filename == path:
            source = linecache.getline(path, frame.f_lineno).strip()
            where = place(frame.f_code.co_name, frame.f_lineno)
            return f"{where} (`{source}`)" if source else where
        frame = frame.f_back
    return ""
