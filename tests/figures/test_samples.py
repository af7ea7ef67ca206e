"""The contact sheet: every picture is there, and every caption is whole."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from satt.errors import SattError
from satt.figures import draw_samples
from satt.figures.canvas import fit_picture, new_sheet, text_width, wrap, write


def size_of(path):
    with Image.open(path) as picture:
        assert picture.format == "PNG"
        return picture.size


def test_pictures_stand_in_rows(tmp_path, random):
    images = random.integers(0, 256, (5, 30, 40, 3), dtype=np.uint8)
    titles = ["a bird"] * 5
    wide = size_of(draw_samples(tmp_path / "a.png", images, titles, columns=5))
    tall = size_of(draw_samples(tmp_path / "b.png", images, titles, columns=2))
    assert wide[0] > 2 * tall[0]
    assert tall[1] > 2 * wide[1]


def test_a_sheet_that_cannot_be_written_is_named(tmp_path, random, monkeypatch):
    def full(path, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    images = random.integers(0, 256, (1, 30, 40, 3), dtype=np.uint8)
    with pytest.raises(SattError, match="a.png cannot be written: No space left on device; make"):
        draw_samples(tmp_path / "a.png", images, ["a bird"])


def test_a_long_caption_gets_more_lines(tmp_path, random):
    images = random.integers(0, 256, (1, 30, 40, 3), dtype=np.uint8)
    short = size_of(draw_samples(tmp_path / "a.png", images, ["a bird"]))
    long = size_of(draw_samples(tmp_path / "b.png", images, ["a bird above the water " * 6]))
    assert long[1] > short[1] + 60
    assert long[0] == short[0]


def test_images_may_differ_in_size(tmp_path, random):
    images = [random.integers(0, 256, shape, dtype=np.uint8)
              for shape in [(30, 40, 3), (64, 20, 3), (500, 700, 3), (1, 1, 3)]]
    assert draw_samples(tmp_path / "a.png", images, ["", "b", "c", "d"]).exists()


@pytest.mark.parametrize("text", ["a bird above the water", "x" * 90, "one " + "y" * 60 + " two"])
def test_wrapped_lines_fit_and_lose_no_letter(text):
    sheet = new_sheet(1, 1)
    lines = wrap(sheet, text, 11, 150)
    assert len(lines) > 1
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert max(text_width(sheet, line, 11) for line in lines) <= 150


def test_a_word_too_wide_is_set_smaller_and_only_then_shortened():
    sheet = new_sheet(400, 100)
    smaller = write(sheet, 0, 0, "internationalisation", 15, width=200)
    assert 9 <= smaller.get_fontsize() < 15
    assert smaller.get_text() == "internationalisation"
    shortened = write(sheet, 0, 0, "internationalisation", 15, width=80)
    assert shortened.get_fontsize() == 9
    assert shortened.get_text().endswith("…")
    for text, width in ((smaller, 200), (shortened, 80)):
        assert text_width(sheet, text.get_text(), text.get_fontsize()) <= width


def test_a_small_picture_is_enlarged_without_blur_and_a_large_one_shrunk(random):
    small = random.integers(0, 256, (20, 30, 3), dtype=np.uint8)
    enlarged = fit_picture(small, 100)
    assert enlarged.shape == (60, 90, 3)
    np.testing.assert_array_equal(enlarged[1::3, 1::3], small)
    assert fit_picture(random.integers(0, 256, (300, 600, 3), dtype=np.uint8), 100).shape == (
        50, 100, 3
    )


@pytest.mark.parametrize(("count", "titles", "columns", "message"), [
    (0, [], 4, "images: expected at least one"),
    (2, ["a"], 4, "titles: expected 2 .* got 1"),
    (1, ["a"], 0, "columns: expected at least 1, got 0"),
])
def test_what_does_not_fit_is_named(tmp_path, count, titles, columns, message):
    images = [np.zeros((4, 5, 3), np.uint8)] * count
    with pytest.raises(SattError, match=message):
        draw_samples(tmp_path / "a.png", images, titles, columns)


def test_the_wrong_image_is_named(tmp_path):
    images = [np.zeros((4, 5, 3), np.uint8), np.zeros((4, 5), np.uint8)]
    with pytest.raises(SattError, match=r"images\[1\]: expected"):
        draw_samples(tmp_path / "a.png", images, ["a", "b"])
