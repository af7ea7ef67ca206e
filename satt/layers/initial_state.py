"""The decoder's first state and memory: read off the average of the grid.

Lecture: s_0 comes from the grid. Paper, section 3.1.2: c_0 and h_0 are two perceptrons of the mean
annotation vector, f_init(1/L sum_i a_i); in the authors' code each is one layer with a tanh.
"""

import numpy as np

from satt.layers.linear import linear_backward, linear_forward


def initial_state_forward(grid, W_state, b_state, W_cell, b_cell):
    """Look at the whole picture once, before the first word.

    Parameters
    ----------
    grid : ndarray, shape (N, L, D)
    W_state, W_cell : ndarray, shape (D, H)
    b_state, b_cell : ndarray, shape (H,)

    Returns
    -------
    state, cell : ndarray, shape (N, H)
        As one tuple.
    cache : tuple
        What `initial_state_backward` needs.
    """
    mean = grid.mean(axis=1)
    state_sum, state_cache = linear_forward(mean, W_state, b_state)
    cell_sum, cell_cache = linear_forward(mean, W_cell, b_cell)
    state, cell = np.tanh(state_sum), np.tanh(cell_sum)
    return (state, cell), (state, cell, state_cache, cell_cache, grid.shape[1])


def initial_state_backward(dout, cache):
    """Send the gradients of the state and the cell back to every location alike.

    With mean[n] = (1/L) sum_l grid[n, l] and state = tanh(mean W_state + b_state), cell likewise:

        dp_state = dstate (1 - state^2)                       since tanh' = 1 - tanh^2
        dW_state = mean^T dp_state                            db_state = sum_n dp_state[n]
        dmean    = dp_state W_state^T + dp_cell W_cell^T      two layers read the one mean
        dgrid[n, l] = dmean[n] / L                            each location was an L-th of it

    Parameters
    ----------
    dout : tuple of two ndarrays, shape (N, H)
        The gradients of the state and of the cell.
    cache : tuple

    Returns
    -------
    dgrid : ndarray, shape (N, L, D)
    dW_state : ndarray, shape (D, H)
    db_state : ndarray, shape (H,)
    dW_cell : ndarray, shape (D, H)
    db_cell : ndarray, shape (H,)
    """
    dstate, dcell = dout
    state, cell, state_cache, cell_cache, L = cache
    dmean_from_state, dW_state, db_state = linear_backward(dstate * (1 - state**2), state_cache)
    dmean_from_cell, dW_cell, db_cell = linear_backward(dcell * (1 - cell**2), cell_cache)
    dmean = dmean_from_state + dmean_from_cell
    dgrid = np.repeat(dmean[:, None, :] / L, L, axis=1)
    return dgrid, dW_state, db_state, dW_cell, db_cell
