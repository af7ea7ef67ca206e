import numpy as np
import pytest
from house_rules import check_against_torch, check_house_rules

from satt.layers.attention_lstm_step import (
    attention_lstm_step_backward,
    attention_lstm_step_forward,
)

N, L, D, A, H, E = 3, 7, 4, 5, 6, 2


@pytest.fixture
def inputs(random):
    sizes = {
        "x": (N, E), "state": (N, H), "cell": (N, H), "grid": (N, L, D), "keys": (N, L, A),
        "W_query": (H, A), "b_query": (A,), "v": (A,), "W_x": (E + D, 4 * H),
        "W_state": (H, 4 * H), "b": (4 * H,), "W_gate": (H, 1), "b_gate": (1,),
    }
    return {name: random.normal(size=size) for name, size in sizes.items()}


def without_gate(inputs):
    return {name: array for name, array in inputs.items() if not name.endswith("gate")}


def test_the_attention_is_a_distribution_that_depends_on_the_state(inputs):
    (_, _, _, attention), _ = attention_lstm_step_forward(**inputs)
    np.testing.assert_allclose(attention.sum(axis=1), 1)
    elsewhere = {**inputs, "state": inputs["state"] + 1}
    (_, _, _, moved), _ = attention_lstm_step_forward(**elsewhere)
    assert np.abs(moved - attention).max() > 1e-3


def test_permuting_the_locations_permutes_the_attention_alone(inputs, random):
    order = random.permutation(L)
    permuted = {**inputs, "grid": inputs["grid"][:, order], "keys": inputs["keys"][:, order]}
    (*kept, attention), _ = attention_lstm_step_forward(**inputs)
    (*same, moved), _ = attention_lstm_step_forward(**permuted)
    np.testing.assert_allclose(moved, attention[:, order])
    for one, other in zip(kept, same, strict=True):
        np.testing.assert_allclose(one, other)


def test_looking_at_one_location_only_sees_that_one(inputs):
    keys = np.where(np.arange(L)[:, None] == 2, 50.0, -50.0) * np.sign(inputs["v"])
    keys = np.broadcast_to(keys, (N, L, A))
    sharp = {**without_gate(inputs), "keys": keys, "v": 100 * inputs["v"]}
    (_, _, context, attention), _ = attention_lstm_step_forward(**sharp)
    np.testing.assert_allclose(attention[:, 2], 1)
    np.testing.assert_allclose(context, inputs["grid"][:, 2])


def test_a_shut_gate_hides_the_picture(inputs):
    shut = {**inputs, "b_gate": np.array([-1000.0])}
    (*new, context, _), cache = attention_lstm_step_forward(**shut)
    (*same, _, _), _ = attention_lstm_step_forward(**{**shut, "grid": inputs["grid"] + 1})
    assert (context == 0).all()
    np.testing.assert_array_equal(new, same)
    ones = np.ones((N, H)), np.ones((N, H)), np.ones((N, D)), np.zeros((N, L))
    assert (attention_lstm_step_backward(ones, cache)[3] == 0).all()


def test_without_a_gate_it_is_as_with_an_open_one(inputs):
    opened = {**inputs, "W_gate": 0 * inputs["W_gate"], "b_gate": np.array([1000.0])}
    outs, cache = attention_lstm_step_forward(**opened)
    bare, bare_cache = attention_lstm_step_forward(**without_gate(inputs))
    dout = tuple(np.cos(out) for out in outs)
    gradients = attention_lstm_step_backward(dout, cache)
    bare_gradients = attention_lstm_step_backward(dout, bare_cache)
    assert len(gradients) == len(bare_gradients) + 2
    for one, other in zip((*outs, *gradients), (*bare, *bare_gradients), strict=False):
        np.testing.assert_allclose(one, other)


def test_the_scale_of_the_context_is_for_the_lstm_alone(inputs):
    (*_, context, attention), _ = attention_lstm_step_forward(**inputs)
    (*new, quiet, same), _ = attention_lstm_step_forward(**inputs, context_scale=0.5)
    np.testing.assert_array_equal((quiet.sum(), same.sum()), (context.sum(), attention.sum()))
    W_x = inputs["W_x"].copy()
    W_x[E:] /= 2
    (*expected, _, _), _ = attention_lstm_step_forward(**{**inputs, "W_x": W_x})
    np.testing.assert_allclose(new, expected)


@pytest.mark.parametrize("gated", [True, False])
def test_gradients_equal_torchs(inputs, random, gated):
    def formula(
        torch, x, state, cell, grid, keys, W_query, b_query, v, W_x, W_state, b, W_gate=None,
        b_gate=None,
    ):
        scores = torch.tanh(keys + (state @ W_query + b_query)[:, None]) @ v
        attention = torch.softmax(scores, dim=1)
        context = torch.einsum("nl,nld->nd", attention, grid)
        if gated:
            context = torch.sigmoid(state @ W_gate + b_gate) * context
        pre = torch.cat([x, context], dim=1) @ W_x + state @ W_state + b
        i, f, o = torch.sigmoid(pre[:, : 3 * H]).split(H, dim=1)
        new_cell = f * cell + i * torch.tanh(pre[:, 3 * H :])
        return o * torch.tanh(new_cell), new_cell, context, attention

    chosen = inputs if gated else without_gate(inputs)
    check_against_torch(
        attention_lstm_step_forward, attention_lstm_step_backward, formula, chosen, random
    )


def test_house_rules(inputs, random):
    check_house_rules(attention_lstm_step_forward, attention_lstm_step_backward, inputs, random)
