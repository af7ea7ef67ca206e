import math

import numpy as np

from satt.layers.tanh import tanh_backward, tanh_forward


def test_forward_is_the_hyperbolic_tangent():
    x = np.array([-3.0, -0.5, 0.0, 0.25, 2.0])
    np.testing.assert_allclose(tanh_forward(x)[0], [math.tanh(v) for v in x], rtol=1e-14)


def test_backward_is_one_over_cosh_squared(random):
    x, dout = random.normal(size=(3, 4)), random.normal(size=(3, 4))
    dx = tanh_backward(dout, tanh_forward(x)[1])
    np.testing.assert_allclose(dx, dout / np.cosh(x) ** 2, rtol=1e-12, atol=1e-13)


def test_a_saturated_unit_gets_no_gradient():
    out, cache = tanh_forward(np.array([-1000.0, 1000.0]))
    np.testing.assert_array_equal(out, [-1, 1])
    np.testing.assert_array_equal(tanh_backward(np.ones(2), cache), [0, 0])
