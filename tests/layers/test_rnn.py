import numpy as np
import pytest
from house_rules import check_against_torch, check_house_rules

from satt.layers.rnn import rnn_backward, rnn_forward
from satt.layers.rnn_step import rnn_step_forward

N, T, D, H = 3, 6, 2, 5
# Padding after the end, a gap in between, and a gap before the first step that counts.
MASK = np.array([[1, 1, 1, 1, 0, 0], [1, 1, 0, 1, 1, 1], [0, 1, 1, 0, 0, 0]])


@pytest.fixture
def inputs(random):
    return {
        "x": random.normal(size=(N, T, D)),
        "initial_state": random.normal(size=(N, H)),
        "W_x": random.normal(size=(D, H)),
        "W_state": random.normal(size=(H, H)) / 2,
        "b": random.normal(size=H),
    }


def test_is_its_step_repeated(inputs):
    x, state, *weights = inputs.values()
    states, _ = rnn_forward(**inputs)
    for t in range(T):
        state, _ = rnn_step_forward(x[:, t], state, *weights)
        np.testing.assert_array_equal(states[:, t], state)


def test_a_state_depends_on_the_past_only(inputs):
    before, _ = rnn_forward(**inputs)
    x = inputs["x"].copy()
    x[:, 3] += 1
    after, _ = rnn_forward(**{**inputs, "x": x})
    np.testing.assert_array_equal(after[:, :3], before[:, :3])
    assert (np.abs(after - before)[:, 3:].max(axis=2) > 1e-4).all()


def test_masked_steps_copy_the_state(inputs):
    states, _ = rnn_forward(**inputs, mask=MASK)
    all_states = np.concatenate([inputs["initial_state"][:, None], states], axis=1)
    copied = (all_states[:, 1:] == all_states[:, :-1]).all(axis=2)
    np.testing.assert_array_equal(copied, MASK == 0)


def test_masked_steps_get_and_give_exactly_nothing(inputs, random):
    states, cache = rnn_forward(**inputs, mask=MASK)
    dstates = random.normal(size=states.shape)
    gradients = rnn_backward(dstates, cache)
    assert (gradients[0][MASK == 0] == 0).all()
    assert (gradients[0][MASK == 1] != 0).all()
    noise = random.normal(size=inputs["x"].shape) * (MASK == 0)[:, :, None]
    same, cache = rnn_forward(**{**inputs, "x": inputs["x"] + noise}, mask=MASK)
    np.testing.assert_array_equal(same, states)
    for first, second in zip(gradients, rnn_backward(dstates, cache), strict=True):
        np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("dtype", [bool, np.float32, np.float64])
def test_the_masks_dtype_does_not_matter(inputs, dtype):
    inputs = {name: array.astype(np.float32) for name, array in inputs.items()}
    expected, _ = rnn_forward(**inputs, mask=MASK)
    states, cache = rnn_forward(**inputs, mask=MASK.astype(dtype))
    np.testing.assert_array_equal(states, expected)
    assert {array.dtype for array in (states, *rnn_backward(states, cache))} == {states.dtype}
    assert states.dtype == np.float32


def test_gradients_equal_torchs_rnn(inputs, random):
    def formula(torch, x, initial_state, W_x, W_state, b):
        names = "weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"
        weights = W_x.T, W_state.T, b, torch.zeros_like(b)
        module = torch.nn.RNN(D, H, batch_first=True, dtype=torch.float64)
        named = dict(zip(names, weights, strict=True))
        return torch.func.functional_call(module, named, (x, initial_state[None]))[0]

    check_against_torch(rnn_forward, rnn_backward, formula, inputs, random)


def test_masked_gradients_equal_autograd(inputs, random):
    def formula(torch, x, initial_state, W_x, W_state, b):
        counts, state, states = torch.tensor(MASK == 1), initial_state, []
        for t in range(T):
            new_state = torch.tanh(x[:, t] @ W_x + state @ W_state + b)
            state = torch.where(counts[:, t, None], new_state, state)
            states.append(state)
        return torch.stack(states, dim=1)

    check_against_torch(rnn_forward, rnn_backward, formula, inputs, random, mask=MASK)


@pytest.mark.parametrize("mask", [None, MASK])
def test_house_rules(inputs, random, mask):
    check_house_rules(rnn_forward, rnn_backward, inputs, random, mask=mask)
