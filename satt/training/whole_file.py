"""Files that are whole or not there, whatever happens while they are written."""

import os
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def whole_file(path):
    """Open a file of bytes to write; it takes the place of an old one when all is written.

    Parameters
    ----------
    path : str or Path

    Yields
    ------
    file : binary file

    Raises
    ------
    OSError
        If it cannot be written; then, as after any other exception, the old file is still there
        and nothing else is.
    """
    path = Path(path)
    # In the same folder: a file can be replaced in one go only within one disk.
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(temporary, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        with suppress(OSError):
            temporary.unlink()


def remove_leftovers(path):
    """Remove what a process that was killed while it wrote the file has left beside it."""
    path = Path(path)
    for temporary in path.parent.glob(f".{path.name}.*.tmp"):
        temporary.unlink(missing_ok=True)
