from functools import partial

import numpy as np
import pytest
from house_rules import check_against_torch, check_house_rules

from satt.layers.gru import gru_backward, gru_forward
from satt.layers.gru_step import gru_step_forward

N, T, D, H = 3, 6, 2, 5
# Padding after the end, a gap in between, and a gap before the first step that counts.
MASK = np.array([[1, 1, 1, 1, 0, 0], [1, 1, 0, 1, 1, 1], [0, 1, 1, 0, 0, 0]])


@pytest.fixture
def inputs(random):
    return {
        "x": random.normal(size=(N, T, D)),
        "initial_state": random.normal(size=(N, H)),
        "W_x": random.normal(size=(D, 3 * H)),
        "W_state": random.normal(size=(H, 3 * H)),
        "b": random.normal(size=3 * H),
    }


def test_is_its_step_repeated(inputs):
    x, state, *weights = inputs.values()
    states, _ = gru_forward(**inputs)
    for t in range(T):
        state, _ = gru_step_forward(x[:, t], state, *weights)
        np.testing.assert_array_equal(states[:, t], state)


def test_a_state_depends_on_the_past_only(inputs):
    before, _ = gru_forward(**inputs)
    x = inputs["x"].copy()
    x[:, 3] += 1
    after, _ = gru_forward(**{**inputs, "x": x})
    np.testing.assert_array_equal(after[:, :3], before[:, :3])
    assert (np.abs(after - before)[:, 3:].max(axis=2) > 1e-4).all()


def test_masked_steps_copy_the_state(inputs):
    states, _ = gru_forward(**inputs, mask=MASK)
    all_states = np.concatenate([inputs["initial_state"][:, None], states], axis=1)
    copied = (all_states[:, 1:] == all_states[:, :-1]).all(axis=2)
    np.testing.assert_array_equal(copied, MASK == 0)


def test_masked_steps_get_and_give_exactly_nothing(inputs, random):
    states, cache = gru_forward(**inputs, mask=MASK)
    dstates = random.normal(size=states.shape)
    gradients = gru_backward(dstates, cache)
    assert (gradients[0][MASK == 0] == 0).all()
    assert (gradients[0][MASK == 1] != 0).all()
    noise = random.normal(size=inputs["x"].shape) * (MASK == 0)[:, :, None]
    same, cache = gru_forward(**{**inputs, "x": inputs["x"] + noise}, mask=MASK)
    np.testing.assert_array_equal(same, states)
    for first, second in zip(gradients, gru_backward(dstates, cache), strict=True):
        np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("dtype", [bool, np.float32, np.float64])
def test_the_masks_dtype_does_not_matter(inputs, dtype):
    inputs = {name: array.astype(np.float32) for name, array in inputs.items()}
    expected, _ = gru_forward(**inputs, mask=MASK)
    states, cache = gru_forward(**inputs, mask=MASK.astype(dtype))
    np.testing.assert_array_equal(states, expected)
    assert {array.dtype for array in (states, *gru_backward(states, cache))} == {states.dtype}
    assert states.dtype == np.float32


def gru_formula(torch, x, initial_state, W_x, W_state, b, mask):
    counts, state, states = torch.tensor(mask == 1), initial_state, []
    W_r, W_z, W_c = W_state.split(H, dim=1)
    for t in range(T):
        x_r, x_z, x_c = (x[:, t] @ W_x + b).split(H, dim=1)
        r, z = torch.sigmoid(x_r + state @ W_r), torch.sigmoid(x_z + state @ W_z)
        new_state = z * state + (1 - z) * torch.tanh(x_c + (r * state) @ W_c)
        state = torch.where(counts[:, t, None], new_state, state)
        states.append(state)
    return torch.stack(states, dim=1)


def test_gradients_equal_autograd(inputs, random):
    formula = partial(gru_formula, mask=np.ones((N, T)))
    check_against_torch(gru_forward, gru_backward, formula, inputs, random)


def test_masked_gradients_equal_autograd(inputs, random):
    formula = partial(gru_formula, mask=MASK)
    check_against_torch(gru_forward, gru_backward, formula, inputs, random, mask=MASK)


@pytest.mark.parametrize("mask", [None, MASK])
def test_house_rules(inputs, random, mask):
    check_house_rules(gru_forward, gru_backward, inputs, random, mask=mask)
