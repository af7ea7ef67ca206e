import numpy as np

from satt.layers.relu import relu_backward, relu_forward


def test_positive_passes_and_the_rest_becomes_zero():
    out, cache = relu_forward(np.array([-2.0, -0.0, 0.0, 0.5, 3.0]))
    np.testing.assert_array_equal(out, [0, 0, 0, 0.5, 3])
    dx = relu_backward(np.array([1.0, 2.0, 3.0, 4.0, 5.0]), cache)
    np.testing.assert_array_equal(dx, [0, 0, 0, 4, 5])


def test_the_real_part_decides_for_a_complex_number():
    x = np.array([2 - 3j, -2 + 3j, 0 + 1j])
    out, cache = relu_forward(x)
    np.testing.assert_array_equal(out, [2 - 3j, 0, 0])
    np.testing.assert_array_equal(relu_backward(np.ones(3), cache), [1, 0, 0])


def test_equals_the_maximum_with_zero(random):
    x = random.normal(size=(2, 3, 4, 5))
    np.testing.assert_array_equal(relu_forward(x)[0], np.maximum(x, 0))
