import numpy as np
import pytest

from satt.data.batches import to_float
from satt.data.caption_data import CaptionData
from satt.data.stored_grids import StoredGrids


@pytest.fixture
def file(random, tmp_path):
    array = random.normal(size=(5, 4, 3)).astype(np.float16)
    np.save(tmp_path / "x.npy", array)
    return np.load(tmp_path / "x.npy", mmap_mode="r", allow_pickle=False)


def test_it_looks_like_an_array_of_the_chosen_rows(file):
    grids = StoredGrids(file, [3, 0, 3])
    assert grids.shape == (3, 4, 3) and len(grids) == 3 and grids.dtype == np.float32
    np.testing.assert_array_equal(np.asarray(grids), file[[3, 0, 3]].astype(np.float32))
    assert np.asarray(grids).dtype == np.float32
    np.testing.assert_array_equal(grids[-2], file[0].astype(np.float32))
    assert [grid.dtype for grid in grids] == [np.float32] * 3


def test_choosing_reads_nothing(file):
    class Unreadable:
        shape = file.shape

        def __getitem__(self, index):
            raise AssertionError("read")

    grids = StoredGrids(Unreadable(), range(5))
    for index in (slice(1, 3), [0, 2], np.array([True, False, True, False, False])):
        assert isinstance(grids[index], StoredGrids) and len(grids[index]) == 2
    data = CaptionData(grids, [[["a"]]] * 5, list("abcde"))
    assert data.subset([4, 1]).images.shape == (2, 4, 3)


def test_batches_get_what_they_ask_for(file):
    grids = StoredGrids(file, [2, 1])
    for index, rows in (([0], [2]), (slice(0, 9), [2, 1]), ([1, 1], [1, 1]), (slice(0, 0), [])):
        batch = to_float(grids[index])
        assert type(batch) is np.ndarray and batch.dtype == np.float32
        np.testing.assert_array_equal(batch, file[rows].astype(np.float32))
    with pytest.raises(IndexError):
        grids[2]
