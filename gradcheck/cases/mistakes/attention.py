"""Mistakes in attention as a whole: what is used twice, and what serves every step.

Two cases stand here, as the layers have none. One step, with the gate: the grid is key and value,
and the state makes the query and opens the gate. And all steps: one grid serves all states.
"""

import numpy as np

from gradcheck.case import Case
from gradcheck.cases.mistakes.mistake import uses, wrong_backward
from satt.layers.alignment import alignment_backward, alignment_forward
from satt.layers.context_gate import context_gate_backward, context_gate_forward
from satt.layers.linear import linear_backward, linear_forward
from satt.layers.softmax import softmax_backward, softmax_forward
from satt.layers.weighted_sum import weighted_sum_backward, weighted_sum_forward

N, T, L, D, H = 2, 4, 6, 3, 5
A = D  # a square W_grid, so that a forgotten transpose hides behind the right shape


def attention_mistakes(random):
    """List the mistakes; the parameter as for `linear_mistakes`."""
    sizes = {
        "grid": (N, L, D),
        "state": (N, H),
        "W_grid": (D, A),
        "W_state": (H, A),
        "b": A,
        "v": A,
        "W_gate": (H, 1),
        "b_gate": 1,
    }
    inputs = {name: random.normal(size=size) for name, size in sizes.items()}
    step = Case("attention", attention_forward, attention_backward, inputs)
    states = {"states": random.normal(size=(N, T, H))}
    inputs = {"grid": inputs["grid"]} | states | dict(list(inputs.items())[2:-2])
    steps = Case("attention-steps", steps_forward, steps_backward, inputs)

    grid_uses = uses(
        step,
        ("grid",),
        {
            "as value": lambda dgated, cache: (_fan_out(dgated, cache)[0],),
            "as key": lambda dgated, cache: (_fan_out(dgated, cache)[1],),
        },
    )
    state_uses = uses(
        step,
        ("state",),
        {
            "in the gate": lambda dgated, cache: (_fan_out(dgated, cache)[2],),
            "as query": lambda dgated, cache: (_fan_out(dgated, cache)[3],),
        },
    )
    output_uses = uses(
        steps,
        tuple(steps.inputs),
        {
            "through the contexts": lambda dout, cache: steps_backward((dout[0], None), cache),
            "through the penalty": lambda dout, cache: steps_backward(
                (np.zeros_like(dout[0]), dout[1]), cache
            ),
        },
    )
    forgotten = "missing-path"
    return [
        wrong_backward(step, forgotten, attention_forgets_the_score_path, partials=grid_uses),
        wrong_backward(step, forgotten, attention_forgets_the_values, partials=grid_uses),
        wrong_backward(step, forgotten, attention_forgets_the_gate, partials=state_uses),
        wrong_backward(step, forgotten, attention_forgets_the_query, partials=state_uses),
        wrong_backward(steps, forgotten, attention_forgets_the_penalty, partials=output_uses),
        wrong_backward(step, "transposed", attention_forgets_the_transpose, partials=grid_uses),
        wrong_backward(step, "permuted", attention_returns_the_state_first),
        wrong_backward(step, "zero", attention_has_no_gradient_for_the_grid, partials=grid_uses),
        wrong_backward(step, "mutates", attention_gates_dcontext_in_place),
        wrong_backward(steps, "last-step-only", attention_overwrites_dgrid),
        wrong_backward(steps, "first-step-only", attention_overwrites_the_scores_parameters),
        wrong_backward(steps, "permuted", attention_collects_dstates_backwards),
        wrong_backward(steps, "scale", attention_averages_dgrid_over_the_steps),
    ]


def attention_forward(grid, state, W_grid, W_state, b, v, W_gate, b_gate):
    """Look once: keys, scores, weights, context, gate."""
    keys, keys_cache = linear_forward(grid, W_grid)
    scores, scores_cache = alignment_forward(keys, state, W_state, b, v)
    attention, attention_cache = softmax_forward(scores)
    context, context_cache = weighted_sum_forward(attention, grid)
    gated, gate_cache = context_gate_forward(context, state, W_gate, b_gate)
    return gated, (keys_cache, scores_cache, attention_cache, context_cache, gate_cache)


def _fan_out(dgated, cache):
    """Take the gradients of grid and state by their uses, then those of the parameters."""
    keys_cache, scores_cache, attention_cache, context_cache, gate_cache = cache
    dcontext, dstate_in_gate, dW_gate, db_gate = context_gate_backward(dgated, gate_cache)
    dattention, dgrid_as_value = weighted_sum_backward(dcontext, context_cache)
    dscores = softmax_backward(dattention, attention_cache)
    dkeys, dstate_as_query, dW_state, db, dv = alignment_backward(dscores, scores_cache)
    dgrid_as_key, dW_grid, _ = linear_backward(dkeys, keys_cache)
    dparameters = dW_grid, dW_state, db, dv, dW_gate, db_gate
    return dgrid_as_value, dgrid_as_key, dstate_in_gate, dstate_as_query, dparameters


def attention_backward(dgated, cache):
    """Add up what every use sends back, as it is right."""
    as_value, as_key, in_gate, as_query, dparameters = _fan_out(dgated, cache)
    return as_value + as_key, in_gate + as_query, *dparameters


def attention_forgets_the_score_path(dgated, cache):
    """dgrid comes from the weighted sum alone; that the grid made the keys too is forgotten."""
    as_value, _, in_gate, as_query, dparameters = _fan_out(dgated, cache)
    return as_value, in_gate + as_query, *dparameters


