"""Folders that live as long as a submission is judged: its files, and its process's own."""

import tempfile
from pathlib import Path

PREFIX = "satt-homework-"
_parent = None


def put_folders_in(parent):
    """Say where this process makes its folders from now on; whoever removes that removes them.

    Parameters
    ----------
    parent : Path
    """
    global _parent
    _parent = parent


def new_folder():
    """Make a folder; its name cannot be guessed.

    Returns
    -------
    Path
        In the system's folder for temporary files, unless `put_folders_in` said otherwise.
    """
    return Path(tempfile.mkdtemp(prefix=PREFIX, dir=_parent)).resolve()
