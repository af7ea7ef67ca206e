"""Messages are read as a stranger's: nothing unpickled, nothing huge, nothing odd."""

import io
import json
import zipfile

import numpy as np
import pytest

from satt.homework.child.callables import make
from satt.homework.child.messages import LENGTH, BadMessage, pack, read, unpack, write
from satt.homework.child.trees import Made, Unsendable, build, flatten, leaves

ARRAYS = {
    "a0": np.arange(6.0).reshape(2, 3).T, "a1": np.float64(3.5), "a2": np.zeros((0, 4)),
    "a3": np.array([True, False]), "a4": np.arange(3), "a5": np.ones((1, 2), dtype=np.float32),
}


def archive_of(**members):
    file = io.BytesIO()
    header = np.frombuffer(json.dumps({"x": 1}).encode(), dtype=np.uint8)
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in {"header": npy(header), **members}.items():
            archive.writestr(f"{name}.npy", data)
    return file.getvalue()


def npy(array, **settings):
    file = io.BytesIO()
    np.lib.format.write_array(file, np.asarray(array), version=(1, 0), **settings)
    return file.getvalue()


def test_what_is_packed_is_unpacked():
    header, arrays = unpack(pack({"a": [1, None, "x"]}, ARRAYS))
    assert header == {"a": [1, None, "x"]}
    for name, array in ARRAYS.items():
        assert arrays[name].dtype == np.asarray(array).dtype
        np.testing.assert_array_equal(arrays[name], array)


def test_numpy_reads_it_too():
    with np.load(io.BytesIO(pack({}, ARRAYS)), allow_pickle=False) as archive:
        np.testing.assert_array_equal(archive["a0"], ARRAYS["a0"])


def test_messages_follow_each_other():
    stream = io.BytesIO()
    write(stream, {"n": 1}, {})
    write(stream, {"n": 2}, ARRAYS)
    stream.seek(0)
    assert read(stream)[0] == {"n": 1}
    assert read(stream)[0] == {"n": 2}
    assert read(stream) is None


def test_objects_are_not_packed():
    with pytest.raises(ValueError):
        pack({}, {"a": np.array([None])})


@pytest.mark.parametrize("data", [
    b"", b"PK", b"\0" * 1000, pack({}, ARRAYS)[:-30], pack({}, ARRAYS)[100:],
], ids=["nothing", "start", "zeros", "cut off", "without a beginning"])
def test_what_is_no_message_is_refused(data):
    with pytest.raises(BadMessage):
        unpack(data)


def test_a_pickle_is_refused():
    with pytest.raises(BadMessage):
        unpack(archive_of(evil=npy(np.array([{1: 2}], dtype=object), allow_pickle=True)))


@pytest.mark.parametrize(("old", "new"), [
    (b"(2, 3)", b"(9, 3)"), (b"(2, 3)", b"(-2,3)"), (b"(2, 3)", b"(2*3,)"),
    (b"'<f8'", b"'|O8'"), (b"'<f8'", b"'|S8'"), (b"'<f8'", b"[1,2]"),
    (b"\x93NUMPY\x01", b"\x93NUMPY\x07"), (b"'shape'", b"'Shape'"),
])
def test_a_false_header_is_refused(old, new):
    data = npy(np.zeros((2, 3)))
    assert old in data
    with pytest.raises(BadMessage):
        unpack(archive_of(a=data.replace(old, new)))


def test_an_absurd_shape_costs_no_memory():
    data = npy(np.zeros((2, 3))).replace(b"(2, 3), }      ", b"(99999, 99999), }")
    assert b"99999" in data
    with pytest.raises(BadMessage):
        unpack(archive_of(a=data))


def test_a_compressed_part_is_refused():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("header.npy", npy(np.zeros(10**6, dtype=np.uint8)))
    with pytest.raises(BadMessage, match="compressed|larger"):
        unpack(file.getvalue())


@pytest.mark.parametrize("name", ["../x", "a b", "", "x" * 300])
def test_an_odd_name_is_refused(name):
    with pytest.raises(BadMessage):
        unpack(archive_of(**{name: npy(np.zeros(3))}))


def test_a_header_that_is_no_object_is_refused():
    with pytest.raises(BadMessage, match="header"):
        unpack(pack([1, 2], {}))


def test_a_length_of_petabytes_is_refused():
    with pytest.raises(BadMessage, match="larger"):
        read(io.BytesIO(LENGTH.pack(2**50) + b"x"))


def test_trees_carry_nests():
    value = ((1, 2.5, None, "x", True), {"W": np.ones(3), "b": [np.arange(2)]})
    arrays = {}
    tree = json.loads(json.dumps(flatten(value, arrays)))
    back = build(tree, arrays)
    assert back[0] == value[0]
    np.testing.assert_array_equal(back[1]["b"][0], [0, 1])
    assert [path for path, _ in leaves(back[1])] == ["W", "b.0"]


def test_a_made_function_is_made_only_where_asked():
    arrays = {}
    tree = flatten((Made("cubic", weights=np.array([2.0])),), arrays)
    (function,) = build(tree, arrays, make)
    assert function(np.array([3.0])) == 54.0
    with pytest.raises(BadMessage):
        build(tree, arrays)


@pytest.mark.parametrize("value", [object(), np.array([None]), {1, 2}, 1j, lambda: 0, b"x"])
def test_other_things_are_not_sent(value):
    with pytest.raises(Unsendable):
        flatten(value, {})


@pytest.mark.parametrize("tree", [
    {}, {"kind": "odd"}, {"kind": "array", "name": "b"}, {"kind": "number", "value": "x"},
    {"kind": "dict", "parts": []}, {"kind": "tuple", "parts": 3}, None, [], "x",
    {"kind": "tuple", "parts": [{"kind": "text", "value": 3}]},
])
def test_a_broken_tree_is_refused(tree):
    with pytest.raises(BadMessage):
        build(tree, {"a": np.ones(2)})
