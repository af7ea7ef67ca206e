"""Grids of photographs, computed once and kept in a file that is larger than the memory may be.

A pretrained net takes a hundred times as long for a photograph as a training step does for its
grid, and always makes the same of it. So its grids are kept: one file of float16 numbers for each
grid and way of preparing images, row after row, and beside it an SQLite file which says in which
row the grid of which image lies.

* An image is known by its content: moved, copied or renamed it keeps its grid; changed it gets
  another. All captions of an image share one.
* The names of the files hold the net, its version, the size of the images and the version of
  Pillow: with another one, others are made, and these stay.
* What was computed stays, whenever the work ends. Numbers are on the disk before the row is noted,
  and a checksum finds what the disk has damaged since.
* Several processes may work at the same time. Each takes the images in another order, and leaves
  out what another has done meanwhile.
"""

import hashlib
import os
import random
import shutil
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import PIL
from tqdm import tqdm

from satt.data.image_cache import LEFT_FREE, default_folder, is_damage
from satt.data.images import content_key, read_image_and_key
from satt.data.stored_grids import StoredGrids
from satt.errors import SattError

try:
    import sqlite3
except ImportError:  # some builds of Python lack it
    sqlite3 = None

VERSION = 1  # to be raised whenever the files mean something else
IMAGES_AT_A_TIME = 4
PATIENCE = 60  # seconds to wait for another process that is writing
NUMBER = np.dtype("<f2")


