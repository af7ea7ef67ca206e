"""Mistakes in the LSTM: its step, and the walk back through time."""

import numpy as np

from gradcheck.cases.mistakes.mistake import uses, wrong_backward, wrong_forward
from satt.layers.lstm import lstm_backward, lstm_forward
from satt.layers.lstm_step import lstm_step_backward


def lstm_mistakes(cases, random):
    """List the mistakes; parameters as for `linear_mistakes`."""
    step, lstm, masked = cases["lstm_step"], cases["lstm"], cases["lstm-masked"]
    step_partials = uses(
        step,
        tuple(step.inputs),
        {
            "through the output gate": _by_output_gate,
            "through the cell to the new state": _by_cell_to_state,
            "through the cell to the next step": _by_cell,
        },
    )
    partials = uses(
        lstm,
        tuple(lstm.inputs),
        {
            "through the states": lambda d, cache: lstm_ignores_the_last_cell(d, cache),
            "through the last cell": lambda d, cache: lstm_backward((0 * d[0], d[1]), cache),
        },
    )
    forgotten, slope = "missing-path", "missing-activation-gradient"
    return [
        wrong_backward(step, "permuted", lstm_step_swaps_o_and_g),
        wrong_backward(step, "permuted", lstm_step_returns_dcell_first),
        wrong_backward(step, forgotten, lstm_step_overwrites_dcell, partials=step_partials),
        wrong_backward(step, forgotten, lstm_step_forgets_the_new_state, partials=step_partials),
        wrong_backward(step, slope, lstm_step_skips_the_candidates_tanh),
        wrong_backward(step, slope, lstm_step_skips_the_cells_tanh),
        wrong_backward(step, slope, lstm_step_skips_the_sigmoids),
        wrong_backward(step, "unknown", lstm_step_squashes_the_forget_gate_again),
        wrong_backward(step, "mutates", lstm_step_adds_to_dcell_in_place),
        wrong_backward(step, "missing-sum", lstm_step_does_not_sum_db),
        wrong_backward(step, "zero", lstm_step_does_not_return_to_the_cell),
        wrong_backward(lstm, "first-step-only", lstm_overwrites_the_parameters_gradients),
        wrong_backward(lstm, "last-step-only", lstm_hears_only_the_last_output),
        wrong_backward(lstm, forgotten, lstm_ignores_the_last_cell, partials=partials),
        wrong_backward(lstm, "permuted", lstm_collects_dx_backwards),
        wrong_backward(masked, "padding-leak", lstm_forgets_the_mask),
        wrong_forward(lstm, "dtype", lstm_stores_its_states_in_float32),
    ]


def _by_state(dnew, cache):
    return lstm_step_backward((dnew[0], np.zeros_like(dnew[1])), cache)


def _by_cell(dnew, cache):
    return lstm_step_backward((np.zeros_like(dnew[0]), dnew[1]), cache)


def _by_output_gate(dnew, cache):
    return lstm_step_forgets_the_new_state((dnew[0], np.zeros_like(dnew[1])), cache)


def _by_cell_to_state(dnew, cache):
    both, one = _by_state(dnew, cache), _by_output_gate(dnew, cache)
    return tuple(a - b for a, b in zip(both, one, strict=True))


def _finish(di, df, do, dg, dnew_cell, cache):
    """Take all gradients from those of the four sums, as the right backward does."""
    x, state, _, W_x, W_state, _, f, *_ = cache
    dpre = np.concatenate([di, df, do, dg], axis=1)
    dx, dstate, dcell = dpre @ W_x.T, dpre @ W_state.T, dnew_cell * f
    return dx, dstate, dcell, x.T @ dpre, state.T @ dpre, dpre.sum(axis=0)


def lstm_step_swaps_o_and_g(dnew, cache):
    """The parameters' gradients come in the order i, f, g, o of another library."""
    dx, dstate, dcell, *dparameters = lstm_step_backward(dnew, cache)
    H = dstate.shape[1]
    order = np.r_[: 2 * H, 3 * H : 4 * H, 2 * H : 3 * H]
    return dx, dstate, dcell, *(gradient[..., order] for gradient in dparameters)


def lstm_step_returns_dcell_first(dnew, cache):
    """dcell and dstate, of the same shape, are returned in each other's place."""
    dx, dstate, dcell, *dparameters = lstm_step_backward(dnew, cache)
    return dx, dcell, dstate, *dparameters


def lstm_step_overwrites_dcell(dnew, cache):
    """`dnew_cell = dnew_state o (1 - tanh^2)` stands for `+=`: what the next step sent is lost."""
    return _by_state(dnew, cache)


def lstm_step_forgets_the_new_state(dnew, cache):
    """The new cell's gradient has no share of the new state's, which was made from it."""
    dnew_state, dnew_cell = dnew
    _, _, cell, _, _, i, f, o, g, tanh_cell = cache
    di, df = dnew_cell * g * i * (1 - i), dnew_cell * cell * f * (1 - f)
    do, dg = dnew_state * tanh_cell * o * (1 - o), dnew_cell * i * (1 - g**2)
    return _finish(di, df, do, dg, dnew_cell, cache)


def lstm_step_skips_the_candidates_tanh(dnew, cache):
    """The slope 1 - g^2 of the candidate is left out."""
    dnew_state, dnew_cell = dnew
    _, _, cell, _, _, i, f, o, g, tanh_cell = cache
    dnew_cell = dnew_cell + dnew_state * o * (1 - tanh_cell**2)
    di, df = dnew_cell * g * i * (1 - i), dnew_cell * cell * f * (1 - f)
    do, dg = dnew_state * tanh_cell * o * (1 - o), dnew_cell * i
    return _finish(di, df, do, dg, dnew_cell, cache)


