import numpy as np
import pytest
from scipy.special import log_softmax, softmax

from satt.layers.sequence_cross_entropy import (
    sequence_cross_entropy_backward,
    sequence_cross_entropy_forward,
)

MASK = np.array([[1, 1, 1, 1], [1, 1, 0, 0], [1, 0, 0, 0]])


def draw(random, N=3, T=4, V=5):
    return random.normal(size=(N, T, V)), random.integers(0, V, size=(N, T))


def test_equals_scipys_log_softmax(random):
    logits, targets = draw(random)
    loss, cache = sequence_cross_entropy_forward(logits, targets, MASK)
    dlogits = sequence_cross_entropy_backward(0.7, cache)
    expected, expected_dlogits = 0, np.zeros(logits.shape)
    for n, t in np.argwhere(MASK):
        expected -= log_softmax(logits[n, t])[targets[n, t]] / 3
        expected_dlogits[n, t] = 0.7 / 3 * (softmax(logits[n, t]) - np.eye(5)[targets[n, t]])
    assert np.isclose(loss, expected, rtol=1e-12)
    np.testing.assert_allclose(dlogits, expected_dlogits, rtol=1e-11, atol=1e-15)


def test_equals_torch(random):
    torch = pytest.importorskip("torch")
    logits, targets = draw(random)
    loss, cache = sequence_cross_entropy_forward(logits, targets, MASK)
    tensor = torch.tensor(logits, requires_grad=True)
    each = torch.nn.functional.cross_entropy(
        tensor.reshape(12, 5), torch.tensor(targets.reshape(12)), reduction="none"
    )
    theirs = (each * torch.tensor(MASK.reshape(12))).sum() / 3
    theirs.backward(torch.tensor(0.7, dtype=torch.float64))
    assert np.isclose(loss, theirs.item(), rtol=1e-10)
    dlogits = sequence_cross_entropy_backward(0.7, cache)
    np.testing.assert_allclose(dlogits, tensor.grad.numpy(), rtol=1e-10, atol=1e-10)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("junk", [1e30, np.inf, np.nan])
def test_what_stands_after_the_end_word_does_not_count(random, junk):
    logits, targets = draw(random)
    loss, cache = sequence_cross_entropy_forward(logits, targets, MASK)
    dlogits = sequence_cross_entropy_backward(1.0, cache)
    logits[MASK == 0], targets[MASK == 0] = junk, 0
    changed, changed_cache = sequence_cross_entropy_forward(logits, targets, MASK)
    assert changed == loss
    again = sequence_cross_entropy_backward(1.0, changed_cache)
    np.testing.assert_array_equal(again, dlogits)
    np.testing.assert_array_equal(again[MASK == 0], 0)
    assert np.all(again[MASK == 1] != 0)


def test_equal_scores_cost_the_log_of_the_vocabulary_per_word(random):
    _, targets = draw(random)
    loss, _ = sequence_cross_entropy_forward(np.full((3, 4, 5), 2.5), targets, MASK)
    assert np.isclose(loss, 7 * np.log(5) / 3, rtol=1e-13)


@pytest.mark.filterwarnings("error")
def test_huge_scores_neither_overflow_nor_lose_the_loss():
    logits = np.array([[[1000.0, 0.0, -1000.0], [0.0, 900.0, 0.0]]], np.float32)
    loss, cache = sequence_cross_entropy_forward(logits, np.array([[2, 1]]), np.ones((1, 2)))
    assert loss == 2000
    dlogits = sequence_cross_entropy_backward(1.0, cache)
    np.testing.assert_array_equal(dlogits, [[[1, 0, -1], [0, 0, 0]]])


def test_each_counted_step_has_a_gradient_that_sums_to_zero(random):
    logits, targets = draw(random)
    _, cache = sequence_cross_entropy_forward(logits, targets, MASK)
    dlogits = sequence_cross_entropy_backward(1.0, cache)
    np.testing.assert_allclose(dlogits.sum(axis=2), 0, atol=1e-16)
    assert np.all(np.take_along_axis(dlogits, targets[:, :, None], 2)[MASK == 1] < 0)


def test_a_mask_may_be_bool_or_numbers(random):
    logits, targets = draw(random)
    losses = [
        sequence_cross_entropy_forward(logits, targets, MASK.astype(dtype))[0]
        for dtype in (bool, int, np.float32)
    ]
    assert losses[0] == losses[1] == losses[2]


def test_nothing_that_counts_costs_nothing(random):
    logits, targets = draw(random)
    loss, cache = sequence_cross_entropy_forward(logits, targets, np.zeros((3, 4)))
    assert loss == 0
    dlogits = sequence_cross_entropy_backward(1.0, cache)
    np.testing.assert_array_equal(dlogits, np.zeros((3, 4, 5)))
