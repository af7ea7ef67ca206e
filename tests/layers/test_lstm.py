import numpy as np
import pytest
from house_rules import check_against_torch, check_house_rules

from satt.layers.lstm import lstm_backward, lstm_forward
from satt.layers.lstm_step import lstm_step_forward

N, T, D, H = 3, 6, 2, 5
# Padding after the end, a gap in between, and a gap before the first step that counts.
MASK = np.array([[1, 1, 1, 1, 0, 0], [1, 1, 0, 1, 1, 1], [0, 1, 1, 0, 0, 0]])


@pytest.fixture
def inputs(random):
    return {
        "x": random.normal(size=(N, T, D)),
        "initial_state": random.normal(size=(N, H)),
        "initial_cell": random.normal(size=(N, H)),
        "W_x": random.normal(size=(D, 4 * H)),
        "W_state": random.normal(size=(H, 4 * H)),
        "b": random.normal(size=4 * H),
    }


def test_is_its_step_repeated(inputs):
    x, state, cell, *weights = inputs.values()
    (states, last_cell), _ = lstm_forward(**inputs)
    for t in range(T):
        (state, cell), _ = lstm_step_forward(x[:, t], state, cell, *weights)
        np.testing.assert_array_equal(states[:, t], state)
    np.testing.assert_array_equal(last_cell, cell)


def test_a_state_depends_on_the_past_only(inputs):
    (before, _), _ = lstm_forward(**inputs)
    x = inputs["x"].copy()
    x[:, 3] += 1
    (after, _), _ = lstm_forward(**{**inputs, "x": x})
    np.testing.assert_array_equal(after[:, :3], before[:, :3])
    assert (np.abs(after - before)[:, 3:].max(axis=2) > 1e-4).all()


def test_masked_steps_copy_the_state(inputs):
    (states, _), _ = lstm_forward(**inputs, mask=MASK)
    all_states = np.concatenate([inputs["initial_state"][:, None], states], axis=1)
    copied = (all_states[:, 1:] == all_states[:, :-1]).all(axis=2)
    np.testing.assert_array_equal(copied, MASK == 0)


def test_the_last_cell_is_that_of_the_last_step_that_counts(inputs):
    (_, cell), _ = lstm_forward(**inputs, mask=MASK)
    for n in range(N):
        counts = MASK[n] == 1
        row = {name: inputs[name][n : n + 1] for name in ("initial_state", "initial_cell")}
        short = {**inputs, **row, "x": inputs["x"][n : n + 1, counts]}
        (_, expected), _ = lstm_forward(**short)
        np.testing.assert_allclose(cell[n], expected[0], rtol=1e-12)


def test_with_nothing_to_count_both_gradients_pass_straight_through(inputs, random):
    (states, cell), cache = lstm_forward(**inputs, mask=np.zeros((N, T)))
    np.testing.assert_array_equal(cell, inputs["initial_cell"])
    dstates, dcell = random.normal(size=states.shape), random.normal(size=cell.shape)
    dx, dinitial_state, dinitial_cell, *dweights = lstm_backward((dstates, dcell), cache)
    np.testing.assert_allclose(dinitial_state, dstates.sum(axis=1), rtol=1e-12)
    np.testing.assert_array_equal(dinitial_cell, dcell)
    assert all((gradient == 0).all() for gradient in (dx, *dweights))


def test_masked_steps_get_and_give_exactly_nothing(inputs, random):
    out, cache = lstm_forward(**inputs, mask=MASK)
    dout = tuple(random.normal(size=o.shape) for o in out)
    gradients = lstm_backward(dout, cache)
    assert (gradients[0][MASK == 0] == 0).all()
    assert (gradients[0][MASK == 1] != 0).all()
    noise = random.normal(size=inputs["x"].shape) * (MASK == 0)[:, :, None]
    same, cache = lstm_forward(**{**inputs, "x": inputs["x"] + noise}, mask=MASK)
    for first, second in zip(out, same, strict=True):
        np.testing.assert_array_equal(first, second)
    for first, second in zip(gradients, lstm_backward(dout, cache), strict=True):
        np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("dtype", [bool, np.float32, np.float64])
def test_the_masks_dtype_does_not_matter(inputs, dtype):
    inputs = {name: array.astype(np.float32) for name, array in inputs.items()}
    (expected, _), _ = lstm_forward(**inputs, mask=MASK)
    (states, cell), cache = lstm_forward(**inputs, mask=MASK.astype(dtype))
    np.testing.assert_array_equal(states, expected)
    arrays = (states, cell, *lstm_backward((states, cell), cache))
    assert {array.dtype for array in arrays} == {np.dtype(np.float32)}


def torchs_lstm(torch, x, initial_state, initial_cell, W_x, W_state, b):
    # torch's order is i, f, g, o
    order = np.concatenate([np.arange(H) + k * H for k in (0, 1, 3, 2)])
    names = "weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"
    weights = W_x.T[order], W_state.T[order], b[order], torch.zeros_like(b)
    module = torch.nn.LSTM(D, H, batch_first=True, dtype=torch.float64)
    named = dict(zip(names, weights, strict=True))
    start = initial_state[None], initial_cell[None]
    states, (_, cell) = torch.func.functional_call(module, named, (x, start))
    return states, cell[0]


def test_gradients_equal_torchs_lstm(inputs, random):
    check_against_torch(lstm_forward, lstm_backward, torchs_lstm, inputs, random)


def test_masked_gradients_equal_autograd(inputs, random):
    def formula(torch, x, initial_state, initial_cell, W_x, W_state, b):
        counts, state, cell, states = torch.tensor(MASK == 1), initial_state, initial_cell, []
        for t in range(T):
            i, f, o, g = (x[:, t] @ W_x + state @ W_state + b).split(H, dim=1)
            new_cell = torch.sigmoid(f) * cell + torch.sigmoid(i) * torch.tanh(g)
            new_state = torch.sigmoid(o) * torch.tanh(new_cell)
            state = torch.where(counts[:, t, None], new_state, state)
            cell = torch.where(counts[:, t, None], new_cell, cell)
            states.append(state)
        return torch.stack(states, dim=1), cell

    check_against_torch(lstm_forward, lstm_backward, formula, inputs, random, mask=MASK)


@pytest.mark.parametrize("mask", [None, MASK])
def test_house_rules(inputs, random, mask):
    check_house_rules(lstm_forward, lstm_backward, inputs, random, mask=mask)