def lstm_step_skips_the_cells_tanh(dnew, cache):
    """The slope 1 - tanh(cell)^2 is left out between the new state and the new cell."""
    dnew_state, dnew_cell = dnew
    _, _, cell, _, _, i, f, o, g, tanh_cell = cache
    dnew_cell = dnew_cell + dnew_state * o
    di, df = dnew_cell * g * i * (1 - i), dnew_cell * cell * f * (1 - f)
    do, dg = dnew_state * tanh_cell * o * (1 - o), dnew_cell * i * (1 - g**2)
    return _finish(di, df, do, dg, dnew_cell, cache)


def lstm_step_skips_the_sigmoids(dnew, cache):
    """The slopes s (1 - s) of all three gates are left out."""
    dnew_state, dnew_cell = dnew
    _, _, cell, _, _, i, _, o, g, tanh_cell = cache
    dnew_cell = dnew_cell + dnew_state * o * (1 - tanh_cell**2)
    di, df, do = dnew_cell * g, dnew_cell * cell, dnew_state * tanh_cell
    return _finish(di, df, do, dnew_cell * i * (1 - g**2), dnew_cell, cache)


def lstm_step_squashes_the_forget_gate_again(dnew, cache):
    """For the forget gate's slope stands sigmoid(f): the flag for the derivative was left out."""
    dnew_state, dnew_cell = dnew
    _, _, cell, _, _, i, f, o, g, tanh_cell = cache
    dnew_cell = dnew_cell + dnew_state * o * (1 - tanh_cell**2)
    di, df = dnew_cell * g * i * (1 - i), dnew_cell * cell / (1 + np.exp(-f))
    do, dg = dnew_state * tanh_cell * o * (1 - o), dnew_cell * i * (1 - g**2)
    return _finish(di, df, do, dg, dnew_cell, cache)


def lstm_step_adds_to_dcell_in_place(dnew, cache):
    """`dnew_cell += ...` writes into the gradient that the caller gave."""
    dnew_state, dnew_cell = dnew
    _, _, cell, _, _, i, f, o, g, tanh_cell = cache
    dnew_cell += dnew_state * o * (1 - tanh_cell**2)
    di, df = dnew_cell * g * i * (1 - i), dnew_cell * cell * f * (1 - f)
    do, dg = dnew_state * tanh_cell * o * (1 - o), dnew_cell * i * (1 - g**2)
    return _finish(di, df, do, dg, dnew_cell, cache)


def lstm_step_does_not_sum_db(dnew, cache):
    """db has a row for every example of the batch."""
    x, *_ = cache
    *others, _ = lstm_step_backward(dnew, cache)
    rows = [lstm_step_backward(_row(dnew, n), _row(cache, n, but=(3, 4))) for n in range(len(x))]
    return *others, np.stack([row[-1] for row in rows])


def _row(arrays, n, but=()):
    return tuple(a if place in but else a[n : n + 1] for place, a in enumerate(arrays))


def lstm_step_does_not_return_to_the_cell(dnew, cache):
    """dcell is returned as zeros, as if the memory of the step before had not been used."""
    dx, dstate, dcell, *dparameters = lstm_step_backward(dnew, cache)
    return dx, dstate, np.zeros_like(dcell), *dparameters


def lstm_overwrites_the_parameters_gradients(dout, cache):
    """In the loop over time stands `dW_x = ...` for `dW_x += ...`, and so for dW_state and db."""
    dstates, dcell = dout
    steps, *_ = cache
    dx, dstate = [], 0
    for t in reversed(range(len(steps))):
        dnew = dstates[:, t] + dstate, dcell
        dx_t, dstate, dcell, dW_x, dW_state, db = lstm_step_backward(dnew, steps[t])
        dx.insert(0, dx_t)
    return np.stack(dx, axis=1), dstate, dcell, dW_x, dW_state, db


def lstm_hears_only_the_last_output(dout, cache):
    """Only the last state's gradient is used, as if nobody had looked at the states before."""
    dstates, dcell = dout
    last = np.zeros_like(dstates)
    last[:, -1] = dstates[:, -1]
    return lstm_backward((last, dcell), cache)


def lstm_ignores_the_last_cell(dout, cache):
    """The walk back starts with a zero for the cell: the gradient of the last cell is not used."""
    dstates, dcell = dout
    return lstm_backward((dstates, np.zeros_like(dcell)), cache)


def lstm_collects_dx_backwards(dout, cache):
    """dx is collected while walking from the last step to the first, and not turned round."""
    dx, *others = lstm_backward(dout, cache)
    return dx[:, ::-1], *others


def lstm_forgets_the_mask(dout, cache):
    """The backward goes through every step, also where the forward copied state and cell."""
    steps, mask, *parameters = cache
    return lstm_backward(dout, (steps, np.ones_like(mask), *parameters))


def lstm_stores_its_states_in_float32(x, initial_state, initial_cell, W_x, W_state, b):
    """The buffer for the states is np.zeros(..., np.float32), whatever the data are."""
    (right, cell), cache = lstm_forward(x, initial_state, initial_cell, W_x, W_state, b)
    states = np.zeros(right.shape, np.float32)
    states[...] = right
    return (states, cell), cache
