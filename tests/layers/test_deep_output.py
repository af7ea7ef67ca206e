import numpy as np
import pytest
from house_rules import check_against_torch, check_house_rules

from satt.layers.deep_output import deep_output_backward, deep_output_forward

N, T, E, H, D = 3, 4, 5, 6, 7
ACTIVATIONS = ["tanh", "identity"]


@pytest.fixture(params=[(N,), (N, T)], ids=["step", "sequence"])
def inputs(random, request):
    return {
        "embedded": random.normal(size=(*request.param, E)),
        "state": random.normal(size=(*request.param, H)),
        "context": random.normal(size=(*request.param, D)),
        "W_state": random.normal(size=(H, E)) / 2,
        "W_context": random.normal(size=(D, E)) / 2,
        "b": random.normal(size=E),
    }


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_word_state_and_context_all_have_a_say(inputs, activation):
    before, _ = deep_output_forward(**inputs, activation=activation)
    for name in ("embedded", "state", "context"):
        changed = {**inputs, name: inputs[name] + 0.5}
        after, _ = deep_output_forward(**changed, activation=activation)
        assert np.abs(after - before).max(axis=-1).min() > 1e-3, name


def test_tanh_is_the_default_and_squashes_the_papers_sum(inputs):
    plain, _ = deep_output_forward(**inputs, activation="identity")
    squashed, _ = deep_output_forward(**inputs)
    np.testing.assert_allclose(squashed, np.tanh(plain), rtol=1e-12)


def test_all_steps_at_once_equal_one_by_one(random):
    shapes = (N, T, E), (N, T, H), (N, T, D), (H, E), (D, E), (E,)
    *sequences, W_state, W_context, b = (random.normal(size=shape) for shape in shapes)
    hidden, _ = deep_output_forward(*sequences, W_state, W_context, b)
    for t in range(T):
        step = (sequence[:, t] for sequence in sequences)
        expected, _ = deep_output_forward(*step, W_state, W_context, b)
        np.testing.assert_allclose(hidden[:, t], expected, rtol=1e-12)


def test_equals_the_loop(inputs):
    embedded, state, context, W_state, W_context, b = inputs.values()
    hidden, _ = deep_output_forward(**inputs)
    for m in np.ndindex(embedded.shape[:-1]):
        for e in range(E):
            total = embedded[m][e] + b[e]
            total += sum(state[m][h] * W_state[h, e] for h in range(H))
            total += sum(context[m][d] * W_context[d, e] for d in range(D))
            assert hidden[m][e] == pytest.approx(np.tanh(total), rel=1e-12)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradients_equal_autograd(inputs, random, activation):
    def formula(torch, embedded, state, context, W_state, W_context, b):
        total = embedded + state @ W_state + context @ W_context + b
        return torch.tanh(total) if activation == "tanh" else total

    forward, backward = deep_output_forward, deep_output_backward
    check_against_torch(forward, backward, formula, inputs, random, activation=activation)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_house_rules(inputs, random, activation):
    forward, backward = deep_output_forward, deep_output_backward
    check_house_rules(forward, backward, inputs, random, activation=activation)


def test_an_unknown_activation_is_an_error(inputs):
    with pytest.raises(KeyError, match="relu"):
        deep_output_forward(**inputs, activation="relu")
