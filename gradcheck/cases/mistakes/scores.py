"""Mistakes in what scores a location: the alignment model and the dot product."""

from dataclasses import replace

import numpy as np

from gradcheck.cases.mistakes.mistake import wrong_backward
from satt.layers.alignment import alignment_backward


def score_mistakes(cases, random):
    """List the mistakes; parameters as for `linear_mistakes`."""
    alignment, scaled = cases["alignment"], cases["dot_product_score-scaled"]
    dot_product = cases["dot_product_score"]
    square_inputs = alignment.inputs | {
        "state": random.normal(size=(2, 3)),
        "W_state": random.normal(size=(3, 3)),
    }
    square = replace(alignment, inputs=square_inputs)
    return [
        wrong_backward(alignment, "missing-activation-gradient", alignment_skips_the_tanh),
        wrong_backward(alignment, "missing-sum", alignment_does_not_sum_over_locations),
        wrong_backward(alignment, "missing-sum", alignment_keeps_one_dv_for_each_image),
        wrong_backward(alignment, "scale", alignment_averages_over_locations),
        wrong_backward(alignment, "zero", alignment_never_blames_the_state),
        wrong_backward(alignment, "sign", alignment_turns_dv_round),
        wrong_backward(alignment, "ignores-upstream", alignment_sums_its_hidden_layer),
        wrong_backward(square, "transposed", alignment_forgets_the_transpose),
        wrong_backward(scaled, "scale", dot_product_score_forgets_the_scale),
        wrong_backward(dot_product, "missing-sum", dot_product_score_keeps_a_dquery_per_location),
        wrong_backward(dot_product, "permuted", dot_product_score_returns_dquery_first),
        wrong_backward(dot_product, "ignores-upstream", dot_product_score_ignores_dscores),
        wrong_backward(dot_product, "transposed", dot_product_score_lays_keys_out_by_depth),
    ]


def alignment_skips_the_tanh(dscores, cache):
    """The slope 1 - tanh^2 of the hidden layer is left out."""
    joint, state, W_state, v = cache
    dpre = dscores[:, :, None] * v * np.ones_like(joint)
    dquery = dpre.sum(axis=1)
    dv = np.einsum("nl,nla->a", dscores, joint)
    return dpre, dquery @ W_state.T, state.T @ dquery, dquery.sum(axis=0), dv


def alignment_does_not_sum_over_locations(dscores, cache):
    """One state scored all locations, but dstate has an axis for them left."""
    joint, _, W_state, _ = cache
    dkeys, _, dW_state, db, dv = alignment_backward(dscores, cache)
    return dkeys, dkeys @ W_state.T, dW_state, db, dv


def alignment_keeps_one_dv_for_each_image(dscores, cache):
    """dv is summed over the locations, but not over the batch."""
    joint, *_ = cache
    *others, _ = alignment_backward(dscores, cache)
    return *others, np.einsum("nl,nla->na", dscores, joint)


def alignment_averages_over_locations(dscores, cache):
    """The query's gradient is the mean over the locations where the sum belongs."""
    _, state, W_state, _ = cache
    dkeys, *_, dv = alignment_backward(dscores, cache)
    dquery = dkeys.mean(axis=1)
    return dkeys, dquery @ W_state.T, state.T @ dquery, dquery.sum(axis=0), dv


def alignment_never_blames_the_state(dscores, cache):
    """dstate stays zero, as the state is thought to matter only through the LSTM."""
    dkeys, dstate, *dparameters = alignment_backward(dscores, cache)
    return dkeys, np.zeros_like(dstate), *dparameters


def alignment_turns_dv_round(dscores, cache):
    """dv has a minus, as if a score were a loss."""
    *others, dv = alignment_backward(dscores, cache)
    return *others, -dv


def alignment_sums_its_hidden_layer(dscores, cache):
    """dv is the sum of the hidden layer, not weighted with the gradients of the scores."""
    joint, *_ = cache
    *others, _ = alignment_backward(dscores, cache)
    return *others, joint.sum(axis=(0, 1))


def alignment_forgets_the_transpose(dscores, cache):
    """dstate is dquery W_state, not dquery W_state^T, and as H = A no shape complains."""
    _, _, W_state, _ = cache
    dkeys, _, *dparameters = alignment_backward(dscores, cache)
    return dkeys, dkeys.sum(axis=1) @ W_state, *dparameters


def dot_product_score_forgets_the_scale(dscores, cache):
    """The forward divides by sqrt(A), the backward does not."""
    keys, query, _ = cache
    dkeys = dscores[:, :, None] * query[:, None, :]
    return dkeys, np.einsum("nl,nla->na", dscores, keys)


def dot_product_score_keeps_a_dquery_per_location(dscores, cache):
    """One query met every location, but dquery is not summed over them."""
    keys, query, scale = cache
    dscores = scale * dscores[:, :, None]
    return dscores * query[:, None, :], dscores * keys


def dot_product_score_returns_dquery_first(dscores, cache):
    """The gradients are right, but dquery is returned before dkeys."""
    keys, query, scale = cache
    dkeys = scale * dscores[:, :, None] * query[:, None, :]
    return scale * np.einsum("nl,nla->na", dscores, keys), dkeys


def dot_product_score_ignores_dscores(dscores, cache):
    """dkeys is the query and dquery the sum of the keys, whatever comes from above."""
    keys, query, scale = cache
    dkeys = np.repeat(scale * query[:, None, :], keys.shape[1], axis=1)
    return dkeys, scale * keys.sum(axis=1)


def dot_product_score_lays_keys_out_by_depth(dscores, cache):
    """dkeys comes as (N, A, L), the order of the other factor in the product."""
    keys, query, scale = cache
    dkeys = scale * query[:, :, None] * dscores[:, None, :]
    return dkeys, scale * np.einsum("nl,nla->na", dscores, keys)
