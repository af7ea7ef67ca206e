"""The gaze path: the right places, and labels that can be read."""

import numpy as np
import pytest
from PIL import Image

from satt.errors import SattError
from satt.figures import draw_gaze
from satt.figures.canvas import new_sheet, place
from satt.figures.gaze import _label, gaze_points


def test_a_point_is_the_centre_of_its_location():
    points = gaze_points(np.eye(15), (3, 5))
    np.testing.assert_allclose(points[0], [0.1, 1 / 6])
    np.testing.assert_allclose(points[14], [0.9, 5 / 6])
    np.testing.assert_allclose(points[4], [0.9, 1 / 6])


def test_even_attention_rests_in_the_middle():
    np.testing.assert_allclose(gaze_points(np.full((1, 15), 1 / 15), (3, 5)), [[0.5, 0.5]])


def test_a_file_is_written_with_the_path_over_the_image(tmp_path, random):
    image = np.full((32, 40, 3), 255, np.uint8)
    attention = random.dirichlet(np.full(15, 0.1), size=6)
    words = ["a", "red", "bird", "above", "water", "<stop>"]
    with Image.open(draw_gaze(tmp_path / "g.png", image, words, attention, (3, 5))) as picture:
        assert picture.format == "PNG"
        pixels = np.asarray(picture.convert("RGB"))
    assert 600 < pixels.shape[1] < 1000
    assert np.all(pixels == (0xD5, 0x5E, 0x00), axis=2).sum() > 300


@pytest.mark.parametrize("spread", [0.0, 20.0, 200.0])
def test_labels_do_not_cover_each_other(random, spread):
    figure = new_sheet(800, 700)
    axes = place(figure, 0, 0, 800, 700)
    axes.set_xlim(0, 800)
    axes.set_ylim(700, 0)
    points = np.array([400, 350]) + spread * random.uniform(-1, 1, (11, 2))
    _label(axes, points, [f"{n} word" for n in range(1, 12)])
    boxes = [patch.get_window_extent() for patch in axes.patches]
    assert len(boxes) == 11
    for index, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:index])
        assert box.x0 >= 0 and box.x1 <= 800 and box.y0 >= 0 and box.y1 <= 700


def test_a_wrong_grid_is_named(tmp_path):
    image = np.zeros((32, 40, 3), np.uint8)
    with pytest.raises(SattError, match="attention: expected .*L = 12"):
        draw_gaze(tmp_path / "g.png", image, ["a"], np.full((1, 15), 1 / 15), (3, 4))
