"""The fast max-pool is the plain one: the same winners, of equal ones too."""

import numpy as np
import pytest

from satt.kernels import max_pool as fast
from satt.layers import max_pool as plain


def both(module, x, dout=None, **options):
    out, cache = module.max_pool_forward(x, **options)
    dout = np.random.default_rng(1).normal(size=out.shape).astype(x.dtype)
    return out, module.max_pool_backward(dout, cache)


@pytest.mark.parametrize("shape", [(2, 4, 6, 3), (1, 2, 2, 1), (3, 8, 4, 64)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_equals_the_plain_layer(random, shape, dtype):
    x = random.normal(size=shape).astype(dtype)
    for one, other in zip(both(plain, x), both(fast, x), strict=True):
        assert other.dtype == dtype
        np.testing.assert_array_equal(other, one)


@pytest.mark.parametrize("together", [fast.LARGER_CACHE, 1])  # all images, and one by one
def test_the_first_of_equal_ones_wins(random, monkeypatch, together):
    monkeypatch.setattr(fast, "LARGER_CACHE", together)
    x = random.integers(3, size=(4, 8, 8, 5)).astype(float)
    for one, other in zip(both(plain, x), both(fast, x), strict=True):
        np.testing.assert_array_equal(other, one)


@pytest.mark.parametrize("shape, options", [
    ((2, 5, 6, 3), {}), ((2, 4, 7, 3), {}), ((2, 6, 6, 3), {"size": 3}),
    ((2, 6, 6, 3), {"size": 2, "stride": 1}), ((2, 4, 4, 3), {"size": 2, "stride": 2}),
])
def test_other_windows_too(random, shape, options):
    x = random.normal(size=shape)
    for one, other in zip(both(plain, x, **options), both(fast, x, **options), strict=True):
        np.testing.assert_array_equal(other, one)


def test_an_infinite_gradient_reaches_the_winner_alone():
    x = np.arange(4.0).reshape(1, 2, 2, 1)
    _, cache = fast.max_pool_forward(x)
    dout = np.full((1, 1, 1, 1), 1e300)
    assert fast.max_pool_backward(dout, cache).ravel().tolist() == [0, 0, 0, 1e300]


def test_numpys_settings_are_the_callers_again(random):
    before = np.getbufsize(), np.geterr()
    with np.errstate(over="raise"):
        inside = np.getbufsize(), np.geterr()
        out, cache = fast.max_pool_forward(random.normal(size=(2, 4, 6, 3)))
        assert (np.getbufsize(), np.geterr()) == inside
        fast.max_pool_backward(out, cache)
        with pytest.raises(ValueError):
            fast.max_pool_backward(out[..., :2], cache)
        assert (np.getbufsize(), np.geterr()) == inside
    assert (np.getbufsize(), np.geterr()) == before
