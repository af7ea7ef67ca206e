import numpy as np
import pytest
from scipy.special import log_softmax, softmax

from gradcheck import expectation
from satt.layers.policy_gradient import policy_gradient_backward, policy_gradient_forward
from satt.layers.sequence_cross_entropy import (
    sequence_cross_entropy_backward,
    sequence_cross_entropy_forward,
)

MASK = np.array([[1, 1, 1, 1], [1, 1, 0, 0], [1, 0, 0, 0]])
ADVANTAGES = np.array([0.7, -1.3, 0.2])


def draw(random, N=3, T=4, V=5):
    return random.normal(size=(N, T, V)), random.integers(0, V, size=(N, T))


def test_it_is_the_weighted_surprise_by_naive_loops(random):
    logits, words = draw(random)
    loss, cache = policy_gradient_forward(logits, words, MASK, ADVANTAGES)
    expected, slope = 0, np.zeros(logits.shape)
    for n, t in np.argwhere(MASK):
        expected -= ADVANTAGES[n] * log_softmax(logits[n, t])[words[n, t]] / 3
        slope[n, t] = ADVANTAGES[n] / 3 * (softmax(logits[n, t]) - np.eye(5)[words[n, t]])
    assert np.isclose(loss, expected, rtol=1e-12)
    np.testing.assert_allclose(policy_gradient_backward(0.5, cache), 0.5 * slope, atol=1e-15)


def test_an_advantage_of_one_is_the_cross_entropy(random):
    logits, words = draw(random)
    loss, cache = policy_gradient_forward(logits, words, MASK, np.ones(3))
    same, other = sequence_cross_entropy_forward(logits, words, MASK)
    assert np.isclose(loss, same, rtol=1e-12)
    np.testing.assert_allclose(
        policy_gradient_backward(0.3, cache), sequence_cross_entropy_backward(0.3, other),
        atol=1e-15,
    )


@pytest.mark.parametrize("baseline", [0.0, 2.5])
def test_on_average_it_is_the_slope_of_the_mean_reward(random, baseline):
    """Every caption of two words out of three, by its probability; the second hears the first."""
    first, second = random.normal(size=3), random.normal(size=(3, 3))
    rewards = random.normal(size=(3, 3))

    def one(choose):
        a = choose(softmax(first))
        b = choose(softmax(second[a]))
        logits, words = np.stack([first, second[a]])[None], np.array([[a, b]])
        _, cache = policy_gradient_forward(
            logits, words, np.ones((1, 2)), np.array([rewards[a, b] - baseline])
        )
        slopes = policy_gradient_backward(1.0, cache)[0]
        dsecond = np.zeros((3, 3))
        dsecond[a] = slopes[1]
        return slopes[0], dsecond

    def mean_reward(first, second):
        p = np.exp(first) / np.exp(first).sum()
        q = np.exp(second) / np.exp(second).sum(axis=1, keepdims=True)
        return (p[:, None] * q * rewards).sum()

    dfirst, dsecond = expectation(one)
    for index in range(3):
        step = 1e-30j * np.eye(3)[index]
        assert -dfirst[index] == pytest.approx(mean_reward(first + step, second).imag / 1e-30)
        for row in range(3):
            tilted = second.astype(complex)
            tilted[row] += step
            slope = mean_reward(first, tilted).imag / 1e-30
            assert -dsecond[row, index] == pytest.approx(slope)


def test_a_step_makes_good_captions_likelier_and_bad_ones_less(random):
    logits, words = draw(random)
    mask = np.ones((3, 4))
    _, cache = policy_gradient_forward(logits, words, mask, ADVANTAGES)
    after = logits - 0.1 * policy_gradient_backward(1.0, cache)

    def likelihood(logits):
        return np.take_along_axis(log_softmax(logits, axis=-1), words[..., None], -1).sum((1, 2))

    assert (np.sign(likelihood(after) - likelihood(logits)) == np.sign(ADVANTAGES)).all()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("junk", [1e30, np.inf, np.nan])
def test_what_stands_after_the_end_word_does_not_count(random, junk):
    logits, words = draw(random)
    loss, _ = policy_gradient_forward(logits, words, MASK, ADVANTAGES)
    logits[MASK == 0], words[MASK == 0] = junk, 0
    changed, cache = policy_gradient_forward(logits, words, MASK, ADVANTAGES)
    assert changed == loss
    dlogits = policy_gradient_backward(1.0, cache)
    np.testing.assert_array_equal(dlogits[MASK == 0], 0)
    assert np.all(dlogits[MASK == 1] != 0)


def test_float32_stays_float32(random):
    logits, words = draw(random)
    loss, cache = policy_gradient_forward(
        logits.astype(np.float32), words, MASK, ADVANTAGES.astype(np.float32)
    )
    assert loss.dtype == policy_gradient_backward(1.0, cache).dtype == np.float32


def test_what_is_never_said_has_no_part_in_it(random):
    logits, words = draw(random)
    words = words % 3 + 2
    loss, cache = policy_gradient_forward(logits, words, MASK, ADVANTAGES, [0, 1])
    same, other = policy_gradient_forward(logits[:, :, 2:], words - 2, MASK, ADVANTAGES)
    assert loss == pytest.approx(same, rel=1e-12)
    dlogits = policy_gradient_backward(1.0, cache)
    np.testing.assert_array_equal(dlogits[:, :, :2], 0)
    np.testing.assert_allclose(
        dlogits[:, :, 2:], policy_gradient_backward(1.0, other), atol=1e-15
    )