def attention_forgets_the_values(dgated, cache):
    """`dgrid = ...` stands twice, and what came from the weighted sum is overwritten."""
    _, as_key, in_gate, as_query, dparameters = _fan_out(dgated, cache)
    return as_key, in_gate + as_query, *dparameters


def attention_forgets_the_gate(dgated, cache):
    """dstate comes from the query alone; that the state opened the gate is forgotten."""
    as_value, as_key, _, as_query, dparameters = _fan_out(dgated, cache)
    return as_value + as_key, as_query, *dparameters


def attention_forgets_the_query(dgated, cache):
    """dstate comes from the gate alone, so the state never learns where to look."""
    as_value, as_key, in_gate, _, dparameters = _fan_out(dgated, cache)
    return as_value + as_key, in_gate, *dparameters


def attention_forgets_the_transpose(dgated, cache):
    """dW_grid is dkeys^T grid; the matrix is square, so no shape complains."""
    dgrid, dstate, dW_grid, *dparameters = attention_backward(dgated, cache)
    return dgrid, dstate, dW_grid.T, *dparameters


def attention_returns_the_state_first(dgated, cache):
    """The gradients are right, but dstate is returned before dgrid."""
    dgrid, dstate, *dparameters = attention_backward(dgated, cache)
    return dstate, dgrid, *dparameters


def attention_has_no_gradient_for_the_grid(dgated, cache):
    """dgrid is zero, as the encoder is frozen; but the grid was an input here."""
    dgrid, *others = attention_backward(dgated, cache)
    return np.zeros_like(dgrid), *others


def attention_gates_dcontext_in_place(dgated, cache):
    """After the gate's own gradients, `dgated *= gate` saves an array and spoils the caller's."""
    keys_cache, scores_cache, attention_cache, context_cache, gate_cache = cache
    _, dstate, dW_gate, db_gate = context_gate_backward(dgated, gate_cache)
    dgated *= gate_cache[1]
    dattention, dgrid = weighted_sum_backward(dgated, context_cache)
    dscores = softmax_backward(dattention, attention_cache)
    dkeys, dstate_as_query, dW_state, db, dv = alignment_backward(dscores, scores_cache)
    dgrid_as_key, dW_grid, _ = linear_backward(dkeys, keys_cache)
    dgrid, dstate = dgrid + dgrid_as_key, dstate + dstate_as_query
    return dgrid, dstate, dW_grid, dW_state, db, dv, dW_gate, db_gate


def steps_forward(grid, states, W_grid, W_state, b, v):
    """Look once for each state: contexts (N, T, D), and the attention (N, T, L) for a penalty."""
    keys, keys_cache = linear_forward(grid, W_grid)
    contexts, attentions, caches = [], [], []
    for t in range(states.shape[1]):
        scores, scores_cache = alignment_forward(keys, states[:, t], W_state, b, v)
        attention, attention_cache = softmax_forward(scores)
        context, context_cache = weighted_sum_forward(attention, grid)
        contexts.append(context)
        attentions.append(attention)
        caches.append((scores_cache, attention_cache, context_cache))
    return (np.stack(contexts, 1), np.stack(attentions, 1)), (keys_cache, tuple(caches))


def _each_step(dout, cache):
    """List the gradients of every step's grid, keys, state and parameters."""
    dcontexts, dattentions = dout
    found = []
    for t, (scores_cache, attention_cache, context_cache) in enumerate(cache[1]):
        dattention, dgrid = weighted_sum_backward(dcontexts[:, t], context_cache)
        if dattentions is not None:
            dattention = dattention + dattentions[:, t]
        dscores = softmax_backward(dattention, attention_cache)
        found.append((dgrid, *alignment_backward(dscores, scores_cache)))
    return found


def steps_backward(dout, cache):
    """Add up over the steps what served them all, as it is right."""
    dgrid, dkeys, dstates, *dparameters = zip(*_each_step(dout, cache), strict=True)
    dgrid_as_key, dW_grid, _ = linear_backward(sum(dkeys), cache[0])
    dparameters = [sum(gradients) for gradients in dparameters]
    return sum(dgrid) + dgrid_as_key, np.stack(dstates, 1), dW_grid, *dparameters


def attention_forgets_the_penalty(dout, cache):
    """What the penalty sends back to the attention is not added to what the context sends."""
    dcontexts, _ = dout
    return steps_backward((dcontexts, None), cache)


def attention_overwrites_dgrid(dout, cache):
    """In a loop over time stands `dgrid = ...` for `dgrid += ...`; the last step is left."""
    _, *others = steps_backward(dout, cache)
    for dgrid_as_value, dkeys, *_ in _each_step(dout, cache):
        dgrid_as_key, _, _ = linear_backward(dkeys, cache[0])
        dgrid = dgrid_as_value + dgrid_as_key
    return dgrid, *others


def attention_overwrites_the_scores_parameters(dout, cache):
    """In the loop back through time dW_state, db and dv are overwritten, not added up."""
    dgrid, dstates, dW_grid, *_ = steps_backward(dout, cache)
    for _, _, _, *dparameters in reversed(_each_step(dout, cache)):
        dW_state, db, dv = dparameters
    return dgrid, dstates, dW_grid, dW_state, db, dv


def attention_collects_dstates_backwards(dout, cache):
    """The steps' gradients are collected from the last to the first, and not turned round."""
    dgrid, dstates, *dparameters = steps_backward(dout, cache)
    return dgrid, dstates[:, ::-1], *dparameters


def attention_averages_dgrid_over_the_steps(dout, cache):
    """One grid served T steps, and its gradient is the mean of theirs where the sum belongs."""
    dgrid, *others = steps_backward(dout, cache)
    return dgrid / len(cache[1]), *others
