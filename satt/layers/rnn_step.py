"""One step of the plain recurrent net: a new state from the input and the old state.

Lecture: h_t = tanh(W_xh x_t + W_hh h_{t-1} + b).
"""

import numpy as np


def rnn_step_forward(x, state, W_x, W_state, b):
    """Take one step.

    Parameters
    ----------
    x : ndarray, shape (N, I)
        This step's input.
    state : ndarray, shape (N, H)
        The state before the step.
    W_x : ndarray, shape (I, H)
    W_state : ndarray, shape (H, H)
    b : ndarray, shape (H,)

    Returns
    -------
    new_state : ndarray, shape (N, H)
    cache : tuple
        What `rnn_step_backward` needs.
    """
    new_state = np.tanh(x @ W_x + state @ W_state + b)
    return new_state, (x, state, W_x, W_state, new_state)


def rnn_step_backward(dnew_state, cache):
    """Send the gradient of the new state back through the tanh and both products.

    With pre = x W_x + state W_state + b, new_state = tanh(pre) and tanh' = 1 - tanh^2:

        dpre   = dnew_state (1 - new_state^2)
        dx     = dpre W_x^T        dW_x     = x^T dpre
        dstate = dpre W_state^T    dW_state = state^T dpre      db = sum_n dpre[n]

    Over many steps dstate meets the slope and W_state^T again and again; so the plain net's
    gradient vanishes or explodes, and the LSTM exists.

    Returns
    -------
    dx : ndarray, shape (N, I)
    dstate : ndarray, shape (N, H)
    dW_x : ndarray, shape (I, H)
    dW_state : ndarray, shape (H, H)
    db : ndarray, shape (H,)
    """
    x, state, W_x, W_state, new_state = cache
    dpre = dnew_state * (1 - new_state**2)
    return dpre @ W_x.T, dpre @ W_state.T, x.T @ dpre, state.T @ dpre, dpre.sum(axis=0)
