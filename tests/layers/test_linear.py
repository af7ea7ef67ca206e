import numpy as np
import pytest

from satt.layers.linear import linear_backward, linear_forward, linear_parameters_backward


def test_forward_is_a_weighted_sum_plus_bias(random):
    x, W, b = random.normal(size=(2, 3, 4)), random.normal(size=(4, 5)), random.normal(size=5)
    out, _ = linear_forward(x, W, b)
    assert out.shape == (2, 3, 5)
    for n in range(2):
        for t in range(3):
            for o in range(5):
                expected = sum(x[n, t, i] * W[i, o] for i in range(4)) + b[o]
                assert np.isclose(out[n, t, o], expected, rtol=1e-13)


def test_backward_is_the_naive_sum(random):
    x, W, b = random.normal(size=(2, 3, 4)), random.normal(size=(4, 5)), random.normal(size=5)
    dout = random.normal(size=(2, 3, 5))
    dx, dW, db = linear_backward(dout, linear_forward(x, W, b)[1])
    expected_dx, expected_dW, expected_db = np.zeros_like(x), np.zeros_like(W), np.zeros_like(b)
    for n in range(2):
        for t in range(3):
            for o in range(5):
                expected_db[o] += dout[n, t, o]
                for i in range(4):
                    expected_dx[n, t, i] += dout[n, t, o] * W[i, o]
                    expected_dW[i, o] += x[n, t, i] * dout[n, t, o]
    np.testing.assert_allclose(dx, expected_dx, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(dW, expected_dW, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(db, expected_db, rtol=1e-12, atol=1e-13)


def test_one_vector_alone_has_no_leading_axes(random):
    x, W = random.normal(size=4), random.normal(size=(4, 5))
    out, cache = linear_forward(x, W)
    assert out.shape == (5,)
    dx, dW, _ = linear_backward(np.ones(5), cache)
    np.testing.assert_allclose(dx, W.sum(axis=1))
    np.testing.assert_allclose(dW, np.outer(x, np.ones(5)))


def test_without_a_bias_there_is_no_gradient_for_it(random):
    x, W = random.normal(size=(3, 4)), random.normal(size=(4, 5))
    out, cache = linear_forward(x, W)
    with_zero_bias, _ = linear_forward(x, W, np.zeros(5))
    np.testing.assert_array_equal(out, with_zero_bias)
    assert linear_backward(out, cache)[2] is None


@pytest.mark.parametrize("has_bias", [True, False])
def test_the_parameters_gradients_alone(random, has_bias):
    b = random.normal(size=4) if has_bias else None
    out, cache = linear_forward(random.normal(size=(2, 5, 3)), random.normal(size=(3, 4)), b)
    dout = random.normal(size=out.shape)
    _, dW, db = linear_backward(dout, cache)
    dW_alone, db_alone = linear_parameters_backward(dout, cache)
    np.testing.assert_array_equal(dW_alone, dW)
    np.testing.assert_array_equal(db_alone, db)  # None where there is no bias
