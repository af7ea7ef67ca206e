"""The gradient check of hw1 tells right from wrong."""

import numpy as np
import pytest

from satt.homework.sets.hw1.gradient_check import (
    check_gradients,
    numerical_gradient,
    relative_error,
)
from satt.layers.linear import linear_backward, linear_forward
from satt.layers.softmax import softmax_backward, softmax_forward


def test_slopes_of_what_is_known():
    x = np.random.default_rng(0).normal(size=(2, 3))
    before = x.copy()
    gradient = numerical_gradient(lambda x: float((x**3).sum()), x)
    np.testing.assert_allclose(gradient, 3 * x**2, rtol=1e-7)
    np.testing.assert_array_equal(x, before)
    assert numerical_gradient(lambda x: float(x) ** 2, np.array(3.0)) == pytest.approx(6)


def test_the_worst_entry_counts():
    mine, numerical = np.array([1.0, 2.0, 0.0]), np.array([1.0, 1.0, 1e-12])
    assert relative_error(mine, numerical) == pytest.approx(0.5)
    assert relative_error(mine, mine) == 0.0
    assert relative_error(np.array([0.0]), np.array([1e-12])) == pytest.approx(1e-4)
    assert isinstance(relative_error(mine, numerical), float)


def test_right_layers_pass_and_wrong_ones_do_not():
    random = np.random.default_rng(0)
    x, W, b = random.normal(size=(4, 3)), random.normal(size=(3, 2)), random.normal(size=2)
    upstream = random.normal(size=(4, 2))
    errors = check_gradients(linear_forward, linear_backward, [x, W, b], upstream)
    assert len(errors) == 3 and max(errors) < 1e-6

    def half(dout, cache):
        dx, dW, db = linear_backward(dout, cache)
        return dx, dW / 2, db

    errors = check_gradients(linear_forward, half, [x, W, b], upstream)
    assert [error > 0.1 for error in errors] == [False, True, False]
    assert check_gradients(softmax_forward, softmax_backward, [x], x**2)[0] < 1e-6
