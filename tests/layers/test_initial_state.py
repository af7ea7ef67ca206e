import numpy as np
import pytest
from house_rules import check_against_torch, check_house_rules

from satt.layers.initial_state import initial_state_backward, initial_state_forward

N, L, D, H = 3, 5, 7, 6


@pytest.fixture
def inputs(random):
    return {
        "grid": random.normal(size=(N, L, D)),
        "W_state": random.normal(size=(D, H)),
        "b_state": random.normal(size=H),
        "W_cell": random.normal(size=(D, H)),
        "b_cell": random.normal(size=H),
    }


def test_the_start_depends_on_the_picture(inputs):
    before, _ = initial_state_forward(**inputs)
    after, _ = initial_state_forward(**{**inputs, "grid": inputs["grid"] + 0.5})
    for first, second in zip(before, after, strict=True):
        assert np.abs(first - second).max(axis=1).min() > 1e-2


def test_where_things_are_does_not_matter(inputs):
    order = np.array([3, 0, 4, 1, 2])
    before, _ = initial_state_forward(**inputs)
    after, _ = initial_state_forward(**{**inputs, "grid": inputs["grid"][:, order]})
    for first, second in zip(before, after, strict=True):
        np.testing.assert_allclose(first, second, rtol=1e-10)


def test_every_location_gets_the_same_gradient(inputs, random):
    _, cache = initial_state_forward(**inputs)
    dout = random.normal(size=(N, H)), random.normal(size=(N, H))
    dgrid, *_ = initial_state_backward(dout, cache)
    np.testing.assert_array_equal(dgrid, np.repeat(dgrid[:, :1], L, axis=1))
    assert (dgrid != 0).all()


def test_the_state_and_the_cell_have_their_own_weights(inputs, random):
    _, cache = initial_state_forward(**inputs)
    nothing, dcell = np.zeros((N, H)), random.normal(size=(N, H))
    _, dW_state, db_state, dW_cell, db_cell = initial_state_backward((nothing, dcell), cache)
    assert (dW_state == 0).all() and (db_state == 0).all()
    assert (dW_cell != 0).all() and (db_cell != 0).all()


def test_equals_the_loop(inputs):
    grid, *weights = inputs.values()
    out, _ = initial_state_forward(**inputs)
    for values, W, b in zip(out, weights[::2], weights[1::2], strict=True):
        for n in range(N):
            mean = [sum(grid[n, i, d] for i in range(L)) / L for d in range(D)]
            for h in range(H):
                expected = np.tanh(b[h] + sum(mean[d] * W[d, h] for d in range(D)))
                assert values[n, h] == pytest.approx(expected, rel=1e-10)


def test_gradients_equal_autograd(inputs, random):
    def formula(torch, grid, W_state, b_state, W_cell, b_cell):
        mean = grid.mean(1)
        return torch.tanh(mean @ W_state + b_state), torch.tanh(mean @ W_cell + b_cell)

    check_against_torch(initial_state_forward, initial_state_backward, formula, inputs, random)


def test_house_rules(inputs, random):
    check_house_rules(initial_state_forward, initial_state_backward, inputs, random)