class FeatureStore:
    """The grids that one encoder makes.

    Parameters
    ----------
    folder : str, Path, None or False
        Where the files are, in its subfolder `grids`. None for the user's cache, see
        `satt.data.image_cache.default_folder`; False, or where there is none, for a folder that is
        removed when the store is no longer used.
    encoder : object
        With `name`; `version`, which changes whenever the same image gets another grid;
        `image_size` in pixels; `grid_shape` (rows, columns, D); and to be called with images,
        uint8 (n, image_size, image_size, 3), from several threads, for grids (n, L, D). Such as a
        `satt.models.pretrained.PretrainedEncoder`.

    Raises
    ------
    SattError
        If the folder cannot be made, or this Python cannot open SQLite files.
    """

    def __init__(self, folder, encoder):
        if sqlite3 is None:
            raise SattError("grids: this Python lacks sqlite3, which keeps them; take another one")
        folder, self._temporary = default_folder() if folder is None else folder, None
        if not folder:
            self._temporary = TemporaryDirectory(prefix="satt-", ignore_cleanup_errors=True)
            folder = self._temporary.name
        self.encoder = encoder
        rows, columns, depth = encoder.grid_shape
        self._shape = rows * columns, depth
        self._bytes = rows * columns * depth * NUMBER.itemsize
        facts = (VERSION, encoder.name, encoder.version, encoder.image_size, PIL.__version__)
        digest = hashlib.blake2b(repr(facts).encode(), digest_size=4).hexdigest()
        name = f"{encoder.name.replace(':', '-')}-{digest}"
        self.path = Path(folder).absolute() / "grids" / f"{name}.float16"
        self._index_path = self.path.with_suffix(".sqlite3")
        self._lock = threading.Lock()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.touch()
        except OSError as error:
            raise SattError(
                f"cache: {self.path.parent} cannot be written to: {error.strerror or error}; name "
                "another folder with --cache, or `--cache off` for none"
            ) from error

    def grids(self, paths, strict=False, label="grids"):
        """Look up the grids of image files, and compute those that are missing.

        Parameters
        ----------
        paths : sequence of str or Path
            N files.
        strict : bool
            Whether the first image that cannot be read ends all.
        label : str or None
            What the bar says is being made; None for no bar. There is none if nothing is missing.

        Returns
        -------
        grids : StoredGrids, shape (number kept, L, D)
            In the order of `paths`, without those that cannot be read.
        kept : ndarray of bool, shape (N,)
        reasons : dict of int to str
            Why an image cannot be read, by its index in `paths`.

        Raises
        ------
        SattError
            Under `strict`, if an image cannot be read; if the disk is full or the files are
            damaged.
        """
        reasons = {}
        keys = self._keys_of(paths, reasons, strict)
        with self._open_index() as index:
            rows = self._intact_rows(index, set(keys) - {None})
            missing = {key: n for n, key in enumerate(keys) if key is not None and key not in rows}
            if missing:
                self._check_space(len(missing))
                changed = self._compute(index, paths, missing, reasons, strict, label)
                for number, key in changed.items():
                    keys[number] = key
                rows |= self._rows(index, set(keys) - {None} - rows.keys())
        # An image that others share may be unreadable by now: then they all are.
        for number, key in enumerate(keys):
            if key is not None and key not in rows and number not in reasons:
                reasons[number] = reasons.get(missing.get(key), f"image: {paths[number]} changed")
        kept = np.array([number not in reasons for number in range(len(paths))], dtype=bool)
        chosen = [rows[keys[number]] for number in np.flatnonzero(kept)]
        return StoredGrids(self._map(), chosen, self._temporary), kept, reasons

    # --- what is there --------------------------------------------------------------------------

    def _keys_of(self, paths, reasons, strict):
        def key_of(path):
            try:
                return content_key(path), None
            except SattError as error:
                return None, str(error)

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            found = list(pool.map(key_of, paths))
        for number, (_, reason) in enumerate(found):
            if reason is not None:
                reasons[number] = reason
                if strict:
                    raise SattError(reason)
        return [key for key, _ in found]

    def _rows(self, index, keys):
        query = "SELECT row FROM grids WHERE key = ?"
        found = {key: index.execute(query, (key,)).fetchone() for key in keys}
        return {key: row[0] for key, row in found.items() if row is not None}

    def _intact_rows(self, index, keys):
        """The rows of those whose numbers are as they were written."""
        mapped, rows = self._map(), {}
        for key, row, checksum in index.execute("SELECT key, row, checksum FROM grids"):
            if key in keys and row < len(mapped) and _checksum(key, mapped[row]) == checksum:
                rows[key] = row
        return rows

    def _map(self):
        rows = self.path.stat().st_size // self._bytes
        if not rows:  # an empty file cannot be mapped
            return np.zeros((0, *self._shape), NUMBER)
        return np.memmap(self.path, NUMBER, "r", shape=(rows, *self._shape))

    # --- what is missing ------------------------------------------------------------------------

    def _check_space(self, count):
        free, needed = shutil.disk_usage(self.path.parent).free, count * self._bytes
        if free < needed + LEFT_FREE:
            raise SattError(
                f"cache: the grids of {count:,} images take {needed / 1e9:.1f} GB, and "
                f"{self.path.parent} has {free / 1e9:.1f} GB free; make room, or name another "
                "folder with --cache"
            )

    def _compute(self, index, paths, missing, reasons, strict, label):
        """Compute grids; returns the keys of images that changed meanwhile, by their number."""
        waiting, changed = list(missing.items()), {}
        random.Random(os.getpid()).shuffle(waiting)
        pieces = [
            waiting[begin : begin + IMAGES_AT_A_TIME]
            for begin in range(0, len(waiting), IMAGES_AT_A_TIME)
        ]

        def work(piece):
            with self._lock:
                done = self._rows(index, {key for key, _ in piece} & not_written)
            keys, images, failed = [], [], {}
            for key, number in piece:
                if key in done:
                    continue
                try:
                    now, image = read_image_and_key(paths[number], self.encoder.image_size)
                except SattError as error:
                    failed[number] = str(error)
                    continue
                if now != key:
                    changed[number] = now
                keys.append(now)
                images.append(image)
            if images:
                grids = self.encoder(np.stack(images)).astype(NUMBER)
                with self._lock:
                    self._write(index, keys, grids)
            return failed

        # Keys that have a row whose numbers are damaged are written once more.
        not_written = set(missing) - self._rows(index, set(missing)).keys()
        pool = ThreadPoolExecutor(os.cpu_count())
        try:
            with tqdm(total=len(waiting), desc=label, unit="image", smoothing=0.05,
                      disable=None if label else True) as bar:
                for piece, failed in zip(pieces, pool.map(work, pieces), strict=True):
                    reasons.update(failed)
                    bar.update(len(piece))
                    if failed and strict:
                        raise SattError(failed[min(failed)])
        finally:
            # After an error or a Ctrl-C nobody waits for what has not begun.
            pool.shutdown(cancel_futures=True)
        return changed

    def _write(self, index, keys, grids):
        """Append grids to the file, and only then note where they lie."""
        try:
            index.execute("BEGIN IMMEDIATE")
            (begin,) = index.execute("SELECT COALESCE(MAX(row) + 1, 0) FROM grids").fetchone()
            with open(self.path, "r+b") as file:
                file.seek(begin * self._bytes)
                file.write(grids.tobytes())
                file.flush()
                os.fsync(file.fileno())
            index.executemany("INSERT OR REPLACE INTO grids VALUES (?, ?, ?)", [
                (key, begin + number, _checksum(key, grid))
                for number, (key, grid) in enumerate(zip(keys, grids, strict=True))
            ])
            index.execute("COMMIT")
        except OSError as error:
            raise SattError(
                f"cache: {self.path} cannot be written: {error.strerror or error}; make room, or "
                "name another folder with --cache"
            ) from error
        finally:
            if index.in_transaction:
                index.execute("ROLLBACK")

    @contextmanager
    def _open_index(self):
        index = None
        try:
            index = sqlite3.connect(
                self._index_path, PATIENCE, isolation_level=None, check_same_thread=False
            )
            index.execute(
                "CREATE TABLE IF NOT EXISTS grids (key BLOB PRIMARY KEY, row INTEGER, "
                "checksum INTEGER)"
            )
            yield index
        except sqlite3.Error as error:
            raise SattError(
                f"cache: {self._index_path} is damaged ({error}); delete it, and the grids will "
                "be computed anew" if is_damage(error) else
                f"cache: {self._index_path} cannot be used ({error}); make room, wait for whoever "
                "else uses it, or name another folder with --cache"
            ) from error
        finally:
            if index is not None:
                index.close()


def _checksum(key, grid):
    return zlib.crc32(np.ascontiguousarray(grid), zlib.crc32(key))
