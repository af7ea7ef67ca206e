import numpy as np
import pytest
from scipy.special import expit

from satt.layers.sigmoid import sigmoid_backward, sigmoid_forward


def test_forward_equals_scipy(random):
    x = 5 * random.normal(size=(3, 4))
    np.testing.assert_allclose(sigmoid_forward(x)[0], expit(x), rtol=1e-12, atol=1e-16)


def test_backward_is_the_slope_times_the_gradient(random):
    x, dout = random.normal(size=(3, 4)), random.normal(size=(3, 4))
    dx = sigmoid_backward(dout, sigmoid_forward(x)[1])
    np.testing.assert_allclose(dx, dout * expit(x) * expit(-x), rtol=1e-12, atol=1e-13)


@pytest.mark.filterwarnings("error")
def test_huge_numbers_neither_overflow_nor_warn():
    out, cache = sigmoid_forward(np.array([-1e4, 0.0, 1e4], np.float32))
    np.testing.assert_array_equal(out, [0, 0.5, 1])
    np.testing.assert_array_equal(sigmoid_backward(np.ones(3), cache), [0, 0.25, 0])
