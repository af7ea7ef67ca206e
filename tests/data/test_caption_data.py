import numpy as np
import pytest

from satt.data.caption_data import CaptionData
from satt.errors import SattError


@pytest.fixture
def data():
    images = np.arange(4 * 3 * 2 * 3, dtype=np.uint8).reshape(4, 3, 2, 3)
    captions = [[["a"]], [["b"], ["b", "b"]], [["c"]], [["d"]]]
    return CaptionData(images, captions, ["A", "B", "C", "D"])


@pytest.mark.parametrize(
    "indices", [[3, 1], np.array([3, 1]), np.array([-1, 1]), slice(3, 0, -2)]
)
def test_a_subset_keeps_what_belongs_together(data, indices):
    part = data.subset(indices)
    assert len(part) == 2 and len(data) == 4
    assert part.names == ["D", "B"]
    assert part.captions == [[["d"]], [["b"], ["b", "b"]]]
    assert np.array_equal(part.images, data.images[[3, 1]])


def test_a_mask_and_nothing_are_subsets_too(data):
    assert data.subset(np.array([True, False, False, True])).names == ["A", "D"]
    assert len(data.subset([])) == 0


def test_unequal_lengths_are_refused(data):
    with pytest.raises(SattError, match="got 4, 4 and 3"):
        CaptionData(data.images, data.captions, data.names[:3])
