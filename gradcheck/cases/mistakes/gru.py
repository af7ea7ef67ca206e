"""Mistakes in the gated recurrent unit: its step, and the walk back through time."""

import numpy as np

from gradcheck.cases.mistakes.mistake import uses, wrong_backward
from satt.layers.gru import gru_backward, gru_forward
from satt.layers.gru_step import gru_step_backward


def gru_mistakes(cases, random):
    """List the mistakes; parameters as for `linear_mistakes`."""
    step, gru, masked = cases["gru_step"], cases["gru"], cases["gru-masked"]
    partials = uses(
        step,
        ("state",),
        {
            "carried on by the update gate": lambda d, cache: (d * cache[5],),
            "let into the candidate": lambda d, cache: (_dkept(d, cache) * cache[4],),
            "deciding on the gates": lambda d, cache: (_dstate_by_gates(d, cache),),
        },
    )
    forgotten = "missing-path"
    return [
        wrong_backward(step, forgotten, gru_step_forgets_what_is_carried_on, partials=partials),
        wrong_backward(step, forgotten, gru_step_forgets_the_candidate, partials=partials),
        wrong_backward(step, "permuted", gru_step_swaps_its_gates),
        wrong_backward(step, "missing-activation-gradient", gru_step_skips_the_sigmoids),
        wrong_backward(step, "sign", gru_step_turns_the_update_gate_round),
        wrong_backward(step, "missing-sum", gru_step_does_not_sum_db),
        wrong_backward(gru, "first-step-only", gru_overwrites_db),
        wrong_backward(gru, "scale", gru_averages_over_time),
        wrong_backward(masked, "padding-leak", gru_forgets_the_mask),
        wrong_backward(gru, "not-repeatable", gru_uses_up_its_steps, _gru_with_steps_once),
    ]


def _dp(dnew_state, cache):
    """Take the gradients of the three sums, as the right backward does."""
    _, state, _, W_state, r, z, candidate = cache
    H = state.shape[1]
    dp_z = dnew_state * (state - candidate) * z * (1 - z)
    dp_candidate = dnew_state * (1 - z) * (1 - candidate**2)
    dp_r = dp_candidate @ W_state[:, 2 * H :].T * state * r * (1 - r)
    return dp_r, dp_z, dp_candidate


def _dkept(dnew_state, cache):
    _, state, _, W_state, *_ = cache
    return _dp(dnew_state, cache)[2] @ W_state[:, 2 * state.shape[1] :].T


def _dstate_by_gates(dnew_state, cache):
    _, state, _, W_state, *_ = cache
    dp_r, dp_z, _ = _dp(dnew_state, cache)
    return np.concatenate([dp_r, dp_z], axis=1) @ W_state[:, : 2 * state.shape[1]].T


def _finish(dp_r, dp_z, dp_candidate, dstate, cache):
    """Take all gradients from those of the sums, as the right backward does."""
    x, state, W_x, _, r, _, _ = cache
    dp = np.concatenate([dp_r, dp_z, dp_candidate], axis=1)
    seen = [state.T @ dp_r, state.T @ dp_z, (r * state).T @ dp_candidate]
    return dp @ W_x.T, dstate, x.T @ dp, np.concatenate(seen, axis=1), dp.sum(axis=0)


def gru_step_forgets_what_is_carried_on(dnew_state, cache):
    """dstate lacks dnew_state z, the part of the state that the update gate carried on."""
    dstate = _dkept(dnew_state, cache) * cache[4] + _dstate_by_gates(dnew_state, cache)
    return _finish(*_dp(dnew_state, cache), dstate, cache)


def gru_step_forgets_the_candidate(dnew_state, cache):
    """dstate lacks the part of the state that the reset gate let into the candidate."""
    dstate = dnew_state * cache[5] + _dstate_by_gates(dnew_state, cache)
    return _finish(*_dp(dnew_state, cache), dstate, cache)


