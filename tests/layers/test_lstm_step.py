import numpy as np
import pytest
from house_rules import check_against_torch, check_house_rules

from satt.layers.lstm_step import lstm_step_backward, lstm_step_forward

N, D, H = 3, 2, 5
WRITE, KEEP, READ = slice(0, H), slice(H, 2 * H), slice(2 * H, 3 * H)


@pytest.fixture
def inputs(random):
    return {
        "x": random.normal(size=(N, D)),
        "state": random.normal(size=(N, H)),
        "cell": random.normal(size=(N, H)),
        "W_x": random.normal(size=(D, 4 * H)),
        "W_state": random.normal(size=(H, 4 * H)),
        "b": random.normal(size=4 * H),
    }


def with_bias(inputs, gate, value):
    b = inputs["b"].copy()
    b[gate] = value
    return {**inputs, "b": b}


def test_write_shut_and_keep_open_leaves_the_cell_alone(inputs, random):
    kept = with_bias(with_bias(inputs, WRITE, -1000), KEEP, 1000)
    (_, new_cell), cache = lstm_step_forward(**kept)
    np.testing.assert_array_equal(new_cell, inputs["cell"])
    dnew_cell = random.normal(size=(N, H))
    _, _, dcell, *_ = lstm_step_backward((np.zeros((N, H)), dnew_cell), cache)
    np.testing.assert_array_equal(dcell, dnew_cell)


def test_keep_shut_forgets_the_cell(inputs, random):
    forgetful = with_bias(inputs, KEEP, -1000)
    (new_state, new_cell), cache = lstm_step_forward(**forgetful)
    (same_state, same_cell), _ = lstm_step_forward(**{**forgetful, "cell": inputs["cell"] + 1})
    np.testing.assert_array_equal(new_state, same_state)
    np.testing.assert_array_equal(new_cell, same_cell)
    dnew = random.normal(size=(N, H)), random.normal(size=(N, H))
    assert (lstm_step_backward(dnew, cache)[2] == 0).all()


def test_read_shut_hides_the_cell(inputs):
    (new_state, new_cell), _ = lstm_step_forward(**with_bias(inputs, READ, -1000))
    assert (new_state == 0).all()
    assert (new_cell != 0).all()


def test_equals_the_loop(inputs):
    x, state, cell, W_x, W_state, b = inputs.values()
    (new_state, new_cell), _ = lstm_step_forward(**inputs)

    def total(n, column):
        from_x = sum(x[n, i] * W_x[i, column] for i in range(D))
        return b[column] + from_x + sum(state[n, h] * W_state[h, column] for h in range(H))

    for n in range(N):
        for j in range(H):
            i, f, o = (1 / (1 + np.exp(-total(n, k * H + j))) for k in range(3))
            memory = f * cell[n, j] + i * np.tanh(total(n, 3 * H + j))
            assert new_cell[n, j] == pytest.approx(memory, rel=1e-12)
            assert new_state[n, j] == pytest.approx(o * np.tanh(memory), rel=1e-12)


def test_gradients_equal_torchs_cell(inputs, random):
    def formula(torch, x, state, cell, W_x, W_state, b):
        # torch's order is i, f, g, o
        order = np.concatenate([np.arange(H) + k * H for k in (0, 1, 3, 2)])
        weights = W_x.T[order], W_state.T[order], b[order], torch.zeros_like(b)
        names = "weight_ih", "weight_hh", "bias_ih", "bias_hh"
        module = torch.nn.LSTMCell(D, H, dtype=torch.float64)
        named = dict(zip(names, weights, strict=True))
        return torch.func.functional_call(module, named, (x, (state, cell)))

    check_against_torch(lstm_step_forward, lstm_step_backward, formula, inputs, random)


def test_house_rules(inputs, random):
    check_house_rules(lstm_step_forward, lstm_step_backward, inputs, random)
