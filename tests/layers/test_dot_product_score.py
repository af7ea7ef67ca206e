import numpy as np
import pytest
from house_rules import check_against_torch, check_house_rules

from satt.layers.dot_product_score import dot_product_score_backward, dot_product_score_forward

N, L, A = 3, 5, 4


@pytest.fixture
def inputs(random):
    return {"keys": random.normal(size=(N, L, A)), "query": random.normal(size=(N, A))}


def test_the_key_that_points_the_querys_way_scores_highest(inputs):
    keys = inputs["keys"] / np.sqrt((inputs["keys"] ** 2).sum(axis=2, keepdims=True))
    for location in range(L):
        scores, _ = dot_product_score_forward(keys, keys[:, location])
        assert (scores.argmax(axis=1) == location).all()
        np.testing.assert_allclose(scores[:, location], 1, rtol=1e-12)


def test_the_query_moves_the_differences_between_locations(inputs):
    before, _ = dot_product_score_forward(**inputs)
    after, _ = dot_product_score_forward(inputs["keys"], inputs["query"] + 0.5)
    change = after - before
    assert (change.max(axis=1) - change.min(axis=1)).min() > 0.1


def test_permuting_the_locations_permutes_the_scores(inputs):
    order = np.array([3, 0, 4, 1, 2])
    scores, _ = dot_product_score_forward(**inputs)
    permuted, _ = dot_product_score_forward(inputs["keys"][:, order], inputs["query"])
    np.testing.assert_allclose(permuted, scores[:, order], rtol=1e-13)


def test_the_scale_brings_the_variance_back_to_one(random):
    width = 64
    keys, query = random.normal(size=(40, 50, width)), random.normal(size=(40, width))
    scores, _ = dot_product_score_forward(keys, query, scale=1 / np.sqrt(width))
    assert (scores**2).mean() == pytest.approx(1, abs=0.25)


def test_a_numpy_scale_keeps_float32(random):
    keys = random.normal(size=(N, L, A)).astype(np.float32)
    query = random.normal(size=(N, A)).astype(np.float32)
    scores, cache = dot_product_score_forward(keys, query, scale=1 / np.sqrt(A))
    dkeys, dquery = dot_product_score_backward(scores, cache)
    assert scores.dtype == dkeys.dtype == dquery.dtype == np.float32


def test_equals_the_loop(inputs):
    keys, query = inputs.values()
    scores, _ = dot_product_score_forward(keys, query, scale=0.7)
    for n in range(N):
        for i in range(L):
            expected = 0.7 * sum(keys[n, i, a] * query[n, a] for a in range(A))
            assert scores[n, i] == pytest.approx(expected, rel=1e-12, abs=1e-14)


@pytest.mark.parametrize("scale", [1.0, 0.7])
def test_gradients_equal_autograd(inputs, random, scale):
    def formula(torch, keys, query):
        return scale * torch.einsum("nla,na->nl", keys, query)

    forward, backward = dot_product_score_forward, dot_product_score_backward
    check_against_torch(forward, backward, formula, inputs, random, scale=scale)


def test_house_rules(inputs, random):
    forward, backward = dot_product_score_forward, dot_product_score_backward
    check_house_rules(forward, backward, inputs, random, scale=0.7)
