import numpy as np

from satt.layers.embedding import embedding_backward, embedding_forward


def test_forward_is_the_product_with_a_one_hot_vector(random):
    words, W = random.integers(0, 7, size=(3, 5)), random.normal(size=(7, 4))
    out, _ = embedding_forward(words, W)
    np.testing.assert_array_equal(out, np.eye(7)[words] @ W)


def test_backward_is_the_transposed_product(random):
    words, W = random.integers(0, 7, size=(3, 5)), random.normal(size=(7, 4))
    dout = random.normal(size=(3, 5, 4))
    dW = embedding_backward(dout, embedding_forward(words, W)[1])
    expected = np.einsum("ntv,nte->ve", np.eye(7)[words], dout)
    np.testing.assert_allclose(dW, expected, rtol=1e-12, atol=1e-13)


def test_repeated_words_add_up_and_absent_words_get_exactly_zero():
    words = np.array([[4, 1, 4], [4, 0, 1]])
    dout = np.array([1.0, 10, 100, 1000, 10000, 100000]).reshape(2, 3, 1) * [1, 2]
    dW = embedding_backward(dout, embedding_forward(words, np.ones((6, 2)))[1])
    np.testing.assert_array_equal(dW[:, 0], [10000, 100010, 0, 0, 1101, 0])
    np.testing.assert_array_equal(dW[:, 1], 2 * dW[:, 0])


def test_one_word_per_example_as_in_decoding(random):
    words, W, dout = np.array([2, 0, 2]), random.normal(size=(3, 4)), random.normal(size=(3, 4))
    out, cache = embedding_forward(words, W)
    assert out.shape == (3, 4)
    expected = np.stack([dout[1], np.zeros(4), dout[0] + dout[2]])
    np.testing.assert_allclose(embedding_backward(dout, cache), expected, rtol=1e-14, atol=1e-13)


def test_no_words_at_all_give_a_zero_gradient():
    out, cache = embedding_forward(np.zeros((0, 5), int), np.ones((3, 4)))
    assert out.shape == (0, 5, 4)
    np.testing.assert_array_equal(embedding_backward(out, cache), np.zeros((3, 4)))
