"""The diagnosis with experiments: what only other upstreams can tell, on layers written here."""

import numpy as np
import pytest
from slips import explain

random = np.random.default_rng(1)
N, T, E, H = 3, 4, 2, 5


def sigmoid(x):
    return 0.5 * (1 + np.tanh(x / 2))


def kinds(*args, **settings):
    return {name: cause.kind for name, cause in explain(*args, **settings).items()}


# A hidden layer: x -> tanh(x W + b) -> V.

HIDDEN = {name: random.normal(size=size) for name, size in
          {"x": (N, 4), "W": (4, H), "b": H, "V": (H, 2)}.items()}


def hidden_forward(x, W, b, V):
    y = np.tanh(x @ W + b)
    return y @ V, (x, W, V, y)


def hidden_backward(slope=lambda y: 1 - y**2, times=lambda dout: dout):
    def backward(dout, cache):
        x, W, V, y = cache
        dpre = times(dout) @ V.T * slope(y)
        return dpre @ W.T, x.T @ dpre, dpre.sum(axis=0), y.T @ dout
    return backward


def test_a_right_pair_is_not_diagnosed():
    assert kinds(hidden_forward, hidden_backward(), HIDDEN) == {}


@pytest.mark.parametrize("slope", [lambda y: 1, lambda y: 1 - y, lambda y: y * (1 - y)])
def test_a_slope_hidden_between_two_products_is_found(slope):
    found = kinds(hidden_forward, hidden_backward(slope), HIDDEN)
    assert found == dict.fromkeys(("x", "W", "b"), "missing-activation-gradient")


def test_a_forgotten_relu_mask_between_two_products_is_found():
    def forward(x, W, b, V):
        pre = x @ W + b
        y = pre * (pre.real > 0)
        return y @ V, (x, W, V, y)

    found = kinds(forward, hidden_backward(lambda y: 1), HIDDEN)
    assert set(found.values()) == {"missing-activation-gradient"}
    assert kinds(forward, hidden_backward(lambda y: y > 0), HIDDEN) == {}


def test_an_upstream_taken_for_ones_or_for_its_mean():
    for times in (np.ones_like, lambda dout: np.full_like(dout, dout.mean())):
        found = kinds(hidden_forward, hidden_backward(times=times), HIDDEN)
        assert set(found.values()) == {"ignores-upstream"}


def test_a_term_that_ignores_the_upstream_is_enough():
    def backward(dout, cache):
        dx, dW, db, dV = hidden_backward()(dout, cache)
        return dx, dW, db + 1, dV

    assert kinds(hidden_forward, backward, HIDDEN) == {"b": "ignores-upstream"}


def test_gradients_returned_in_another_order():
    def backward(dout, cache):
        dx, dW, db, dV = hidden_backward()(dout, cache)
        return dW, dx, db, dV

    assert kinds(hidden_forward, backward, HIDDEN) == {"x": "permuted", "W": "permuted"}


def test_one_row_of_the_batch_in_place_of_the_sum():
    def backward(dout, cache):
        x, W, V, y = cache
        dx, dW, db, dV = hidden_backward()(dout, cache)
        return dx, dW, (dout @ V.T * (1 - y**2))[0], dV

    assert kinds(hidden_forward, backward, HIDDEN) == {"b": "missing-sum"}


def test_random_slopes_are_unknown():
    matrix = random.normal(size=(N * 2, N * 4))

    def backward(dout, cache):
        _, dW, db, dV = hidden_backward()(dout, cache)
        return (dout.reshape(-1) @ matrix).reshape(N, 4), dW, db, dV

    assert kinds(hidden_forward, backward, HIDDEN) == {"x": "unknown"}


def test_a_wrong_variable_is_unknown():
    def backward(dout, cache):
        dx, dW, db, dV = hidden_backward()(dout, cache)
        return dx, dW, db, (cache[3] + cache[3] ** 3).T @ dout

    assert kinds(hidden_forward, backward, HIDDEN) == {"V": "unknown"}


