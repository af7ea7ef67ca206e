import numpy as np
import pytest

from satt.layers.dropout import dropout_backward, dropout_forward, dropout_mask


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
def test_a_mask_holds_zero_and_one_over_keep(random, dtype):
    mask = dropout_mask((200, 100), 0.2, random, dtype)
    assert mask.dtype == dtype
    np.testing.assert_array_equal(np.unique(mask), np.array([0, 1.25], dtype))
    # 20,000 draws: the share of zeros has a standard deviation of 0.003.
    assert abs((mask == 0).mean() - 0.2) < 0.015


def test_the_dtype_holds_though_the_rate_is_a_numpy_number(random):
    assert dropout_mask((3,), np.float64(0.5), random, np.float32).dtype == np.float32


def test_the_same_seed_draws_the_same_mask():
    first, again = (dropout_mask((3, 5), 0.5, np.random.default_rng(7), float) for _ in range(2))
    np.testing.assert_array_equal(first, again)


def test_rate_zero_keeps_everything(random):
    np.testing.assert_array_equal(dropout_mask((3, 5), 0.0, random, float), 1)


def test_the_gradient_is_silenced_and_scaled_like_the_values(random):
    x, dout = random.normal(size=(2, 3)), random.normal(size=(2, 3))
    mask = np.array([[0.0, 2.0, 2.0], [2.0, 0.0, 2.0]])
    out, cache = dropout_forward(x, mask)
    np.testing.assert_array_equal(out, np.where(mask == 0, 0, 2 * x))
    np.testing.assert_array_equal(
        dropout_backward(dout, cache), np.where(mask == 0, 0, 2 * dout)
    )


def test_one_mask_for_all_steps_is_broadcast(random):
    x = random.normal(size=(2, 4, 3))
    mask = dropout_mask((2, 1, 3), 0.5, random, float)
    out, cache = dropout_forward(x, mask)
    np.testing.assert_array_equal(out, x * np.repeat(mask, 4, axis=1))
    assert dropout_backward(x, cache).shape == x.shape
