"""Grids that another program has made: an array in a .npy file, and a text file with the names."""

import math
from pathlib import Path

import numpy as np

from satt.data.readers.text_file import read_text
from satt.data.stored_grids import StoredGrids
from satt.errors import SattError

MAGIC = b"\x93NUMPY"
LARGEST = 65_504  # the largest number of float16; no net's features come near it


class GridFile:
    """The grids of some images.

    Parameters
    ----------
    path : str or Path
        An array (N, L, D) of float16, float32 or float64, as `numpy.save` writes it. L = rows *
        columns, row by row. It stays on the disk.
    names_path : str or Path
        A line for each grid, in their order: the name of its image.

    Attributes
    ----------
    name : str
        Of the file, without its ending.
    grid_shape : tuple of int, (rows, columns, D)
        A grid whose L is no square is taken as one row.

    Raises
    ------
    SattError
        If a file cannot be read or is something else, or the two do not fit together.
    """

    def __init__(self, path, names_path):
        path, names_path = Path(path), Path(names_path)
        self._file = _open(path)
        _, L, D = self._file.shape
        side = math.isqrt(L)
        self.name = path.stem
        self.grid_shape = (side, side, D) if side * side == L else (1, L, D)
        self._path, self._names_path = path, names_path
        self._rows = _rows(path, names_path, len(self._file))

    def grids(self, names):
        """Choose the grids of some images.

        Parameters
        ----------
        names : sequence of str
            As the data set calls them.

        Returns
        -------
        grids : StoredGrids, shape (number kept, L, D)
            In the order of `names`, without those that are missing or hold what is no number.
        kept : ndarray of bool, shape (number of names,)
        reasons : dict of int to str
            Why one is left out, by its index in `names`.
        """
        found = map(self._why_not, names)
        reasons = {number: reason for number, reason in enumerate(found) if reason}
        kept = np.array([number not in reasons for number in range(len(names))], dtype=bool)
        rows = [self._rows[name] for name, good in zip(names, kept, strict=True) if good]
        return StoredGrids(self._file, rows), kept, reasons

    def _why_not(self, name):
        """Why the grid of an image cannot be used; None if it can."""
        if name not in self._rows:
            return (
                f"--names: {self._names_path} has no line {_shown(name)} (its first is "
                f"{_shown(next(iter(self._rows)))})"
            )
        largest = np.abs(self._file[self._rows[name]]).max()
        if largest <= LARGEST:  # False, too, for what is no number
            return None
        return (
            f"--grids: {self._path}: expected numbers up to {LARGEST:,}, got {largest:g} in the "
            f"grid of {_shown(name)}; make it again"
        )


def _shown(name):
    return repr(" ".join(name.split()))[:100]


def _open(path):
    try:
        with open(path, "rb") as file:
            begin = file.read(len(MAGIC))
        if begin[:2] == b"PK":  # what numpy.savez writes
            raise SattError(f"--grids: {path} holds several arrays; write one with numpy.save")
        if begin != MAGIC:
            raise ValueError("it is no .npy file")
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError:
        raise SattError(f"--grids: there is no file {path}; correct the path") from None
    except SattError:
        raise
    except Exception as error:
        # A damaged header can surface as nearly anything.
        reason = " ".join(f"{getattr(error, 'strerror', None) or error}".split())
        raise SattError(
            f"--grids: {path} cannot be read as an array ({reason:.100}); write it with "
            "numpy.save(file, grids)"
        ) from error
    expected = f"--grids: {path}: expected an array (N, L, D) of floats, got "
    if array.dtype.type not in (np.float16, np.float32, np.float64):
        raise SattError(f"{expected}{array.dtype}; use grids.astype(numpy.float16)")
    if array.ndim != 3:
        raise SattError(f"{expected}the shape {array.shape}{_advice(array.shape)}")
    if not all(array.shape):
        raise SattError(f"{expected}the shape {array.shape}, which holds nothing")
    return array


def _advice(shape):
    if len(shape) == 4 and shape[2] == shape[3] != shape[1]:
        return "; channels first: use grids.reshape(N, D, rows * columns).transpose(0, 2, 1)"
    if len(shape) == 4:
        return "; use grids.reshape(N, rows * columns, D)"
    if len(shape) == 2:
        return "; one vector an image leaves nothing to attend to: take an earlier layer"
    return ""


def _rows(path, names_path, count):
    if not names_path.is_file():
        raise SattError(
            f"--names: there is no file {names_path}; write the name of each grid's image, a line "
            f"each, in the order of {path}"
        )
    names = read_text(names_path).split("\n")
    if names and not names[-1].strip():
        names.pop()
    names = [name.strip() for name in names]
    if len(names) != count:
        raise SattError(
            f"--names: {names_path} has {len(names):,} lines, and {path} has {count:,} grids; "
            "there should be a line for each"
        )
    rows = {name: row for row, name in enumerate(names)}
    if len(rows) < count:
        twice = next(name for row, name in enumerate(names) if rows[name] != row)
        raise SattError(
            f"--names: {names_path} has {twice!r:.100} twice; an image has one grid"
        )
    return rows
