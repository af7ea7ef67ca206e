"""The embedding's fast gradient is that of the plain layer, whichever way it is added up."""

import numpy as np
import pytest

from satt.kernels import embedding as fast
from satt.layers import embedding as plain


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
@pytest.mark.parametrize("a_call", [0, fast.A_CALL])
@pytest.mark.parametrize("words", [
    [[4, 1, 4], [4, 0, 1]], [[3, 3], [3, 3]], [5, 0, 2], [[2]], np.zeros((0, 4), int),
])
def test_equals_the_plain_layer(random, monkeypatch, words, a_call, dtype):
    monkeypatch.setattr(fast, "A_CALL", a_call)
    words, W = np.array(words), np.ones((6, 5), dtype)
    dout = random.normal(size=(*words.shape, 5)).astype(dtype)
    _, cache = plain.embedding_forward(words, W)
    got = fast.embedding_backward(dout, cache)
    assert got.dtype == dtype and got.shape == W.shape
    np.testing.assert_allclose(got, plain.embedding_backward(dout, cache), rtol=1e-6, atol=0)


def test_a_gradient_that_is_part_of_a_larger_array_is_as_good(random):
    words = random.integers(0, 3, size=20)
    dout = random.normal(size=(20, 500))[:, 100:400]
    _, cache = plain.embedding_forward(words, np.ones((3, 300)))
    assert dout.size > fast.A_CALL * len(np.unique(words))
    np.testing.assert_allclose(
        fast.embedding_backward(dout, cache), plain.embedding_backward(dout, cache), rtol=1e-12
    )
