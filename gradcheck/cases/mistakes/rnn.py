"""Mistakes in the plain recurrent net: its step, and backpropagation through time."""

import numpy as np

from gradcheck.cases.mistakes.mistake import uses, wrong_backward, wrong_forward
from satt.layers.rnn import rnn_backward, rnn_forward
from satt.layers.rnn_step import rnn_step_backward


def rnn_mistakes(cases, random):
    """List the mistakes; parameters as for `linear_mistakes`."""
    step, rnn, masked = cases["rnn_step"], cases["rnn"], cases["rnn-masked"]
    partials = uses(
        rnn,
        tuple(rnn.inputs),
        {
            "at its own step": rnn_cuts_the_steps_apart,
            "through the steps after it": _through_later_steps,
        },
    )
    return [
        wrong_backward(step, "missing-activation-gradient", rnn_step_skips_the_tanh),
        wrong_backward(step, "transposed", rnn_step_forgets_the_transpose),
        wrong_backward(step, "transposed", rnn_step_swaps_the_factors_of_dW_state),
        wrong_backward(step, "shape", rnn_step_keeps_the_dimension_of_db),
        wrong_backward(step, "unknown", rnn_step_uses_the_new_state_in_dW_state),
        wrong_backward(rnn, "first-step-only", rnn_overwrites_the_parameters_gradients),
        wrong_backward(rnn, "last-step-only", rnn_hears_only_the_last_output),
        wrong_backward(rnn, "missing-path", rnn_cuts_the_steps_apart, partials=partials),
        wrong_backward(rnn, "permuted", rnn_collects_dx_backwards),
        wrong_backward(rnn, "zero", rnn_returns_the_initial_zeros),
        wrong_backward(rnn, "mutates", rnn_adds_to_dstates_in_place),
        wrong_backward(rnn, "mutates", rnn_pops_its_cache, _rnn_with_a_list_of_steps),
        wrong_backward(rnn, "dtype", rnn_collects_dx_in_float32),
        wrong_backward(masked, "padding-leak", rnn_forgets_the_mask),
        wrong_forward(rnn, "forward-inconsistent", rnn_starts_with_fresh_noise),
    ]


def rnn_step_skips_the_tanh(dnew_state, cache):
    """The slope 1 - tanh^2 is left out."""
    x, state, W_x, W_state, _ = cache
    dpre = dnew_state
    return dpre @ W_x.T, dpre @ W_state.T, x.T @ dpre, state.T @ dpre, dpre.sum(axis=0)


def rnn_step_forgets_the_transpose(dnew_state, cache):
    """dstate is dpre W_state, not dpre W_state^T; the matrix is square, so no shape complains."""
    x, state, W_x, W_state, new_state = cache
    dpre = dnew_state * (1 - new_state**2)
    return dpre @ W_x.T, dpre @ W_state, x.T @ dpre, state.T @ dpre, dpre.sum(axis=0)


def rnn_step_swaps_the_factors_of_dW_state(dnew_state, cache):
    """dW_state is dpre^T state; the matrix is square, so no shape complains."""
    x, state, W_x, W_state, new_state = cache
    dpre = dnew_state * (1 - new_state**2)
    return dpre @ W_x.T, dpre @ W_state.T, x.T @ dpre, dpre.T @ state, dpre.sum(axis=0)


def rnn_step_keeps_the_dimension_of_db(dnew_state, cache):
    """keepdims=True leaves db as a matrix with one row, while b is a vector."""
    *others, db = rnn_step_backward(dnew_state, cache)
    return *others, db[None, :]


def rnn_step_uses_the_new_state_in_dW_state(dnew_state, cache):
    """dW_state multiplies by the state after the step, while the forward used the one before."""
    x, _, W_x, W_state, new_state = cache
    dpre = dnew_state * (1 - new_state**2)
    return dpre @ W_x.T, dpre @ W_state.T, x.T @ dpre, new_state.T @ dpre, dpre.sum(axis=0)


def rnn_overwrites_the_parameters_gradients(dstates, cache):
    """In the loop over time stands `dW_x = ...` for `dW_x += ...`, and so for dW_state and db."""
    steps, *_ = cache
    dx, dstate = [], 0
    for t in reversed(range(len(steps))):
        dx_t, dstate, dW_x, dW_state, db = rnn_step_backward(dstates[:, t] + dstate, steps[t])
        dx.insert(0, dx_t)
    return np.stack(dx, axis=1), dstate, dW_x, dW_state, db


