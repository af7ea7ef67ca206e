"""Mistakes at both ends of the decoder: its initial state, and its deep output."""

import numpy as np

from gradcheck.cases.mistakes.mistake import uses, wrong_backward
from satt.layers.deep_output import deep_output_backward
from satt.layers.initial_state import initial_state_backward
from satt.layers.linear import linear_backward


def decoder_mistakes(cases, random):
    """List the mistakes; parameters as for `linear_mistakes`."""
    start, output = cases["initial_state"], cases["deep_output"]
    identity = cases["deep_output-identity"]
    partials = uses(
        start,
        ("grid",),
        {
            "through the state": lambda dout, cache: (_dgrid_of(dout, cache, 0),),
            "through the cell": lambda dout, cache: (_dgrid_of(dout, cache, 1),),
        },
    )
    slope = "missing-activation-gradient"
    return [
        wrong_backward(start, "scale", initial_state_forgets_the_mean),
        wrong_backward(start, "missing-path", initial_state_forgets_the_cell, partials=partials),
        wrong_backward(start, slope, initial_state_skips_the_tanh),
        wrong_backward(start, "permuted", initial_state_swaps_the_matrices),
        wrong_backward(start, "shape", initial_state_returns_the_gradient_of_the_mean),
        wrong_backward(start, "zero", initial_state_has_nothing_for_b_cell),
        wrong_backward(output, slope, deep_output_skips_the_tanh),
        wrong_backward(identity, "missing-sum", deep_output_sums_db_over_the_batch_only),
        wrong_backward(output, "permuted", deep_output_returns_branch_by_branch),
        wrong_backward(output, "zero", deep_output_has_nothing_for_the_word),
        wrong_backward(output, "scale", deep_output_shares_among_three),
    ]


def _dgrid_of(dout, cache, place):
    alone = [np.zeros_like(gradient) for gradient in dout]
    alone[place] = dout[place]
    return initial_state_backward(alone, cache)[0]


def initial_state_forgets_the_mean(dout, cache):
    """Every location gets the whole gradient of the mean, of which it made an L-th."""
    dgrid, *dparameters = initial_state_backward(dout, cache)
    return dgrid * dgrid.shape[1], *dparameters


def initial_state_forgets_the_cell(dout, cache):
    """dgrid comes from the state alone; that the cell is read off the grid too is forgotten."""
    _, *dparameters = initial_state_backward(dout, cache)
    return _dgrid_of(dout, cache, 0), *dparameters


def initial_state_skips_the_tanh(dout, cache):
    """The slopes 1 - tanh^2 of state and cell are left out."""
    state, cell, *others = cache
    return initial_state_backward(dout, (0 * state, 0 * cell, *others))


def initial_state_swaps_the_matrices(dout, cache):
    """The gradients of the cell's W and b are returned where the state's belong."""
    dgrid, dW_state, db_state, dW_cell, db_cell = initial_state_backward(dout, cache)
    return dgrid, dW_cell, db_cell, dW_state, db_state


def initial_state_returns_the_gradient_of_the_mean(dout, cache):
    """dgrid is returned as (N, D), and not handed to every location."""
    dgrid, *dparameters = initial_state_backward(dout, cache)
    return dgrid[:, 0], *dparameters


def initial_state_has_nothing_for_b_cell(dout, cache):
    """db_cell is made as zeros, to be filled in later, and never is."""
    *others, db_cell = initial_state_backward(dout, cache)
    return *others, np.zeros_like(db_cell)


def deep_output_skips_the_tanh(dhidden, cache):
    """The slope 1 - tanh^2 is left out."""
    _, _, state_cache, context_cache = cache
    dstate, dW_state, _ = linear_backward(dhidden, state_cache)
    dcontext, dW_context, db = linear_backward(dhidden, context_cache)
    return dhidden, dstate, dcontext, dW_state, dW_context, db


def deep_output_sums_db_over_the_batch_only(dhidden, cache):
    """All steps are treated at once, but db is summed over the first axis alone."""
    *others, _ = deep_output_backward(dhidden, cache)
    return *others, dhidden.sum(axis=0)


def deep_output_returns_branch_by_branch(dhidden, cache):
    """The gradients are right, but returned as dstate, dW_state, dcontext, dW_context."""
    dembedded, dstate, dcontext, dW_state, dW_context, db = deep_output_backward(dhidden, cache)
    return dembedded, dstate, dW_state, dcontext, dW_context, db


def deep_output_has_nothing_for_the_word(dhidden, cache):
    """dembedded is left at zero, as it has no matrix here; but the embedding is to be learned."""
    dembedded, *others = deep_output_backward(dhidden, cache)
    return np.zeros_like(dembedded), *others


def deep_output_shares_among_three(dhidden, cache):
    """The gradient is divided among the three terms of the sum, as if it had to be shared."""
    return tuple(gradient / 3 for gradient in deep_output_backward(dhidden, cache))
