"""The decoder over a whole caption, with as little work as possible inside the time loop.

The mathematics is that of `satt/layers/attention_lstm.py`; what differs is when it is done.

Before the loop: the words' share of the gates, x W_x, one product for all T steps.

In the loop: W_query, W_gate and W_state stand side by side, so that one product asks the state
all three questions. Captions of one image look at its grid together, as rows of one product. The
hidden layer of f_att, N L A numbers, is worked through in pieces that stay in the cache.

After the loop backwards: a weight's gradient is a sum over steps of products a_t^T b_t, which is
one product of all a_t, stacked, with all b_t; so are the gradients of the grid and of x.

Not kept: that hidden layer, which is T times as large as the grid. In the backward its tanh is
taken once more, which costs no more than fetching it from memory.
"""

import numpy as np

from satt.kernels.pieces import pieces


def attention_lstm_forward(
    x, initial_state, initial_cell, grid, keys, W_query, b_query, v, W_x, W_state, b,
    W_gate=None, b_gate=None, context_scale=1.0,
):
    """Run the decoder over T words: arguments and results are those of the plain layer."""
    (N, T, E), (M, L, D), (H, A) = x.shape, grid.shape, W_query.shape
    k, gated = N // M, W_gate is not None
    # In a complex step one of them is complex, and what comes of it.
    dtype = np.result_type(x, initial_state, initial_cell, grid, keys, W_query, b_query, v, W_x,
                           W_state, b, *((W_gate, b_gate) if gated else ()))
    side_by_side, b_side_by_side = [W_query, W_state], [b_query, np.zeros_like(b)]
    if gated:
        side_by_side, b_side_by_side = [*side_by_side, W_gate], [*b_side_by_side, b_gate]
    W_asked, b_asked = np.concatenate(side_by_side, axis=1), np.concatenate(b_side_by_side)
    W_context = W_x[E:] * dtype.type(context_scale)
    words_share = (x.transpose(1, 0, 2).reshape(T * N, E) @ W_x[:E] + b).reshape(T, N, 4 * H)

    states = np.empty((T + 1, N, H), dtype)
    cells, tanh_cells = np.empty_like(states), np.empty((T, N, H), dtype)
    gates, queries = np.empty((T, N, 4 * H), dtype), np.empty((T, N, A), dtype)
    attention, contexts = np.empty((T, N, L), dtype), np.empty((T, N, D), dtype)
    betas = np.ones((T, N, 1), dtype)
    states[0], cells[0] = initial_state, initial_cell
    half, scores = dtype.type(0.5), np.empty((M, k, L), dtype)
    blocks = pieces(M, k * L * A * dtype.itemsize)
    hidden = np.empty((blocks[0].stop, k, L, A), dtype)

    for t in range(T):
        answers = states[t] @ W_asked
        answers += b_asked
        queries[t] = answers[:, :A]
        for block in blocks:
            joint = _joint(hidden, keys, queries[t], block)
            np.matmul(joint, v, out=scores[block])
        a_t = attention[t].reshape(M, k, L)
        np.subtract(scores, scores.real.max(axis=2, keepdims=True), out=a_t)
        np.exp(a_t, out=a_t)
        a_t /= a_t.sum(axis=2, keepdims=True)
        np.matmul(a_t, grid, out=contexts[t].reshape(M, k, D))
        if gated:
            betas[t] = half * np.tanh(half * answers[:, -1:]) + half
            contexts[t] *= betas[t]
        gates_t = gates[t]
        np.matmul(contexts[t], W_context, out=gates_t)
        gates_t += words_share[t]
        gates_t += answers[:, A : A + 4 * H]
        sigmoids = gates_t[:, : 3 * H]  # sigma(u) = (1 + tanh(u / 2)) / 2
        sigmoids *= half
        np.tanh(gates_t, out=gates_t)
        sigmoids *= half
        sigmoids += half
        i, f, o, g = _four(gates_t)
        np.multiply(f, cells[t], out=cells[t + 1])
        cells[t + 1] += i * g
        np.tanh(cells[t + 1], out=tanh_cells[t])
        np.multiply(o, tanh_cells[t], out=states[t + 1])

    cache = (
        x, grid, keys, queries, v, W_x, W_asked, gated, context_scale, states, cells, tanh_cells,
        gates, attention, contexts, betas,
    )
    outs = states[1:], contexts, attention
    return tuple(out.transpose(1, 0, 2) for out in outs), cache


