"""Products with few rows: the same numbers, in linear maps and in a step of the decoder."""

import numpy as np
import pytest

from satt import ops
from satt.kernels import attention_lstm_step as fast_step, few_rows, linear as fast_linear
from satt.kernels.pieces import pieces
from satt.layers import attention_lstm_step as plain_step, linear as plain_linear
from tests.kernels.test_attention_lstm_kernel import draw


@pytest.fixture
def with_avx_512(monkeypatch):
    """Have matrices cut on any processor."""
    monkeypatch.setattr(few_rows, "FEW", 7)


@pytest.fixture
def in_pieces(monkeypatch, with_avx_512):
    """Have also small matrices taken some rows at a time, and captions two at a time.

    The list says for how many captions the latter was done.
    """
    looks = []

    def two_at_a_time(count, bytes_each):
        looks.append(count)
        return pieces(count, bytes_each, 2 * bytes_each)

    monkeypatch.setattr(few_rows, "LARGE", 1)
    monkeypatch.setattr(few_rows, "INNER", 2)
    monkeypatch.setattr(few_rows, "TOGETHER", 200)
    monkeypatch.setattr(fast_step, "CACHE", 1)
    monkeypatch.setattr(fast_step, "pieces", two_at_a_time)
    return looks


@pytest.fixture
def cuts(monkeypatch):
    """How often something was cut."""
    count = []
    monkeypatch.setattr(few_rows, "pieces", lambda *given: count.append(1) or pieces(*given))
    return count


@pytest.mark.parametrize("rows", [0, 1, 2, 7, 8])
@pytest.mark.parametrize("inner, outer", [(1, 4), (2, 3), (7, 5), (10, 5)])
@pytest.mark.usefixtures("in_pieces")
def test_the_product_is_the_product(random, cuts, rows, inner, outer):
    x, W = random.normal(size=(rows, inner)), random.normal(size=(inner, outer))
    np.testing.assert_allclose(few_rows.product(x, W), x @ W, rtol=0, atol=1e-13)
    assert bool(cuts) == (rows in (2, 7) and inner % 2 == 0)


@pytest.mark.parametrize("inner", [256, 255])  # the second cannot be cut evenly
@pytest.mark.usefixtures("with_avx_512")
def test_a_large_matrix_comes_in_pieces(random, cuts, inner):
    W = random.normal(size=(inner, 9000)).astype(np.float32)
    x = random.normal(size=(5, inner)).astype(np.float32)
    assert W.size > few_rows.LARGE
    assert len(x) * W[0].nbytes * inner / few_rows.INNER > 2 * few_rows.TOGETHER
    out = few_rows.product(x, W)
    assert out.dtype == np.float32 and len(cuts) == (inner == 256)
    np.testing.assert_allclose(out, x.astype(np.float64) @ W, rtol=0, atol=1e-3)


@pytest.mark.parametrize("found, rows", [
    (["X86_V3", "X86_V4"], 7), (["AVX2", "AVX512F"], 7), (["X86_V3", "AVX2"], 1), ([], 1),
])
def test_pieces_are_for_processors_with_avx_512(found, rows):
    assert few_rows.most_rows(found) == rows


@pytest.mark.parametrize("shape", [(3, 4), (1, 4), (2, 3, 4)])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.usefixtures("in_pieces")
def test_the_linear_map_equals_the_plain_layer(random, shape, bias):
    x, W = random.normal(size=shape), random.normal(size=(4, 5))
    b = random.normal(size=5) if bias else None
    out, cache = fast_linear.linear_forward(x, W, b)
    expected, plain_cache = plain_linear.linear_forward(x, W, b)
    np.testing.assert_allclose(out, expected, rtol=0, atol=1e-13)
    dout = random.normal(size=out.shape)
    for one, other in zip(
        plain_linear.linear_backward(dout, cache),
        plain_linear.linear_backward(dout, plain_cache), strict=True,
    ):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("gated", [True, False])
@pytest.mark.parametrize("count", [1, 3, 9])
def test_the_step_equals_the_plain_layer(random, in_pieces, cuts, count, gated):
    inputs = draw(random, (count, 1, 1, 6, 5, 4, 4, 3), gated)[0]
    inputs = list(inputs.values())
    inputs[0] = inputs[0][:, 0]
    before = [array.copy() for array in inputs]
    expected, plain_cache = plain_step.attention_lstm_step_forward(*inputs, context_scale=0.3)
    outs, cache = fast_step.attention_lstm_step_forward(*inputs, context_scale=0.3)
    assert in_pieces == [count] and len(cuts) == 2 * (count == 3)
    dout = tuple(random.normal(size=out.shape) for out in outs)
    gradients = fast_step.attention_lstm_step_backward(dout, cache)
    wanted = plain_step.attention_lstm_step_backward(dout, plain_cache)
    for one, other in zip((*outs, *gradients), (*expected, *wanted), strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-12)
    for array, old in zip(inputs, before, strict=True):
        np.testing.assert_array_equal(array, old)


def test_they_are_in_use():
    if ops.USE_KERNELS:
        assert ops.linear_forward is fast_linear.linear_forward
        assert ops.attention_lstm_step_forward is fast_step.attention_lstm_step_forward
