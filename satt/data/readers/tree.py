"""The files below a folder: looked up once, and never one outside it."""

import os
import re
import unicodedata
from pathlib import Path

from satt.data.listing import NO_FILE, OUTSIDE, name_first, printable
from satt.errors import SattError

DEEPEST = 5  # folders in folders; archives unpack to folders of the same name inside
MOST_FILES = 1_000_000  # COCO has a third of that
LONGEST_PATH = 4096  # characters; no system has longer ones
IMAGE_ENDINGS = {".jpg", ".jpeg", ".png", ".gif", ".webp", ".bmp", ".tif", ".tiff", ".ppm"}


class Tree:
    """The files in a folder and in the folders below it.

    Names from a data set are looked up in what was found here, so that no name, whatever it is,
    reaches a file outside. What is hidden (a name with a dot in front) and what macOS adds to
    archives is passed over; a link is followed only if it stays inside.

    Parameters
    ----------
    folder : str or Path

    Attributes
    ----------
    folder : Path
    files : list of str
        Relative paths with "/" between the parts; the fewest folders first, then by name.
    notes : list of str
        What could not be looked into.

    Raises
    ------
    SattError
        If it is not a folder that can be read, or holds more than a million files.
    """

    def __init__(self, folder):
        self.folder, self.notes = Path(folder), []
        if self.folder.is_file():
            raise SattError(
                f"folder: {folder} is a file; name the folder that holds the photographs and "
                "their captions (an archive has to be unpacked first)"
            )
        if not self.folder.is_dir():
            raise SattError(f"folder: there is no folder {folder}; name the one of the data set")
        self._links_out = set()
        self.files = sorted(self._walk(), key=lambda path: (path.count("/"), path))
        self._by_tail = {}
        for path in self.files:
            parts = _composed(path).split("/")
            for tail in {parts[-1], "/".join(parts[-2:])}:
                self._by_tail.setdefault(tail, []).append(path)
        if self._links_out:
            self.notes.append(
                f"{len(self._links_out):,} links lead out of the folder and are not followed "
                f"({name_first(sorted(self._links_out))}): copy there what they lead to, or name "
                "a folder that holds all of it"
            )

    def path(self, relative):
        """Return the path of one of `files`."""
        return self.folder / relative

    def matching(self, pattern):
        """Return those of `files` whose name, without folders, is matched by a pattern."""
        return [path for path in self.files if re.fullmatch(pattern, path.rpartition("/")[2])]

    def find(self, name, within=""):
        """Look up a name from a data set, in whichever folder the file lies.

        Parameters
        ----------
        name : str
            A file's name, with the folders it is in or without; "/" or "\\" between them.
        within : str
            A folder's name: of several such files, those in there are meant.

        Returns
        -------
        paths : list of str
            Those of `files` that end like the name, in their order.
        reason : str or None
            If there are none: NO_FILE or OUTSIDE.
        """
        parts = _inner_parts(name)
        if parts is None:
            return [], OUTSIDE
        tail = "/" + "/".join(parts)
        found = [
            path for path in self._by_tail.get("/".join(parts[-2:]), ())
            if f"/{_composed(path)}".endswith(tail)
        ]
        if not found:
            return [], OUTSIDE if self._leads_out(tail) else NO_FILE
        there = [path for path in found if within and f"/{within}/" in f"/{path}"]
        return there or found, None

    def images_beside(self, paths):
        """Return the image files in the folders that some of `files` are in, but for these."""
        paths = set(paths)
        folders = {path.rpartition("/")[0] for path in paths}
        return [path for path in self.files if path.rpartition("/")[0] in folders
                and path not in paths and is_image(path)]

    def images(self):
        """Return those of `files` that end as image files do."""
        return [path for path in self.files if is_image(path)]

    def _leads_out(self, tail):
        return any(f"/{_composed(link)}".endswith(tail) for link in self._links_out)

    def _walk(self):
        """Yield the relative paths of all regular files."""
        root = Path(os.path.realpath(self.folder))
        seen, waiting, count = {root}, [""], 0
        while waiting:
            inside = waiting.pop()
            try:
                entries = list(os.scandir(self.folder / inside))
            except OSError as error:
                if not inside:
                    raise SattError(
                        f"folder: {self.folder} cannot be looked into: {error.strerror}; "
                        "name another"
                    ) from error
                self.notes.append(f"{printable(inside)} cannot be looked into: {error.strerror}")
                continue
            count += len(entries)
            if count > MOST_FILES:
                raise SattError(
                    f"folder: {self.folder} holds more than {MOST_FILES:,} files; name the "
                    "data set's own folder"
                )
            # Sorted, so that of two links to one folder the same is followed everywhere.
            for entry in sorted(entries, key=lambda entry: entry.name):
                if entry.name.startswith(".") or entry.name == "__MACOSX":
                    continue
                path = f"{inside}/{entry.name}" if inside else entry.name
                try:
                    is_folder, is_link = entry.is_dir(), entry.is_symlink()
                    is_file = entry.is_file()
                    target = Path(os.path.realpath(entry.path)) if is_folder or is_link else None
                except OSError:  # a link to itself, or one that may not be read
                    continue
                if target:
                    if not target.is_relative_to(root):
                        self._links_out.add(path)
                        continue
                if is_file:
                    yield path
                elif is_folder and target not in seen and path.count("/") < DEEPEST:
                    seen.add(target)
                    waiting.append(path)


def is_image(path):
    """Say whether a path ends as image files do."""
    return os.path.splitext(path)[1].lower() in IMAGE_ENDINGS


def _inner_parts(name):
    """The folders and the file of a name, or None if it may lead out of its folder."""
    name = _composed(name).replace("\\", "/")
    if name.startswith("/") or re.match("[A-Za-z]:", name):
        return None
    parts = [part for part in name.split("/") if part not in ("", ".")]
    return None if ".." in parts or not parts else parts


def _composed(name):
    """Spell a name as most systems do: a Mac may write an accent or a Hangul syllable in parts."""
    # To put the accents of a letter in order takes the square of their number.
    if name.isascii() or len(name) > LONGEST_PATH:
        return name
    return unicodedata.normalize("NFC", name)
