"""Messages between the grader and the process of a student's code: a length, then an `.npz`.

The archive holds arrays and, under the name `HEADER`, a JSON object as bytes. It is written by
NumPy and read here with care: the other side may be a stranger's, so nothing is unpickled, and
nothing is made before it is known that it is small and whole.
"""

import io
import json
import math
import re
import struct
import zipfile

import numpy as np

HEADER = "header"
LENGTH = struct.Struct(">Q")
LARGEST = 64 * 2**20  # bytes of a message
MOST_ARRAYS = 500
DEEPEST = 32  # axes, NumPy's own limit before version 2

NAME = re.compile(r"[A-Za-z0-9_.-]{1,200}")
# As NumPy writes it: a plain number, no object, no text, no record.
NPY = re.compile(
    rb"\{'descr': '([<>|=]?[fiubc][0-9]{1,2})', 'fortran_order': (True|False), "
    rb"'shape': \(((?:[0-9]{1,18}, ?)*[0-9]{0,18})\), *\} *\n"
)
MAGIC = b"\x93NUMPY\x01\x00"


class BadMessage(ValueError):
    """What came is no message."""


def pack(header, arrays):
    """Make the bytes of a message.

    Parameters
    ----------
    header : dict
        What JSON can hold.
    arrays : dict from str to ndarray
        Of numbers.

    Returns
    -------
    bytes

    Raises
    ------
    ValueError
        For an array of objects.
    """
    text = np.frombuffer(json.dumps(header).encode("utf-8"), dtype=np.uint8)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, array in {HEADER: text, **arrays}.items():
            array = np.asarray(array)
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, version=(1, 0), allow_pickle=False)
    return file.getvalue()


def unpack(data):
    """Read the bytes of a message that a stranger may have written.

    Parameters
    ----------
    data : bytes

    Returns
    -------
    header : dict
    arrays : dict from str to ndarray
        Read-only.

    Raises
    ------
    BadMessage
        For anything but plain arrays of numbers that are whole, and a header.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            if len(members) > MOST_ARRAYS:
                raise BadMessage(f"{len(members)} arrays, at most {MOST_ARRAYS} are read")
            if sum(member.file_size for member in members) > len(data):
                raise BadMessage("its parts are larger than the whole")
            arrays = {_name(member): _array(archive.read(member)) for member in members}
        header = json.loads(arrays.pop(HEADER).tobytes().decode("utf-8"))
    except BadMessage:
        raise
    except Exception as error:  # a broken archive has many ways to be broken
        raise BadMessage(f"it cannot be read: {type(error).__name__}") from None
    if not isinstance(header, dict):
        raise BadMessage("its header is no object")
    return header, arrays


def _name(member):
    name = member.filename.removesuffix(".npy")
    if member.compress_type != zipfile.ZIP_STORED or member.file_size != member.compress_size:
        raise BadMessage("a part of it is compressed")
    if not NAME.fullmatch(name):
        raise BadMessage("a part of it has no proper name")
    return name


def _array(data):
    """Make an array of the bytes of an `.npy`, if it is one of numbers and says its true size."""
    size = int.from_bytes(data[8:10], "little")
    found = NPY.fullmatch(data[10 : 10 + size])
    if data[:8] != MAGIC or not found:
        raise BadMessage("a part of it is no array of numbers")
    descr, is_fortran, axes = (part.decode("ascii") for part in found.groups())
    shape = tuple(int(axis) for axis in axes.replace(" ", "").split(",") if axis)
    dtype = np.dtype(descr)
    content = data[10 + size :]
    if len(shape) > DEEPEST or math.prod(shape) * dtype.itemsize != len(content):
        raise BadMessage(f"an array says its shape is {shape}, and is not that large")
    array = np.frombuffer(content, dtype=dtype)
    return array.reshape(shape, order="F" if is_fortran == "True" else "C")


def write(stream, header, arrays):
    """Send a message.

    Parameters
    ----------
    stream : binary file
    header, arrays
        As for `pack`.
    """
    data = pack(header, arrays)
    stream.write(LENGTH.pack(len(data)) + data)
    stream.flush()


def read(stream):
    """Wait for a message, and take it.

    Parameters
    ----------
    stream : binary file

    Returns
    -------
    (header, arrays), or None at the end of the stream

    Raises
    ------
    BadMessage
        As `unpack`, and for one that is too long or ends early.
    """
    start = stream.read(LENGTH.size)
    if not start:
        return None
    if len(start) < LENGTH.size:
        raise BadMessage("it ends early")
    (length,) = LENGTH.unpack(start)
    if length > LARGEST:
        raise BadMessage(f"it is larger than {LARGEST // 2**20} MB")
    data = stream.read(length)
    if len(data) < length:
        raise BadMessage("it ends early")
    return unpack(data)