def gru_step_swaps_its_gates(dnew_state, cache):
    """The parameters' gradients come in the order update, reset, candidate."""
    dx, dstate, *dparameters = gru_step_backward(dnew_state, cache)
    H = dstate.shape[1]
    order = np.r_[H : 2 * H, :H, 2 * H : 3 * H]
    return dx, dstate, *(gradient[..., order] for gradient in dparameters)


def gru_step_skips_the_sigmoids(dnew_state, cache):
    """The slopes s (1 - s) of both gates are left out."""
    _, state, _, W_state, r, z, candidate = cache
    H = state.shape[1]
    dp_z = dnew_state * (state - candidate)
    dp_candidate = dnew_state * (1 - z) * (1 - candidate**2)
    dkept = dp_candidate @ W_state[:, 2 * H :].T
    dp_r = dkept * state
    dstate = dnew_state * z + dkept * r
    dstate = dstate + dp_r @ W_state[:, :H].T + dp_z @ W_state[:, H : 2 * H].T
    return _finish(dp_r, dp_z, dp_candidate, dstate, cache)


def gru_step_turns_the_update_gate_round(dnew_state, cache):
    """The update gate's gradient has candidate - state for state - candidate."""
    _, state, _, W_state, r, z, _ = cache
    H = state.shape[1]
    dp_r, dp_z, dp_candidate = _dp(dnew_state, cache)
    dp_z = -dp_z
    dstate = dnew_state * z + _dkept(dnew_state, cache) * r
    dstate = dstate + dp_r @ W_state[:, :H].T + dp_z @ W_state[:, H : 2 * H].T
    return _finish(dp_r, dp_z, dp_candidate, dstate, cache)


def gru_step_does_not_sum_db(dnew_state, cache):
    """db has a row for every example of the batch."""
    *others, _ = gru_step_backward(dnew_state, cache)
    return *others, np.concatenate(_dp(dnew_state, cache), axis=1)


def gru_overwrites_db(dstates, cache):
    """In the loop over time the matrices are added up, but for db stands `db = ...`."""
    steps, *_ = cache
    dx, dW_x, dW_state, dstate = [], 0, 0, 0
    for t in reversed(range(len(steps))):
        dx_t, dstate, dW_x_t, dW_state_t, db = gru_step_backward(dstates[:, t] + dstate, steps[t])
        dx.insert(0, dx_t)
        dW_x, dW_state = dW_x + dW_x_t, dW_state + dW_state_t
    return np.stack(dx, axis=1), dstate, dW_x, dW_state, db


def gru_averages_over_time(dstates, cache):
    """The parameters' gradients are means over the steps where sums belong."""
    dx, dstate, *dparameters = gru_backward(dstates, cache)
    return dx, dstate, *(gradient / dstates.shape[1] for gradient in dparameters)


def gru_forgets_the_mask(dstates, cache):
    """The backward goes through every step, also where the forward copied the state."""
    steps, mask, *parameters = cache
    return gru_backward(dstates, (steps, np.ones_like(mask), *parameters))


def gru_uses_up_its_steps(dstates, cache):
    """The cache holds `reversed(steps)`, which can be walked through once and never again."""
    backwards, W_x, W_state = cache
    T, H = dstates.shape[1:]
    dx = np.zeros((len(dstates), T, len(W_x)))
    dW_x, dW_state = np.zeros_like(W_x), np.zeros_like(W_state)
    dstate, db = np.zeros_like(dstates[:, 0]), np.zeros(3 * H)
    for t, step in zip(reversed(range(T)), backwards, strict=False):
        dx[:, t], dstate, *dparameters = gru_step_backward(dstates[:, t] + dstate, step)
        dW_x, dW_state, db = dW_x + dparameters[0], dW_state + dparameters[1], db + dparameters[2]
    return dx, dstate, dW_x, dW_state, db


def _gru_with_steps_once(x, initial_state, W_x, W_state, b):
    states, (steps, *_) = gru_forward(x, initial_state, W_x, W_state, b)
    return states, (reversed(list(steps)), W_x, W_state)
