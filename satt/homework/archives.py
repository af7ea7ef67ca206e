"""The Python files of a submission: out of a folder, a .zip or a .tar.gz that a stranger made.

Nothing is written by the names in an archive, links are left out, and all sizes are capped.
"""

import bz2
import gzip
import io
import lzma
import stat
import tarfile
import zipfile
from pathlib import Path, PurePosixPath

from satt.errors import SattError

ENDINGS = (".zip", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar")
LARGEST_FILE = 2**20
LARGEST_ARCHIVE = 100 * 2**20  # unpacked, all kinds of files together
MOST_FILES = 200  # of Python
MOST_MEMBERS = 20_000
DEEPEST = 6
# What lies in folders of these names is none of the student's own.
SKIPPED = {"given", "__MACOSX", "__pycache__", "node_modules", "site-packages"}


def submission_name(path):
    """Name a submission after its folder or archive.

    Parameters
    ----------
    path : Path

    Returns
    -------
    str
    """
    for ending in ENDINGS:
        if path.name.lower().endswith(ending) and not path.is_dir():
            return path.name[: -len(ending)]
    return path.name


def find_submissions(folder):
    """List the folders and archives in a folder.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    paths : list of Path
        By name.
    """
    return sorted(
        path for path in Path(folder).iterdir()
        if not path.name.startswith((".", "__"))
        and (path.is_dir() or path.name.lower().endswith(ENDINGS))
    )


def python_files(path):
    """Read the Python files of a submission.

    Parameters
    ----------
    path : Path
        A folder or an archive.

    Returns
    -------
    files : dict from str to bytes
        Under their paths, with / between the parts.

    Raises
    ------
    SattError
        If it cannot be read, or is too large.
    """
    path = Path(path)
    try:
        found = _of_folder(path) if path.is_dir() else _of_archive(path)
        files = {}
        for name, read in found:
            if len(files) == MOST_FILES:
                raise SattError(f"{path.name}: more than {MOST_FILES} Python files")
            data = read(LARGEST_FILE + 1)
            if len(data) > LARGEST_FILE:
                raise SattError(f"{path.name}: {name} is larger than {LARGEST_FILE // 2**20} MB")
            files.setdefault(name, data)
        return files
    except SattError:
        raise
    except Exception as error:  # a broken archive has many ways to be broken
        raise SattError(f"{path.name}: cannot be read: {type(error).__name__}") from error


def root_of(files, wanted):
    """Find the folder inside a submission in which the homework is.

    Parameters
    ----------
    files : iterable of str
        Paths.
    wanted : set of str
        The names of the homework's files.

    Returns
    -------
    folder : str
        With a slash at its end, or empty for the outermost.
    """
    counts = {"": 0}
    for name in files:
        folder, _, file = name.rpartition("/")
        if file in wanted:
            folder += "/" if folder else ""
            counts[folder] = counts.get(folder, 0) + 1
    return max(counts, key=lambda folder: (counts[folder], -folder.count("/"), folder))


def _of_folder(folder):
    """Yield names and readers of the files in a folder, without following links."""
    waiting, seen = [(folder, "")], 0
    while waiting:
        here, before = waiting.pop()
        for path in sorted(here.iterdir()):
            seen += 1
            if seen > MOST_MEMBERS:
                raise SattError(f"{folder.name}: more than {MOST_MEMBERS} files")
            mode = path.lstat().st_mode
            name = before + path.name
            if stat.S_ISDIR(mode) and _is_wanted(name + "/x.py"):
                waiting.append((path, name + "/"))
            elif stat.S_ISREG(mode) and _is_wanted(name):
                yield name, _reader(path)


def _reader(path):
    def read(size):
        with open(path, "rb") as file:
            return file.read(size)

    return read


def _of_archive(path):
    if path.stat().st_size > LARGEST_ARCHIVE:
        raise SattError(f"{path.name}: larger than {LARGEST_ARCHIVE // 2**20} MB")
    if path.name.lower().endswith(".zip"):
        yield from _of_zip(path)
    else:
        yield from _of_tar(path)


def _of_zip(path):
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist()[:MOST_MEMBERS]:
            is_link = stat.S_ISLNK(member.external_attr >> 16)
            if not member.is_dir() and not is_link and _is_wanted(member.filename):
                with archive.open(member) as file:
                    yield _plain(member.filename), file.read


def _of_tar(path):
    opened = {".gz": gzip.open, ".tgz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
    with opened.get(path.suffix.lower(), open)(path, "rb") as file:
        data = file.read(LARGEST_ARCHIVE + 1)
    if len(data) > LARGEST_ARCHIVE:
        raise SattError(f"{path.name}: larger than {LARGEST_ARCHIVE // 2**20} MB when unpacked")
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
        for place, member in enumerate(archive):
            if place == MOST_MEMBERS:
                return
            if member.isfile() and _is_wanted(member.name):
                yield _plain(member.name), archive.extractfile(member).read


def _plain(name):
    return str(PurePosixPath(name.replace("\\", "/")))


def _is_wanted(name):
    """Tell whether a path is that of a Python file, inside, and not somebody else's."""
    path = PurePosixPath(name.replace("\\", "/"))
    inside = not path.is_absolute() and ".." not in path.parts and ":" not in name
    own = not (SKIPPED & {*path.parts[:-1]}) and not any(p.startswith(".") for p in path.parts)
    return path.suffix == ".py" and inside and own and len(path.parts) <= DEEPEST
