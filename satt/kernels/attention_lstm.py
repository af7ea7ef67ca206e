"""The decoder over a whole caption, with as little work as possible inside the time loop.

The mathematics is that of `satt/layers/attention_lstm.py`; what differs is when it is done.

Before the loop: the words' share of the gates, x W_x, one product for all steps, to which the
biases are added too.

In the loop: W_query, W_gate and W_state stand side by side, so that one product asks the state
all three questions. The hidden layer of f_att, L N A numbers, is worked through in pieces that
stay in the cache. Its locations come first: a query is the same at all of them, and so rows meet
that are n A numbers long, of n images. NumPy starts anew at each row.

No step is taken for a caption that has ended, but for a few. Captions stand in `slots`, the
longest of each image, then the second of each image and so on, so that those who go on come first
in every slot and share their image's keys and grid (`satt/kernels/stacking.py`).

Few words of a batch differ: what the gates hear of a word is computed once, and looked up wherever
it stands. Backwards, the gradients of all its places are added before they are multiplied.

What the gates hear of the picture is W_context (sum_l weight_l grid_l), or as well
sum_l weight_l (W_context grid_l). With five captions to an image, the second multiplies less: each
location once for all looks, before the loop (`heard`).

After the loop backwards: a weight's gradient is a sum over steps of products a_t^T b_t, which is
one product of all a_t, stacked, with all b_t; so are the gradients of the grid and of x.

Not kept: that hidden layer, which is T times as large as the grid. The backward makes it once
more, which costs no more than fetching it from memory.

Hardly any tanh: a key and a query meet anew at every step, but exp(key) is the same at all of
them. With k = exp(-2 key), q = exp(2 query) and r = 1 / (1 + exp(2 (key + query))) = k / (k + q),

    tanh(key + query) = 1 - 2 r,  and its slope, 1 - tanh^2, is 4 (r - r^2),

so that a step takes a sum and a division where it would take a tanh, which costs as much as ten
of them. Of the scores v tanh(u) = sum v - 2 v r the softmax wants no more than
-2 v r, as what is the same at all locations drops out of it.

And few calls: on arrays as small as a step's, NumPy takes longer to begin than to compute. What
can be done for all steps at once is done outside the loop, factors are put into the weights.
"""

import numpy as np

from satt.kernels.embedding import embedding_backward
from satt.kernels.pieces import pieces
from satt.kernels.stacking import Stacking

TOGETHER = 600_000  # bytes of a piece: in smaller ones, the calls take too large a share
BUFFER = 1024  # numbers; rows shorter than NumPy's buffer are copied into it: see max_pool.py
SAFE = 40  # up to here the exponential of 2 keys is far from infinity and from zero in any float


