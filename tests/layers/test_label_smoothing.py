import numpy as np
import pytest
from scipy.special import log_softmax, softmax

from satt.layers.label_smoothing import label_smoothing_backward, label_smoothing_forward
from satt.layers.sequence_cross_entropy import (
    sequence_cross_entropy_backward,
    sequence_cross_entropy_forward,
)

MASK = np.array([[1, 1, 1, 1], [1, 1, 0, 0], [1, 0, 0, 0]])


def draw(random, N=3, T=4, V=5):
    return random.normal(size=(N, T, V)), random.integers(0, V, size=(N, T))


def smoothed(logits, targets, epsilon, dloss=1.0):
    """The two layers together."""
    surprise, one = sequence_cross_entropy_forward(logits, targets, MASK)
    margin, other = label_smoothing_forward(logits, targets, MASK)
    dlogits = sequence_cross_entropy_backward(dloss, one)
    return surprise + epsilon * margin, dlogits + label_smoothing_backward(epsilon * dloss, other)


@pytest.mark.parametrize("epsilon", [0.1, 0.6])
def test_with_the_cross_entropy_it_is_that_of_smoothed_targets(random, epsilon):
    logits, targets = draw(random)
    loss, dlogits = smoothed(logits, targets, epsilon, 0.7)
    expected, expected_dlogits = 0, np.zeros(logits.shape)
    for n, t in np.argwhere(MASK):
        q = np.full(5, epsilon / 5)
        q[targets[n, t]] += 1 - epsilon
        expected -= (q * log_softmax(logits[n, t])).sum() / 3
        expected_dlogits[n, t] = 0.7 / 3 * (softmax(logits[n, t]) - q)
    assert np.isclose(loss, expected, rtol=1e-12)
    np.testing.assert_allclose(dlogits, expected_dlogits, rtol=1e-11, atol=1e-15)


def test_equals_torch(random):
    torch = pytest.importorskip("torch")
    logits, targets = draw(random)
    loss, dlogits = smoothed(logits, targets, 0.1, 0.7)
    tensor = torch.tensor(logits, requires_grad=True)
    targets[MASK == 0] = -100  # what their loss leaves out
    theirs = torch.nn.CrossEntropyLoss(reduction="sum", label_smoothing=0.1)(
        tensor.reshape(12, 5), torch.tensor(targets.reshape(12))
    ) / 3
    theirs.backward(torch.tensor(0.7, dtype=torch.float64))
    assert np.isclose(loss, theirs.item(), rtol=1e-10)
    np.testing.assert_allclose(dlogits, tensor.grad.numpy(), rtol=1e-10, atol=1e-10)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("junk", [1e30, np.inf, np.nan])
def test_what_stands_after_the_end_word_does_not_count(random, junk):
    logits, targets = draw(random)
    loss, _ = label_smoothing_forward(logits, targets, MASK)
    logits[MASK == 0], targets[MASK == 0] = junk, 0
    changed, cache = label_smoothing_forward(logits, targets, MASK)
    assert changed == loss
    dlogits = label_smoothing_backward(1.0, cache)
    np.testing.assert_array_equal(dlogits[MASK == 0], 0)
    assert np.all(dlogits[MASK == 1] != 0)


def test_it_is_zero_where_no_word_stands_out(random):
    _, targets = draw(random)
    loss, _ = label_smoothing_forward(np.full((3, 4, 5), 2.5), targets, MASK)
    assert loss == pytest.approx(0, abs=1e-15)


def test_believing_the_smoothed_targets_has_no_gradient(random):
    _, targets = draw(random)
    q = 0.9 * np.eye(5)[targets] + 0.1 / 5
    _, dlogits = smoothed(np.log(q), targets, 0.1)
    np.testing.assert_allclose(dlogits, 0, atol=1e-15)


def test_nothing_that_counts_costs_nothing(random):
    logits, targets = draw(random)
    loss, cache = label_smoothing_forward(logits, targets, np.zeros((3, 4)))
    assert loss == 0
    np.testing.assert_array_equal(label_smoothing_backward(1.0, cache), np.zeros((3, 4, 5)))
