"""One step of the decoder: look at the grid, then move on.

Lecture: e_t = f_att(s_{t-1}, h), a_t = softmax(e_t), c_t = sum_ij a_{t,i,j} h_{i,j}, and the state
s_t from y_{t-1}, c_t and s_{t-1}.  Paper, equations 1-6, with the gate beta_t of section 4.2.1.
"""

import numpy as np

from satt.layers.alignment import alignment_backward, alignment_forward
from satt.layers.context_gate import context_gate_backward, context_gate_forward
from satt.layers.lstm_step import lstm_step_backward, lstm_step_forward
from satt.layers.softmax import softmax_backward, softmax_forward
from satt.layers.weighted_sum import weighted_sum_backward, weighted_sum_forward


def attention_lstm_step_forward(
    x, state, cell, grid, keys, W_query, b_query, v, W_x, W_state, b, W_gate=None, b_gate=None,
    context_scale=1.0,
):
    """Choose where to look by the old state; make the new state of what was seen and of a word.

    Parameters
    ----------
    x : ndarray, shape (N, E)
        The embedded word y_{t-1}.
    state, cell : ndarray, shape (N, H)
        Before the step.
    grid : ndarray, shape (N, L, D)
    keys : ndarray, shape (N, L, A)
        The grid projected to the alignment's width.
    W_query : ndarray, shape (H, A)
        With `b_query` and `v`, both (A,), the alignment score.
    W_x : ndarray, shape (E + D, 4 H)
        With `W_state`, (H, 4 H), and `b`, (4 H,), the LSTM that reads [x; context_scale context].
    W_gate, b_gate : ndarray, shapes (H, 1) and (1,), optional
        The gate on the context; without them the context is taken whole.
    context_scale : float, optional
        How loud the LSTM hears the context; the paper's is 1.

    Returns
    -------
    new_state, new_cell : ndarray, shape (N, H)
        With the next two one tuple.
    context : ndarray, shape (N, D)
        Gated.
    attention : ndarray, shape (N, L)
        Each row sums to 1.
    cache : tuple
        What `attention_lstm_step_backward` needs.
    """
    scores, alignment = alignment_forward(keys, state, W_query, b_query, v)
    attention, softmax = softmax_forward(scores)
    context, weighted_sum = weighted_sum_forward(attention, grid)
    gate = None
    if W_gate is not None:
        context, gate = context_gate_forward(context, state, W_gate, b_gate)
    seen = np.concatenate([x, context_scale * context], axis=1)
    (new_state, new_cell), lstm = lstm_step_forward(seen, state, cell, W_x, W_state, b)
    cache = alignment, softmax, weighted_sum, gate, lstm, context_scale
    return (new_state, new_cell, context, attention), cache


def attention_lstm_step_backward(dout, cache):
    """The same in reverse, node by node; what was used twice gets the sum of two gradients.

        LSTM          (dnew_state, dnew_cell)   -> dx, dcontext' / context_scale, dstate', dcell
        gate          dcontext + dcontext'      -> dcontext'', dstate''
        weighted sum  dcontext''                -> dattention', dgrid
        softmax       dattention + dattention'  -> dscores
        alignment     dscores                   -> dkeys, dstate'''

    The old state was asked three times: by the alignment where to look, by the gate how much the
    picture counts, by the LSTM what to remember: dstate = dstate' + dstate'' + dstate'''. Context
    and attention were used inside and given out.

    Parameters
    ----------
    dout : tuple of four ndarrays
        The gradients of the new state, the new cell, the context and the attention.
    cache : tuple

    Returns
    -------
    dx : ndarray, shape (N, E)
    dstate, dcell : ndarray, shape (N, H)
    dgrid : ndarray, shape (N, L, D)
        Of the grid as what is averaged; as what is compared it is in `dkeys`.
    dkeys : ndarray, shape (N, L, A)
    dW_query, db_query, dv, dW_x, dW_state, db : ndarray
        Of the shapes of the parameters.
    dW_gate, db_gate : ndarray
        Only where there is a gate.
    """
    dnew_state, dnew_cell, dcontext, dattention = dout
    alignment, softmax, weighted_sum, gate, lstm, context_scale = cache
    dseen, dstate, dcell, *dlstm = lstm_step_backward((dnew_state, dnew_cell), lstm)
    D = dcontext.shape[1]
    dx, dcontext = dseen[:, :-D], dcontext + context_scale * dseen[:, -D:]
    dgate = []
    if gate is not None:
        dcontext, dstate_in_gate, *dgate = context_gate_backward(dcontext, gate)
        dstate = dstate + dstate_in_gate
    dattention_as_weight, dgrid = weighted_sum_backward(dcontext, weighted_sum)
    dscores = softmax_backward(dattention + dattention_as_weight, softmax)
    dkeys, dstate_as_query, *dalignment = alignment_backward(dscores, alignment)
    return dx, dstate + dstate_as_query, dcell, dgrid, dkeys, *dalignment, *dlstm, *dgate
