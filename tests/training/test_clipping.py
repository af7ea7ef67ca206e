import numpy as np
import pytest

from satt.training.clipping import clip_by_global_norm


def test_long_gradients_are_shortened_together():
    gradients = {"W": np.array([[3.0, 0.0], [0.0, 4.0]]), "b": np.array([12.0])}
    clipped, norm = clip_by_global_norm(gradients, 6.5)
    assert norm == 13
    np.testing.assert_allclose(clipped["W"], gradients["W"] / 2)
    np.testing.assert_allclose(clipped["b"], [6.0])
    assert gradients["b"][0] == 12 and gradients["W"][0, 0] == 3
    assert clip_by_global_norm(clipped, 100)[1] == pytest.approx(6.5)


def test_short_gradients_stay():
    gradients = {"W": np.array([3.0, 4.0])}
    clipped, norm = clip_by_global_norm(gradients, 5.0)
    assert norm == 5 and np.array_equal(clipped["W"], [3.0, 4.0])


def test_float32_stays_and_a_million_small_ones_add_up():
    gradients = {"W": np.full(1_000_003, 0.1, dtype=np.float32)}
    clipped, norm = clip_by_global_norm(gradients, np.float64(1.0))
    assert clipped["W"].dtype == np.float32
    assert norm == pytest.approx(0.1 * 1_000_003**0.5, rel=1e-6)


def test_a_broken_gradient_shows_in_the_norm():
    assert np.isnan(clip_by_global_norm({"W": np.array([1.0, np.nan])}, 1.0)[1])
    assert clip_by_global_norm({}, 1.0) == ({}, 0.0)
