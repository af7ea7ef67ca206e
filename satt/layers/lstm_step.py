"""One step of the LSTM: a memory cell that is written, kept and read through gates.

Paper, equations 1-3: (i, f, o, g) = (sigma, sigma, sigma, tanh)(T [E y_{t-1}; h_{t-1}; z_t]),
c_t = f c_{t-1} + i g, h_t = o tanh(c_t). Here `x` is [E y_{t-1}; z_t], and T is split into W_x and
W_state.
"""

import numpy as np

from satt.layers.sigmoid import sigmoid_forward


def lstm_step_forward(x, state, cell, W_x, W_state, b):
    """Take one step.

    Parameters
    ----------
    x : ndarray, shape (N, I)
        This step's input.
    state, cell : ndarray, shape (N, H)
        The state and the memory before the step.
    W_x : ndarray, shape (I, 4 H)
        Its last axis is in the order i, f, o, g (write, keep, read; what to write), as are those
        of `W_state` and `b`.
    W_state : ndarray, shape (H, 4 H)
    b : ndarray, shape (4 H,)

    Returns
    -------
    new_state, new_cell : ndarray, shape (N, H)
        As one tuple.
    cache : tuple
        What `lstm_step_backward` needs.
    """
    H = state.shape[1]
    pre = x @ W_x + state @ W_state + b
    gates, _ = sigmoid_forward(pre[:, : 3 * H])
    i, f, o = gates[:, :H], gates[:, H : 2 * H], gates[:, 2 * H :]
    g = np.tanh(pre[:, 3 * H :])
    new_cell = f * cell + i * g
    tanh_cell = np.tanh(new_cell)
    return (o * tanh_cell, new_cell), (x, state, cell, W_x, W_state, i, f, o, g, tanh_cell)


def lstm_step_backward(dnew, cache):
    """Send the gradients of the new state and the new cell back through the three equations.

    The new cell has two users, new_state = o tanh(new_cell) and the next step. Last first:

        do     = dnew_state tanh(new_cell)
        dcell' = dnew_cell + dnew_state o (1 - tanh(new_cell)^2)    all that reaches the new cell
        di = dcell' g      df = dcell' cell      dg = dcell' i      dcell = dcell' f

    sigma' = sigma (1 - sigma) and tanh' = 1 - tanh^2 lead to the sums inside, side by side:

        dpre = [di i (1 - i), df f (1 - f), do o (1 - o), dg (1 - g^2)]
        dx     = dpre W_x^T        dW_x     = x^T dpre
        dstate = dpre W_state^T    dW_state = state^T dpre      db = sum_n dpre[n]

    dcell = dcell' f has no matrix in it: with f near 1 the gradient passes many steps unharmed.

    Parameters
    ----------
    dnew : tuple of two ndarrays, shape (N, H)
        The gradients of the new state and of the new cell.
    cache : tuple

    Returns
    -------
    dx : ndarray, shape (N, I)
    dstate, dcell : ndarray, shape (N, H)
    dW_x : ndarray, shape (I, 4 H)
    dW_state : ndarray, shape (H, 4 H)
    db : ndarray, shape (4 H,)
    """
    dnew_state, dnew_cell = dnew
    x, state, cell, W_x, W_state, i, f, o, g, tanh_cell = cache
    dnew_cell = dnew_cell + dnew_state * o * (1 - tanh_cell**2)
    dpre = np.concatenate(
        [
            dnew_cell * g * i * (1 - i),
            dnew_cell * cell * f * (1 - f),
            dnew_state * tanh_cell * o * (1 - o),
            dnew_cell * i * (1 - g**2),
        ],
        axis=1,
    )
    dx, dstate, dcell = dpre @ W_x.T, dpre @ W_state.T, dnew_cell * f
    return dx, dstate, dcell, x.T @ dpre, state.T @ dpre, dpre.sum(axis=0)
