"""The gated recurrent unit over a whole sequence: the same step, the same weights, T times.

Cho et al. 2014, section 2.3; the equations stand in the step's file.
"""

import numpy as np

from satt.layers.gru_step import gru_step_backward, gru_step_forward


def gru_forward(x, initial_state, W_x, W_state, b, mask=None):
    """Run the unit over T steps.

    Parameters
    ----------
    x : ndarray, shape (N, T, I)
    initial_state : ndarray, shape (N, H)
    W_x : ndarray, shape (I, 3 H)
        Gates in the order reset, update, candidate, as in `W_state` and `b`.
    W_state : ndarray, shape (H, 3 H)
    b : ndarray, shape (3 H,)
    mask : ndarray, shape (N, T), optional
        1 or True at a step that counts; elsewhere the state is copied on. None: all steps count.

    Returns
    -------
    states : ndarray, shape (N, T, H)
        The state after each step.
    cache : tuple
        What `gru_backward` needs.
    """
    if mask is None:
        mask = np.ones(x.shape[:2], dtype=bool)
    state, states, steps = initial_state, [], []
    for t in range(x.shape[1]):
        new_state, step = gru_step_forward(x[:, t], state, W_x, W_state, b)
        state = np.where(mask[:, t, None], new_state, state)
        states.append(state)
        steps.append(step)
    return np.stack(states, axis=1), (tuple(steps), mask, W_x, W_state, b)


def gru_backward(dstates, cache):
    """Walk the steps from last to first, carrying the gradient of the state.

    The state after step t is used twice, as an output and by step t+1, so its gradient is a sum:

        dstate_t = dstates[:, t] + (what step t+1 sends back)

    Step t sends dstate_t back through its gates where mask is 1; where mask is 0 the step was
    state_t = state_{t-1}, so dstate_t passes straight to state_{t-1} and x_t gets zero.
    The weights served every step, so their gradients add up over t.

    Returns
    -------
    dx : ndarray, shape (N, T, I)
    dinitial_state : ndarray, shape (N, H)
    dW_x : ndarray, shape (I, 3 H)
    dW_state : ndarray, shape (H, 3 H)
    db : ndarray, shape (3 H,)
    """
    steps, mask, W_x, W_state, b = cache
    dx = [None] * len(steps)
    dstate = np.zeros_like(dstates[:, 0])
    dW_x, dW_state, db = np.zeros_like(W_x), np.zeros_like(W_state), np.zeros_like(b)
    for t in reversed(range(len(steps))):
        counts = mask[:, t, None]
        dstate = dstate + dstates[:, t]
        dx[t], dstate_before, *dweights = gru_step_backward(np.where(counts, dstate, 0), steps[t])
        dstate = np.where(counts, dstate_before, dstate)
        dW_x += dweights[0]
        dW_state += dweights[1]
        db += dweights[2]
    return np.stack(dx, axis=1), dstate, dW_x, dW_state, db
