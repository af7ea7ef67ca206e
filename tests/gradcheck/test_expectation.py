"""The mean over all trajectories, and what it is for: the gradient of hard attention."""

import doctest
import sys

import numpy as np
import pytest

from gradcheck import check, expectation


def softmax(scores):
    e = np.exp(scores - scores.real.max())
    return e / e.sum()


def test_every_trajectory_counts_by_its_probability():
    seen = []

    def run(choose):
        first = choose(np.array([0.2, 0.3, 0.5]))
        path = (first, choose(np.array([0.9, 0.1]))) if first else (first,)
        seen.append(path)
        return np.array([len(path), first]), {"first is 2": float(first == 2)}

    (length, first), flags = expectation(run)
    assert sorted(seen) == [(0,), (1, 0), (1, 1), (2, 0), (2, 1)]
    assert length == pytest.approx(1.8) and first == pytest.approx(1.3)
    assert flags["first is 2"] == pytest.approx(0.5)


def test_without_a_draw_there_is_one_trajectory():
    assert expectation(lambda choose: 4.0) == 4.0


def test_too_many_trajectories_are_refused():
    def run(choose):
        return sum(choose(np.full(3, 1 / 3)) for _ in range(5))

    assert expectation(run, most=3**5) == pytest.approx(5.0)
    with pytest.raises(ValueError, match="^most: more than 242 trajectories"):
        expectation(run, most=3**5 - 1)


def test_the_example_in_the_documentation_is_true():
    results = doctest.testmod(sys.modules[expectation.__module__])
    assert results.attempted == 2 and results.failed == 0


# --- hard attention: L locations, T steps; the model is as small as the estimator allows ---------

L, T = 3, 3
RANDOM = np.random.default_rng(0)
GRID = RANDOM.normal(size=(L, 2))


def roll_out(scores, choose):
    """Look at one location a step; where it looked last shifts the next scores."""
    seen, looks = np.zeros(2), []
    for t in range(T):
        a = softmax(scores[t] + GRID @ seen)
        chosen = choose(a)
        looks.append((a, chosen, seen))
        seen = 0.5 * seen + GRID[chosen]
    return np.tanh(seen).sum(), looks


def reinforce(scores, choose, baseline):
    """The loss of one trajectory times d log p(trajectory) / d scores (Williams 1992)."""
    loss, looks = roll_out(scores, choose)
    dscores = np.stack([np.eye(L)[chosen] - a for a, chosen, _ in looks])
    return (loss - baseline) * dscores


@pytest.mark.parametrize("baseline", [0.0, 0.7, -40.0])
def test_the_estimator_of_hard_attention_is_right_on_average(baseline):
    def forward(scores):
        return np.asarray(expectation(lambda choose: roll_out(scores, choose)[0])), scores

    def backward(dloss, scores):
        return dloss * expectation(lambda choose: reinforce(scores, choose, baseline))

    report = check(forward, backward, {"scores": RANDOM.normal(size=(T, L))})
    assert report.ok and report.max_error_complex < 1e-11


def test_a_baseline_that_depends_on_the_choice_is_wrong_on_average():
    scores = RANDOM.normal(size=(T, L))

    def peeking(choose):
        loss, looks = roll_out(scores, choose)
        dscores = np.stack([np.eye(L)[chosen] - a for a, chosen, _ in looks])
        return (loss - 0.5 * looks[-1][1]) * dscores

    right = expectation(lambda choose: reinforce(scores, choose, 0.0))
    assert np.abs(expectation(peeking) - right).max() > 1e-2


def test_a_good_baseline_lowers_the_variance():
    scores = RANDOM.normal(size=(T, L))

    def spread(baseline):
        def second_moment(choose):
            return reinforce(scores, choose, baseline) ** 2

        mean = expectation(lambda choose: reinforce(scores, choose, baseline))
        return (expectation(second_moment) - mean**2).sum()

    expected_loss = expectation(lambda choose: roll_out(scores, choose)[0])
    assert spread(expected_loss) < spread(0.0) < spread(-40.0)
