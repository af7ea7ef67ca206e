import numpy as np
import pytest
from house_rules import check_against_torch, check_house_rules

from satt.layers.doubly_stochastic import doubly_stochastic_backward, doubly_stochastic_forward

N, T, L = 3, 4, 7
MASK = np.array([[1, 1, 1, 0], [1, 1, 1, 1], [1, 0, 0, 0]])
CHOICES = [
    (mask, target, reduction)
    for mask in (None, MASK)
    for target in (1.0, 0.3, "T/L")
    for reduction in ("mean", "sum")
]


@pytest.fixture
def attention(random):
    weights = random.random(size=(N, T, L))
    return weights / weights.sum(axis=2, keepdims=True)


def test_target_1_leaves_a_floor():
    uniform = np.full((N, T, L), 1 / L)
    loss, _ = doubly_stochastic_forward(uniform)
    assert loss == pytest.approx(L * (1 - T / L) ** 2, rel=1e-12)
    total, _ = doubly_stochastic_forward(uniform, reduction="sum")
    assert total == pytest.approx(N * L * (1 - T / L) ** 2, rel=1e-12)
    loss, _ = doubly_stochastic_forward(np.full((1, 12, 196), 1 / 196))
    assert loss == pytest.approx(172.73, abs=0.01)


def test_nothing_lies_below_the_floor(random):
    for _ in range(50):
        weights = random.random(size=(1, T, L)) ** 4
        loss, _ = doubly_stochastic_forward(weights / weights.sum(axis=2, keepdims=True))
        assert loss > L * (1 - T / L) ** 2


@pytest.mark.parametrize("mask", [None, MASK])
def test_t_over_l_makes_uniform_attention_free(mask):
    uniform = np.full((N, T, L), 1 / L)
    loss, cache = doubly_stochastic_forward(uniform, mask, target="T/L")
    assert loss == pytest.approx(0, abs=1e-28)
    np.testing.assert_allclose(doubly_stochastic_backward(1.0, cache), 0, atol=1e-15)


def test_t_over_l_counts_each_captions_own_steps(attention):
    loss, _ = doubly_stochastic_forward(attention, MASK, target="T/L", reduction="sum")
    expected = 0.0
    for n, steps in enumerate(MASK.sum(axis=1)):
        short = attention[n : n + 1, :steps]
        expected += doubly_stochastic_forward(short, target=steps / L)[0]
    assert loss == pytest.approx(expected, rel=1e-12)


def test_both_targets_pull_the_same_way_past_the_softmax(attention):
    def dscores(target):
        _, cache = doubly_stochastic_forward(attention, MASK, target=target)
        dattention = doubly_stochastic_backward(1.0, cache)
        return attention * (dattention - (attention * dattention).sum(axis=2, keepdims=True))

    assert np.abs(dscores(1.0)).max() > 1e-3
    np.testing.assert_allclose(dscores(1.0), dscores("T/L"), atol=1e-15)


def test_a_location_overlooked_is_pulled_up_and_one_stared_at_is_pushed_down():
    stare = np.zeros((1, T, L))
    stare[:, :, 2] = 1
    _, cache = doubly_stochastic_forward(stare, target="T/L")
    dattention = doubly_stochastic_backward(1.0, cache)
    assert (dattention[:, :, 2] > 0).all()
    assert (np.delete(dattention, 2, axis=2) < 0).all()


def test_masked_steps_get_and_give_exactly_nothing(attention, random):
    loss, cache = doubly_stochastic_forward(attention, MASK)
    dattention = doubly_stochastic_backward(0.8, cache)
    assert (dattention[MASK == 0] == 0).all()
    assert (dattention[MASK == 1] != 0).all()
    changed = np.where(MASK[:, :, None], attention, random.random(size=(N, T, L)))
    assert doubly_stochastic_forward(changed, MASK)[0] == loss


@pytest.mark.parametrize(("mask", "target", "reduction"), CHOICES)
def test_equals_the_loop(attention, mask, target, reduction):
    loss, _ = doubly_stochastic_forward(attention, mask, target, reduction)
    counts = np.ones((N, T)) if mask is None else mask
    expected = 0.0
    for n in range(N):
        wanted = sum(counts[n]) / L if target == "T/L" else target
        for i in range(L):
            expected += (wanted - sum(counts[n, t] * attention[n, t, i] for t in range(T))) ** 2
    expected /= N if reduction == "mean" else 1
    assert loss == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("mask", "target", "reduction"), CHOICES)
def test_gradients_equal_autograd(attention, random, mask, target, reduction):
    def formula(torch, attention):
        counts = torch.ones(N, T) if mask is None else torch.tensor(mask)
        wanted = counts.sum(1, keepdim=True).double() / L if target == "T/L" else target
        penalty = ((wanted - (counts[:, :, None] * attention).sum(1)) ** 2).sum(1)
        return getattr(penalty, reduction)()

    check_against_torch(
        doubly_stochastic_forward,
        doubly_stochastic_backward,
        formula,
        {"attention": attention},
        random,
        mask=mask,
        target=target,
        reduction=reduction,
    )


@pytest.mark.parametrize("target", [1.0, "T/L"])
def test_house_rules(attention, random, target):
    inputs = {"attention": attention}
    forward, backward = doubly_stochastic_forward, doubly_stochastic_backward
    check_house_rules(forward, backward, inputs, random, mask=MASK.astype(float), target=target)


def test_an_unknown_reduction_is_an_error(attention):
    with pytest.raises(KeyError, match="average"):
        doubly_stochastic_forward(attention, reduction="average")