def rnn_hears_only_the_last_output(dstates, cache):
    """The loop starts with the last step's gradient and never adds those of the other steps."""
    steps, *_ = cache
    dx, dparameters, dstate = [], [0, 0, 0], dstates[:, -1]
    for step in reversed(steps):
        dx_t, dstate, *dparameters_t = rnn_step_backward(dstate, step)
        dx.insert(0, dx_t)
        dparameters = [a + b for a, b in zip(dparameters, dparameters_t, strict=True)]
    return np.stack(dx, axis=1), dstate, *dparameters


def rnn_cuts_the_steps_apart(dstates, cache):
    """What a step sends back to the state before it is not passed on to the step before."""
    steps, *_ = cache
    dx, dparameters = [], [0, 0, 0]
    for t in reversed(range(len(steps))):
        dx_t, dstate, *dparameters_t = rnn_step_backward(dstates[:, t], steps[t])
        dx.insert(0, dx_t)
        dparameters = [a + b for a, b in zip(dparameters, dparameters_t, strict=True)]
    return np.stack(dx, axis=1), dstate, *dparameters


def _through_later_steps(dstates, cache):
    at_once = rnn_cuts_the_steps_apart(dstates, cache)
    return tuple(a - b for a, b in zip(rnn_backward(dstates, cache), at_once, strict=True))


def rnn_collects_dx_backwards(dstates, cache):
    """dx is collected while walking from the last step to the first, and not turned round."""
    dx, *others = rnn_backward(dstates, cache)
    return dx[:, ::-1], *others


def rnn_returns_the_initial_zeros(dstates, cache):
    """The zeros that the loop starts with are returned for the initial state's gradient."""
    dx, dinitial_state, *dparameters = rnn_backward(dstates, cache)
    return dx, np.zeros_like(dinitial_state), *dparameters


def rnn_adds_to_dstates_in_place(dstates, cache):
    """`dstates[:, t] += dstate` writes into the gradient that the caller gave."""
    steps, *_ = cache
    dx, dparameters, dstate = [], [0, 0, 0], 0
    for t in reversed(range(len(steps))):
        dstates[:, t] += dstate
        dx_t, dstate, *dparameters_t = rnn_step_backward(dstates[:, t], steps[t])
        dx.insert(0, dx_t)
        dparameters = [a + b for a, b in zip(dparameters, dparameters_t, strict=True)]
    return np.stack(dx, axis=1), dstate, *dparameters


def rnn_pops_its_cache(dstates, cache):
    """`steps.pop()` walks backwards through the cache and leaves nothing of it."""
    dx = np.zeros((*dstates.shape[:2], len(cache["W_x"])))
    dW_x, dW_state = np.zeros_like(cache["W_x"]), np.zeros_like(cache["W_state"])
    dstate, db, t = np.zeros_like(dstates[:, 0]), np.zeros(dstates.shape[2]), dstates.shape[1]
    while cache["steps"]:
        t -= 1
        step = cache["steps"].pop()
        dx[:, t], dstate, *dparameters = rnn_step_backward(dstates[:, t] + dstate, step)
        dW_x, dW_state, db = dW_x + dparameters[0], dW_state + dparameters[1], db + dparameters[2]
    return dx, dstate, dW_x, dW_state, db


def rnn_collects_dx_in_float32(dstates, cache):
    """The buffer for dx is np.zeros(..., np.float32), whatever the data are."""
    right, *others = rnn_backward(dstates, cache)
    dx = np.zeros(right.shape, np.float32)
    dx[...] = right
    return dx, *others


def rnn_forgets_the_mask(dstates, cache):
    """The backward goes through every step, also where the forward copied the state."""
    steps, mask, *parameters = cache
    return rnn_backward(dstates, (steps, np.ones_like(mask), *parameters))


def rnn_starts_with_fresh_noise(x, initial_state, W_x, W_state, b):
    """Noise is added to the initial state, from a generator without a seed."""
    noise = np.random.default_rng().normal(size=initial_state.shape)
    return rnn_forward(x, initial_state + 0.1 * noise, W_x, W_state, b)


def _rnn_with_a_list_of_steps(x, initial_state, W_x, W_state, b):
    states, (steps, *_) = rnn_forward(x, initial_state, W_x, W_state, b)
    return states, {"steps": list(steps), "W_x": W_x, "W_state": W_state}
