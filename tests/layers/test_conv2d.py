import numpy as np
import pytest
import scipy.signal

from satt.layers.conv2d import (
    conv2d_backward,
    conv2d_forward,
    conv2d_parameters_backward,
)

# (H, W), (KH, KW), stride, padding
SIZES = [
    ((5, 7), (3, 3), 1, 1),
    ((5, 7), (3, 3), 1, 0),
    ((6, 4), (2, 3), 1, 0),
    ((7, 5), (3, 2), 2, 1),
    ((6, 8), (3, 3), 2, 0),  # the stride does not divide: a rim is left over
    ((7, 6), (2, 2), 3, 2),
    ((4, 5), (1, 1), 1, 0),
    ((5, 4), (1, 1), 2, 0),
    ((3, 4), (3, 4), 1, 0),  # one window, the whole image
    ((7, 9), (2, 1), 3, 0),  # windows further apart than they are wide
]


def draw(random, size, kernel, stride, padding, N=2, C=3, F=4):
    x = random.normal(size=(N, *size, C))
    W = random.normal(size=(*kernel, C, F))
    b = random.normal(size=F)
    rows, columns = [
        (length + 2 * padding - k) // stride + 1 for length, k in zip(size, kernel, strict=True)
    ]
    return x, W, b, random.normal(size=(N, rows, columns, F))


def naive_conv(x, W, b, dout, stride, padding):
    """The output and the three gradients, one product at a time, pixels outside the image as 0."""
    out = np.zeros(dout.shape)
    dx, dW, db = np.zeros(x.shape), np.zeros(W.shape), np.zeros(b.shape)
    for n, row, column, f in np.ndindex(dout.shape):
        out[n, row, column, f] = b[f]
        db[f] += dout[n, row, column, f]
        for i, j, c in np.ndindex(W.shape[:3]):
            y, z = row * stride + i - padding, column * stride + j - padding
            if 0 <= y < x.shape[1] and 0 <= z < x.shape[2]:
                out[n, row, column, f] += x[n, y, z, c] * W[i, j, c, f]
                dx[n, y, z, c] += dout[n, row, column, f] * W[i, j, c, f]
                dW[i, j, c, f] += dout[n, row, column, f] * x[n, y, z, c]
    return out, dx, dW, db


@pytest.mark.parametrize("size, kernel, stride, padding", SIZES)
def test_equals_the_naive_loops(random, size, kernel, stride, padding):
    x, W, b, dout = draw(random, size, kernel, stride, padding)
    out, cache = conv2d_forward(x, W, b, stride, padding)
    gradients = conv2d_backward(dout, cache)
    expected = naive_conv(x, W, b, dout, stride, padding)
    for mine, theirs in zip((out, *gradients), expected, strict=True):
        assert mine.shape == theirs.shape
        np.testing.assert_allclose(mine, theirs, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("size, kernel, stride, padding", SIZES)
def test_equals_torch(random, size, kernel, stride, padding):
    torch = pytest.importorskip("torch")
    x, W, b, dout = draw(random, size, kernel, stride, padding)
    out, cache = conv2d_forward(x, W, b, stride, padding)
    gradients = conv2d_backward(dout, cache)

    tx, tW, tb = (torch.tensor(a, requires_grad=True) for a in (x, W, b))
    nchw = torch.nn.functional.conv2d(
        tx.permute(0, 3, 1, 2), tW.permute(3, 2, 0, 1), tb, stride, padding
    )
    theirs = nchw.permute(0, 2, 3, 1)
    theirs.backward(torch.tensor(dout))
    np.testing.assert_allclose(out, theirs.detach().numpy(), rtol=1e-10, atol=1e-10)
    for mine, tensor in zip(gradients, (tx, tW, tb), strict=True):
        np.testing.assert_allclose(mine, tensor.grad.numpy(), rtol=1e-10, atol=1e-10)


def test_equals_scipys_correlation(random):
    x, W = random.normal(size=(2, 6, 5, 3)), random.normal(size=(3, 2, 3, 4))
    out, _ = conv2d_forward(x, W)
    for n in range(2):
        for f in range(4):
            expected = scipy.signal.correlate(x[n], W[..., f], mode="valid")[:, :, 0]
            np.testing.assert_allclose(out[n, :, :, f], expected, rtol=1e-11, atol=1e-12)


def test_a_one_in_the_kernels_centre_copies_the_image(random):
    x = random.normal(size=(2, 4, 6, 3))
    W = np.zeros((3, 3, 3, 3))
    W[1, 1] = np.eye(3)
    out, cache = conv2d_forward(x, W, padding=1)
    np.testing.assert_array_equal(out, x)
    np.testing.assert_array_equal(conv2d_backward(x, cache)[0], x)


def test_a_leftover_rim_gets_exactly_zero_gradient(random):
    x, W = random.normal(size=(2, 6, 8, 3)), random.normal(size=(3, 3, 3, 4))
    out, cache = conv2d_forward(x, W, stride=2)
    assert out.shape == (2, 2, 3, 4)
    dx, _, _ = conv2d_backward(random.normal(size=out.shape), cache)
    np.testing.assert_array_equal(dx[:, 5:], 0)
    np.testing.assert_array_equal(dx[:, :, 7:], 0)
    assert np.all(dx[:, :5, :7] != 0)


def test_a_one_by_one_kernel_is_a_linear_map_of_each_pixel(random):
    x, W = random.normal(size=(2, 4, 6, 3)), random.normal(size=(1, 1, 3, 5))
    out, cache = conv2d_forward(x, W)
    np.testing.assert_allclose(out, x @ W[0, 0], rtol=1e-13, atol=1e-13)
    dx, dW, _ = conv2d_backward(out, cache)
    np.testing.assert_allclose(dx, out @ W[0, 0].T, rtol=1e-13, atol=1e-13)
    expected_dW = np.einsum("nhwc,nhwf->cf", x, out)
    np.testing.assert_allclose(dW[0, 0], expected_dW, rtol=1e-12, atol=1e-13)


def test_without_a_bias_there_is_no_gradient_for_it(random):
    x, W, b, dout = draw(random, (5, 7), (3, 3), 1, 1)
    out, cache = conv2d_forward(x, W, padding=1)
    with_bias, _ = conv2d_forward(x, W, b, padding=1)
    np.testing.assert_allclose(out + b, with_bias, rtol=1e-13, atol=1e-13)
    assert conv2d_backward(dout, cache)[2] is None


def test_images_that_are_a_slice_of_something_are_fine(random):
    everything, W = random.normal(size=(4, 9, 14, 3)), random.normal(size=(3, 3, 3, 4))
    x = everything[::2, 1:8, ::2]
    out, cache = conv2d_forward(x, W)
    copied, copied_cache = conv2d_forward(x.copy(), W)
    np.testing.assert_allclose(out, copied, rtol=1e-13, atol=1e-13)
    pairs = zip(conv2d_backward(out, cache), conv2d_backward(out, copied_cache), strict=True)
    for mine, theirs in list(pairs)[:2]:
        np.testing.assert_allclose(mine, theirs, rtol=1e-12, atol=1e-13)


def test_the_parameters_alone_get_the_same_gradients(random):
    out, cache = conv2d_forward(
        random.normal(size=(2, 5, 6, 3)), random.normal(size=(3, 2, 3, 4)),
        random.normal(size=4), stride=2, padding=1,
    )
    dout = random.normal(size=out.shape)
    _, dW, db = conv2d_backward(dout, cache)
    alone = conv2d_parameters_backward(dout, cache)
    np.testing.assert_array_equal(alone[0], dW)
    np.testing.assert_array_equal(alone[1], db)
