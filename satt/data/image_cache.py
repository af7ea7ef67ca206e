"""Images remembered decoded and scaled, so that a data set is decoded once.

An SQLite file for each size holds the pixels, under a key made of the content of the image file:
an image that is changed is decoded again, and one that is moved or copied is not. SQLite sees to
processes that write at the same time or are killed while they do. A checksum with each image finds
what the disk has damaged. What goes wrong with the cache costs time, never the images: it is told
in one line, and they are decoded.
"""

import hashlib
import os
import shutil
import sys
import threading
import warnings
import zlib
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import PIL

from satt.errors import SattError

try:
    import sqlite3
except ImportError:  # some builds of Python lack it; then nothing is remembered
    sqlite3 = None

VERSION = 1  # to be raised whenever the same file becomes other pixels
WRITTEN_AT_A_TIME = 2**24  # bytes of pixels, less than a second's decoding
LEFT_FREE = 10**9  # bytes of the disk that a cache has no claim to
PATIENCE = 10  # seconds to wait for another process that is writing


def default_folder():
    """Say where images are remembered if nobody names a folder.

    The environment variable SATT_CACHE names one, or "off" for none. Otherwise it is the system's
    place for caches: `satt` in $XDG_CACHE_HOME or ~/.cache, on a Mac in ~/Library/Caches, on
    Windows `satt\\Cache` in %LOCALAPPDATA%. The folder may be deleted at any time.

    Returns
    -------
    folder : Path, or None
        None if nothing is to be remembered, or there is no home to do so.
    """
    wanted = os.environ.get("SATT_CACHE", "")
    if wanted:
        return None if wanted.lower() == "off" else Path(wanted)
    try:
        if sys.platform == "win32":
            local = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
            return Path(local) / "satt" / "Cache"
        if sys.platform == "darwin":
            return Path.home() / "Library" / "Caches" / "satt"
        named = Path(os.environ.get("XDG_CACHE_HOME", ""))
        # A relative path is to be ignored, says the XDG Base Directory Specification.
        return (named if named.is_absolute() else Path.home() / ".cache") / "satt"
    except RuntimeError:
        return None


@contextmanager
def open_cache(folder, size):
    """Open the cache for images of one size, and write what is left when the work is over.

    Parameters
    ----------
    folder : str, Path, None or False
        None for the user's own, False for none.
    size : int
        Height and width of the images in pixels.

    Yields
    ------
    cache : ImageCache, or None
        None if nothing is to be remembered.

    Raises
    ------
    SattError
        If the folder is a file.
    """
    if folder is None:
        folder = default_folder()
    if not folder or sqlite3 is None:
        yield None
        return
    if Path(folder).is_file():
        raise SattError(f"cache: expected a folder, got the file {folder}; name another")
    cache = ImageCache(folder, size)
    try:
        yield cache
    finally:
        cache.close()
        for trouble in cache.troubles:
            warnings.warn(trouble, stacklevel=4)


