"""The decoder over a whole caption: look, move on, look again, T times.

Lecture: from s_0 and the grid, s_1 .. s_T and the contexts c_1 .. c_T.  The words that it reads
are known beforehand (in training the right ones); for a caption of its own words, call the step.
"""

import numpy as np

from satt.layers.attention_lstm_step import (
    attention_lstm_step_backward,
    attention_lstm_step_forward,
)
from satt.layers.embedding import embedding_backward, embedding_forward


def attention_lstm_forward(
    x, initial_state, initial_cell, grid, keys, W_query, b_query, v, W_x, W_state, b,
    W_gate=None, b_gate=None, context_scale=1.0, lengths=None, words=None,
):
    """Run the decoder over T words.

    Padding stands after a caption, where nothing comes that it could spoil. So it is read like
    words, and what comes of it is set to zero.

    Parameters
    ----------
    x : ndarray, shape (N, T, E), or with `words` (U, E), the U words that differ
        The embedded words. N is a multiple of M: the captions of an image stand one below the
        other and look at the same grid.
    initial_state, initial_cell : ndarray, shape (N, H)
    grid : ndarray, shape (M, L, D)
    keys : ndarray, shape (M, L, A)
    W_query, b_query, v, W_x, W_state, b, W_gate, b_gate, context_scale
        As in `attention_lstm_step_forward`.
    lengths : ndarray of int, shape (N,), optional
        How many words each caption has, 1 to T; by default T.
    words : ndarray of int, shape (N, T), optional
        The row of x that each step reads. So a word that stands in many places is in x once.

    Returns
    -------
    states : ndarray, shape (N, T, H)
        After each step; with the next two one tuple. All three are zero after a caption's end.
    contexts : ndarray, shape (N, T, D)
    attention : ndarray, shape (N, T, L)
    cache : tuple
        What `attention_lstm_backward` needs.
    """
    looked_up = None
    if words is not None:
        x, looked_up = embedding_forward(words, x)
    repeats = len(x) // len(grid)
    grid, keys = np.repeat(grid, repeats, axis=0), np.repeat(keys, repeats, axis=0)
    params = [W_query, b_query, v, W_x, W_state, b]
    if W_gate is not None:
        params += [W_gate, b_gate]
    state, cell, outs, steps = initial_state, initial_cell, [], []
    for t in range(x.shape[1]):
        (state, cell, context, attention), step = attention_lstm_step_forward(
            x[:, t], state, cell, grid, keys, *params, context_scale=context_scale
        )
        outs.append((state, context, attention))
        steps.append(step)
    if lengths is None:
        lengths = np.full(len(x), x.shape[1])
    has_ended = np.arange(x.shape[1]) >= lengths[:, None]
    outs = tuple(np.stack(each, axis=1) for each in zip(*outs, strict=True))
    for out in outs:
        out[has_ended] = 0
    return outs, (tuple(steps), repeats, has_ended, looked_up)


def attention_lstm_backward(dout, cache, to_grid=True):
    """Walk the steps from last to first, carrying the gradients of the state and the cell.

    The state after step t is used twice, as an output and by step t+1; the cell only by step t+1:

        dstate_t = dstates[:, t] + (what step t+1 sends back)
        dcell_t  = what step t+1 sends back; after the last step, zero

    What was set to zero has no gradient, whatever `dout` says.

    Grid, keys and weights served every step, so their gradients add up over t; and those of an
    image's grid over the captions that share it.

    Parameters
    ----------
    dout : tuple of three ndarrays, shapes (N, T, H), (N, T, D) and (N, T, L)
        The gradients of states, contexts and attention.
    cache : tuple
    to_grid : bool, optional
        Whether the grid's gradient is wanted. Where nobody learns to make grids, nobody asks.

    Returns
    -------
    dx : ndarray, of the shape of x
    dinitial_state, dinitial_cell : ndarray, shape (N, H)
    dgrid : ndarray, shape (M, L, D), or None
    dkeys : ndarray, shape (M, L, A)
    dW_query, db_query, dv, dW_x, dW_state, db : ndarray
        Of the shapes of the parameters.
    dW_gate, db_gate : ndarray
        Only where there is a gate.
    """
    steps, repeats, has_ended, looked_up = cache
    dstates, dcontexts, dattention = (np.where(has_ended[:, :, None], 0, d) for d in dout)
    dx, dstate, dcell, totals = [None] * len(steps), 0, 0, None
    for t in reversed(range(len(steps))):
        dstep = (dstates[:, t] + dstate, dcell, dcontexts[:, t], dattention[:, t])
        dx[t], dstate, dcell, *used = attention_lstm_step_backward(dstep, steps[t])
        if totals is None:
            totals = used
        else:
            totals = [total + more for total, more in zip(totals, used, strict=True)]
    dgrid, dkeys = (total.reshape(-1, repeats, *total.shape[1:]).sum(axis=1)
                    for total in totals[:2])
    if not to_grid:
        dgrid = None
    dx = np.stack(dx, axis=1)
    if looked_up is not None:
        dx = embedding_backward(dx, looked_up)
    return dx, dstate, dcell, dgrid, dkeys, *totals[2:]
