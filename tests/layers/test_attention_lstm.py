import numpy as np
import pytest
from house_rules import check_house_rules, upstream_for

from satt.layers.attention_lstm import attention_lstm_backward, attention_lstm_forward
from satt.layers.attention_lstm_step import attention_lstm_step_forward

N, T, L, D, A, H, E = 4, 5, 6, 3, 4, 5, 2


def draw(random, images=N):
    sizes = {
        "x": (N, T, E), "initial_state": (N, H), "initial_cell": (N, H), "grid": (images, L, D),
        "keys": (images, L, A), "W_query": (H, A), "b_query": (A,), "v": (A,),
        "W_x": (E + D, 4 * H), "W_state": (H, 4 * H), "b": (4 * H,), "W_gate": (H, 1),
        "b_gate": (1,),
    }
    return {name: random.normal(size=size) for name, size in sizes.items()}


def test_it_is_the_step_again_and_again(random):
    inputs = draw(random)
    (states, contexts, attention), _ = attention_lstm_forward(**inputs)
    x, state, cell, *others = inputs.values()
    for t in range(T):
        (state, cell, context, looked), _ = attention_lstm_step_forward(
            x[:, t], state, cell, *others
        )
        np.testing.assert_array_equal(states[:, t], state)
        np.testing.assert_array_equal(contexts[:, t], context)
        np.testing.assert_array_equal(attention[:, t], looked)


def test_captions_that_share_a_grid_are_as_with_copies_of_it(random):
    shared = draw(random, images=2)
    copies = dict(shared)
    for name in ("grid", "keys"):
        copies[name] = np.repeat(shared[name], 2, axis=0)
    outs, cache = attention_lstm_forward(**shared)
    same, copies_cache = attention_lstm_forward(**copies)
    np.testing.assert_array_equal(np.concatenate(outs, 2), np.concatenate(same, 2))
    dout = upstream_for(outs, random)
    gradients = dict(zip(shared, attention_lstm_backward(dout, cache), strict=True))
    of_copies = dict(zip(shared, attention_lstm_backward(dout, copies_cache), strict=True))
    for name in ("grid", "keys"):
        first, second = of_copies[name][::2], of_copies[name][1::2]
        np.testing.assert_allclose(gradients[name], first + second)
    for name in ("x", "initial_state", "W_x", "v", "b_gate"):
        np.testing.assert_allclose(gradients[name], of_copies[name])


def test_what_comes_later_changes_nothing_before(random):
    inputs = draw(random)
    outs, cache = attention_lstm_forward(**inputs)
    longer = {**inputs, "x": np.concatenate([inputs["x"], random.normal(size=(N, 2, E))], axis=1)}
    longer_outs, longer_cache = attention_lstm_forward(**longer)
    for out, longer_out in zip(outs, longer_outs, strict=True):
        np.testing.assert_array_equal(out, longer_out[:, :T])
    dout = upstream_for(outs, random)
    padded = tuple(np.concatenate([d, np.zeros_like(d[:, :2])], axis=1) for d in dout)
    dx, *others = attention_lstm_backward(dout, cache)
    longer_dx, *longer_others = attention_lstm_backward(padded, longer_cache)
    np.testing.assert_array_equal(longer_dx[:, T:], 0)
    for one, other in zip((dx, *others), (longer_dx[:, :T], *longer_others), strict=True):
        np.testing.assert_allclose(one, other)


@pytest.mark.parametrize("images", [N, 2])
def test_house_rules(random, images):
    check_house_rules(
        attention_lstm_forward, attention_lstm_backward, draw(random, images), random
    )
