import numpy as np
import pytest
from house_rules import check_against_torch, check_house_rules

from satt.layers.context_gate import context_gate_backward, context_gate_forward

N, D, H = 3, 7, 6


@pytest.fixture
def inputs(random):
    return {
        "context": random.normal(size=(N, D)),
        "state": random.normal(size=(N, H)),
        "W": random.normal(size=(H, 1)),
        "b": random.normal(size=1),
    }


def test_the_gate_is_one_number_per_image_between_0_and_1(inputs):
    gated, _ = context_gate_forward(**inputs)
    gate = gated / inputs["context"]
    np.testing.assert_allclose(gate, np.repeat(gate[:, :1], D, axis=1), rtol=1e-12)
    assert ((gate > 0) & (gate < 1)).all()
    assert len(np.unique(gate[:, 0].round(6))) == N


def test_a_large_bias_opens_the_gate_and_a_small_one_shuts_it(inputs):
    opened, _ = context_gate_forward(**{**inputs, "b": np.array([1000.0])})
    shut, cache = context_gate_forward(**{**inputs, "b": np.array([-1000.0])})
    np.testing.assert_array_equal(opened, inputs["context"])
    np.testing.assert_array_equal(shut, np.zeros((N, D)))
    dcontext, *_ = context_gate_backward(np.ones((N, D)), cache)
    np.testing.assert_array_equal(dcontext, np.zeros((N, D)))


def test_equals_the_loop(inputs):
    context, state, W, b = inputs.values()
    gated, _ = context_gate_forward(**inputs)
    for n in range(N):
        gate = 1 / (1 + np.exp(-(b[0] + sum(state[n, h] * W[h, 0] for h in range(H)))))
        for d in range(D):
            assert gated[n, d] == pytest.approx(gate * context[n, d], rel=1e-12)


def test_gradients_equal_autograd(inputs, random):
    def formula(torch, context, state, W, b):
        return torch.sigmoid(state @ W + b) * context

    check_against_torch(context_gate_forward, context_gate_backward, formula, inputs, random)


def test_house_rules(inputs, random):
    check_house_rules(context_gate_forward, context_gate_backward, inputs, random)
