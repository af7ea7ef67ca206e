"""Slopes from differences, against slopes that are known."""

import numpy as np
import pytest

from gradcheck.numerical import (
    Forward,
    NotComplexSafe,
    central_difference,
    complex_step,
    slopes,
)

METHODS = pytest.mark.parametrize("method", [central_difference, complex_step])
ONE = np.ones(1)


def slope(method, function, x):
    """Take the slope of a function of one number."""
    derivatives, is_smooth, _ = method(Forward(lambda x: (function(x),), np.array([x])), ONE, ONE)
    assert is_smooth
    return derivatives[0]


@METHODS
@pytest.mark.parametrize("x", [0.3, -7.0, 2000.0])
def test_the_slope_of_a_sine_is_the_cosine(method, x):
    # Far out the step grows with x, so that x plus the step is still another number.
    assert slope(method, np.sin, x) == pytest.approx(np.cos(x), abs=1e-11 if x < 100 else 1e-4)


def test_a_polynomial_of_degree_four_has_no_error_but_rounding():
    """Without the extrapolation the third derivative would leave about 1e-6."""
    assert abs(slope(central_difference, lambda x: x**4, 1.0) - 4) < 1e-11


def test_the_complex_step_is_exact_where_the_difference_is_not():
    """The classic of Squire and Trapp: exp(x) / (sin(x)^3 + cos(x)^3)."""

    def steep(x):
        return np.exp(x) / (np.sin(x) ** 3 + np.cos(x) ** 3)

    sine, cosine = np.sin(1.5), np.cos(1.5)
    below = sine**3 + cosine**3
    true = np.exp(1.5) * (below - 3 * sine**2 * cosine + 3 * cosine**2 * sine) / below**2
    assert abs(slope(complex_step, steep, 1.5) / true - 1) < 1e-15
    assert 1e-15 < abs(slope(central_difference, steep, 1.5) / true - 1) < 1e-10


@METHODS
def test_the_slope_along_a_direction_adds_up_the_entries(method, random):
    x, direction = random.normal(size=(2, 3)), random.normal(size=(2, 3))
    forward = Forward(lambda x: (x**2, np.exp(x).sum()), x)
    derivatives, *_ = method(forward, direction, random.normal(size=7))
    expected = [*(2 * x * direction).reshape(-1), (np.exp(x) * direction).sum()]
    np.testing.assert_allclose(derivatives, expected, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("away", [1e-3, 3e-4, 2e-5, 1e-5])
def test_a_kink_close_by_is_not_stepped_over(away):
    def relu(x):
        return np.maximum(x, 0)

    assert slope(central_difference, relu, away) == pytest.approx(1, abs=1e-9)
    assert slope(central_difference, relu, -away) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("function", [np.abs, lambda x: np.maximum(3 * x, x) + np.sin(x)])
def test_a_kink_just_here_is_noticed(function):
    forward = Forward(lambda x: (function(x),), np.zeros(1))
    _, is_smooth, _ = central_difference(forward, ONE, ONE)
    assert not is_smooth


def into_a_buffer(x):
    buffer = np.zeros(1)
    buffer[:] = x
    return buffer


@pytest.mark.parametrize("function", [
    np.abs, np.real, lambda x: x.astype(float), np.linalg.norm, into_a_buffer, np.cbrt,
])
def test_a_lost_imaginary_part_is_an_error(function):
    with pytest.raises(NotComplexSafe):
        complex_step(Forward(lambda x: (function(x),), ONE), ONE)


def test_what_does_not_depend_on_the_argument_may_be_real():
    derivatives, *_ = complex_step(Forward(lambda x: (np.full(2, 3.0),), ONE), ONE)
    assert not derivatives.any()


def test_one_output_of_two_that_loses_the_imaginary_part_is_an_error():
    forward = Forward(lambda x: (x**2, np.abs(x)), ONE)
    with pytest.raises(NotComplexSafe):
        complex_step(forward, ONE)
    forward = Forward(lambda x: (x**2, np.full(2, 3.0)), ONE)
    np.testing.assert_allclose(complex_step(forward, ONE)[0], [2, 0, 0])


def test_beside_an_exact_slope_two_evaluations_do():
    calls = []

    def squared(x):
        calls.append(x)
        return (x**2,)

    forward = Forward(squared, ONE)
    for known, most in ((2.0, 2), (2.1, 6)):
        calls.clear()
        derivatives, is_smooth, _ = central_difference(forward, ONE, ONE, 1.0, known)
        assert is_smooth and len(calls) == most
        assert derivatives[0] == pytest.approx(2, abs=1e-9)


def test_what_rounding_drowns_is_left_to_the_exact_slopes(random):
    x, ones = random.normal(size=4), np.ones(4)

    def far_out(x):
        return (x**2 + np.array([0, 0, 1e9, 0]),)

    exact = slopes(complex_step, far_out, x, (ones,), random)
    found = slopes(central_difference, far_out, x, (ones,), random, exact)
    assert not found.taken[2] and not found.kinks
    np.testing.assert_allclose(exact.gradient, 2 * x, rtol=1e-15)


def test_kinks_are_listed_by_their_index(random):
    x = random.normal(size=(2, 3))
    x[1, 2] = 0
    found = slopes(
        central_difference, lambda x: (np.maximum(x, 0),), x, (np.ones(x.shape),), random
    )
    assert found.kinks == ((1, 2),)


@METHODS
def test_the_jacobian_holds_every_output_by_every_entry(method, random):
    x, W = random.normal(size=(2, 3)), random.normal(size=(3, 4))
    upstream = random.normal(size=(2, 4))
    found = slopes(method, lambda x: (x @ W,), x, (upstream,), random)
    np.testing.assert_allclose(found.jacobian, np.kron(np.eye(2), W), atol=1e-10)
    weighted = (found.jacobian @ upstream.reshape(-1)).reshape(x.shape)
    np.testing.assert_allclose(found.gradient, weighted, atol=1e-12)


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
