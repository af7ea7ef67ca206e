"""The forms for inference are the plain layers, one after the other: the same numbers."""

import numpy as np
import pytest

from satt.kernels import mbconv_inference as kernel
from satt.kernels.conv_inference import conv_inference
from satt.kernels.depthwise_inference import depthwise_inference, repeat_filters
from satt.kernels.folding import Folded, fold
from satt.layers.batch_norm_inference import batch_norm_inference_forward
from satt.layers.conv2d import conv2d_forward
from satt.layers.depthwise_conv2d import depthwise_conv2d_forward
from satt.layers.relu6 import relu6_forward
from satt.layers.same_padding import same_padding_forward


def draw_conv(random, shape, dtype=np.float64):
    """A convolution with its normalisation: W, then gamma, beta, mean, variance."""
    F = shape[-1]
    norm = [*random.normal(1, 1, size=(3, F)), random.uniform(0.5, 2, F)]
    return [array.astype(dtype) for array in (random.normal(size=shape), *norm)]


def plain(x, conv, stride=1, clipped=True):
    W, *norm = conv
    x, _ = same_padding_forward(x, len(W), stride)
    layer = conv2d_forward if W.ndim == 4 else depthwise_conv2d_forward
    x, _ = layer(x, W, stride=stride)
    x, _ = batch_norm_inference_forward(x, *norm, 1e-3)
    return relu6_forward(x)[0] if clipped else x


def test_a_folded_convolution_needs_no_normalisation(random):
    for shape in ((3, 3, 4, 5), (5, 5, 4)):
        x, (W, *norm) = random.normal(size=(2, 6, 7, 4)), draw_conv(random, shape)
        layer = conv2d_forward if len(shape) == 4 else depthwise_conv2d_forward
        convolution = fold(W, *norm, 1e-3)
        expected, _ = batch_norm_inference_forward(layer(x, W)[0], *norm, 1e-3)
        out = layer(x, convolution.W)[0] + convolution.b
        np.testing.assert_allclose(out, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("K, stride", [(1, 1), (3, 1), (3, 2), (2, 2)])
def test_the_full_convolution_equals_the_plain_layers(random, monkeypatch, K, stride):
    x, conv = random.normal(size=(3, 7, 8, 4)), draw_conv(random, (K, K, 4, 5))
    expected = plain(x, conv, stride)
    for bytes_at_a_time in (1, 1000, 300_000):
        monkeypatch.setattr("satt.kernels.pieces.CACHE", bytes_at_a_time)
        out = conv_inference(x, fold(*conv, 1e-3), stride)
        np.testing.assert_allclose(out, expected, rtol=1e-10, atol=1e-10)
    assert 0 < np.mean((out > 0) & (out < 6)) < 1  # the clip has been at work


@pytest.mark.parametrize("columns, C", [(12, 4), (7, 100), (11, 30), (5, 700), (1, 2)])
@pytest.mark.parametrize("stride", [1, 2])
def test_the_depthwise_convolution_equals_the_plain_layer(random, columns, C, stride):
    K = 3
    padded = random.normal(size=(2, 9, stride * (columns - 1) + K, C))
    W = random.normal(size=(K, K, C))
    expected, _ = depthwise_conv2d_forward(padded, W, stride)
    out = np.full(expected.shape, np.nan)
    depthwise_inference(padded, repeat_filters(W, columns, stride), stride, out)
    np.testing.assert_allclose(out, expected, rtol=1e-10, atol=1e-12)


# (H, W), C, depth inside, F, K, stride
BLOCKS = [
    ((8, 12), 3, 6, 3, 3, 1),  # with a shortcut
    ((8, 12), 3, 6, 4, 3, 1),
    ((9, 7), 3, 12, 3, 5, 1),
    ((9, 8), 3, 6, 3, 3, 2),
    ((8, 9), 2, 6, 5, 5, 2),
    ((3, 2), 2, 6, 2, 5, 1),  # smaller than the filters
    ((1, 1), 2, 4, 2, 5, 2),
]


@pytest.mark.parametrize("size, C, depth, F, K, stride", BLOCKS)
@pytest.mark.parametrize("buffer", [1, 2000, 1_200_000])
@pytest.mark.parametrize("widens", [True, False])
def test_a_block_equals_the_plain_layers(
    random, monkeypatch, size, C, depth, F, K, stride, buffer, widens
):
    monkeypatch.setattr(kernel, "BUFFER", buffer)  # from one row at a time to all at once
    C = C if widens else depth
    x = random.normal(size=(2, *size, C))
    expand = draw_conv(random, (1, 1, C, depth)) if widens else None
    look, project = draw_conv(random, (K, K, depth)), draw_conv(random, (1, 1, depth, F))
    expected = plain(plain(x, expand) if widens else x, look, stride)
    expected = plain(expected, project, clipped=False)
    expected = expected + x if expected.shape == x.shape else expected
    before = x.copy()
    folded = [conv and fold(*conv, 1e-3) for conv in (expand, look, project)]
    out = kernel.mbconv_inference(x, *folded, stride)
    np.testing.assert_allclose(out, expected, rtol=1e-10, atol=1e-9)
    np.testing.assert_array_equal(x, before)


def test_single_precision_stays_single_and_is_near(random):
    convs = [draw_conv(random, s, np.float32) for s in ((1, 1, 4, 24), (5, 5, 24), (1, 1, 24, 4))]
    x = random.normal(size=(2, 14, 14, 4)).astype(np.float32)
    out = kernel.mbconv_inference(x, *(fold(*conv, 1e-3) for conv in convs))
    exact = x + plain(plain(plain(x.astype(float), convs[0]), convs[1]), convs[2], clipped=False)
    assert out.dtype == np.float32
    assert np.max(np.abs(out - exact)) < 1e-5 * np.max(np.abs(exact))


def test_an_image_that_is_a_slice_of_something_is_fine(random):
    x, conv = random.normal(size=(4, 9, 8, 6)), draw_conv(random, (3, 3, 3, 5))
    view = x[::2, :, :, ::2]
    np.testing.assert_allclose(
        conv_inference(view, fold(*conv, 1e-3), 2), plain(view, conv, 2), rtol=1e-10, atol=1e-10
    )
    none = Folded(np.zeros((3, 3, 3)), np.zeros(3))
    project = Folded(np.zeros((1, 1, 3, 3)), np.zeros(3))
    np.testing.assert_array_equal(kernel.mbconv_inference(view, None, none, project), view)