# `over`: see `_sigma_of_minus` and `_Look`. On leaving it, NumPy restores the buffer too.
@np.errstate(over="ignore")
def attention_lstm_forward(
    x, initial_state, initial_cell, grid, keys, W_query, b_query, v, W_x, W_state, b,
    W_gate=None, b_gate=None, context_scale=1.0, lengths=None, words=None,
):
    """Run the decoder over T words: arguments and results are those of the plain layer."""
    np.setbufsize(BUFFER)
    (N, T), E = (x.shape[:2] if words is None else words.shape), x.shape[-1]
    (M, L, D), (H, A) = grid.shape, W_query.shape
    k, gated = N // M, W_gate is not None
    # In a complex step one of them is complex, and what comes of it.
    dtype = np.result_type(x, initial_state, initial_cell, grid, keys, W_query, b_query, v, W_x,
                           W_state, b, *((W_gate, b_gate) if gated else ()))
    stacking = Stacking(M, k, T, lengths)
    R = stacking.rows
    # The answers to the state's questions stand side by side: 2 query, gates, gate of the context.
    # sigma(u) = 1 / (1 + exp(-u)) and tanh(u) = 2 sigma(2 u) - 1: the factors of u are put into
    # the weights too.
    gates_at = slice(A, A + 4 * H)
    factors = np.repeat(np.array([-1, -2], dtype), [3 * H, H])
    asked = [2 * W_query, W_state * factors] + ([-W_gate] if gated else [])
    W_asked = np.concatenate(asked, axis=1)
    W_context = W_x[E:] * (factors * dtype.type(context_scale))
    initial = [stacking.sort(s) for s in (initial_state, initial_cell)]
    if words is None:
        x = stacking.stack(x)
    else:
        words = stacking.stack(words)
    known = np.empty((R, W_asked.shape[1]), dtype)
    known[:, :A] = 2 * b_query
    said = (x @ (W_x[:E] * factors)).astype(dtype, copy=False)
    said += b * factors
    known[:, gates_at] = said if words is None else said[words]
    del said
    if gated:
        known[:, -1:] = -b_gate

    states, cells, tanh_cells = (np.empty((R, H), dtype) for _ in range(3))
    gates, attention = np.empty((R, 4 * H), dtype), np.empty((R, L), dtype)
    betas = np.ones((R, 1), dtype)
    weights = np.empty_like(attention) if gated else attention
    seen, contexts, heard = stacking.sort(grid), None, None
    if _is_crowded(R / M, L, D):
        heard = _product(seen, W_context)
    else:
        contexts = np.empty((R, D), dtype)
    wide_keys, is_safe = _prepare_keys(stacking.sort(keys))
    asked = np.empty((R, A), dtype)
    look, minus_2v = _Look(wide_keys, is_safe, asked), -2 * v

    state, cell = initial
    for now, slots, go_on in stacking.steps:
        answers, a_t, weights_t, gates_t = known[now], attention[now], weights[now], gates[now]
        answers += state @ W_asked
        look.ask(now, answers[:, :A])
        scores = np.empty((L, len(answers)), dtype)
        for locations, captions, r in look.at(now, slots):
            scores[locations, captions] = (r.reshape(-1, A) @ minus_2v).reshape(r.shape[:2])
        scores -= np.maximum.reduce(scores.real)
        np.exp(scores, out=scores)
        np.divide(scores.T, np.add.reduce(scores)[:, None], out=a_t)
        if gated:
            np.multiply(a_t, _sigma_of_minus(answers[:, -1:], out=betas[now]), out=weights_t)
        if heard is None:
            _blend(weights_t, seen, slots, out=contexts[now])
            np.matmul(contexts[now], W_context, out=gates_t)
        else:
            _blend(weights_t, heard, slots, out=gates_t)
        gates_t += answers[:, gates_at]
        i, f, o, g = _four(_sigma_of_minus(gates_t, out=gates_t))
        g *= 2
        g -= 1
        cell = np.multiply(f, cell, out=cells[now])
        cell += i * g
        np.tanh(cell, out=tanh_cells[now])
        state = np.multiply(o, tanh_cells[now], out=states[now])
        state, cell = state[go_on], cell[go_on]

    outs = stacking.unstack(states), stacking.unstack(attention)
    if heard is None:
        out_contexts = stacking.unstack(contexts)
    else:
        heard /= factors
        out_contexts = (_looks(weights, stacking, M) @ grid).reshape(N, T, D)
    cache = (
        stacking, x, words, initial, grid, seen, (wide_keys, is_safe, asked), v, W_x, W_state,
        W_query, W_gate, context_scale, states, cells, tanh_cells, gates, attention, contexts,
        betas, weights, heard,
    )
    return (outs[0], out_contexts, outs[1]), cache


