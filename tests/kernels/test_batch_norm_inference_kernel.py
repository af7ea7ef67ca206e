"""The fast normalisation with fixed statistics is the plain one: numbers and gradients."""

import numpy as np
import pytest

from gradcheck import check
from satt.kernels import batch_norm_inference as fast, channel_rows
from satt.layers import batch_norm_inference as plain

# Rows and channels for which several pixels share a row, one has its own, and the last is odd.
SHAPES = [(2, 4, 6, 5), (3, 7, 1, 2), (5, 600), (8, 3, 64), (1, 2, 2, 1)]


def draw(random, shape, dtype=np.float64, mean=2):
    C = shape[-1]
    arrays = {
        "x": random.normal(mean, 3, size=shape),
        "gamma": random.normal(size=C),
        "beta": random.normal(size=C),
        "mean": random.normal(mean, 1, size=C),
        "variance": random.uniform(4, 9, size=C),
    }
    arrays = {name: array.astype(dtype) for name, array in arrays.items()}
    return arrays, random.normal(size=shape).astype(dtype)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("mean", [2, -1000])
@pytest.mark.parametrize("together", [channel_rows.LARGER_CACHE, 1])
def test_equals_the_plain_layer(random, monkeypatch, shape, mean, together):
    monkeypatch.setattr(channel_rows, "LARGER_CACHE", together)
    monkeypatch.setattr(channel_rows, "WIDTH", min(together, channel_rows.WIDTH))
    inputs, dout = draw(random, shape, mean=mean)
    wanted, wanted_cache = plain.batch_norm_inference_forward(**inputs, epsilon=1e-3)
    got, got_cache = fast.batch_norm_inference_forward(**inputs, epsilon=1e-3)
    np.testing.assert_allclose(got, wanted, rtol=0, atol=1e-10)
    gradients = plain.batch_norm_inference_backward(dout, wanted_cache)
    for one, other in zip(
        gradients, fast.batch_norm_inference_backward(dout, got_cache), strict=True
    ):
        np.testing.assert_allclose(other, one, rtol=0, atol=1e-10)


@pytest.mark.parametrize("mean", [2, -20])
def test_its_gradients_are_right(random, mean):
    inputs, _ = draw(random, (3, 4, 2, 3), mean=mean)
    statistics = {name: inputs.pop(name) for name in ("mean", "variance")}
    report = check(
        fast.batch_norm_inference_forward, fast.batch_norm_inference_backward, inputs,
        options=statistics,
    )
    assert report.ok, f"\n{report}"
    assert report.max_error_central <= 1e-7 and report.max_error_complex <= 1e-11


@pytest.mark.parametrize("mean", [0, 3, 6, 1000])  # 6 is about the largest that is left in place
def test_float32_stays_float32_and_is_near(random, mean):
    inputs, dout = draw(random, (8, 16, 16, 32), np.float32, mean)
    exact = {name: value.astype(np.float64) for name, value in inputs.items()}
    wanted, wanted_cache = plain.batch_norm_inference_forward(**exact)
    got, got_cache = fast.batch_norm_inference_forward(**inputs)
    gradients = plain.batch_norm_inference_backward(dout.astype(np.float64), wanted_cache)
    fast_gradients = fast.batch_norm_inference_backward(dout, got_cache)
    for one, other in zip((wanted, *gradients), (got, *fast_gradients), strict=True):
        assert other.dtype == np.float32
        np.testing.assert_allclose(other, one, rtol=0, atol=1e-4 * np.abs(one).max())


def test_nothing_is_changed(random):
    inputs, dout = draw(random, (2, 4, 4, 8))
    before = [array.copy() for array in (*inputs.values(), dout)]
    _, cache = fast.batch_norm_inference_forward(**inputs)
    first = fast.batch_norm_inference_backward(dout, cache)
    for gradient in first:
        gradient += 1
    for one, other in zip(first, fast.batch_norm_inference_backward(dout, cache), strict=True):
        np.testing.assert_allclose(one, other + 1)
    for one, other in zip(before, (*inputs.values(), dout), strict=True):
        np.testing.assert_array_equal(one, other)
