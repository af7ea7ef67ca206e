import numpy as np
import pytest
import scipy.signal

from satt.layers.conv2d import conv2d_backward, conv2d_forward
from satt.layers.depthwise_conv2d import depthwise_conv2d_backward, depthwise_conv2d_forward

# (H, W), K, stride
SIZES = [
    ((5, 7), 3, 1),
    ((6, 4), 2, 1),
    ((7, 6), 3, 2),  # the stride does not divide: a column is left over
    ((9, 8), 5, 2),
    ((3, 3), 3, 1),  # one window, the whole image
    ((4, 5), 1, 2),  # windows further apart than they are wide
]


def draw(random, size, K, stride, N=2, C=3):
    x, W = random.normal(size=(N, *size, C)), random.normal(size=(K, K, C))
    rows, columns = [(length - K) // stride + 1 for length in size]
    return x, W, random.normal(size=(N, rows, columns, C))


@pytest.mark.parametrize("size, K, stride", SIZES)
def test_equals_the_naive_loops(random, size, K, stride):
    x, W, dout = draw(random, size, K, stride)
    out, cache = depthwise_conv2d_forward(x, W, stride)
    dx, dW = depthwise_conv2d_backward(dout, cache)
    expected, expected_dx, expected_dW = np.zeros(dout.shape), np.zeros(x.shape), np.zeros(W.shape)
    for n, row, column, c in np.ndindex(dout.shape):
        for i, j in np.ndindex(K, K):
            y, z = row * stride + i, column * stride + j
            expected[n, row, column, c] += x[n, y, z, c] * W[i, j, c]
            expected_dx[n, y, z, c] += dout[n, row, column, c] * W[i, j, c]
            expected_dW[i, j, c] += dout[n, row, column, c] * x[n, y, z, c]
    for mine, theirs in ((out, expected), (dx, expected_dx), (dW, expected_dW)):
        assert mine.shape == theirs.shape
        np.testing.assert_allclose(mine, theirs, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("size, K, stride", SIZES)
def test_equals_torch(random, size, K, stride):
    torch = pytest.importorskip("torch")
    x, W, dout = draw(random, size, K, stride)
    out, cache = depthwise_conv2d_forward(x, W, stride)
    tx, tW = (torch.tensor(array, requires_grad=True) for array in (x, W))
    theirs = torch.nn.functional.conv2d(
        tx.permute(0, 3, 1, 2), tW.permute(2, 0, 1)[:, None], stride=stride, groups=3
    ).permute(0, 2, 3, 1)
    theirs.backward(torch.tensor(dout))
    np.testing.assert_allclose(out, theirs.detach().numpy(), rtol=1e-10, atol=1e-10)
    for mine, tensor in zip(depthwise_conv2d_backward(dout, cache), (tx, tW), strict=True):
        np.testing.assert_allclose(mine, tensor.grad.numpy(), rtol=1e-10, atol=1e-10)


def test_equals_scipys_correlation_of_each_channel(random):
    x, W, _ = draw(random, (6, 5), 3, 1)
    out, _ = depthwise_conv2d_forward(x, W)
    for n, c in np.ndindex(2, 3):
        expected = scipy.signal.correlate2d(x[n, :, :, c], W[:, :, c], mode="valid")
        np.testing.assert_allclose(out[n, :, :, c], expected, rtol=1e-11, atol=1e-12)


def test_it_is_a_full_convolution_whose_filters_see_one_channel_each(random):
    x, W, dout = draw(random, (7, 6), 3, 2)
    full = W[:, :, :, None] * np.eye(3)
    out, cache = depthwise_conv2d_forward(x, W, 2)
    expected, full_cache = conv2d_forward(x, full, stride=2)
    np.testing.assert_allclose(out, expected, rtol=1e-12, atol=1e-13)
    dx, dW = depthwise_conv2d_backward(dout, cache)
    full_dx, full_dW, _ = conv2d_backward(dout, full_cache)
    np.testing.assert_allclose(dx, full_dx, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(dW, np.einsum("ijcc->ijc", full_dW), rtol=1e-12, atol=1e-13)


def test_a_pixel_that_no_window_sees_gets_exactly_zero_gradient(random):
    x, W, dout = draw(random, (7, 6), 3, 2)
    _, cache = depthwise_conv2d_forward(x, W, 2)
    dx, _ = depthwise_conv2d_backward(dout, cache)
    np.testing.assert_array_equal(dx[:, :, 5:], 0)
    assert np.all(dx[:, :, :5] != 0)
