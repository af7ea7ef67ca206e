"""What commands write: folders to write into, tables to read, captions with their attention."""

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path

from satt.errors import SattError

FIGURE_ENDINGS = (".png", ".pdf", ".svg")


def prepare_folder(text, option="--out"):
    """Make a folder, and see that files can be written there before any work is done.

    Parameters
    ----------
    text : str or Path
    option : str
        That it was given with.

    Returns
    -------
    folder : Path

    Raises
    ------
    SattError
        If it cannot be made or written to.
    """
    folder = Path(text)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except FileExistsError:
        raise SattError(f"{option}: {folder} is a file; choose another folder") from None
    except OSError as error:
        raise SattError(
            f"{option}: {folder} cannot be written to: {error.strerror}; choose another folder"
        ) from error
    return folder


def spare(files, paths, option):
    """Raise a SattError if a file that is to be written is one of those that are read.

    Parameters
    ----------
    files : iterable of str or Path
        What is read; some may be missing.
    paths : iterable of Path
        What is to be written.
    option : str
        That these were given with.
    """
    there = {_identity(file) for file in files} - {None}
    for path in paths:
        if _identity(path) in there:
            raise SattError(
                f"{option}: {path} is one of the images, and would be overwritten; name another "
                "place"
            )


def _identity(path):
    """What two names of one file have in common; None if there is no such file."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return found.st_dev, found.st_ino


@contextmanager
def told_where(path, option="--out"):
    """Say which file could not be written; the system's errors for a full disk name none."""
    try:
        yield
    except OSError as error:
        raise SattError(
            f"{option}: {path} cannot be written: {error.strerror or error}; make room or choose "
            "another folder"
        ) from error


def as_typed(*words):
    """Write a command as it is typed: in quotes what a shell would take apart."""
    import shlex
    import subprocess

    words = [str(word) for word in words]
    return shlex.join(words) if os.name == "posix" else subprocess.list2cmdline(words)


def print_table(rows):
    """Print rows of texts in columns: the first to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for first, *others in rows:
        cells = [f"{first:{widths[0]}}"]
        cells += [f"{text:>{width}}" for text, width in zip(others, widths[1:], strict=True)]
        print("  ".join(cells).rstrip())


def figure_text(value):
    """Write a figure for people: a share, a count; a dash where it could not be measured."""
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int) else f"{value:.3f}"


def draw_caption(path, image, words, decoded, grid_shape, title=None, notes=None):
    """Draw where a model looked for each word of a caption.

    Returns
    -------
    drawn : bool
        False where the caption has no words, so that there is nothing to draw.
    """
    from satt.figures import draw_attention

    if not words:
        return False
    draw_attention(path, image, words, decoded.attention, grid_shape, title, notes)
    return True
