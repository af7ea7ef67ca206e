"""One step of the decoder for captioning, where a beam makes few rows: see `small_products.py`.

The mathematics is that of `satt/layers/attention_lstm_step.py`, and so is the way. But the LSTM's
products are `product`, and softmax, sum and gate are written out: on arrays as small as these a
call takes as long as the arithmetic, and here no location is masked. The hidden layer of f_att is
made for some captions at a time, so that it stays in the cache. Nothing is kept but what came in:
captioning has no backward, and whoever wants one gets the plain layer's.
"""

import numpy as np

from satt.kernels.pieces import CACHE, pieces
from satt.kernels.small_products import product
from satt.layers import attention_lstm_step as plain
from satt.layers.sigmoid import sigmoid_forward


def attention_lstm_step_forward(
    x, state, cell, grid, keys, W_query, b_query, v, W_x, W_state, b, W_gate=None, b_gate=None,
    context_scale=1.0,
):
    """Choose where to look, and read a word: arguments and results are the plain layer's."""
    inputs = (x, state, cell, grid, keys, W_query, b_query, v, W_x, W_state, b, W_gate, b_gate)
    query = (state @ W_query + b_query)[:, None]
    if keys.nbytes <= CACHE:
        attention = _scores(keys, query, v)
    else:
        attention = np.concatenate([
            _scores(keys[some], query[some], v) for some in pieces(len(keys), keys[0].nbytes)
        ])
    attention -= attention.real.max(axis=1, keepdims=True)
    np.exp(attention, out=attention)
    attention /= attention.sum(axis=1, keepdims=True)
    context = (attention[:, None] @ grid)[:, 0]
    if W_gate is not None:
        context = context * sigmoid_forward(state @ W_gate + b_gate)[0]
    seen = np.concatenate([x, context_scale * context], axis=1)
    pre = product(seen, W_x) + product(state, W_state) + b
    H = state.shape[1]
    gates, _ = sigmoid_forward(pre[:, : 3 * H])
    new_cell = gates[:, H : 2 * H] * cell + gates[:, :H] * np.tanh(pre[:, 3 * H :])
    new_state = gates[:, 2 * H :] * np.tanh(new_cell)
    return (new_state, new_cell, context, attention), (inputs, context_scale)


def attention_lstm_step_backward(dout, cache):
    """Send the gradient back, as the plain layer does."""
    inputs, context_scale = cache
    _, cache = plain.attention_lstm_step_forward(*inputs, context_scale=context_scale)
    return plain.attention_lstm_step_backward(dout, cache)


def _scores(keys, query, v):
    """f_att: v^T tanh(key + query) of each location."""
    hidden = keys + query
    return np.tanh(hidden, out=hidden) @ v