# A product with a square matrix.

SQUARE = {"x": random.normal(size=(4, 4)), "W": random.normal(size=(4, 4)),
          "b": random.normal(size=4)}


def linear_forward(x, W, b):
    return x @ W + b, (x, W)


@pytest.mark.parametrize("backward, expected", [
    (lambda d, c: (d @ c[1], c[0].T @ d, d.sum(axis=0)), {"x": "transposed"}),
    (lambda d, c: (d @ c[1].T, d.T @ c[0], d.sum(axis=0)), {"W": "transposed"}),
    (lambda d, c: (d @ c[1].T, c[0].T @ d, d.sum(axis=1)), {"b": "missing-sum"}),
    (lambda d, c: (d @ c[1].T, c[0].T @ d, d.mean(axis=0)), {"b": "scale"}),
])
def test_squares_hide_no_slip(backward, expected):
    assert kinds(linear_forward, backward, SQUARE) == expected


def test_the_skip_of_a_residual_is_a_path():
    def forward(x, W, b):
        y = np.tanh(x @ W + b)
        return x + y, (x, W, y)

    def backward(dout, cache):
        x, W, y = cache
        dpre = dout * (1 - y**2)
        return dpre @ W.T, x.T @ dpre, dpre.sum(axis=0)

    inputs = SQUARE | {"x": random.normal(size=(N, 4))}
    assert kinds(forward, backward, inputs) == {"x": "missing-path"}


# What all entries share.

def test_the_terms_of_a_softmax():
    def forward(x):
        a = np.exp(x - x.real.max(axis=1, keepdims=True))
        a = a / a.sum(axis=1, keepdims=True)
        return a, (a,)

    def backward(weight):
        def softmax_backward(dout, cache):
            (a,) = cache
            return a * (dout - weight * (a * dout).sum(axis=1, keepdims=True))
        return softmax_backward

    x = {"x": random.normal(size=(N, H))}
    assert kinds(forward, backward(1), x) == {}
    assert kinds(forward, backward(0), x) == {"x": "missing-path"}
    assert kinds(forward, backward(-1), x) == {"x": "sign"}
    assert kinds(forward, backward(2), x) == {"x": "scale"}


@pytest.mark.parametrize("mean, variance, kind", [
    (0, 1, "missing-path"), (1, 0, "missing-path"), (0, 0, "missing-path"),
    (-1, 1, "sign"), (1, 2, "scale"),
])
def test_the_terms_of_a_normalisation(mean, variance, kind):
    def forward(x):
        centred = x - x.mean(axis=0)
        r = 1 / np.sqrt((centred * centred).mean(axis=0) + 1e-5)
        return centred * r, (centred * r, r)

    def backward(dout, cache):
        z, r = cache
        return r * (dout - mean * dout.mean(axis=0) - variance * z * (dout * z).mean(axis=0))

    assert kinds(forward, backward, {"x": random.normal(size=(8, 3))}) == {"x": kind}


# A recurrent net, written out.

RECURRENT = {name: random.normal(size=size) for name, size in
             {"x": (N, T, E), "state": (N, H), "W": (E, H), "U": (H, H), "b": H}.items()}


def recurrent_forward(x, state, W, U, b):
    states = [state]
    for t in range(x.shape[1]):
        states.append(np.tanh(x[:, t] @ W + states[-1] @ U + b))
    return np.stack(states[1:], axis=1), (x, W, U, states)


