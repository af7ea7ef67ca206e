import numpy as np
import pytest
from house_rules import check_against_torch, check_house_rules

from satt.layers.gru_step import gru_step_backward, gru_step_forward

N, D, H = 3, 2, 5
RESET, UPDATE, CANDIDATE = slice(0, H), slice(H, 2 * H), slice(2 * H, 3 * H)


@pytest.fixture
def inputs(random):
    return {
        "x": random.normal(size=(N, D)),
        "state": random.normal(size=(N, H)),
        "W_x": random.normal(size=(D, 3 * H)),
        "W_state": random.normal(size=(H, 3 * H)),
        "b": random.normal(size=3 * H),
    }


def with_bias(inputs, gate, value):
    b = inputs["b"].copy()
    b[gate] = value
    return {**inputs, "b": b}


def test_an_open_update_gate_keeps_the_state(inputs, random):
    new_state, cache = gru_step_forward(**with_bias(inputs, UPDATE, 1000))
    np.testing.assert_array_equal(new_state, inputs["state"])
    dnew_state = random.normal(size=(N, H))
    dx, dstate, *_ = gru_step_backward(dnew_state, cache)
    np.testing.assert_array_equal(dstate, dnew_state)
    assert (dx == 0).all()


def test_with_both_gates_shut_the_state_is_forgotten(inputs, random):
    shut = with_bias(with_bias(inputs, UPDATE, -1000), RESET, -1000)
    new_state, cache = gru_step_forward(**shut)
    other, _ = gru_step_forward(**{**shut, "state": inputs["state"] + 1})
    np.testing.assert_array_equal(new_state, other)
    _, dstate, *_ = gru_step_backward(random.normal(size=(N, H)), cache)
    assert (dstate == 0).all()


def test_the_reset_comes_before_the_product(inputs):
    # One unit's reset shut: the candidates lose that unit's row of W_state, and nothing else.
    one_shut = with_bias(inputs, 3, -1000)
    W_state = inputs["W_state"].copy()
    W_state[3, CANDIDATE] = 0
    without_row, _ = gru_step_forward(**{**inputs, "W_state": W_state})
    new_state, _ = gru_step_forward(**one_shut)
    np.testing.assert_allclose(new_state, without_row, rtol=1e-12)


def test_equals_the_loop(inputs):
    x, state, W_x, W_state, b = inputs.values()
    new_state, _ = gru_step_forward(**inputs)

    def total(n, column, values):
        from_x = sum(x[n, i] * W_x[i, column] for i in range(D))
        return b[column] + from_x + sum(values[h] * W_state[h, column] for h in range(H))

    def gate(n, column):
        return 1 / (1 + np.exp(-total(n, column, state[n])))

    for n in range(N):
        kept = [gate(n, h) * state[n, h] for h in range(H)]
        for j in range(H):
            z, candidate = gate(n, H + j), np.tanh(total(n, 2 * H + j, kept))
            expected = z * state[n, j] + (1 - z) * candidate
            assert new_state[n, j] == pytest.approx(expected, rel=1e-12)


def test_gradients_equal_autograd(inputs, random):
    def formula(torch, x, state, W_x, W_state, b):
        x_r, x_z, x_c = (x @ W_x + b).split(H, dim=1)
        W_r, W_z, W_c = W_state.split(H, dim=1)
        r, z = torch.sigmoid(x_r + state @ W_r), torch.sigmoid(x_z + state @ W_z)
        return z * state + (1 - z) * torch.tanh(x_c + (r * state) @ W_c)

    check_against_torch(gru_step_forward, gru_step_backward, formula, inputs, random)


def test_equals_torchs_cell_where_the_two_variants_agree(inputs, random):
    torch = pytest.importorskip("torch")
    W_state = inputs["W_state"].copy()
    W_state[:, CANDIDATE] = np.diag(random.normal(size=H))
    new_state, cache = gru_step_forward(**{**inputs, "W_state": W_state})
    dnew_state = random.normal(size=(N, H))
    dx, dstate, dW_x, dW_state, db = gru_step_backward(dnew_state, cache)

    cell = torch.nn.GRUCell(D, H, dtype=torch.float64)
    with torch.no_grad():
        cell.weight_ih.copy_(torch.tensor(inputs["W_x"].T))
        cell.weight_hh.copy_(torch.tensor(W_state.T))
        cell.bias_ih.copy_(torch.tensor(inputs["b"]))
        cell.bias_hh.zero_()
    x = torch.tensor(inputs["x"], requires_grad=True)
    state = torch.tensor(inputs["state"], requires_grad=True)
    expected = cell(x, state)
    expected.backward(torch.tensor(dnew_state))
    expected_dW_state = cell.weight_hh.grad.numpy().T
    diagonal = np.arange(H), np.arange(H) + 2 * H
    for ours, theirs in (
        (new_state, expected.detach().numpy()),
        (dx, x.grad.numpy()),
        (dstate, state.grad.numpy()),
        (dW_x, cell.weight_ih.grad.numpy().T),
        (db, cell.bias_ih.grad.numpy()),
        (dW_state[:, : 2 * H], expected_dW_state[:, : 2 * H]),
        (dW_state[diagonal], expected_dW_state[diagonal]),
    ):
        np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-12)


def test_house_rules(inputs, random):
    check_house_rules(gru_step_forward, gru_step_backward, inputs, random)
