"""Products in small pieces: the same numbers, alone and in the kernels that are made of them."""

import numpy as np
import pytest

from satt import ops
from satt.kernels import attention_lstm_step as fast_step, linear as fast_linear, small_products
from satt.kernels.pieces import pieces
from satt.layers import attention_lstm_step as plain_step, linear as plain_linear
from tests.kernels.test_attention_lstm_kernel import draw


@pytest.fixture
def with_avx_512(monkeypatch):
    """Have `product` cut on any processor."""
    monkeypatch.setattr(small_products, "SMALL", 10**6)


@pytest.fixture
def in_pieces(monkeypatch, with_avx_512):
    """Have also small matrices taken some rows at a time, and captions two at a time.

    The list says for how many captions the latter was done.
    """
    looks = []

    def two_at_a_time(count, bytes_each):
        looks.append(count)
        return pieces(count, bytes_each, 2 * bytes_each)

    monkeypatch.setattr(small_products, "LARGE", 1)
    monkeypatch.setattr(small_products, "INNER", 2)
    monkeypatch.setattr(small_products, "TOGETHER", 200)
    monkeypatch.setattr(fast_step, "CACHE", 1)
    monkeypatch.setattr(fast_step, "pieces", two_at_a_time)
    return looks


@pytest.fixture
def cuts(monkeypatch):
    """How often a matrix was cut that meets few rows."""
    count = []
    monkeypatch.setattr(small_products, "pieces", lambda *given: count.append(1) or pieces(*given))
    return count


@pytest.mark.parametrize("rows", [0, 1, 2, 7, 8])
@pytest.mark.parametrize("inner, outer", [(1, 4), (2, 3), (7, 5), (10, 5)])
@pytest.mark.usefixtures("in_pieces")
def test_the_product_is_the_product(random, cuts, rows, inner, outer):
    x, W = random.normal(size=(rows, inner)), random.normal(size=(inner, outer))
    np.testing.assert_allclose(small_products.product(x, W), x @ W, rtol=0, atol=1e-13)
    assert bool(cuts) == (rows in (2, 7) and inner % 2 == 0)


@pytest.mark.parametrize("inner", [256, 255])  # the second cannot be cut evenly
@pytest.mark.usefixtures("with_avx_512")
def test_a_large_matrix_comes_in_pieces(random, cuts, inner):
    W = random.normal(size=(inner, 9000)).astype(np.float32)
    x = random.normal(size=(5, inner)).astype(np.float32)
    assert W.size > small_products.LARGE
    assert len(x) * W[0].nbytes * inner / small_products.INNER > 2 * small_products.TOGETHER
    out = small_products.product(x, W)
    assert out.dtype == np.float32 and len(cuts) == (inner == 256)
    np.testing.assert_allclose(out, x.astype(np.float64) @ W, rtol=0, atol=1e-3)


@pytest.mark.parametrize("in_place", [False, True])
@pytest.mark.parametrize("length", [0, 1, 15, 16, 17, 32, 45])
def test_rows_are_cut_when_there_are_too_many(random, monkeypatch, row_cuts, length, in_place):
    monkeypatch.setattr(small_products, "SMALL", 16 * 21 + 50)  # enough for 18 rows, of which 16
    monkeypatch.setattr(small_products, "ROWS", 8)
    x, W = random.normal(size=(length, 6))[:, ::2], random.normal(size=(3, 7))
    out = np.full((length, 7), np.nan) if in_place else None
    result = small_products.product(x, W, out=out)
    assert (result is out) == in_place
    np.testing.assert_allclose(result, x @ W, rtol=0, atol=1e-13)
    assert row_cuts == ([16, 16] if length > 16 else [])


@pytest.mark.parametrize("length, inner, outer, is_cut", [
    (40_000, 27, 32, True),  # the windows of images and the first filters
    (8000, 288, 64, True),  # those of the second
    (400, 128, 128, True),
    (4000, 32, 129, False),  # the matrix is not narrow
    (400, 160, 128, True),  # 48 rows are a small product
    (400, 200, 100, True),
    (400, 163, 128, False),  # 47 are, of which 40
    (50, 128, 128, False),  # a small product as it is
])
@pytest.mark.usefixtures("with_avx_512")
def test_rows_are_cut_where_that_pays(row_cuts, length, inner, outer, is_cut):
    x, W = np.ones((length, inner), np.float32), np.ones((inner, outer), np.float32)
    out = small_products.product(x, W)
    assert out.dtype == np.float32 and (out == inner).all() and bool(row_cuts) == is_cut


@pytest.mark.parametrize("in_place", [False, True])
@pytest.mark.usefixtures("in_pieces")
def test_a_few_rows_are_written_where_they_should_be(random, cuts, in_place):
    x, W = random.normal(size=(3, 10)), random.normal(size=(10, 5))
    out = np.full((3, 5), np.nan) if in_place else None
    result = small_products.product(x, W, out=out)
    assert (result is out) == in_place and cuts
    np.testing.assert_allclose(result, x @ W, rtol=0, atol=1e-13)


# In the last two, x is as wide as two or three of the pieces that its columns are cut into.
@pytest.mark.parametrize("inner", [1, 5, 33, 64, 96])
@pytest.mark.parametrize("length", [0, 7, 128, 129, 300])
@pytest.mark.parametrize("dtype", [np.float64, np.complex128])
def test_a_transposed_product_is_the_product(
    random, monkeypatch, row_cuts, inner, length, dtype
):
    monkeypatch.setattr(small_products, "SMALL", 130 * 33 * 4)
    x, y = random.normal(size=(length, inner)).astype(dtype), random.normal(size=(length, 4))
    result = small_products.transposed_product(x, y)
    assert result.dtype == dtype
    np.testing.assert_allclose(result, x.T @ y, rtol=0, atol=1e-12)
    most = {1: 4288, 5: 856, 33: 128, 64: 128, 96: 128}[inner]
    assert row_cuts == ([most] * 2 if length > most else [])


@pytest.mark.parametrize("inner, outer", [(27, 4), (500, 100), (64, 4)])
def test_without_avx_512_nothing_is_cut(random, monkeypatch, row_cuts, cuts, inner, outer):
    monkeypatch.setattr(small_products, "SMALL", 0)
    monkeypatch.setattr(small_products, "LARGE", 1)
    W = random.normal(size=(inner, outer))
    for length in (2, 5000):
        x, y = random.normal(size=(length, inner)), random.normal(size=(length, outer))
        np.testing.assert_array_equal(small_products.product(x, W), x @ W)
        np.testing.assert_array_equal(small_products.transposed_product(x, y), x.T @ y)
    assert not row_cuts and not cuts


def test_complex_weights_make_a_complex_product(random):
    x, W = random.normal(size=(3, 4)), random.normal(size=(4, 5)) + 1j
    np.testing.assert_allclose(small_products.product(x, W), x @ W)


@pytest.mark.usefixtures("with_avx_512")
def test_pieces_that_would_not_be_small_are_left_to_blas(cuts):
    for words, is_cut in ((25_000, True), (25_001, False)):  # 5 * 8 * 25,000 is a million
        out = small_products.product(np.ones((5, 24)), np.ones((24, words)))
        assert (out == 24).all() and bool(cuts) == is_cut
        cuts.clear()


@pytest.mark.parametrize("found, most", [
    (["X86_V3", "X86_V4"], 10**6), (["AVX2", "AVX512F"], 10**6), (["X86_V3", "AVX2"], 0), ([], 0),
])
def test_pieces_are_for_processors_with_avx_512(found, most):
    assert small_products.most_multiplications(found) == most


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