@np.errstate()  # on leaving it, NumPy restores the buffer too
def attention_lstm_backward(dout, cache, to_grid=True):
    """Walk back; the derivations are those of the plain layers, and so are the arguments.

    For f_att, with u = key + query, tanh(u) = 1 - 2 r and s = 4 (r - r^2) for its slope:

        du = dscores v s        dkeys = sum_t du        dquery = sum_l du
        dv = sum dscores tanh(u) = -2 sum dscores r     as the dscores of a caption sum to zero

    v and the 4 are the same in every term, and so are multiplied in at the end of the sums.

    The factor by which the gradient of a cell or a state reaches each gate depends on the forward
    alone, so that all factors are taken before the loop, all steps at once.
    """
    np.setbufsize(BUFFER)
    (stacking, x, words, initial, grid, seen, looking, v, W_x, W_state, W_query, W_gate,
     context_scale, states, cells, tanh_cells, gates, attention, contexts, betas, weights,
     heard) = cache
    (M, L, D), (H, A), (N, T, _) = grid.shape, W_query.shape, dout[0].shape
    R, E, dtype = len(states), x.shape[1], states.dtype
    gated, context_scale = W_gate is not None, dtype.type(context_scale)
    dstates, dattention = stacking.stack(dout[0]), stacking.stack(dout[2])
    asking = [W_query, W_state] + ([W_gate] if gated else [])
    # Copied: a product of few rows with what is only read as transposed takes longer.
    W_asked_T = np.concatenate([W.T.copy() for W in asking])

    danswers = np.empty((R, len(W_asked_T)), dtype)
    dgates = danswers[:, A : A + 4 * H]
    factors, cell_from_state = _gate_factors(gates, stacking.before(initial[1], cells), tanh_cells)
    one_minus_beta = 1 - betas
    if heard is None:
        W_context_T = context_scale * W_x[E:].T.copy()
        dblended = stacking.stack(dout[1])
        all_dweights = np.empty((R, L), dtype)
    else:
        dlooked = dout[1].reshape(M, -1, D)
        all_dweights = stacking.stack((dlooked @ grid.transpose(0, 2, 1)).reshape(N, T, L))
    look = _Look(*looking, buffers=2)
    slopes_sum, r_seen = np.zeros((L, M, A), dtype), np.zeros(A, dtype)
    dstate = dcell = np.zeros((0, H), dtype)

    for now, slots, go_on in reversed(stacking.steps):
        dstate_t, dcell_t, dgates_t = dstates[now], cell_from_state[now], dgates[now]
        dstate_t[go_on] += dstate
        dcell_t *= dstate_t
        dcell_t[go_on] += dcell
        dabove = dcell_t, dcell_t, dstate_t, dcell_t
        for factor, d, dgate in zip(_four(factors[now]), dabove, _four(dgates_t), strict=True):
            np.multiply(factor, d, out=dgate)
        dcell = np.multiply(dcell_t, gates[now, H : 2 * H], out=dcell_t)

        dweights = all_dweights[now]
        if heard is None:
            dblended[now] += dgates_t @ W_context_T
            _compare(dblended[now], seen, slots, out=dweights)
        else:
            dweights += _compare(dgates_t, heard, slots, out=np.empty_like(dweights))
        if gated:
            dbeta = np.add.reduce(dweights * weights[now], axis=1, keepdims=True)  # times beta
            np.multiply(dbeta, one_minus_beta[now], out=danswers[now, -1:])
            dweights *= betas[now]
        dweights += dattention[now]
        dweights -= np.add.reduce(dweights * attention[now], axis=1, keepdims=True)
        dscores = np.empty((L, len(dweights)), dtype)
        np.multiply(dweights.T, attention[now].T, out=dscores)
        slopes_seen = np.zeros((len(dweights), A), dtype)
        for locations, captions, r in look.at(now, slots):
            dscores_here, squares = dscores[locations, captions], look.spare(r)
            r_seen += dscores_here.reshape(-1) @ r.reshape(-1, A)
            np.multiply(r, r, out=squares)
            r -= squares
            r *= dscores_here[:, :, None]
            slopes_sum[locations, : r.shape[1]] += r
            slopes_seen[captions] += np.add.reduce(r)
        np.multiply(slopes_seen, 4 * v, out=danswers[now, :A])
        dstate = danswers[now] @ W_asked_T

    dW_asked = stacking.before(initial[0], states).T @ danswers
    db_asked = np.add.reduce(danswers)
    dgrid = None
    if to_grid or heard is not None:
        weights_T = _looks(weights, stacking, M).transpose(0, 2, 1)
    if heard is None:
        dW_context = context_scale * (contexts.T @ dgates)
        if to_grid:
            dgrid = weights_T @ _looks(dblended, stacking, M)
    else:
        dheard = weights_T @ _looks(dgates, stacking, M)
        dW_context = context_scale * (grid.reshape(-1, D).T @ dheard.reshape(-1, 4 * H))
        if to_grid:
            dgrid = weights_T @ dlooked + _product(dheard, context_scale * W_x[E:].T)
    slopes_sum *= 4 * v
    if words is not None:  # a word served in many places, as a row of an embedding does
        dgates = embedding_backward(dgates, (words, (len(x), 4 * H)))
    dx = dgates @ W_x[:E].T
    gradients = [
        dW_asked[:, :A], db_asked[:A], -2 * r_seen, np.concatenate([x.T @ dgates, dW_context]),
        dW_asked[:, A : A + 4 * H], db_asked[A : A + 4 * H],
    ]
    if gated:
        gradients += [dW_asked[:, -1:], db_asked[-1:]]
    if words is None:
        dx = stacking.unstack(dx)
    dstate, dcell, dkeys = (
        stacking.unsort(d) for d in (dstate, dcell, slopes_sum.transpose(1, 0, 2))
    )
    return dx, dstate, dcell, dgrid, dkeys, *gradients


def _sigma_of_minus(u, out):
    """1 / (1 + exp(u)); where the exponential is infinite, that is the 0 it should be."""
    np.exp(u, out=out)
    out += 1
    return np.divide(1, out, out=out)


