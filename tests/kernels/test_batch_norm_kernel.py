"""The fast batch normalisations are the plain ones: the same numbers, the same gradients."""

import numpy as np
import pytest

from gradcheck import check
from satt.kernels import batch_norm, batch_norm_inference, channel_rows
from satt.layers import batch_norm as plain, batch_norm_inference as plain_inference

# Rows and channels for which several pixels share a row, one has its own, and the last is odd.
SHAPES = [(2, 4, 6, 5), (3, 7, 1, 2), (5, 600), (8, 3, 64), (1, 2, 2, 1)]
FAST = {
    "batch": (batch_norm.batch_norm_forward, batch_norm.batch_norm_backward),
    "fixed": (
        batch_norm_inference.batch_norm_inference_forward,
        batch_norm_inference.batch_norm_inference_backward,
    ),
}
PLAIN = {
    "batch": (plain.batch_norm_forward, plain.batch_norm_backward),
    "fixed": (
        plain_inference.batch_norm_inference_forward,
        plain_inference.batch_norm_inference_backward,
    ),
}

statistics = pytest.mark.parametrize("statistics", FAST)  # of the batch itself, or fixed ones


def draw(random, statistics, shape, dtype=np.float64, mean=2):
    """Arguments that have a gradient, those that have none, and an upstream."""
    x, dout = random.normal(2, 3, size=(2, *shape)).astype(dtype)
    x += mean - 2
    gamma, beta = random.normal(size=(2, shape[-1])).astype(dtype)
    fixed = {}
    if statistics == "fixed":
        fixed = {
            "mean": random.normal(mean, 1, size=shape[-1]).astype(dtype),
            "variance": random.uniform(4, 9, size=shape[-1]).astype(dtype),
        }
    return {"x": x, "gamma": gamma, "beta": beta}, fixed, dout


@statistics
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("mean", [2, -1000])
@pytest.mark.parametrize("together", [channel_rows.LARGER_CACHE, 1])
def test_equals_the_plain_layer(random, monkeypatch, statistics, shape, mean, together):
    monkeypatch.setattr(channel_rows, "LARGER_CACHE", together)
    monkeypatch.setattr(channel_rows, "WIDTH", min(together, channel_rows.WIDTH))
    (forward, backward), (plain_forward, plain_backward) = FAST[statistics], PLAIN[statistics]
    inputs, fixed, dout = draw(random, statistics, shape, mean=mean)
    wanted, wanted_cache = plain_forward(**inputs, **fixed, epsilon=1e-3)
    got, got_cache = forward(**inputs, **fixed, epsilon=1e-3)
    np.testing.assert_allclose(got, wanted, rtol=0, atol=1e-10)
    gradients = plain_backward(dout, wanted_cache)
    for one, other in zip(gradients, backward(dout, got_cache), strict=True):
        np.testing.assert_allclose(other, one, rtol=0, atol=1e-10)


@statistics
@pytest.mark.parametrize("mean", [2, -20])
def test_its_gradients_are_right(random, statistics, mean):
    inputs, fixed, _ = draw(random, statistics, (3, 4, 2, 3), mean=mean)
    report = check(*FAST[statistics], inputs, options=fixed)
    assert report.ok, f"\n{report}"
    assert report.max_error_central <= 1e-7 and report.max_error_complex <= 1e-11


@statistics
# The largest means that are left where they are: about 9 where a batch has its own, 6 where not.
@pytest.mark.parametrize("mean", [0, 3, 6, 9, 1000])
def test_float32_stays_float32_and_is_near(random, statistics, mean):
    (forward, backward), (plain_forward, plain_backward) = FAST[statistics], PLAIN[statistics]
    inputs, fixed, dout = draw(random, statistics, (8, 16, 16, 32), np.float32, mean)
    exact = {name: value.astype(np.float64) for name, value in (inputs | fixed).items()}
    wanted, wanted_cache = plain_forward(**exact)
    got, got_cache = forward(**inputs, **fixed)
    gradients = plain_backward(dout.astype(np.float64), wanted_cache)
    for one, other in zip((wanted, *gradients), (got, *backward(dout, got_cache)), strict=True):
        assert other.dtype == np.float32
        np.testing.assert_allclose(other, one, rtol=0, atol=1e-4 * np.abs(one).max())


@statistics
def test_nothing_is_changed(random, statistics):
    forward, backward = FAST[statistics]
    inputs, fixed, dout = draw(random, statistics, (2, 4, 4, 8))
    given = (*inputs.values(), *fixed.values(), dout)
    before = [array.copy() for array in given]
    _, cache = forward(**inputs, **fixed)
    first = backward(dout, cache)
    for gradient in first:
        gradient += 1
    for one, other in zip(first, backward(dout, cache), strict=True):
        np.testing.assert_allclose(one, other + 1)
    for one, other in zip(before, given, strict=True):
        np.testing.assert_array_equal(one, other)
