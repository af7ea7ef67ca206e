"""The folder that a student's process sees: the student's Python files, and `given/` anew."""

import contextlib
import functools
import shutil

from satt.homework.archives import python_files, root_of
from satt.homework.folder import folder_files
from satt.homework.process import open_to_all
from satt.homework.scratch import new_folder


@contextlib.contextmanager
def staged(submission, homework):
    """Lay out a submission's files in a folder of their own, for as long as it is used.

    Parameters
    ----------
    submission : Path
        A folder or an archive; it is not changed.
    homework : HomeworkSet

    Yields
    ------
    folder : Path
    files : dict from str to str
        The source of each of the homework's files that is there, by name.

    Raises
    ------
    SattError
        If it cannot be read.
    """
    found = python_files(submission)
    wanted = {function.file for function in homework.functions}
    root = root_of(found, wanted)
    own = {
        name.removeprefix(root): data for name, data in found.items() if name.startswith(root)
    }
    folder = new_folder()
    try:
        for name, data in {**own, **_given(homework)}.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        open_to_all(folder)
        sources = {
            name: data.decode("utf-8", errors="replace")
            for name, data in own.items() if name in wanted
        }
        yield folder, sources
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@functools.lru_cache(maxsize=8)
def _given(homework):
    """Make `given/` once: a student may have changed the one that was handed out."""
    return {
        path: text.encode("utf-8") for path, text in folder_files(homework).items()
        if path.startswith("given/")
    }