class ImageCache:
    """The images of one size. Every method may be called in many threads at once.

    Parameters
    ----------
    folder : str or Path
        Is made if it is not there.
    size : int
        Height and width of the images in pixels.

    Attributes
    ----------
    troubles : list of str
        A line for each thing that went wrong.
    """

    def __init__(self, folder, size):
        self.path = Path(folder).absolute() / f"images-{size}.sqlite3"
        self.shape = (size, size, 3)
        self.troubles = []
        # Another Pillow may decode the same file to slightly other pixels.
        self._version = f"satt {VERSION}, Pillow {PIL.__version__}".encode()
        self._lock = threading.Lock()
        self._waiting = {}
        self._database = None
        self._may_begin_anew = self._may_write = True
        self._attempt(self._open)

    def key(self, file):
        """Say under which key a file's image is remembered.

        Parameters
        ----------
        file : binary file
            Is read from where it stands to its end.

        Returns
        -------
        key : bytes
        """
        digest = hashlib.blake2b(self._version, digest_size=16)
        while piece := file.read(2**20):
            digest.update(piece)
        return digest.digest()

    def get(self, key):
        """Return the image, uint8 (size, size, 3), or None if it is not there or is damaged."""
        with self._lock:
            row = self._attempt(self._select, key) if self._database else None
        if row is None:
            return None
        checksum, pixels = row
        if not isinstance(pixels, bytes) or len(pixels) != np.prod(self.shape):
            return None
        if _checksum(key, pixels) != checksum:
            return None
        return np.frombuffer(pixels, dtype=np.uint8).reshape(self.shape)

    def put(self, key, image):
        """Remember an image; it may wait for others before it is written."""
        with self._lock:
            if self._database and self._may_write:
                self._waiting[key] = image.tobytes()
                if len(self._waiting) * np.prod(self.shape) >= WRITTEN_AT_A_TIME:
                    self._attempt(self._write)

    def close(self):
        """Write what still waits."""
        with self._lock:
            if self._database and self._waiting:
                self._attempt(self._write)
            self._close()

    # --- with the database, the lock held -------------------------------------------------------

    def _attempt(self, action, *arguments):
        """Do something with the database; None if it is of no use."""
        try:
            return action(*arguments)
        except (sqlite3.Error, OSError, ValueError, OverflowError) as error:
            if is_damage(error):
                self._begin_anew(error)
            elif action == self._write:
                self._stop_writing(error)
            else:
                self._stop(error)
        return None

    def _open(self):
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(
            self.path, timeout=PATIENCE, isolation_level=None, check_same_thread=False
        )
        run = self._database.execute
        self._database.text_factory = bytes
        # What a power failure leaves unwritten, the checksums find.
        run("PRAGMA synchronous = OFF")
        run("PRAGMA page_size = 65536")
        version = zlib.crc32(self._version) >> 1  # has to fit into a signed number
        if run("PRAGMA user_version").fetchone() != (version,):
            run("BEGIN IMMEDIATE")
            # Another process may have been faster.
            if run("PRAGMA user_version").fetchone() != (version,):
                run("DROP TABLE IF EXISTS images")
                run("CREATE TABLE images (key BLOB PRIMARY KEY, checksum INTEGER, pixels BLOB)")
                run(f"PRAGMA user_version = {version}")
            run("COMMIT")

    def _select(self, key):
        return self._database.execute(
            "SELECT checksum, pixels FROM images WHERE key = ?", (key,)
        ).fetchone()

    def _write(self):
        waiting, self._waiting = self._waiting, {}
        rows = [(key, _checksum(key, pixels), pixels) for key, pixels in waiting.items()]
        if shutil.disk_usage(self.path.parent).free < LEFT_FREE:
            raise OSError(f"less than {LEFT_FREE / 1e9:.1f} GB of the disk are free")
        try:
            self._database.execute("BEGIN IMMEDIATE")
            self._database.executemany("INSERT OR REPLACE INTO images VALUES (?, ?, ?)", rows)
            self._database.execute("COMMIT")
        finally:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")

    def _stop_writing(self, error):
        self._may_write = False
        self._tell(f"new images are not remembered in {self.path}: {error}")

    def _stop(self, error):
        self._close()
        self._tell(f"no images are remembered in {self.path}: {error}")

    def _begin_anew(self, error):
        """Throw a damaged database away; its images are decoded once more."""
        if not self._may_begin_anew:
            return self._stop(error)
        self._may_begin_anew = False
        self._close()
        return self._attempt(self._replace, error)

    def _replace(self, error):
        for ending in ("", "-journal"):
            Path(f"{self.path}{ending}").unlink(missing_ok=True)
        self._open()
        self._tell(f"the image cache {self.path} was damaged ({error}) and is begun anew")

    def _close(self):
        if self._database:
            self._database.close()
            self._database = None

    def _tell(self, trouble):
        advice = "SATT_CACHE names another folder, or is \"off\""
        self.troubles.append(" ".join(f"{trouble} ({advice})".split()))


def _checksum(key, pixels):
    return zlib.crc32(pixels, zlib.crc32(key))


def is_damage(error):
    """Whether the content of the file is to blame, and not the disk, rights or another process."""
    if isinstance(error, sqlite3.OperationalError):
        return str(error).startswith(("no such", "unsupported", "Could not decode"))
    # A ValueError: an error message that quotes damaged text.
    return not isinstance(error, OSError)
