"""Checkpoints: arrays and settings in one .npz file that is whole or not there.

The file holds each array under its name and, under `__settings__`, JSON as bytes. Nothing is
pickled, so a checkpoint from a stranger can do no harm.
"""

import json
import math
import os
import zipfile
from pathlib import Path

import numpy as np

from satt.errors import SattError
from satt.training.log import to_plain
from satt.training.whole_file import whole_file

FORMAT = 1
SETTINGS = "__settings__"


def save_checkpoint(path, arrays, settings):
    """Write a checkpoint; a crash at any moment leaves the old file or the new one.

    Parameters
    ----------
    path : str or Path
        By custom it ends in .npz; folders that are missing are made.
    arrays : dict from str to ndarray
    settings : dict
        What JSON can hold. Tuples come back as lists, keys as text.

    Raises
    ------
    SattError
        If JSON cannot hold the settings, an array holds objects or has the reserved name
        `__settings__`, or the file cannot be written.
    """
    path = Path(path)
    try:
        text = json.dumps({"format": FORMAT, "settings": settings}, default=to_plain)
    except (TypeError, ValueError) as error:
        raise SattError(f"settings: {error}; keep to numbers, texts, lists and dicts") from error
    arrays = {name: np.asanyarray(array) for name, array in arrays.items()}
    for name, array in arrays.items():
        if name == SETTINGS or array.dtype.hasobject:
            raise SattError(f"arrays: {name!r} is reserved or holds objects; leave it out")
    arrays[SETTINGS] = np.frombuffer(text.encode("utf-8"), dtype=np.uint8)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as file:
            _write_npz(file, arrays)
    except OSError as error:
        reason = error.strerror or error
        raise SattError(f"checkpoint: {path} cannot be written: {reason}") from error


def load_checkpoint(path):
    """Read a checkpoint that `save_checkpoint` wrote.

    Returns
    -------
    arrays : dict from str to ndarray
    settings : dict

    Raises
    ------
    SattError
        If the file is missing, is no checkpoint, is damaged or has another format.
    """
    path = Path(path)
    if os.path.isdir(path):
        raise SattError(f"checkpoint: {path} is a folder; name the .npz file in it")
    if not os.path.isfile(path):  # False, too, for a name that no file can have
        raise SattError(f"checkpoint: there is no file {path}; train first or correct the path")
    try:
        arrays = _read_npz(path)
        envelope = json.loads(arrays.pop(SETTINGS).tobytes().decode("utf-8"))
        version, settings = envelope["format"], envelope.get("settings")
    except PermissionError as error:
        raise SattError(
            f"checkpoint: {path} cannot be read: {error.strerror}; change its permissions"
        ) from error
    except Exception as error:
        # Damage can surface as nearly anything: zip, zlib, header, JSON, missing key.
        raise SattError(
            f"checkpoint: {path} is damaged or was not written by satt; use another one"
        ) from error
    if version != FORMAT:
        raise SattError(
            f"checkpoint: {path} has format {version!r:.60}, this satt reads {FORMAT}; "
            "use the version of satt that wrote it"
        )
    return arrays, settings


def _write_npz(file, arrays):
    """Write what `np.savez` writes, but never a pickle, and with any array name."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)


def _read_npz(path):
    """Read what `_write_npz` wrote, in no more memory than the file takes on the disk.

    A few bytes can be packed to become gigabytes, and a header can claim any shape. Ours pack
    nothing, so that what a file claims is compared with what it holds before memory is taken.
    """
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        packed = any(member.compress_type != zipfile.ZIP_STORED for member in members)
        if packed or sum(member.file_size for member in members) > path.stat().st_size:
            raise ValueError("packed")
        return {
            member.filename.removesuffix(".npy"): _read_array(archive, member)
            for member in members
        }


def _read_array(archive, member):
    with archive.open(member) as file:
        version = np.lib.format.read_magic(file)
        read_header = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }[version]
        shape, _, dtype = read_header(file)
        if math.prod(shape) * dtype.itemsize != member.file_size - file.tell():
            raise ValueError("the header claims another size")
    with archive.open(member) as file:
        return np.lib.format.read_array(file, allow_pickle=False)
