import numpy as np
import pytest
from house_rules import check_against_torch, check_house_rules

from satt.layers.rnn_step import rnn_step_backward, rnn_step_forward

N, D, H = 3, 2, 6


@pytest.fixture
def inputs(random):
    return {
        "x": random.normal(size=(N, D)),
        "state": random.normal(size=(N, H)),
        "W_x": random.normal(size=(D, H)),
        "W_state": random.normal(size=(H, H)) / 2,
        "b": random.normal(size=H),
    }


def test_the_new_state_depends_on_the_input_and_on_the_old_state(inputs):
    before, _ = rnn_step_forward(**inputs)
    for name in ("x", "state"):
        after, _ = rnn_step_forward(**{**inputs, name: inputs[name] + 0.5})
        assert np.abs(after - before).max(axis=1).min() > 1e-2, name


def test_a_saturated_unit_passes_no_gradient(inputs, random):
    b = inputs["b"].copy()
    b[4] = 1000
    new_state, cache = rnn_step_forward(**{**inputs, "b": b})
    *_, dW_x, _, db = rnn_step_backward(random.normal(size=(N, H)), cache)
    assert (new_state[:, 4] == 1).all()
    assert (dW_x[:, 4] == 0).all() and db[4] == 0
    assert (dW_x[:, [0, 1, 2, 3, 5]] != 0).all()


def test_equals_the_loop(inputs):
    x, state, W_x, W_state, b = inputs.values()
    new_state, _ = rnn_step_forward(**inputs)
    for n in range(N):
        for j in range(H):
            total = b[j] + sum(x[n, i] * W_x[i, j] for i in range(D))
            total += sum(state[n, h] * W_state[h, j] for h in range(H))
            assert new_state[n, j] == pytest.approx(np.tanh(total), rel=1e-12)


def test_gradients_equal_autograd(inputs, random):
    def formula(torch, x, state, W_x, W_state, b):
        return torch.nn.functional.linear(x, W_x.T).add(state @ W_state).add(b).tanh()

    check_against_torch(rnn_step_forward, rnn_step_backward, formula, inputs, random)


def test_house_rules(inputs, random):
    check_house_rules(rnn_step_forward, rnn_step_backward, inputs, random)