def attention_lstm_backward(dout, cache):
    """Walk back; the derivations are those of the plain layers. For f_att, with u = key + query:

        du = dscores v (1 - tanh(u)^2)        dkeys = sum_t du        dquery = sum_l du

    Over the sums dscores v alone is known without the tanh; what is left to add up in the loop is
    dscores tanh(u)^2.
    """
    dstates, dcontexts, dattention = (d.transpose(1, 0, 2) for d in dout)
    (x, grid, keys, queries, v, W_x, W_asked, gated, context_scale, states, cells, tanh_cells,
     gates, attention, contexts, betas) = cache
    (N, T, E), (M, L, D), H, A = x.shape, grid.shape, states.shape[2], len(v)
    k, dtype = N // M, states.dtype
    context_scale = dtype.type(context_scale)
    W_context_T, W_asked_T = context_scale * W_x[E:].T, W_asked.T.copy()
    grid_T = grid.transpose(0, 2, 1)

    danswers = np.empty((T, N, len(W_asked_T)), dtype)
    dgathered = np.empty((T, N, D), dtype)  # of the context before its gate
    dscores = np.empty((T, M, k, L), dtype)
    squares_sum, dv = np.zeros((M, k, L, A), dtype), np.zeros(A, dtype)
    dstate, dcell = np.zeros((N, H), dtype), np.zeros((N, H), dtype)
    blocks = pieces(M, k * L * A * dtype.itemsize)
    hidden = np.empty((blocks[0].stop, k, L, A), dtype)
    squares_seen = np.empty((M, k, 1, A), dtype)

    for t in reversed(range(T)):
        dstate += dstates[t]
        i, f, o, g = _four(gates[t])
        dpre = danswers[t, :, A : A + 4 * H]
        di, df, do, dg = _four(dpre)
        np.multiply(dstate, tanh_cells[t], out=do)
        dcell += dstate * o * (1 - tanh_cells[t] * tanh_cells[t])
        np.multiply(dcell, g, out=di)
        np.multiply(dcell, cells[t], out=df)
        np.multiply(dcell, i, out=dg)
        sigmoids = gates[t, :, : 3 * H]
        dpre[:, : 3 * H] *= sigmoids - sigmoids * sigmoids
        dg *= 1 - g * g
        dcell *= f

        dcontext = dgathered[t]
        np.matmul(dpre, W_context_T, out=dcontext)
        dcontext += dcontexts[t]
        if gated:
            dbeta = (dcontext * contexts[t]).sum(axis=1, keepdims=True)  # times beta
            danswers[t, :, -1:] = dbeta * (1 - betas[t])
            dcontext *= betas[t]
        a_t = attention[t].reshape(M, k, L)
        dscores_t = dscores[t]
        np.matmul(dcontext.reshape(M, k, D), grid_T, out=dscores_t)
        dscores_t += dattention[t].reshape(M, k, L)
        dscores_t -= (dscores_t * a_t).sum(axis=2, keepdims=True)
        dscores_t *= a_t
        for block in blocks:
            joint, dscores_block = _joint(hidden, keys, queries[t], block), dscores_t[block]
            dv += dscores_block.reshape(-1) @ joint.reshape(-1, A)
            np.multiply(joint, joint, out=joint)
            np.matmul(dscores_block[:, :, None], joint, out=squares_seen[block])
            joint *= dscores_block[:, :, :, None]
            squares_sum[block] += joint
        dquery = dscores_t.sum(axis=2).reshape(N, 1) - squares_seen.reshape(N, A)
        np.multiply(dquery, v, out=danswers[t, :, :A])
        dstate = danswers[t] @ W_asked_T

    rows = danswers.reshape(T * N, -1)
    dW_asked = states[:-1].reshape(T * N, H).T @ rows
    db_asked = rows.sum(axis=0)
    dpre = rows[:, A : A + 4 * H]
    dW_words = x.transpose(1, 0, 2).reshape(T * N, E).T @ dpre
    dW_context = context_scale * (contexts.reshape(T * N, D).T @ dpre)
    dx = (dpre @ W_x[:E].T).reshape(T, N, E).transpose(1, 0, 2)
    dgrid = np.matmul(
        _of_an_image(attention, M).transpose(0, 2, 1), _of_an_image(dgathered, M)
    )
    dkeys = dscores.sum(axis=(0, 2))[:, :, None] - squares_sum.sum(axis=1)
    dkeys *= v
    gradients = [
        dW_asked[:, :A], db_asked[:A], dv, np.concatenate([dW_words, dW_context]),
        dW_asked[:, A : A + 4 * H], db_asked[A : A + 4 * H],
    ]
    if gated:
        gradients += [dW_asked[:, -1:], db_asked[-1:]]
    return dx, dstate, dcell, dgrid, dkeys, *gradients


def _of_an_image(rows, M):
    """Bring (T, N, ...) to (M, T k, ...): all looks at an image, one below the other."""
    T, N, width = rows.shape
    return rows.reshape(T, M, -1, width).transpose(1, 0, 2, 3).reshape(M, -1, width)


def _joint(hidden, keys, queries, block):
    """f_att's hidden layer tanh(key + query) for some images, in the room that `hidden` offers."""
    joint = hidden[: block.stop - block.start]
    _, k, _, A = joint.shape
    np.add(keys[block, None], queries.reshape(-1, k, 1, A)[block], out=joint)
    return np.tanh(joint, out=joint)


def _four(gates):
    """The columns of i, f, o, g."""
    H = gates.shape[1] // 4
    return [gates[:, gate * H : (gate + 1) * H] for gate in range(4)]
