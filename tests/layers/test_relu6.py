import numpy as np

from satt.layers.relu6 import relu6_backward, relu6_forward


def test_what_lies_between_passes_and_the_rest_is_cut_off():
    out, cache = relu6_forward(np.array([-2.0, -0.0, 0.0, 0.5, 5.9, 6.0, 7.0]))
    np.testing.assert_array_equal(out, [0, 0, 0, 0.5, 5.9, 6, 6])
    dx = relu6_backward(np.arange(1.0, 8.0), cache)
    np.testing.assert_array_equal(dx, [0, 0, 0, 4, 5, 0, 0])


def test_the_real_part_decides_for_a_complex_number():
    x = np.array([2 - 3j, -2 + 3j, 7 + 1j, 0 + 1j])
    out, cache = relu6_forward(x)
    np.testing.assert_array_equal(out, [2 - 3j, 0, 6, 0])
    np.testing.assert_array_equal(relu6_backward(np.ones(4), cache), [1, 0, 0, 0])


def test_equals_the_clip(random):
    x = random.normal(3, 5, size=(2, 3, 4, 5))
    np.testing.assert_array_equal(relu6_forward(x)[0], np.clip(x, 0, 6))


def test_single_precision_stays_single():
    out, cache = relu6_forward(np.array([-1, 3, 9], np.float32))
    assert out.dtype == np.float32
    assert relu6_backward(out, cache).dtype == np.float32
