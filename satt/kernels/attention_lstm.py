"""The decoder over a whole caption, with as little work as possible inside the time loop.

The mathematics is that of `satt/layers/attention_lstm.py`; what differs is when it is done.

Before the loop: the words' share of the gates, x W_x, one product for all T steps, to which the
biases are added too.

In the loop: W_query, W_gate and W_state stand side by side, so that one product asks the state
all three questions. The hidden layer of f_att, L N A numbers, is worked through in pieces that
stay in the cache. Its locations come first and the captions, the first of every image, then the
second of every image, after them: a query is the same at all locations, and so the longest rows
meet, N A numbers, or M A where an image's captions share its keys. NumPy starts anew at each row.

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

from satt.kernels.pieces import pieces

TOGETHER = 600_000  # bytes of a piece: in smaller ones, the calls take too large a share
WIDTH = 8192  # numbers in a row: as many as NumPy's buffer holds
SAFE = 40  # up to here the exponential of 2 keys is far from infinity and from zero in any float


@np.errstate(over="ignore")  # see `_sigma_of_minus` and `_Look`
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
    # The answers to the state's questions stand side by side: 2 query, gates, gate of the context.
    # sigma(u) = 1 / (1 + exp(-u)) and tanh(u) = 2 sigma(2 u) - 1: the factors of u are put into
    # the weights too.
    gates_at = slice(A, A + 4 * H)
    factors = np.repeat(np.array([-1, -2], dtype), [3 * H, H])
    asked = [2 * W_query, W_state * factors] + ([-W_gate] if gated else [])
    W_asked = np.concatenate(asked, axis=1)
    W_context = W_x[E:] * (factors * dtype.type(context_scale))
    x = _steps_first(x, k)
    known = np.empty((T, N, W_asked.shape[1]), dtype)
    known[..., :A] = 2 * b_query
    known[..., gates_at] = (_rows(x) @ (W_x[:E] * factors)).reshape(T, N, -1)
    known[..., gates_at] += b * factors
    if gated:
        known[..., -1:] = -b_gate

    states = np.empty((T + 1, N, H), dtype)
    cells, tanh_cells = np.empty_like(states), np.empty((T, N, H), dtype)
    gates, attention = np.empty((T, N, 4 * H), dtype), np.empty((T, N, L), dtype)
    contexts, betas = np.empty((T, N, D), dtype), np.ones((T, N, 1), dtype)
    weights = np.empty_like(attention) if gated else attention
    heard = _product(grid, W_context) if _is_crowded(T, k, L, D) else None
    states[0], cells[0] = _steps_first(initial_state, k), _steps_first(initial_cell, k)
    wide_keys, is_safe = _prepare_keys(keys, k)
    asked = np.empty((T, N * A), dtype)
    look, minus_2v = _Look(wide_keys, is_safe, asked, (N, A)), -2 * v
    scores, inputs = np.empty((L, N), dtype), np.empty((N, H), dtype)

    for t in range(T):
        answers, a_t, weights_t, gates_t = known[t], attention[t], weights[t], gates[t]
        answers += states[t] @ W_asked
        look.ask(t, answers[:, :A])
        for block, r in look.at(t):
            np.matmul(r, minus_2v, out=scores[block])
        scores -= np.maximum.reduce(scores.real)
        np.exp(scores, out=scores)
        np.divide(scores.T, np.add.reduce(scores)[:, None], out=a_t)
        if gated:
            np.multiply(a_t, _sigma_of_minus(answers[:, -1:], out=betas[t]), out=weights_t)
        if heard is None:
            _blend(weights_t, grid, out=contexts[t])
            np.matmul(contexts[t], W_context, out=gates_t)
        else:
            _blend(weights_t, heard, out=gates_t)
        gates_t += answers[:, gates_at]
        cell, tanh_cell = cells[t + 1], tanh_cells[t]
        i, f, o, g = _four(_sigma_of_minus(gates_t, out=gates_t))
        g *= 2
        g -= 1
        np.multiply(f, cells[t], out=cell)
        np.multiply(i, g, out=inputs)
        cell += inputs
        np.tanh(cell, out=tanh_cell)
        np.multiply(o, tanh_cell, out=states[t + 1])

    if heard is not None:
        heard /= factors
        contexts = _of_steps(_looks(weights, M) @ grid, k)
    cache = (
        x, grid, (wide_keys, is_safe, asked), v, W_x, W_state, W_query, W_gate, context_scale,
        states, cells, tanh_cells, gates, attention, contexts, betas, weights, heard,
    )
    return tuple(_captions_first(out, k) for out in (states[1:], contexts, attention)), cache


def attention_lstm_backward(dout, cache, to_grid=True):
    """Walk back; the derivations are those of the plain layers, and so are the arguments.

    For f_att, with u = key + query, tanh(u) = 1 - 2 r and s = 4 (r - r^2) for its slope:

        du = dscores v s        dkeys = sum_t du        dquery = sum_l du
        dv = sum dscores tanh(u) = -2 sum dscores r     as the dscores of a caption sum to zero

    v and the 4 are the same in every term, and so are multiplied in at the end of the sums.

    The factor by which the gradient of a cell or a state reaches each gate depends on the forward
    alone, so that all factors are taken before the loop, T steps at once.
    """
    (x, grid, looking, v, W_x, W_state, W_query, W_gate, context_scale, states, cells,
     tanh_cells, gates, attention, contexts, betas, weights, heard) = cache
    (T, N, E), (M, L, D), H, A = x.shape, grid.shape, states.shape[2], len(v)
    k, dtype, gated = N // M, states.dtype, W_gate is not None
    dstates, dcontexts, dattention = (_steps_first(d, k) for d in dout)
    context_scale = dtype.type(context_scale)
    asking = [W_query, W_state] + ([W_gate] if gated else [])
    W_context_T, W_asked_T = context_scale * W_x[E:].T, np.concatenate([W.T for W in asking])

    danswers = np.empty((T, N, len(W_asked_T)), dtype)
    dgates = danswers[..., A : A + 4 * H]
    factors, cell_from_state = _gate_factors(gates, cells, tanh_cells)
    one_minus_beta = 1 - betas
    if heard is None:
        dblended, dweights = np.empty((T, N, D), dtype), np.empty((N, L), dtype)
    else:
        dlooked = _looks(dcontexts, M)
        dweights_given = _of_steps(dlooked @ grid.transpose(0, 2, 1), k)
    dscores = np.empty((L, N), dtype)
    look = _Look(*looking, (N, A), buffers=2)
    slopes_sum, r_seen = np.zeros((L, N, A), dtype), np.zeros(A, dtype)
    dstate, dcell = np.zeros((N, H), dtype), np.zeros((N, H), dtype)

    for t in reversed(range(T)):
        dstate += dstates[t]
        from_state = cell_from_state[t]
        from_state *= dstate
        dcell += from_state
        dgates_t, dabove = dgates[t], (dcell, dcell, dstate, dcell)
        for factor, d, dgate in zip(_four(factors[t]), dabove, _four(dgates_t), strict=True):
            np.multiply(factor, d, out=dgate)
        dcell *= gates[t, :, H : 2 * H]

        if heard is None:
            np.matmul(dgates_t, W_context_T, out=dblended[t])
            dblended[t] += dcontexts[t]
            _compare(dblended[t], grid, out=dweights)
        else:
            dweights = dweights_given[t]
            dweights += _compare(dgates_t, heard, out=np.empty_like(dweights))
        if gated:
            dbeta = np.add.reduce(dweights * weights[t], axis=1, keepdims=True)  # times beta
            np.multiply(dbeta, one_minus_beta[t], out=danswers[t, :, -1:])
            dweights *= betas[t]
        dweights += dattention[t]
        dweights -= np.add.reduce(dweights * attention[t], axis=1, keepdims=True)
        np.multiply(dweights.T, attention[t].T, out=dscores)
        slopes_seen = 0
        for block, r in look.at(t):
            dscores_block, squares = dscores[block], look.spare(r)
            r_seen += dscores_block.reshape(-1) @ r.reshape(-1, A)
            np.multiply(r, r, out=squares)
            r -= squares
            r *= dscores_block[:, :, None]
            slopes_sum[block] += r
            slopes_seen = slopes_seen + np.add.reduce(r)
        np.multiply(slopes_seen, 4 * v, out=danswers[t, :, :A])
        dstate = danswers[t] @ W_asked_T

    rows = _rows(danswers)
    dW_asked, db_asked = _rows(states[:-1]).T @ rows, np.add.reduce(rows)
    dgates = rows[:, A : A + 4 * H]
    dW_words = _rows(x).T @ dgates
    weights_T = _looks(weights, M).transpose(0, 2, 1)
    if heard is None:
        dW_context = context_scale * (_rows(contexts).T @ dgates)
        dgrid = weights_T @ _looks(dblended, M) if to_grid else None
    else:
        dheard = weights_T @ _looks(dgates.reshape(T, N, -1), M)
        dW_context = context_scale * (grid.reshape(-1, D).T @ dheard.reshape(-1, 4 * H))
        dgrid = weights_T @ dlooked + _product(dheard, W_context_T) if to_grid else None
    dx = (dgates @ W_x[:E].T).reshape(T, N, E)
    dkeys = slopes_sum.reshape(L, k, M, A).sum(axis=1) if k > 1 else slopes_sum
    dkeys *= 4 * v
    gradients = [
        dW_asked[:, :A], db_asked[:A], -2 * r_seen, np.concatenate([dW_words, dW_context]),
        dW_asked[:, A : A + 4 * H], db_asked[A : A + 4 * H],
    ]
    if gated:
        gradients += [dW_asked[:, -1:], db_asked[-1:]]
    dx, dstate, dcell = (_captions_first(d, k) for d in (dx, dstate, dcell))
    return dx, dstate, dcell, dgrid, dkeys.transpose(1, 0, 2), *gradients


def _sigma_of_minus(u, out):
    """1 / (1 + exp(u)); where the exponential is infinite, that is the 0 it should be."""
    np.exp(u, out=out)
    out += 1
    return np.divide(1, out, out=out)


def _gate_factors(gates, cells, tanh_cells):
    """What each gate's gradient is a multiple of, side by side, and the same for the cell.

        di = dcell g i (1 - i)     df = dcell cell_before f (1 - f)     dg = dcell i (1 - g^2)
        do = dstate tanh(cell) o (1 - o)                dcell += dstate o (1 - tanh(cell)^2)
    """
    i, _, o, g = _four(gates)
    factors = gates * gates
    np.subtract(gates, factors, out=factors)
    *slopes, dg = _four(factors)
    for slope, other in zip(slopes, (g, cells[:-1], tanh_cells), strict=True):
        slope *= other
    np.multiply(g, g, out=dg)
    np.subtract(1, dg, out=dg)
    dg *= i
    cell_from_state = tanh_cells * tanh_cells
    np.subtract(1, cell_from_state, out=cell_from_state)
    cell_from_state *= o
    return factors, cell_from_state


def _prepare_keys(keys, k):
    """Do for the keys what is the same at every step.

    Returns
    -------
    wide_keys : ndarray, shape (L / locations, locations k M A)
        exp(-2 key), locations first, once for each of an image's k captions. As many locations
        stand in a row as NumPy's buffer holds numbers: it would copy shorter rows.
    is_safe : bool
        False where keys are so large that an exponential might be infinite, or zero. Then what is
        returned is -2 key.
    """
    M, L, A = keys.shape
    keys = -2 * keys.transpose(1, 0, 2).reshape(L, 1, M * A)
    is_safe = max(keys.real.max(), -keys.real.min()) <= SAFE
    if is_safe:
        np.exp(keys, out=keys)
    if k > 1:
        keys = np.repeat(keys, k, axis=1)
    locations = np.gcd(L, max(1, WIDTH // (k * M * A)))
    return keys.reshape(L // locations, -1), is_safe


class _Look:
    """r = 1 / (1 + exp(2 (key + query))), in pieces of some locations that stay in the cache.

    Parameters
    ----------
    wide_keys, is_safe
        From `_prepare_keys`.
    asked : ndarray, shape (T, N A)
        To be filled by `ask`, or filled by it on a walk before: exp(2 query) at each step. One
        that is infinite, or zero, makes r what it should be, 0 or 1. Where the keys are not safe,
        it is 2 query.
    shape : (N, A)
    buffers : int
        Arrays of the size of a piece that are needed at the same time.
    """

    def __init__(self, wide_keys, is_safe, asked, shape, buffers=1):
        self.keys, self.is_safe, self.asked, self.shape = wide_keys, is_safe, asked, shape
        width = wide_keys.shape[1]
        self.row = np.empty((width // asked.shape[1], asked.shape[1]), asked.dtype)
        self.blocks = pieces(len(wide_keys), buffers * self.row.nbytes, TOGETHER)
        self.buffers = np.empty((buffers, self.blocks[0].stop, width), asked.dtype)

    def ask(self, t, queries):
        """Take note of 2 query: (N, A)."""
        asked = self.asked[t].reshape(self.shape)
        if self.is_safe:
            np.exp(queries, out=asked)
        else:
            asked[...] = queries

    def at(self, t):
        """Yield (locations, r) for each piece: a slice, and an array (l, N, A) to work in."""
        self.row[...] = self.asked[t]
        queries = self.row.reshape(-1)
        for block in self.blocks:
            keys, r = self.keys[block], self.buffers[0, : block.stop - block.start]
            if self.is_safe:
                np.add(keys, queries, out=r)
                np.divide(keys, r, out=r)
            else:
                with np.errstate(over="ignore"):
                    _sigma_of_minus(np.subtract(queries, keys, out=r), out=r)
            locations = slice(block.start * len(self.row), block.stop * len(self.row))
            yield locations, r.reshape(-1, *self.shape)

    def spare(self, r):
        """The second buffer, as large as this piece."""
        return self.buffers[1].reshape(-1, *self.shape)[: len(r)]


def _steps_first(array, k):
    """Bring (M k, T, ...) to (T, k M, ...), and (M k, H) to (k M, H): the kernel's own order."""
    N, *steps, width = array.shape
    array = array.reshape(N // k, k, -1, width).transpose(2, 1, 0, 3)
    return array.reshape(*steps, N, width)


def _captions_first(array, k):
    """Bring (T, k M, ...) back to (M k, T, ...), and (k M, H) to (M k, H)."""
    *steps, N, width = array.shape
    array = array.reshape(-1, k, N // k, width).transpose(2, 1, 0, 3)
    return array.reshape(N, *steps, width)


def _is_crowded(T, k, L, D):
    """Whether an image has fewer locations to project than looks at them, T k.

    To a gate's share of what is seen, a look brings D products, or a location D and a look L.
    """
    return L * (D + T * k) < T * k * D


def _product(grid, W):
    """One product for all images: matmul would take each by itself."""
    return (grid.reshape(-1, grid.shape[2]) @ W).reshape(*grid.shape[:2], -1)


def _blend(weights, grid, out):
    """Average the locations of an image for each of its captions: (N, L), (M, L, D) -> (N, D)."""
    weights, out = (a.reshape(-1, len(grid), 1, a.shape[1]) for a in (weights, out))
    np.matmul(weights, grid, out=out)


def _compare(vectors, grid, out):
    """Multiply each caption's vector with all locations: (N, D), (M, L, D) -> (N, L)."""
    k, M = len(out) // len(grid), len(grid)
    np.matmul(grid, vectors.reshape(k, M, -1, 1), out=out.reshape(k, M, -1, 1))
    return out


def _rows(array):
    """All steps below each other: (T N, ...)."""
    return array.reshape(-1, array.shape[2])


def _looks(array, M):
    """Bring (T, k M, ...) to (M, T k, ...): all looks at an image, one below the other."""
    T, N, width = array.shape
    return array.reshape(T * N // M, M, width).transpose(1, 0, 2)


def _of_steps(array, k):
    """Bring (M, T k, ...) back to (T, k M, ...)."""
    M, looks, width = array.shape
    return array.transpose(1, 0, 2).reshape(looks // k, k * M, width)


def _four(gates):
    """The columns of i, f, o, g."""
    H = gates.shape[-1] // 4
    return [gates[..., gate * H : (gate + 1) * H] for gate in range(4)]