def _gate_factors(gates, cells_before, tanh_cells):
    """What each gate's gradient is a multiple of, side by side, and the same for the cell.

        di = dcell g i (1 - i)     df = dcell cell_before f (1 - f)     dg = dcell i (1 - g^2)
        do = dstate tanh(cell) o (1 - o)                dcell += dstate o (1 - tanh(cell)^2)
    """
    i, _, o, g = _four(gates)
    factors = gates * gates
    np.subtract(gates, factors, out=factors)
    *slopes, dg = _four(factors)
    for slope, other in zip(slopes, (g, cells_before, tanh_cells), strict=True):
        slope *= other
    np.multiply(g, g, out=dg)
    np.subtract(1, dg, out=dg)
    dg *= i
    cell_from_state = tanh_cells * tanh_cells
    np.subtract(1, cell_from_state, out=cell_from_state)
    cell_from_state *= o
    return factors, cell_from_state


def _prepare_keys(keys):
    """Do for the keys what is the same at every step.

    Returns
    -------
    wide_keys : ndarray, shape (L, M A)
        exp(-2 key), locations first.
    is_safe : bool
        False where keys are so large that an exponential might be infinite, or zero. Then what is
        returned is -2 key.
    """
    keys = -2 * keys.transpose(1, 0, 2).reshape(keys.shape[1], -1)
    is_safe = max(keys.real.max(), -keys.real.min()) <= SAFE
    if is_safe:
        np.exp(keys, out=keys)
    return keys, is_safe


class _Look:
    """r = 1 / (1 + exp(2 (key + query))), in pieces of some locations that stay in the cache.

    Parameters
    ----------
    wide_keys, is_safe
        From `_prepare_keys`.
    asked : ndarray, shape (R, A)
        To be filled by `ask`, or filled by it on a walk before: exp(2 query) at each step. One
        that is infinite, or zero, makes r what it should be, 0 or 1. Where the keys are not safe,
        it is 2 query.
    buffers : int
        Arrays of the size of a piece that are needed at the same time.
    """

    def __init__(self, wide_keys, is_safe, asked, buffers=1):
        self.keys, self.is_safe, self.asked = wide_keys, is_safe, asked
        together = TOGETHER // (buffers * asked.itemsize)
        largest = max(wide_keys.shape[1], min(wide_keys.size, together))
        self.buffers = np.empty((buffers, largest), asked.dtype)

    def ask(self, now, queries):
        """Take note of 2 query, (n, A), at the rows of a step."""
        if self.is_safe:
            np.exp(queries, out=self.asked[now])
        else:
            self.asked[now] = queries

    def at(self, now, slots):
        """Yield for each piece its locations and captions, two slices, and r, (l, n, A)."""
        for captions, n in slots:
            queries = self.asked[now][captions].reshape(-1)
            for locations in pieces(len(self.keys), queries.nbytes * len(self.buffers), TOGETHER):
                keys = self.keys[locations, : len(queries)]
                r = self.buffers[0, : keys.size].reshape(keys.shape)
                if self.is_safe:
                    np.add(keys, queries, out=r)
                    np.divide(keys, r, out=r)
                else:
                    with np.errstate(over="ignore"):
                        _sigma_of_minus(np.subtract(queries, keys, out=r), out=r)
                yield locations, captions, r.reshape(len(keys), n, -1)

    def spare(self, r):
        """The second buffer, as large as this piece."""
        return self.buffers[1, : r.size].reshape(r.shape)


def _is_crowded(looks, L, D):
    """Whether an image has fewer locations to project than looks at them.

    To a gate's share of what is seen, a look brings D products, or a location D and a look L.
    Those L, of one vector with a matrix, take twice as long each as of two matrices.
    """
    return L * (D + 2 * looks) < looks * D


def _looks(rows, stacking, M):
    """Bring (R, width) to (M, T k, width): all looks at an image, one below the other."""
    return stacking.unstack(rows).reshape(M, -1, rows.shape[1])


def _product(grid, W):
    """One product for all images: matmul would take each by itself."""
    return (grid.reshape(-1, grid.shape[2]) @ W).reshape(*grid.shape[:2], -1)


def _blend(weights, grid, slots, out):
    """Average the locations of each caption's image: (captions, L), (M, L, D) -> (captions, D)."""
    for captions, n in slots:
        np.matmul(weights[captions, None], grid[:n], out=out[captions, None])


def _compare(vectors, grid, slots, out):
    """Multiply each caption's vector with its image's locations: -> (captions, L)."""
    for captions, n in slots:
        np.matmul(grid[:n], vectors[captions, :, None], out=out[captions, :, None])
    return out


def _four(gates):
    """The columns of i, f, o, g."""
    H = gates.shape[-1] // 4
    return [gates[..., gate * H : (gate + 1) * H] for gate in range(4)]
