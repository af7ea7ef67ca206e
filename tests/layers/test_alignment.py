import numpy as np
import pytest
from house_rules import check_against_torch, check_house_rules

from satt.layers.alignment import alignment_backward, alignment_forward

N, L, A, H = 3, 5, 4, 6


@pytest.fixture
def inputs(random):
    return {
        "keys": random.normal(size=(N, L, A)),
        "state": random.normal(size=(N, H)),
        "W_state": random.normal(size=(H, A)),
        "b": random.normal(size=A),
        "v": random.normal(size=A),
    }


def softmax(scores):
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


def test_the_attention_changes_with_the_state(inputs):
    before, _ = alignment_forward(**inputs)
    after, _ = alignment_forward(**{**inputs, "state": inputs["state"] + 0.5})
    assert np.abs(softmax(after) - softmax(before)).max(axis=1).min() > 1e-2


def test_with_two_separate_tanhs_it_would_not(inputs):
    def separate(keys, state, W_state, b, v):
        return (np.tanh(keys) + np.tanh(state @ W_state + b)[:, None, :]) @ v

    before = separate(**inputs)
    after = separate(**{**inputs, "state": inputs["state"] + 0.5})
    assert np.abs(after - before).min() > 1e-3
    np.testing.assert_allclose(softmax(after), softmax(before), rtol=1e-12)


def test_the_scores_gradient_reaches_the_state_past_a_softmax(inputs, random):
    scores, cache = alignment_forward(**inputs)
    # What a softmax sends back sums to zero over the locations.
    dscores = random.normal(size=scores.shape)
    dscores -= dscores.mean(axis=1, keepdims=True)
    _, dstate, *_ = alignment_backward(dscores, cache)
    assert np.abs(dstate).min() > 1e-4


def test_permuting_the_locations_permutes_the_scores(inputs, random):
    order = np.array([3, 0, 4, 1, 2])
    scores, cache = alignment_forward(**inputs)
    permuted, permuted_cache = alignment_forward(**{**inputs, "keys": inputs["keys"][:, order]})
    np.testing.assert_allclose(permuted, scores[:, order], rtol=1e-13)
    dscores = random.normal(size=scores.shape)
    dkeys, dstate, *_ = alignment_backward(dscores, cache)
    permuted_dkeys, same_dstate, *_ = alignment_backward(dscores[:, order], permuted_cache)
    np.testing.assert_allclose(permuted_dkeys, dkeys[:, order], rtol=1e-13)
    np.testing.assert_allclose(same_dstate, dstate, rtol=1e-12)


def test_each_score_is_a_perceptron_of_its_location_and_the_state(inputs):
    keys, state, W_state, b, v = inputs.values()
    scores, _ = alignment_forward(**inputs)
    for n in range(N):
        for i in range(L):
            expected = 0.0
            for a in range(A):
                query = b[a] + sum(state[n, h] * W_state[h, a] for h in range(H))
                expected += v[a] * np.tanh(keys[n, i, a] + query)
            assert scores[n, i] == pytest.approx(expected, rel=1e-12)


def test_gradients_equal_autograd(inputs, random):
    def formula(torch, keys, state, W_state, b, v):
        return torch.einsum("nla,a->nl", torch.tanh(keys + (state @ W_state + b)[:, None]), v)

    check_against_torch(alignment_forward, alignment_backward, formula, inputs, random)


def test_house_rules(inputs, random):
    check_house_rules(alignment_forward, alignment_backward, inputs, random)
