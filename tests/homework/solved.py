"""Folders in which some or all of the functions are written: by satt itself."""

from pathlib import Path

from satt.homework.folder import asked_for, places
from satt.homework.sets import find_source
from satt.homework.skeleton import make_skeleton


def solve(folder, homework, only=None):
    """Fill a handed-out folder with the reference.

    Parameters
    ----------
    folder : Path
        As `satt.homework.folder.write_folder` wrote it.
    homework : HomeworkSet
    only : collection of str, optional
        Fill these functions; the others stay empty. None: all.
    """
    for module, functions in asked_for(homework).items():
        empty = [f for f in functions if only is not None and f.name not in only]
        source = find_source(module).read_text(encoding="utf-8")
        # Nothing is left out, since the reference uses its helpers.
        filled = make_skeleton(source, empty, set(), places(homework))
        (Path(folder) / functions[0].file).write_text(filled, encoding="utf-8")
