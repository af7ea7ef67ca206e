import numpy as np
import pytest

from satt.data.grid_file import GridFile
from satt.errors import SattError


def write(folder, array, names="a.jpg\nb.jpg\nc.jpg\n"):
    np.save(folder / "vgg.npy", array)
    (folder / "names.txt").write_bytes(names if isinstance(names, bytes) else names.encode())
    return folder / "vgg.npy", folder / "names.txt"


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_grids_are_found_by_name(tmp_path, random, dtype):
    array = random.normal(size=(3, 4, 5)).astype(dtype)
    file = GridFile(*write(tmp_path, array))
    assert file.name == "vgg" and file.grid_shape == (2, 2, 5)
    grids, kept, reasons = file.grids(["c.jpg", "a.jpg", "none.jpg", "c.jpg"])
    np.testing.assert_array_equal(np.asarray(grids), array[[2, 0, 2]].astype(np.float32))
    assert list(kept) == [True, True, False, True]
    assert list(reasons) == [2] and "no line 'none.jpg' (its first is 'a.jpg')" in reasons[2]


@pytest.mark.parametrize("dtype, value", [
    (np.float16, np.nan), (np.float16, np.inf), (np.float32, -np.inf), (np.float32, 1e30),
    (np.float64, 1e300),
])
def test_a_grid_with_what_is_no_number_is_left_out(tmp_path, random, dtype, value):
    array = random.normal(size=(3, 4, 5)).astype(dtype)
    array[0, 0, 0] = np.finfo(np.float16).max
    array[1, 2, 3] = value
    grids, kept, reasons = GridFile(*write(tmp_path, array)).grids(["a.jpg", "b.jpg", "c.jpg"])
    assert list(kept) == [True, False, True] and list(reasons) == [1]
    assert reasons[1].startswith("--grids: ") and reasons[1].count("'b.jpg'") == 1
    assert f"got {abs(value):g}" in reasons[1] and "\n" not in reasons[1]
    np.testing.assert_array_equal(np.asarray(grids), array[[0, 2]].astype(np.float32))


def test_a_grid_that_is_no_square_is_a_row(tmp_path, random):
    assert GridFile(*write(tmp_path, random.normal(size=(3, 6, 5)))).grid_shape == (1, 6, 5)


def test_lines_may_end_as_on_windows_and_the_last_one_not_at_all(tmp_path, random):
    array = random.normal(size=(2, 4, 5))
    for names in (b"a.jpg\r\nb.jpg\r\n", b"\xef\xbb\xbfa.jpg\nb.jpg"):
        assert GridFile(*write(tmp_path, array, names)).grids(["b.jpg", "a.jpg"])[1].all()


@pytest.mark.parametrize("array, about", [
    (np.zeros((3, 2, 2, 5)), "use grids.reshape(N, rows * columns, D)"),
    (np.zeros((3, 5, 2, 2)), "channels first"),
    (np.zeros((3, 5)), "nothing to attend to"),
    (np.zeros(3), "got the shape (3,)"),
    (np.zeros((3, 4, 5), np.int64), "use grids.astype(numpy.float16)"),
    (np.zeros((3, 0, 5)), "holds nothing"),
    (np.array([{}]), "write it with numpy.save"),
])
def test_another_array_is_refused_with_advice(tmp_path, array, about):
    files = write(tmp_path, array)
    with pytest.raises(SattError) as raised:
        GridFile(*files)
    assert str(raised.value).startswith("--grids: ") and about in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("names, about", [
    ("a.jpg\nb.jpg\n", "has 2 lines, and"),
    ("a.jpg\nb.jpg\nc.jpg\nd.jpg\n", "has 4 lines"),
    ("a.jpg\nb.jpg\na.jpg\n", "'a.jpg' twice"),
    (b"a.jpg\n\xff\nc.jpg\n", "UTF-8"),
])
def test_names_that_do_not_fit_are_refused(tmp_path, names, about):
    files = write(tmp_path, np.zeros((3, 4, 5)), names)
    with pytest.raises(SattError, match=about):
        GridFile(*files)


def test_missing_and_damaged_files_are_told(tmp_path):
    grids, names = write(tmp_path, np.zeros((3, 4, 5)))
    with pytest.raises(SattError, match="--grids: there is no file"):
        GridFile(tmp_path / "none.npy", names)
    with pytest.raises(SattError, match="--names: there is no file"):
        GridFile(grids, tmp_path / "none.txt")
    content = grids.read_bytes()
    for damaged in (b"", content[:60], content[:-8], b"no array" * 40):
        grids.write_bytes(damaged)
        with pytest.raises(SattError, match="cannot be read as an array") as raised:
            GridFile(grids, names)
        assert "pickle" not in str(raised.value)
    with open(grids, "wb") as file:
        np.savez(file, x=np.zeros(3))
    with pytest.raises(SattError, match="several arrays"):
        GridFile(grids, names)
