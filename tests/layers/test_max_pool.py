import numpy as np
import pytest

from satt.layers.max_pool import max_pool_backward, max_pool_forward

# (H, W), size, stride
SIZES = [((4, 6), 2, None), ((5, 7), 2, None), ((5, 7), 3, 2), ((6, 4), 2, 1), ((7, 9), 2, 3)]


def naive_pool(x, dout, size, stride):
    out, dx = np.zeros(dout.shape), np.zeros(x.shape)
    for n, row, column, c in np.ndindex(dout.shape):
        top, left = row * stride, column * stride
        window = x[n, top : top + size, left : left + size, c]
        i, j = divmod(int(np.argmax(window)), size)
        out[n, row, column, c] = window[i, j]
        dx[n, top + i, left + j, c] += dout[n, row, column, c]
    return out, dx


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("lengths, size, stride", SIZES)
def test_equals_the_naive_loops(random, lengths, size, stride, tied):
    x = random.normal(size=(2, *lengths, 3))
    if tied:  # a few whole numbers: most windows hold their maximum more than once
        x = np.round(x)
    out, cache = max_pool_forward(x, size, stride)
    dout = random.normal(size=out.shape)
    expected_out, expected_dx = naive_pool(x, dout, size, stride or size)
    np.testing.assert_array_equal(out, expected_out)
    np.testing.assert_allclose(max_pool_backward(dout, cache), expected_dx, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("lengths, size, stride", SIZES)
def test_equals_torch(random, lengths, size, stride):
    torch = pytest.importorskip("torch")
    x = random.normal(size=(2, *lengths, 3))
    out, cache = max_pool_forward(x, size, stride)
    dout = random.normal(size=out.shape)
    tx = torch.tensor(x, requires_grad=True)
    theirs = torch.nn.functional.max_pool2d(tx.permute(0, 3, 1, 2), size, stride)
    theirs = theirs.permute(0, 2, 3, 1)
    theirs.backward(torch.tensor(dout))
    np.testing.assert_array_equal(out, theirs.detach().numpy())
    dx = max_pool_backward(dout, cache)
    np.testing.assert_allclose(dx, tx.grad.numpy(), rtol=1e-10, atol=1e-10)


def test_of_equal_values_the_first_gets_the_whole_gradient():
    x = np.array([[1.0, 5.0], [5.0, 5.0]]).reshape(1, 2, 2, 1)
    out, cache = max_pool_forward(x)
    assert out.item() == 5
    dx = max_pool_backward(np.full((1, 1, 1, 1), 3.0), cache)
    np.testing.assert_array_equal(dx[0, :, :, 0], [[0, 3], [0, 0]])


def test_a_pixel_that_wins_two_windows_gets_both_gradients():
    x = np.array([[0.0, 9.0, 0.0], [0.0, 0.0, 0.0]]).reshape(1, 2, 3, 1)
    out, cache = max_pool_forward(x, stride=1)
    np.testing.assert_array_equal(out.ravel(), [9, 9])
    dx = max_pool_backward(np.array([10.0, 1.0]).reshape(1, 1, 2, 1), cache)
    np.testing.assert_array_equal(dx[0, :, :, 0], [[0, 11, 0], [0, 0, 0]])


def test_pixels_that_no_window_reaches_get_exactly_zero(random):
    out, cache = max_pool_forward(100 + random.normal(size=(2, 5, 7, 3)))
    dx = max_pool_backward(random.normal(size=out.shape), cache)
    np.testing.assert_array_equal(dx[:, 4:], 0)
    np.testing.assert_array_equal(dx[:, :, 6:], 0)
    assert np.count_nonzero(dx) == out.size


def test_the_real_part_decides_for_complex_numbers():
    x = np.array([1 + 9j, 2 - 1j, 2 + 5j, 0]).reshape(1, 2, 2, 1)
    out, cache = max_pool_forward(x)
    assert out.item() == 2 - 1j
    dx = max_pool_backward(np.ones((1, 1, 1, 1)), cache)
    np.testing.assert_array_equal(dx.ravel(), [0, 1, 0, 0])
