"""The alignment model f_att: one score per location, from that location and the decoder's state.

Lecture: e_{t,i,j} = f_att(s_{t-1}, h_{i,j}).  Paper: e_ti = f_att(a_i, h_{t-1}), a perceptron with
one hidden layer, as in Bahdanau et al. 2015, section A.1.2: e = v . tanh(W s + U h).
"""

import numpy as np


def alignment_forward(keys, state, W_state, b, v):
    """Score every location against the state.

    Parameters
    ----------
    keys : ndarray, shape (N, L, A)
        The grid projected to the alignment's width; the same at every time step, so computed once.
    state : ndarray, shape (N, H)
        The decoder's state before this step.
    W_state : ndarray, shape (H, A)
    b : ndarray, shape (A,)
    v : ndarray, shape (A,)
        Turns the hidden layer into one number. A bias after it would cancel in the softmax.

    Returns
    -------
    scores : ndarray, shape (N, L)
    cache : tuple
        What `alignment_backward` needs.

    Notes
    -----
    The tanh must hold the sum of both terms. In v . (tanh(key) + tanh(query)) the state adds the
    same number to the scores of all locations; the softmax cancels it, and the attention never
    looks at the state, though every gradient check passes.
    """
    query = state @ W_state + b
    joint = np.tanh(keys + query[:, None, :])
    return joint @ v, (joint, state, W_state, v)


def alignment_backward(dscores, cache):
    """Send the gradient of the scores back through the tanh to the keys and to the state.

    With pre[n, l] = keys[n, l] + query[n], joint = tanh(pre) and scores[n, l] = v . joint[n, l]:

        dv[a]        = sum_nl dscores[n, l] joint[n, l, a]
        dpre[n, l]   = dscores[n, l] v (1 - joint[n, l]^2)    since tanh' = 1 - tanh^2
        dkeys[n, l]  = dpre[n, l]                             each location has its own key
        dquery[n]    = sum_l dpre[n, l]                       all locations share one query

    and query = state W_state + b is a linear map: dstate = dquery W_state^T,
    dW_state = state^T dquery, db = sum_n dquery[n]. The slope 1 - joint^2 differs between
    locations; that alone lets the state move the attention.

    Returns
    -------
    dkeys : ndarray, shape (N, L, A)
    dstate : ndarray, shape (N, H)
    dW_state : ndarray, shape (H, A)
    db : ndarray, shape (A,)
    dv : ndarray, shape (A,)
    """
    joint, state, W_state, v = cache
    dkeys = dscores[:, :, None] * v * (1 - joint**2)
    dquery = dkeys.sum(axis=1)
    dv = dscores.reshape(-1) @ joint.reshape(-1, len(v))
    return dkeys, dquery @ W_state.T, state.T @ dquery, dquery.sum(axis=0), dv
