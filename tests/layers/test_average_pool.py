import numpy as np
import pytest

from satt.layers.average_pool import average_pool_backward, average_pool_forward

# (H, W), size, stride
SIZES = [((4, 6), 2, None), ((5, 7), 2, None), ((5, 7), 3, 2), ((6, 4), 2, 1), ((7, 9), 2, 3)]


@pytest.mark.parametrize("lengths, size, stride", SIZES)
def test_equals_the_naive_loops(random, lengths, size, stride):
    x = random.normal(size=(2, *lengths, 3))
    out, cache = average_pool_forward(x, size, stride)
    dout, step = random.normal(size=out.shape), stride or size
    expected_dx = np.zeros(x.shape)
    assert out.shape[1:3] == tuple((length - size) // step + 1 for length in lengths)
    for n, row, column, c in np.ndindex(out.shape):
        top, left = row * step, column * step
        window = np.s_[n, top : top + size, left : left + size, c]
        assert np.isclose(out[n, row, column, c], x[window].mean(), rtol=1e-12)
        expected_dx[window] += dout[n, row, column, c] / size**2
    dx = average_pool_backward(dout, cache)
    np.testing.assert_allclose(dx, expected_dx, rtol=1e-12, atol=1e-13)


def test_pooling_the_whole_image_is_its_mean(random):
    x = random.normal(size=(2, 5, 5, 3))
    out, cache = average_pool_forward(x, size=5)
    np.testing.assert_allclose(out[:, 0, 0], x.mean(axis=(1, 2)), rtol=1e-13, atol=1e-13)
    dx = average_pool_backward(np.ones((2, 1, 1, 3)), cache)
    np.testing.assert_allclose(dx, 1 / 25, rtol=1e-14, atol=1e-13)


def test_pixels_that_no_window_reaches_get_exactly_zero(random):
    out, cache = average_pool_forward(random.normal(size=(2, 5, 7, 3)))
    dx = average_pool_backward(random.normal(size=out.shape), cache)
    np.testing.assert_array_equal(dx[:, 4:], 0)
    np.testing.assert_array_equal(dx[:, :, 6:], 0)
    assert np.all(dx[:, :4, :6] != 0)