def recurrent_backward(dout, cache, carries=True, upstream_of=lambda t: True, keeps=lambda t: True,
                       slope=lambda y: 1 - y**2, overwrites=False, turned=False):
    x, W, U, states = cache
    dx, dstate, sums = np.zeros(x.shape), 0, [np.zeros(W.shape), np.zeros(U.shape), np.zeros(H)]
    for t in reversed(range(x.shape[1])):
        dstate = dstate * carries + dout[:, t] * upstream_of(t)
        dpre = dstate * slope(states[t + 1])
        dx[:, t] = dpre @ W.T
        dstate = dpre @ (U if turned else U.T)
        parts = [x[:, t].T @ dpre, states[t].T @ dpre, dpre.sum(axis=0)]
        if overwrites:
            sums = parts
        elif keeps(t):
            sums = [total + part for total, part in zip(sums, parts, strict=True)]
    return dx, dstate, *sums


@pytest.mark.parametrize("slip, arguments, kind", [
    ({"carries": False}, ["x", "state", "W", "U", "b"], "missing-path"),
    ({"overwrites": True}, ["W", "U", "b"], "first-step-only"),
    ({"keeps": lambda t: t == T - 1}, ["W", "U", "b"], "last-step-only"),
    ({"upstream_of": lambda t: t == T - 1}, ["x", "state", "W", "U", "b"], "last-step-only"),
    ({"slope": lambda y: 1}, ["x", "state", "W", "U", "b"], "missing-activation-gradient"),
    ({"turned": True}, ["x", "state", "W", "U", "b"], "transposed"),
])
def test_slips_in_time(slip, arguments, kind):
    def backward(dout, cache):
        return recurrent_backward(dout, cache, **slip)

    found = kinds(recurrent_forward, backward, RECURRENT)
    assert found == dict.fromkeys(arguments, kind)


# One gate of several, seen in the parameters and blurred in the input.

GATES = {"x": random.normal(size=(N, 4)), "state": random.normal(size=(N, H)),
         "W": random.normal(size=(4, 2 * H)), "b": random.normal(size=2 * H)}


def gated_forward(x, state, W, b):
    pre = x @ W + b
    z, c = sigmoid(pre[:, :H]), np.tanh(pre[:, H:])
    return z * state + (1 - z) * c, (x, state, W, z, c)


def gated_backward(edit):
    def backward(dout, cache):
        x, state, W, z, c = cache
        dz = dout * (state - c) * z * (1 - z)
        dc = dout * (1 - z) * (1 - c**2)
        dpre = np.hstack(edit(dz, dc, z, c))
        return dpre @ W.T, dout * z, x.T @ dpre, dpre.sum(axis=0)
    return backward


@pytest.mark.parametrize("edit, kind", [
    (lambda dz, dc, z, c: (-dz, dc), "sign"),
    (lambda dz, dc, z, c: (dz, 3 * dc), "scale"),
    (lambda dz, dc, z, c: (0 * dz, dc), "zero"),
    (lambda dz, dc, z, c: (dc, dz), "permuted"),
    (lambda dz, dc, z, c: (dz / (z * (1 - z)), dc), "missing-activation-gradient"),
    (lambda dz, dc, z, c: (dz, dc / (1 - c**2)), "missing-activation-gradient"),
])
def test_slips_in_one_gate(edit, kind):
    found = kinds(gated_forward, gated_backward(edit), GATES)
    assert found == dict.fromkeys(("x", "W", "b"), kind)


# Windows.

@pytest.mark.parametrize("adds, last, kind", [
    (True, 3, None), (False, 3, "overwrites-repeats"), (True, 2, "border"),
])
def test_slips_in_overlapping_windows(adds, last, kind):
    def forward(x):
        return sum(x[:, i : i + 3, j : j + 3] for i in (0, 1, 2) for j in (0, 1, 2)), ()

    def backward(dout, cache):
        dx = np.zeros((2, 5, 5, 3))
        for i in range(last):
            for j in range(3):
                window = dx[:, i : i + 3, j : j + 3]
                message = dout[:, i : i + 1, j : j + 1]
                window[...] = window + message if adds else message
        return dx

    found = kinds(forward, backward, {"x": random.normal(size=(2, 5, 5, 3))})
    assert found == ({"x": kind} if kind else {})
