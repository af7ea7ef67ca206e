"""Slopes from differences, against slopes that are known."""

import numpy as np
import pytest

from gradcheck.numerical import central_difference, slopes


@pytest.mark.parametrize("x", [0.3, -7.0, 2000.0])
def test_the_slope_of_a_sine_is_the_cosine(x):
    found = central_difference(
        lambda x: (np.sin(x),), np.array([x]), np.array([1.0]), (np.array([2.0]),)
    )
    # Far out the step grows with x, so that x plus the step is still another number.
    assert found == pytest.approx(2 * np.cos(x), abs=1e-11 if abs(x) < 100 else 0.3)


def test_a_polynomial_of_degree_four_has_no_error_but_rounding():
    """Without the extrapolation the third derivative would leave h^2 f''' / 6, about 1e-6."""
    found = central_difference(
        lambda x: (x**4,), np.array([1.0]), np.array([1.0]), (np.array([1.0]),)
    )
    assert abs(found - 4) < 1e-11


def test_the_slope_along_a_direction_adds_up_the_entries_and_outputs(random):
    x, direction = random.normal(size=(2, 3)), random.normal(size=(2, 3))
    upstream = random.normal(size=(2, 3)), random.normal()
    found = central_difference(lambda x: (x**2, np.exp(x).sum()), x, direction, upstream)
    expected = ((2 * x * upstream[0] + np.exp(x) * upstream[1]) * direction).sum()
    assert found == pytest.approx(expected, rel=1e-10)


def test_all_entries_of_a_small_argument_are_taken(random):
    x = random.normal(size=(3, 4))
    found = slopes(central_difference, lambda x: (x**3,), x, (np.ones((3, 4)),), random)
    np.testing.assert_allclose(found.gradient, 3 * x**2, rtol=1e-9)
    assert found.taken.all() and found.directions == ()


def test_a_large_argument_is_sampled_and_looked_at_from_all_sides(random):
    x = random.normal(size=(60, 50))
    found = slopes(central_difference, lambda x: (x**3,), x, (np.ones(x.shape),), random)
    assert np.count_nonzero(found.taken) == 2000
    np.testing.assert_array_equal(np.isnan(found.gradient), ~found.taken)
    np.testing.assert_allclose(found.gradient[found.taken], 3 * x[found.taken] ** 2, rtol=1e-7)
    assert len(found.directions) == 3
    for direction, slope in found.directions:
        assert np.sum(direction**2) == pytest.approx(1)
        assert slope == pytest.approx(np.sum(3 * x**2 * direction), rel=1e-9)
