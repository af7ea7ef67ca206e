"""The files of a folder, found by the names that a data set has for them.

A name is looked up among the files that are there. It is never joined to a path, so that no name,
whatever it holds, leads out of the folder; nor does a link that is somewhere in it.
"""

import os
import unicodedata
from pathlib import Path

from satt.errors import SattError

LONGEST = 4096  # characters of a path; and to compose accents takes the square of their number


class ImageFiles:
    """All files in a folder and the folders in it.

    Parameters
    ----------
    folder : str or Path

    Raises
    ------
    SattError
        If the folder is none, or cannot be read.
    """

    def __init__(self, folder):
        self.folder = Path(folder)
        if not self.folder.is_dir():
            raise SattError(f"folder: there is no folder {folder}; correct the path")
        self._paths, self._leading_out = {}, set()
        inside = self.folder.resolve()
        for place, folders, names in os.walk(self.folder, onerror=_complain):
            folders.sort()
            for name in sorted([*names, *(n for n in folders if _is_link(place, n))]):
                path = Path(place, name)
                if path.is_symlink() and not path.resolve().is_relative_to(inside):
                    self._leading_out.add(_key(name))
                elif not path.is_dir():
                    self._paths.setdefault(_key(name), []).append(path)

    def named(self, matches):
        """List the files whose own name is matched, the nearest to the folder first.

        Parameters
        ----------
        matches : callable
            From a name, such as "captions.csv", to a truth value.

        Returns
        -------
        list of Path
        """
        found = [path for paths in self._paths.values() for path in paths if matches(path.name)]
        return sorted(found, key=lambda path: (len(path.parts), path))

    def find(self, name):
        """Find the file that a data set means.

        Parameters
        ----------
        name : str
            A file's name, or the end of its path, as "val2014/0001.jpg".

        Returns
        -------
        path : Path or None
            Of several with that ending the one nearest to the folder.
        why_not : str
            Where there is none.
        """
        if len(name) > LONGEST:
            return None, f"has {len(name):,} characters, more than a path can have"
        parts = _key(name).replace("\\", "/").split("/")
        parts = [part for part in parts if part not in ("", ".")]
        if not parts or ".." in parts:
            return None, "is no name of a file in the folder"
        candidates = [
            path for path in self._paths.get(parts[-1], ())
            if [_key(part) for part in path.parts[-len(parts):]] == parts
        ]
        if candidates:
            return min(candidates, key=lambda path: (len(path.parts), path)), ""
        if parts[-1] in self._leading_out or self._leading_out & set(parts):
            return None, "is a link that leads out of the folder"
        return None, "is not in the folder"


def _key(name):
    """One spelling for a name: file systems differ in how they compose accents and Hangul."""
    return unicodedata.normalize("NFC", name)


def _is_link(place, name):
    return os.path.islink(os.path.join(place, name))


def _complain(error):
    raise SattError(
        f"folder: {error.filename} cannot be read: {error.strerror}; allow it or move it away"
    )
