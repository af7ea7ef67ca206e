"""Read the arrays out of a file that PyTorch wrote, without PyTorch and without trusting it.

Until 2020 `torch.save` wrote five pickles, one after the other (a magic number, a version, facts
about the machine, the dictionary of tensors, the list of storages), and then the numbers, storage
by storage. A pickle is a program: whoever loads one calls what it names. Here it may name an
ordered dictionary, kinds of numbers, and "make a tensor", for which it gets no more than a note of
what was asked for. With any other name, the reading ends.
"""

import io
import math
import pickle
from collections import OrderedDict
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import as_strided

from satt.errors import SattError

MAGIC, VERSION = 0x1950A86A20F9469CFC6C, 1001
DTYPES = {
    "FloatStorage": "<f4", "DoubleStorage": "<f8", "HalfStorage": "<f2", "LongStorage": "<i8",
    "IntStorage": "<i4", "ByteStorage": "u1",
}
LARGEST = 2**30  # bytes


def read_torch_file(path):
    """Read a dictionary of tensors from a file of the kind that PyTorch wrote before 1.6.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    arrays : dict from str to ndarray

    Raises
    ------
    SattError
        If the file is missing or damaged, holds something else, or names anything to be called
        that this needs not.
    """
    path = Path(path)
    try:
        if path.stat().st_size > LARGEST:
            raise ValueError(f"more than {LARGEST:,} bytes")
        file = io.BytesIO(path.read_bytes())
    except (OSError, ValueError) as error:
        raise SattError(
            f"weights: {path} cannot be read: {getattr(error, 'strerror', None) or error}; "
            "correct the path"
        ) from error
    try:
        return _read(file)
    except Exception as error:
        # What a damaged pickle raises has no common class.
        message = " ".join(f"{type(error).__name__}: {error}".split())
        raise SattError(
            f"weights: {path} is damaged or no file of tensors ({message:.100}); install it again"
        ) from error


def _read(file):
    if _Unpickler(file).load() != MAGIC or _Unpickler(file).load() != VERSION:
        raise ValueError("another format")
    _Unpickler(file).load()  # the byte order of the machine, which everybody has
    tensors = _Unpickler(file)
    found = tensors.load()
    storages = {}
    for key in _Unpickler(file).load():
        dtype, count = tensors.storages[key]
        if int.from_bytes(file.read(8), "little") != count:
            raise ValueError("a storage of another length than its tensors say")
        numbers = file.read(count * dtype.itemsize)
        storages[key] = np.frombuffer(numbers, dtype, count)
    return {str(name): _array(storages, *noted) for name, noted in found.items()}


def _array(storages, key, begin, shape, steps):
    """Copy the numbers of a tensor out of its storage, where they may lie in any order."""
    numbers = storages[key][begin:]
    # A tensor may claim anything. It must lie within its storage, and be no larger than that.
    last = sum(step * (length - 1) for step, length in zip(steps, shape, strict=True))
    if min((begin, *steps, *shape)) < 0 or max(last + 1, math.prod(shape)) > len(numbers):
        raise ValueError("a tensor that does not lie in its storage")
    return as_strided(numbers, shape, [step * numbers.itemsize for step in steps]).copy()


class _Unpickler(pickle.Unpickler):
    """Takes notes instead of making tensors. All that it hands out cannot be changed."""

    def __init__(self, file):
        super().__init__(file)
        self.storages = {}

    def find_class(self, module, name):
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return self._note
        if module == "torch" and name in DTYPES:
            return DTYPES[name]
        raise pickle.UnpicklingError(f"it asks for {module}.{name}")

    def persistent_load(self, pid):
        _, dtype, key, _, count, *_ = pid
        if dtype not in DTYPES.values() or not isinstance(count, int) or count < 0:
            raise pickle.UnpicklingError("a storage of another kind")
        self.storages[key] = np.dtype(dtype), count
        return key

    @staticmethod
    def _note(key, begin, shape, steps, *_):
        return key, int(begin), tuple(map(int, shape)), tuple(map(int, steps))
