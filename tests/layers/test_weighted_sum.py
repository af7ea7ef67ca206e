import numpy as np
import pytest
from house_rules import check_against_torch, check_house_rules

from satt.layers.weighted_sum import weighted_sum_backward, weighted_sum_forward

N, L, D = 3, 5, 7


@pytest.fixture
def inputs(random):
    attention = random.random(size=(N, L))
    attention /= attention.sum(axis=1, keepdims=True)
    return {"attention": attention, "grid": random.normal(size=(N, L, D))}


def test_one_hot_attention_picks_its_location(inputs):
    chosen = np.array([4, 0, 2])
    context, _ = weighted_sum_forward(np.eye(L)[chosen], inputs["grid"])
    np.testing.assert_array_equal(context, inputs["grid"][np.arange(N), chosen])


def test_uniform_attention_takes_the_mean(inputs):
    context, _ = weighted_sum_forward(np.full((N, L), 1 / L), inputs["grid"])
    np.testing.assert_allclose(context, inputs["grid"].mean(axis=1), rtol=1e-12)


def test_permuting_locations_and_attention_together_changes_nothing(inputs):
    order = np.array([3, 0, 4, 1, 2])
    context, _ = weighted_sum_forward(**inputs)
    permuted, _ = weighted_sum_forward(*(array[:, order] for array in inputs.values()))
    np.testing.assert_allclose(permuted, context, rtol=1e-12)


def test_a_location_without_attention_is_not_blamed(inputs, random):
    attention = inputs["attention"].copy()
    attention[:, 2] = 0
    context, cache = weighted_sum_forward(attention, inputs["grid"])
    dattention, dgrid = weighted_sum_backward(random.normal(size=context.shape), cache)
    assert (dgrid[:, 2] == 0).all()
    assert (dgrid[:, [0, 1, 3, 4]] != 0).all()
    assert (dattention[:, 2] != 0).all()


def test_equals_the_loop(inputs):
    attention, grid = inputs.values()
    context, _ = weighted_sum_forward(attention, grid)
    for n in range(N):
        for d in range(D):
            expected = sum(attention[n, i] * grid[n, i, d] for i in range(L))
            assert context[n, d] == pytest.approx(expected, rel=1e-12, abs=1e-14)


def test_gradients_equal_autograd(inputs, random):
    def formula(torch, attention, grid):
        return torch.einsum("nl,nld->nd", attention, grid)

    check_against_torch(weighted_sum_forward, weighted_sum_backward, formula, inputs, random)


def test_house_rules(inputs, random):
    check_house_rules(weighted_sum_forward, weighted_sum_backward, inputs, random)
