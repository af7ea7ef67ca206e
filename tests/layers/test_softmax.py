import numpy as np
import pytest
import scipy.special

from satt.layers.softmax import softmax_backward, softmax_forward


@pytest.mark.parametrize("axis", [-1, 0, 1])
def test_forward_equals_scipy_along_any_axis(random, axis):
    scores = 3 * random.normal(size=(2, 3, 4))
    attention, _ = softmax_forward(scores, axis)
    np.testing.assert_allclose(attention, scipy.special.softmax(scores, axis), rtol=1e-13)


@pytest.mark.parametrize("axis", [-1, 0, 1])
def test_backward_is_the_jacobian_times_the_gradient(random, axis):
    scores, dattention = random.normal(size=(2, 3, 4)), random.normal(size=(2, 3, 4))
    attention, cache = softmax_forward(scores, axis)
    dscores = np.moveaxis(softmax_backward(dattention, cache), axis, -1)
    attention, dattention = np.moveaxis(attention, axis, -1), np.moveaxis(dattention, axis, -1)
    for row in np.ndindex(attention.shape[:-1]):
        a = attention[row]
        jacobian = np.diag(a) - np.outer(a, a)
        np.testing.assert_allclose(dscores[row], jacobian @ dattention[row], atol=1e-15)


def test_rows_sum_to_one_and_a_shift_changes_nothing(random):
    scores = random.normal(size=(3, 5))
    attention, _ = softmax_forward(scores)
    np.testing.assert_allclose(attention.sum(axis=1), 1, rtol=1e-14, atol=1e-13)
    np.testing.assert_allclose(softmax_forward(scores + 100)[0], attention, rtol=1e-12, atol=1e-13)


def test_permuting_the_locations_permutes_the_weights(random):
    scores, order = random.normal(size=(3, 5)), random.permutation(5)
    attention, _ = softmax_forward(scores)
    np.testing.assert_allclose(softmax_forward(scores[:, order])[0], attention[:, order])


@pytest.mark.filterwarnings("error")
def test_huge_scores_do_not_overflow():
    attention, _ = softmax_forward(np.array([[1e4, 1e4, -1e4], [-1e30, 0, 1e30]], np.float32))
    np.testing.assert_array_equal(attention, [[0.5, 0.5, 0], [0, 0, 1]])


def test_the_gradient_sums_to_zero_and_all_ones_give_none(random):
    _, cache = softmax_forward(random.normal(size=(3, 5)))
    dscores = softmax_backward(random.normal(size=(3, 5)), cache)
    assert np.abs(dscores).max() > 0.01
    np.testing.assert_allclose(dscores.sum(axis=1), 0, atol=1e-15)
    np.testing.assert_allclose(softmax_backward(np.ones((3, 5)), cache), 0, atol=1e-15)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
def test_masked_entries_are_exactly_zero_whatever_their_score(random, dtype):
    scores = random.normal(size=(2, 4)).astype(dtype)
    mask = np.array([[1, 0, 1, 1], [0, 0, 1, 0]])
    scores[0, 1] = 1e30
    attention, cache = softmax_forward(scores, mask=mask)
    assert attention.dtype == dtype
    np.testing.assert_array_equal(attention[mask == 0], 0)
    np.testing.assert_array_equal(attention[1], [0, 0, 1, 0])
    alone, _ = softmax_forward(scores[:1, [0, 2, 3]])
    np.testing.assert_allclose(attention[:1, [0, 2, 3]], alone, rtol=1e-6)
    dscores = softmax_backward(random.normal(size=(2, 4)), cache)
    np.testing.assert_array_equal(dscores[mask == 0], 0)
    assert np.all(dscores[0, [0, 2, 3]] != 0)


@pytest.mark.filterwarnings("error")
def test_a_fully_masked_row_gives_zeros_and_not_nan(random):
    mask = np.array([[False] * 3, [True] * 3])
    attention, cache = softmax_forward(random.normal(size=(2, 3)), mask=mask)
    np.testing.assert_array_equal(attention[0], 0)
    assert np.isclose(attention[1].sum(), 1)
    np.testing.assert_array_equal(softmax_backward(random.normal(size=(2, 3)), cache)[0], 0)


def test_a_mask_is_broadcast(random):
    scores, mask = random.normal(size=(2, 3, 4)), np.array([True, True, False, True])
    full, _ = softmax_forward(scores, mask=np.broadcast_to(mask, scores.shape))
    np.testing.assert_array_equal(softmax_forward(scores, mask=mask)[0], full)
