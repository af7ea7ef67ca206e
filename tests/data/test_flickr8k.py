import os
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from satt.data.flickr8k import looks_like_flickr8k, read_flickr8k
from satt.data.images import read_image
from satt.errors import SattError


def make(folder, images="images", texts="."):
    """Write four photographs, 30 high and 60 wide: a red, a green and a blue third."""
    pixels = np.zeros((30, 60, 3), dtype=np.uint8)
    for third in range(3):
        pixels[:, 20 * third : 20 * third + 20, third] = 255
    (folder / images).mkdir(parents=True)
    (folder / texts).mkdir(exist_ok=True)
    for name in "abcd":
        Image.fromarray(pixels).save(folder / images / f"{name}.jpg", quality=95)
    lines = [f"{n}.jpg#{k}\tA {n} picture , number {k} ." for n in "abcd" for k in range(2)]
    lines.insert(3, "ghost.jpg.1#0\tNobody's dog")
    write(folder / texts / "Flickr8k.token.txt", "\n".join(lines) + "\n")
    write(folder / texts / "Flickr_8k.trainImages.txt", "c.jpg\na.jpg\n")
    write(folder / texts / "Flickr_8k.devImages.txt", "b.jpg\nd.jpg")
    return folder


def write(path, text):
    path.write_text(text, encoding="utf-8")


def test_a_split_is_read_in_its_order(tmp_path):
    make(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        data = read_flickr8k(tmp_path, "train", 12)
    assert data.names == ["c.jpg", "a.jpg"]
    assert data.captions[1] == [["a", "a", "picture", "number", str(k)] for k in range(2)]
    assert data.images.shape == (2, 12, 12, 3) and data.images.dtype == np.uint8
    assert read_flickr8k(str(tmp_path), "dev", 7).names == ["b.jpg", "d.jpg"]


def test_the_centre_is_cut_out(tmp_path):
    image = read_flickr8k(make(tmp_path), "train", 12).images[0].astype(int)
    # The middle square of 30 pixels: 5 red columns, 20 green and 5 blue of the 60.
    assert (image[:, 3:9].argmax(axis=2) == 1).all()
    assert (image[:, 0].argmax(axis=1) == 0).all() and (image[:, -1].argmax(axis=1) == 2).all()


def test_tall_grey_and_turned_images(tmp_path):
    pixels = np.zeros((40, 20), dtype=np.uint8)
    pixels[:8] = 200
    Image.fromarray(pixels).save(tmp_path / "grey.png")
    assert np.array_equal(read_image(tmp_path / "grey.png", 10), np.zeros((10, 10, 3)))
    exif = Image.Exif()
    exif[0x0112] = 3
    pixels[:20] = 200
    Image.fromarray(pixels).save(tmp_path / "turned.png", exif=exif)
    turned = read_image(tmp_path / "turned.png", 10)
    assert turned[0].max() == 0 and turned[-1].min() == 200


@pytest.mark.parametrize(
    ("images", "texts"),
    [
        ("Images", "."),
        ("Flicker8k_Dataset", "Flickr8k_text"),
        ("Flickr8k_Dataset", "Flickr8k_text"),
        ("Flickr8k_Dataset/Flicker8k_Dataset", "text"),
    ],
)
def test_the_usual_layouts_are_found(tmp_path, images, texts):
    assert not looks_like_flickr8k(tmp_path)
    make(tmp_path, images, texts)
    assert looks_like_flickr8k(tmp_path)
    assert len(read_flickr8k(tmp_path, "train", 5)) == 2


def test_missing_damaged_and_uncaptioned_images_are_named_once_and_left_out(tmp_path):
    make(tmp_path)
    write(tmp_path / "images" / "b.jpg", "not a picture")
    Image.new("RGB", (9, 9)).save(tmp_path / "images" / "e.jpg")
    write(tmp_path / "Flickr_8k.trainImages.txt", "a.jpg\nb.jpg\ngone.jpg\ne.jpg\nd.jpg\n")
    with pytest.warns(UserWarning, match="3 of the 5 .*: b.jpg, gone.jpg, e.jpg$") as caught:
        data = read_flickr8k(tmp_path, "train", 12)
    assert len(caught) == 1
    assert data.names == ["a.jpg", "d.jpg"] and len(data.images) == len(data.captions) == 2
    assert data.images[1].max() > 200


def test_a_truncated_image_is_left_out(tmp_path):
    make(tmp_path)
    path = tmp_path / "images" / "a.jpg"
    path.write_bytes(path.read_bytes()[:-300])
    with pytest.warns(UserWarning, match="1 of the 2"):
        assert read_flickr8k(tmp_path, "train", 12).names == ["c.jpg"]


def fails(folder, split="train", size=4):
    with pytest.raises(SattError) as error:
        read_flickr8k(folder, split, size)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_errors_say_what_to_do(tmp_path):
    assert "expected train, dev or test, got 'val'" in fails(tmp_path, "val")
    assert "at least 1 pixel, got 0" in fails(tmp_path, size=0)
    assert "not a folder; give the one" in fails(tmp_path / "nowhere")
    assert "no Flickr8k.token.txt in" in fails(tmp_path)
    make(tmp_path)
    assert "no Flickr_8k.testImages.txt in" in fails(tmp_path, "test")
    write(tmp_path / "Flickr_8k.testImages.txt", "x.jpg\n")
    assert "no image listed in" in fails(tmp_path, "test")
    write(tmp_path / "Flickr_8k.testImages.txt", "")
    assert "no image listed in" in fails(tmp_path, "test")
    write(tmp_path / "Flickr8k.token.txt", "a.jpg#0\tA dog\n\na.jpg A dog\n")
    assert "line 3: expected 'name.jpg#0', a tab" in fails(tmp_path)
    make(tmp_path / "deep")
    for path in (tmp_path / "deep" / "images").iterdir():
        path.unlink()
    assert "no folder of .jpg files" in fails(tmp_path / "deep")
    assert not looks_like_flickr8k(tmp_path / "deep")


@pytest.mark.skipif("SATT_DATA" not in os.environ, reason="SATT_DATA is not set")
def test_the_real_thing():
    folder = Path(os.environ["SATT_DATA"]) / "flickr8k"
    assert looks_like_flickr8k(folder)
    data = read_flickr8k(folder, "dev", 32)
    assert len(data) == 1000
    assert all(len(captions) == 5 for captions in data.captions)
    assert 80 < data.images.mean() < 150
