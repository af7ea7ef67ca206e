"""The LSTM over a whole sequence: the same step, the same weights, T times.

Paper, equations 1-3, run for t = 1..T on inputs that are all known beforehand (an encoder; the
captioner's decoder calls the step itself, since its input at t depends on the state at t-1).
"""

import numpy as np

from satt.layers.lstm_step import lstm_step_backward, lstm_step_forward


def lstm_forward(x, initial_state, initial_cell, W_x, W_state, b, mask=None):
    """Run the LSTM over T steps.

    Parameters
    ----------
    x : ndarray, shape (N, T, I)
    initial_state, initial_cell : ndarray, shape (N, H)
    W_x : ndarray, shape (I, 4 H)
        Gates in the order i, f, o, g, as in `W_state` and `b`.
    W_state : ndarray, shape (H, 4 H)
    b : ndarray, shape (4 H,)
    mask : ndarray, shape (N, T), optional
        1 or True at a step that counts; elsewhere state and cell are copied on. None: all count.

    Returns
    -------
    states : ndarray, shape (N, T, H)
        The state after each step; with `cell` one tuple.
    cell : ndarray, shape (N, H)
        The memory after the last step.
    cache : tuple
        What `lstm_backward` needs.
    """
    if mask is None:
        mask = np.ones(x.shape[:2], dtype=bool)
    state, cell, states, steps = initial_state, initial_cell, [], []
    for t in range(x.shape[1]):
        counts = mask[:, t, None]
        new, step = lstm_step_forward(x[:, t], state, cell, W_x, W_state, b)
        state, cell = np.where(counts, new[0], state), np.where(counts, new[1], cell)
        states.append(state)
        steps.append(step)
    return (np.stack(states, axis=1), cell), (tuple(steps), mask, W_x, W_state, b)


def lstm_backward(dout, cache):
    """Walk the steps from last to first, carrying the gradients of the state and the cell.

    The state after step t is used twice, as an output and by step t+1; the cell only by step t+1:

        dstate_t = dstates[:, t] + (what step t+1 sends back)
        dcell_t  = what step t+1 sends back; after the last step, the given dcell

    Step t sends both back through its gates where mask is 1; where mask is 0 the step was a copy,
    so both pass straight to step t-1 and x_t gets zero. The weights served every step, so their
    gradients add up over t.

    Parameters
    ----------
    dout : tuple of two ndarrays, shapes (N, T, H) and (N, H)
        The gradients of `states` and of the last `cell`.
    cache : tuple

    Returns
    -------
    dx : ndarray, shape (N, T, I)
    dinitial_state, dinitial_cell : ndarray, shape (N, H)
    dW_x : ndarray, shape (I, 4 H)
    dW_state : ndarray, shape (H, 4 H)
    db : ndarray, shape (4 H,)
    """
    dstates, dcell = dout
    steps, mask, W_x, W_state, b = cache
    dx = [None] * len(steps)
    dstate = np.zeros_like(dcell)
    dW_x, dW_state, db = np.zeros_like(W_x), np.zeros_like(W_state), np.zeros_like(b)
    for t in reversed(range(len(steps))):
        counts = mask[:, t, None]
        dstate = dstate + dstates[:, t]
        dnew = np.where(counts, dstate, 0), np.where(counts, dcell, 0)
        dx[t], dstate_before, dcell_before, *dweights = lstm_step_backward(dnew, steps[t])
        dstate = np.where(counts, dstate_before, dstate)
        dcell = np.where(counts, dcell_before, dcell)
        dW_x += dweights[0]
        dW_state += dweights[1]
        db += dweights[2]
    return np.stack(dx, axis=1), dstate, dcell, dW_x, dW_state, db
