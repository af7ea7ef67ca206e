"""Attention spread over pixels: nothing lost, each location on its own block."""

import numpy as np
import pytest

from satt.errors import SattError
from satt.figures import upsample_attention
from satt.figures.overlay import _shares, lay_over


@pytest.mark.parametrize("image_shape", [(24, 45), (25, 47, 3), (2, 3)])
def test_the_pixels_sum_to_the_weights(random, image_shape):
    attention = random.dirichlet(np.ones(15))
    density = upsample_attention(attention, (3, 5), image_shape)
    assert density.shape == image_shape[:2]
    assert density.min() >= 0
    assert density.sum() == pytest.approx(1, abs=1e-12)


def test_uniform_attention_stays_uniform():
    density = upsample_attention(np.full(15, 1 / 15), (3, 5), (24, 45))
    np.testing.assert_allclose(density, 1 / (24 * 45), rtol=1e-12)


@pytest.mark.parametrize("location", range(15))
def test_the_peak_lies_on_the_pixels_of_its_location(location):
    density = upsample_attention(np.eye(15)[location], (3, 5), (48, 90))
    row, col = divmod(location, 5)
    peak_row, peak_col = np.unravel_index(np.argmax(density), density.shape)
    assert peak_row // 16 == row and peak_col // 18 == col


@pytest.mark.parametrize("col", [2, 3, 4])
def test_the_centre_of_mass_is_the_centre_of_the_location(col):
    # Two locations from every edge, further than the Gaussian reaches.
    density = upsample_attention(np.eye(35)[2 * 7 + col], (5, 7), (50, 126))
    y, x = np.indices(density.shape) + 0.5
    assert (density * y).sum() == pytest.approx(25, abs=1e-9)
    assert (density * x).sum() == pytest.approx(18 * (col + 0.5), abs=1e-9)


def test_before_smoothing_a_location_covers_exactly_its_pixels(random):
    attention = random.dirichlet(np.ones(15)).reshape(3, 5)
    blocks = _shares(12, 3) @ attention @ _shares(30, 5).T
    np.testing.assert_allclose(blocks, np.kron(attention, np.ones((4, 6))) / 24, rtol=1e-12)


def test_a_pixel_on_the_border_of_two_locations_is_shared():
    # 3 pixels for 2 locations: the middle one lies half on each.
    np.testing.assert_allclose(_shares(3, 2), [[2 / 3, 0], [1 / 3, 1 / 3], [0, 2 / 3]])


def test_a_wrong_length_is_named_in_one_line():
    with pytest.raises(SattError, match=r"^attention_row: expected .*15.*\(14,\).*3 x 5[^\n]*$"):
        upsample_attention(np.ones(14), (3, 5), (24, 45))


def luma(colours):
    return colours.astype(float) @ [0.299, 0.587, 0.114]


@pytest.mark.parametrize("relative", [0.0, 1.0, 5.0, 10.0])
def test_the_picture_can_be_seen_under_any_attention(relative):
    picture = np.zeros((6, 8, 3), np.uint8)
    picture[:, 4:] = 255
    seen = lay_over(picture, np.full((6, 8), relative), top=10.0)
    assert luma(seen[0, 7]) - luma(seen[0, 0]) > 40


def test_more_attention_is_more_colour_and_brighter():
    picture = np.full((1, 11, 3), 128, np.uint8)
    seen = lay_over(picture, np.linspace(0, 10, 11)[None], top=10.0)[0]
    colourfulness = np.ptp(seen.astype(int), axis=1)
    assert colourfulness[0] == 0
    assert np.all(np.diff(colourfulness[:8]) > 0)
    assert np.all(np.diff(luma(seen)[1:]) > 0)
