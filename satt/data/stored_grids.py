"""Grids that lie in a file and are read when they are used."""

import numpy as np


class StoredGrids:
    """Some rows of a file of grids, which looks like an array (N, L, D) of float32.

    Parameters
    ----------
    file : ndarray of float16, float32 or float64, shape (rows, L, D)
        Memory-mapped.
    rows : sequence of int, length N
        Where each grid lies; several may be the same.
    keeper : object, optional
        What removes the file when nobody holds it any more.

    Notes
    -----
    `grids[3]` reads one; `grids[3:7]`, and a list, an array or a mask of indices, choose without
    reading. `numpy.asarray` reads what was chosen.
    """

    dtype = np.dtype(np.float32)

    def __init__(self, file, rows, keeper=None):
        self._file, self._rows = file, np.asarray(rows, dtype=np.int64)
        self._keeper = keeper

    @property
    def shape(self):
        """(N, L, D)."""
        return (len(self._rows), *self._file.shape[1:])

    def __len__(self):
        """Return N."""
        return len(self._rows)

    def __getitem__(self, index):
        """Return one grid (L, D), or a choice of grids."""
        chosen = self._rows[index]
        if chosen.ndim == 0:
            return np.asarray(self._file[chosen], self.dtype)
        return StoredGrids(self._file, chosen, self._keeper)

    def __iter__(self):
        """Read one grid after the other."""
        return (self[index] for index in range(len(self)))

    def __array__(self, dtype=None, copy=None):
        """Read all that was chosen."""
        return self._file[self._rows].astype(self.dtype if dtype is None else dtype)
