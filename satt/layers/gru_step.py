"""One step of the gated recurrent unit: two gates say what of the state to use and what to keep.

Cho et al. 2014, section 2.3, with the biases that the paper leaves out. The paper's own variant:
the reset gate scales the state before the product with the candidate's matrix. (PyTorch's scales
the product, with a second bias in it; the two agree only where the matrix is diagonal.)
"""

import numpy as np

from satt.layers.sigmoid import sigmoid_forward


def gru_step_forward(x, state, W_x, W_state, b):
    """Take one step.

    r = sigma(x W_xr + state W_r + b_r)              reset gate, equation 5
    z = sigma(x W_xz + state W_z + b_z)              update gate, equation 6
    candidate = tanh(x W_xc + (r state) W_c + b_c)   equation 8
    new_state = z state + (1 - z) candidate          equation 7

    Parameters
    ----------
    x : ndarray, shape (N, I)
        This step's input.
    state : ndarray, shape (N, H)
        The state before the step.
    W_x : ndarray, shape (I, 3 H)
        Its last axis is in the order reset, update, candidate, as are those of `W_state` and `b`.
    W_state : ndarray, shape (H, 3 H)
    b : ndarray, shape (3 H,)

    Returns
    -------
    new_state : ndarray, shape (N, H)
    cache : tuple
        What `gru_step_backward` needs.
    """
    H = state.shape[1]
    from_x = x @ W_x + b
    gates, _ = sigmoid_forward(from_x[:, : 2 * H] + state @ W_state[:, : 2 * H])
    r, z = gates[:, :H], gates[:, H:]
    candidate = np.tanh(from_x[:, 2 * H :] + (r * state) @ W_state[:, 2 * H :])
    new_state = z * state + (1 - z) * candidate
    return new_state, (x, state, W_x, W_state, r, z, candidate)


def gru_step_backward(dnew_state, cache):
    """Send the gradient of the new state back through the blend, the candidate and the two gates.

    Write c for the candidate, k = r state for what it saw of the state, and p_r, p_z, p_c for the
    sums inside the two sigmas and the tanh; from the equations in `gru_step_forward`, last first:

        dz   = dnew_state (state - c)         dp_z = dz z (1 - z)
        dc   = dnew_state (1 - z)             dp_c = dc (1 - c^2)
        dk   = dp_c W_c^T
        dr   = dk state                       dp_r = dr r (1 - r)
        dstate = dnew_state z + dk r + dp_r W_r^T + dp_z W_z^T      it was used in four places

    With dp = [dp_r, dp_z, dp_c]: dx = dp W_x^T, dW_x = x^T dp, db = sum_n dp[n]; the columns of
    dW_state are state^T [dp_r, dp_z] for the gates and k^T dp_c for the candidate.

    Returns
    -------
    dx : ndarray, shape (N, I)
    dstate : ndarray, shape (N, H)
    dW_x : ndarray, shape (I, 3 H)
    dW_state : ndarray, shape (H, 3 H)
    db : ndarray, shape (3 H,)
    """
    x, state, W_x, W_state, r, z, candidate = cache
    H = state.shape[1]
    W_gates, W_candidate = W_state[:, : 2 * H], W_state[:, 2 * H :]
    dp_z = dnew_state * (state - candidate) * z * (1 - z)
    dp_candidate = dnew_state * (1 - z) * (1 - candidate**2)
    dkept = dp_candidate @ W_candidate.T
    dp_r = dkept * state * r * (1 - r)
    dp_gates = np.concatenate([dp_r, dp_z], axis=1)
    dp = np.concatenate([dp_gates, dp_candidate], axis=1)
    dstate = dnew_state * z + dkept * r + dp_gates @ W_gates.T
    dW_state = np.concatenate([state.T @ dp_gates, (r * state).T @ dp_candidate], axis=1)
    return dp @ W_x.T, dstate, x.T @ dp, dW_state, dp.sum(axis=0)
