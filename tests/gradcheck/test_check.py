"""A right backward passes; every planted mistake fails, and for the reason that was planted."""

import doctest
from dataclasses import replace

import numpy as np
import pytest

import gradcheck
from gradcheck import Case, check
from gradcheck.check import check_case


def forward(x, W, b=None):
    out = np.tanh(x @ W + (0 if b is None else b))
    return out, (x, W, b, out)


def backward(dout, cache):
    x, W, b, out = cache
    dpre = dout * (1 - out**2)
    return dpre @ W.T, x.T @ dpre, None if b is None else dpre.sum(axis=0)


def softmax(x):
    a = np.exp(x - x.max(axis=1, keepdims=True))
    a = a / a.sum(axis=1, keepdims=True)
    return a, (a,)


def softmax_backward(dout, cache):
    (a,) = cache
    return a * (dout - (a * dout).sum(axis=1, keepdims=True))


@pytest.fixture
def inputs(random):
    shapes = {"x": (2, 3), "W": (3, 4), "b": (4,)}
    return {name: random.normal(size=shape) for name, shape in shapes.items()}


def spoiled(place, spoil):
    """The right backward, with one of its gradients spoiled."""

    def wrong(dout, cache):
        gradients = list(backward(dout, cache))
        gradients[place] = spoil(gradients[place])
        return tuple(gradients)

    return wrong


def test_a_right_backward_passes_with_a_small_error(inputs):
    report = check(forward, backward, inputs)
    assert report.ok
    assert list(report.gradients) == ["x", "W", "b"]
    assert 0 < report.max_error < 2e-8
    assert report.problems == ()
    for name, gradient in report.gradients.items():
        assert gradient.ok
        assert gradient.analytic.shape == gradient.numeric.shape == inputs[name].shape
        np.testing.assert_allclose(gradient.analytic, gradient.numeric, rtol=1e-9)


@pytest.mark.parametrize(
    "spoil",
    [lambda g: 2 * g, lambda g: -g, lambda g: 0 * g, lambda g: 1.00001 * g, lambda g: g + 0.01],
    ids=["factor", "sign", "zeros", "a little too large", "something added"],
)
@pytest.mark.parametrize("place, name", [(0, "x"), (1, "W"), (2, "b")])
def test_a_wrong_gradient_fails_and_the_others_do_not(inputs, spoil, place, name):
    report = check(forward, spoiled(place, spoil), inputs)
    assert not report.ok
    assert [key for key, gradient in report.gradients.items() if not gradient.ok] == [name]


def test_a_factor_is_told_at_the_worst_entry(inputs):
    report = check(forward, spoiled(1, lambda g: 2 * g), inputs)
    wrong = report.gradients["W"]
    assert wrong.ratio == pytest.approx(2)
    assert wrong.yours == wrong.analytic[wrong.worst_index]
    assert wrong.expected == wrong.numeric[wrong.worst_index]
    assert report.max_error == wrong.max_error == pytest.approx(0.5)


def test_a_single_wrong_entry_is_found_where_it_is(inputs):
    def spoil(gradient):
        gradient[2, 1] += 0.5
        return gradient

    assert check(forward, spoiled(1, spoil), inputs).gradients["W"].worst_index == (2, 1)


def test_a_wrong_entry_is_not_hidden_by_larger_ones():
    scale = np.array([1e4, 1, 1e-2, 1e3])

    def wrong(dout, cache):
        return dout * np.array([1e4, 1, 2e-2, 1e3])

    report = check(lambda x: (x * scale, ()), wrong, {"x": np.ones((2, 4))})
    assert not report.ok
    assert report.gradients["x"].worst_index[1] == 2
    # What most checkers look at, the ratio of whole tensors, would let it pass.
    off = report.gradients["x"].analytic - report.gradients["x"].numeric
    assert np.linalg.norm(off) / np.linalg.norm(report.gradients["x"].numeric) < 1e-5


def test_a_transposed_gradient_fails_even_if_inputs_and_upstream_share_a_seed():
    """The same numbers in x and in the upstream would make x^T dout symmetric."""
    random = np.random.default_rng(0)
    square = {"x": random.normal(size=(2, 3)), "W": random.normal(size=(3, 3)), "b": None}
    assert check(forward, backward, square, seed=0).ok
    report = check(forward, spoiled(1, np.transpose), square, seed=0)
    assert report.gradients["x"].ok and not report.gradients["W"].ok

    x, W = {"x": square["x"]}, square["W"]
    seen = check(lambda x: (x @ W, x), lambda dout, x: dout @ W.T, x).gradients["x"].numeric
    assert not np.allclose(seen, square["x"] @ W.T)


def test_a_softmax_that_returns_zeros_fails_though_ones_from_above_would_pass_it(random):
    scores = {"scores": random.normal(size=(2, 5))}
    a, cache = softmax(scores["scores"])
    np.testing.assert_allclose(softmax_backward(np.ones_like(a), cache), 0, atol=1e-15)

    assert check(softmax, softmax_backward, scores).ok
    assert not check(softmax, lambda dout, cache: 0 * dout, scores).ok
    assert not check(softmax, lambda *given: 1000 * softmax_backward(*given), scores).ok


def test_a_forgotten_path_fails_for_the_input_alone(random):
    """The grid is key and value; the backward forgets that it was a key."""

    def attend(grid, query):
        a, cache = softmax(grid @ query)
        return (a[:, :, None] * grid).sum(axis=1), (grid, query, a, cache)

    def attend_backward(dout, cache, forget=False):
        grid, query, a, softmax_cache = cache
        dscores = softmax_backward((grid * dout[:, None, :]).sum(axis=2), softmax_cache)
        as_value = a[:, :, None] * dout[:, None, :]
        as_key = dscores[:, :, None] * query
        dquery = (dscores[:, :, None] * grid).sum(axis=(0, 1))
        return as_value if forget else as_value + as_key, dquery

    given = {"grid": random.normal(size=(2, 4, 3)), "query": random.normal(size=3)}
    assert check(attend, attend_backward, given).ok
    report = check(attend, lambda *both: attend_backward(*both, forget=True), given)
    assert report.gradients["query"].ok and not report.gradients["grid"].ok


def test_several_outputs_are_a_tuple_and_so_are_their_gradients(random):
    def two(x):
        return (x**2, np.sin(x).sum()), (x,)

    def two_backward(dout, cache):
        dsquare, dsum = dout
        return 2 * cache[0] * dsquare + np.cos(cache[0]) * dsum

    x = {"x": random.normal(size=(2, 3))}
    assert check(two, two_backward, x).ok
    assert not check(two, lambda dout, cache: 2 * cache[0] * dout[0], x).ok
    assert not check(two, lambda dout, cache: np.cos(cache[0]) * dout[1], x).ok


def test_scalars_and_float32_can_be_inputs():
    def product(x, gain):
        return x * gain, (x, gain)

    def product_backward(dout, cache):
        return dout * cache[1], (dout * cache[0]).sum()

    report = check(product, product_backward, {"x": np.ones((2, 3), np.float32), "gain": 2.5})
    assert report.ok
    assert report.gradients["gain"].worst_index == ()
    assert report.max_error < 1e-10


def test_integers_are_passed_and_get_no_gradient(random):
    inputs = {"words": np.array([0, 2, 2]), "W": random.normal(size=(4, 3))}

    def adding(dout, cache):
        dW = np.zeros((4, 3))
        np.add.at(dW, cache, dout)
        return dW

    def overwriting(dout, cache):
        dW = np.zeros((4, 3))
        dW[cache] += dout
        return dW

    report = check(lambda words, W: (W[words], words), adding, inputs)
    assert report.ok and list(report.gradients) == ["W"]
    report = check(lambda words, W: (W[words], words), overwriting, inputs)
    assert not report.ok and report.gradients["W"].worst_index[0] == 2


def test_none_is_passed_and_its_gradient_is_none(inputs):
    report = check(forward, backward, inputs | {"b": None})
    assert report.ok and list(report.gradients) == ["x", "W"]
    report = check(forward, spoiled(2, lambda g: np.zeros(4)), inputs | {"b": None})
    assert not report.ok
    assert "gradient for b" in report.problems[0]


def test_options_reach_the_forward():
    def scaled(x, scale=1.0):
        return x * scale, (scale,)

    def right(dout, cache):
        return dout * cache[0]

    plain, threefold = (check(scaled, right, {"x": np.ones(3)}, {"scale": s}) for s in (1, 3))
    assert plain.ok and threefold.ok
    ratio = threefold.gradients["x"].numeric / plain.gradients["x"].numeric
    np.testing.assert_allclose(ratio, 3)


def test_a_generator_among_the_options_draws_the_same_each_time(random):
    def noisy(x, generator):
        mask = generator.random(x.shape) < 0.5
        return x * mask, mask

    x = {"x": random.normal(size=(3, 4))}
    assert check(noisy, lambda d, mask: d * mask, x, {"generator": np.random.default_rng(1)}).ok


def test_a_forward_that_draws_anew_is_told(random):
    def noisy(x):
        mask = random.random(x.shape) < 0.5
        return x * mask, mask

    report = check(noisy, lambda d, mask: d * mask, {"x": np.ones((3, 4))})
    assert not report.ok
    assert "forward called twice gives two results" in report.problems[0]


def test_a_backward_that_draws_anew_is_told(inputs, random):
    wrong = spoiled(0, lambda g: g + 1e-8 * random.normal(size=g.shape))
    report = check(forward, wrong, inputs)
    assert not report.ok
    assert report.problems == ("backward called twice gives two results",)
    assert report.gradients["W"].ok and report.gradients["b"].ok


def test_a_changed_upstream_is_told_though_the_values_are_right(inputs):
    def wrong(dout, cache):
        x, W, b, out = cache
        dout *= 1 - out**2
        return dout @ W.T, x.T @ dout, dout.sum(axis=0)

    report = check(forward, wrong, inputs)
    assert not report.ok
    assert report.problems == ("backward changed the upstream gradient in place",)
    assert all(gradient.ok for gradient in report.gradients.values())


def test_a_changed_cache_is_told(inputs):
    def wrong(dout, cache):
        cache[3][...] = 1 - cache[3] ** 2
        dpre = dout * cache[3]
        return dpre @ cache[1].T, cache[0].T @ dpre, dpre.sum(axis=0)

    problems = check(forward, wrong, inputs).problems
    assert "backward changed its cache in place" in problems
    assert "backward called twice gives two results" in problems


def test_changed_arguments_are_told(inputs):
    def wrong_forward(x, W, b):
        x -= 1
        return forward(x, W, b)

    def wrong_backward(dout, cache):
        gradients = backward(dout, cache)
        cache[1][...] = 0
        return gradients

    assert check(wrong_forward, backward, inputs).problems == ("forward changed x in place",)
    problems = check(forward, wrong_backward, inputs).problems
    assert "backward changed W in place" in problems


def test_the_callers_arrays_are_left_alone(inputs):
    def wrong_forward(x, W, b):
        x *= 0
        return forward(x, W, b)

    x = inputs["x"].copy()
    check(wrong_forward, backward, inputs)
    np.testing.assert_array_equal(inputs["x"], x)


def test_a_wrong_shape_is_told(inputs):
    report = check(forward, spoiled(2, lambda g: g[None]), inputs)
    assert not report.ok
    assert "(1, 4), expected (4,)" in report.gradients["b"].problem
    assert report.gradients["b"].max_error == np.inf
    assert report.gradients["x"].ok


@pytest.mark.parametrize("returned", [None, "dW", {"W": 1}, 1j], ids=str)
def test_something_that_is_no_gradient_is_told(inputs, returned):
    report = check(forward, spoiled(1, lambda g: returned), inputs)
    assert not report.ok
    assert report.gradients["W"].problem


def test_a_wrong_number_of_gradients_is_told(inputs):
    report = check(forward, lambda *given: backward(*given)[:2], inputs)
    assert not report.ok and report.gradients == {}
    assert report.problems == ("backward returned 2 gradient(s), expected 3 (x, W, b)",)
    assert "2 gradient(s)" in str(report)


def test_nothing_against_nothing_is_vacuous_and_fails(random):
    given = {"x": random.normal(size=(2, 3)), "unused": random.normal(size=4)}
    report = check(lambda x, unused: (x**2, x), lambda d, x: (2 * x * d, np.zeros(4)), given)
    assert not report.ok
    assert report.gradients["x"].ok
    assert "vacuous" in report.gradients["unused"].problem


def shifted_softmax(x, shift):
    return softmax(x + shift)


def shifted_softmax_backward(dout, cache):
    dx = softmax_backward(dout, cache)
    return dx, dx.sum(axis=1, keepdims=True)


def test_a_gradient_that_is_zero_but_for_rounding_passes_if_declared(random):
    given = {"x": random.normal(size=(2, 5)), "shift": random.normal(size=(2, 1))}
    report = check(shifted_softmax, shifted_softmax_backward, given, zero=("shift",))
    assert report.ok and report.max_error < 2e-8
    report = check(shifted_softmax, shifted_softmax_backward, given)
    assert "vacuous" in report.gradients["shift"].problem


def test_a_gradient_declared_zero_fails_if_either_side_is_not(random, inputs):
    given = {"x": random.normal(size=(2, 5)), "shift": random.normal(size=(2, 1))}

    def wrong(dout, cache):
        dx, dshift = shifted_softmax_backward(dout, cache)
        return dx, dshift + 1e-4

    assert not check(shifted_softmax, wrong, given, zero=("shift",)).ok
    assert not check(forward, backward, inputs, zero=("b",)).ok
    assert not check(forward, spoiled(2, lambda g: 0 * g), inputs, zero=("b",)).ok


def test_nan_and_infinity_fail(inputs):
    for bad in (np.nan, np.inf):
        report = check(forward, spoiled(0, lambda g, bad=bad: g + bad), inputs)
        assert not report.ok
        assert "NaN or infinity" in report.gradients["x"].problem
    with np.errstate(invalid="ignore"):
        report = check(lambda x: (np.sqrt(x), x), lambda d, x: d, {"x": -np.ones(2)})
    assert not report.ok
    assert report.problems == ("forward returned NaN or infinity",)


def test_a_forward_that_breaks_close_by_fails():
    x = {"x": np.array([1e-9, 2.0])}
    with np.errstate(invalid="ignore"):
        report = check(lambda x: (np.sqrt(x), x), lambda d, x: d / (2 * np.sqrt(x)), x)
    assert not report.ok
    assert "close to this input" in report.gradients["x"].problem


def test_a_forward_that_drops_the_precision_is_told():
    report = check(lambda x: (np.tanh(x).astype(np.float32), x), lambda d, x: d, {"x": np.ones(2)})
    assert not report.ok
    assert "float32" in report.problems[0]


def test_a_large_argument_is_sampled(random):
    given = {"x": random.normal(size=(50, 60))}
    report = check(lambda x: (np.sin(x), x), lambda d, x: d * np.cos(x), given)
    assert report.ok
    assert np.count_nonzero(np.isfinite(report.gradients["x"].numeric)) == 2000


def test_an_error_outside_the_sample_is_found_by_the_directions(random):
    given = {"x": random.normal(size=(50, 60))}
    right = check(lambda x: (np.sin(x), x), lambda d, x: d * np.cos(x), given)
    taken = np.isfinite(right.gradients["x"].numeric)

    def wrong(dout, x):
        dx = dout * np.cos(x)
        dx[tuple(np.argwhere(~taken)[0])] += 1
        return dx

    report = check(lambda x: (np.sin(x), x), wrong, given)
    assert not report.ok
    assert "direction" in report.gradients["x"].problem


def test_the_seed_decides_the_upstream(inputs):
    one, same, other = (check(forward, backward, inputs, seed=seed) for seed in (0, 0, 1))
    assert np.array_equal(one.gradients["W"].numeric, same.gradients["W"].numeric)
    assert not np.allclose(one.gradients["W"].numeric, other.gradients["W"].numeric)


def test_the_tolerance_decides(inputs):
    slightly = spoiled(0, lambda g: 1.001 * g)
    assert not check(forward, slightly, inputs).ok
    assert check(forward, slightly, inputs, tolerance=1e-2).ok


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"method": "guess"}, "method: expected both, central or complex"),
        ({"inputs": {"words": np.arange(3)}}, "inputs: expected an array of floats"),
        ({"zero": ("c",)}, "zero: expected some of x, W, b, got 'c'"),
        ({"forward": lambda x, W, b: x}, "expected the pair"),
    ],
)
def test_a_check_that_cannot_be_made_says_why(inputs, changes, message):
    with pytest.raises(ValueError, match=message):
        check(**{"forward": forward, "backward": backward, "inputs": inputs} | changes)


def test_a_case_carries_all_that_its_check_needs(random):
    given = {"x": random.normal(size=(2, 5)), "shift": random.normal(size=(2, 1))}
    case = Case("shifted", shifted_softmax, shifted_softmax_backward, given, zero=("shift",))
    assert check_case(case).ok


def test_the_report_shows_the_wrong_entry_with_its_ratio(inputs):
    lines = str(check(forward, spoiled(1, lambda g: 3 * g), inputs)).splitlines()
    assert lines[0].split() == (
        "argument shape central complex step verdict worst at yours expected ratio".split()
    )
    assert lines[1].split()[-1] == "ok" and lines[3].split()[-1] == "ok"
    assert lines[2].split()[-1] == "3"
    column = lines[0].index("verdict")
    assert [line[column:].split()[0] for line in lines[1:4]] == ["ok", "FAILED", "ok"]
    assert lines[4:6] == ["", "W: the gradient is wrong"]
    assert lines[6] == "  cause: scale (factor 3)"
    assert "W" in lines[7]


def test_the_report_of_a_right_backward_is_one_line_an_argument(inputs):
    assert len(str(check(forward, backward, inputs)).splitlines()) == 1 + len(inputs)


def test_the_example_in_the_documentation_is_true():
    results = doctest.testmod(gradcheck)
    assert results.attempted > 5 and results.failed == 0


# --- both methods -------------------------------------------------------------------------------


def test_both_methods_are_used_and_the_complex_step_is_exact(inputs):
    report = check(forward, backward, inputs)
    assert report.max_error_complex < 1e-13 < report.max_error_central < 2e-8
    assert report.max_error == report.max_error_central
    central, exact = (check(forward, backward, inputs, method=m) for m in ("central", "complex"))
    assert central.max_error_complex is None and exact.max_error_central is None
    assert exact.max_error == report.max_error_complex and central.max_error < 1e-9


def test_an_error_in_small_entries_is_seen_by_the_complex_step_alone(random):
    scale = np.array([1.0, 1e-5, 1.0])
    x = {"x": random.normal(size=(4, 3))}

    def slightly(dout, cache):
        return dout * scale * np.array([1, 1.01, 1])

    assert check(lambda x: (x * scale, ()), slightly, x, method="central").ok
    report = check(lambda x: (x * scale, ()), slightly, x)
    assert not report.ok and report.gradients["x"].worst_index[1] == 1


@pytest.mark.parametrize("loses", [np.abs, lambda x: np.sqrt(x.real**2), lambda x: x * np.ones(1)])
def test_a_forward_that_loses_the_imaginary_part_fails(loses):
    def forward(x):
        y = np.zeros(x.shape)  # a float buffer
        y[...] = loses(x)
        return y, np.sign(x.real)

    report = check(forward, lambda dout, sign: dout * sign, {"x": np.array([1.0, 2.0])})
    assert not report.ok and "not complex-safe in x" in report.problems[0]
    assert report.cause.kind == "dtype"
    assert report.gradients["x"].ok  # by central differences
    assert check(forward, lambda d, s: d * s, {"x": np.array([1.0, 2.0])}, method="central").ok


def test_a_forward_that_is_another_one_for_complex_numbers_fails(random):
    """np.var takes the squared modulus, so that a complex input gives a complex wrong slope."""

    def normalise(x):
        z = (x - x.mean()) / np.sqrt(np.var(x))
        return z, (z, np.sqrt(np.var(x)))

    def backward(dout, cache):
        z, deviation = cache
        return (dout - dout.mean() - z * (dout * z).mean()) / deviation

    x = {"x": random.normal(size=5)}
    assert check(normalise, backward, x, method="central").ok
    report = check(normalise, backward, x)
    assert "not complex-safe" in report.problems[0] and report.gradients["x"].ok


def test_right_code_is_not_blamed_for_rounding(random):
    """A large constant in the output, and a slope that is nearly nothing."""
    x = {"x": random.normal(size=(2, 3))}
    report = check(lambda x: (x**2 + 1e8, x), lambda d, x: 2 * x * d, x)
    assert report.ok and report.redrawn == 0
    assert not check(lambda x: (x**2 + 1e8, x), lambda d, x: 2.0001 * x * d, x).ok

    def saturated(x):
        out = np.tanh(x + 10)
        return out, out

    report = check(saturated, lambda dout, out: dout * (1 - out**2), x)
    assert report.ok and report.max_error < 1e-6
    assert not check(saturated, lambda dout, out: 1.0001 * dout * (1 - out**2), x).ok


def test_a_case_may_be_exempt_from_the_complex_step():
    case = Case("abs", lambda x: (np.abs(x), np.sign(x)), lambda d, s: d * s, {"x": np.ones(3)})
    assert not check_case(case).ok
    report = check_case(replace(case, complex_step=False))
    assert report.ok and report.max_error_complex is None


# --- kinks --------------------------------------------------------------------------------------


def relu(x):
    return np.where(x.real > 0, x, 0), x


def relu_backward(dout, x):
    return dout * (x.real > 0)


@pytest.mark.parametrize("method", ["both", "central"])
def test_inputs_at_a_kink_are_moved(method, random):
    x = random.normal(size=(3, 4))
    x[1] = 0
    report = check(relu, relu_backward, {"x": x}, method=method)
    assert report.ok and report.redrawn > 0
    assert "moved" in str(report)
    assert not check(relu, lambda d, x: d, {"x": x}, method=method).ok


def test_inputs_close_to_a_kink_are_left_where_they_are():
    x = np.array([[1e-4, -2e-5, 0.3], [-0.5, 5e-4, -9e-4]])
    report = check(relu, relu_backward, {"x": x})
    assert report.ok and report.redrawn == 0
    assert report.max_error_central < 1e-7


@pytest.mark.parametrize("distance", np.linspace(0.3, 5, 20) * 1e-7)
def test_a_kink_close_by_is_not_taken_for_float32(distance):
    report = check(relu, relu_backward, {"x": np.array([distance, 0.5, -0.7])})
    assert report.ok, report


def test_ties_of_a_maximum_are_moved_apart():
    def largest(x):
        winner = np.argmax(x.real)
        return x[winner], (winner, x.shape)

    def largest_backward(dout, cache):
        dx = np.zeros(cache[1])
        dx[cache[0]] = dout
        return dx

    report = check(largest, largest_backward, {"x": np.ones(4)})
    assert report.ok and report.redrawn == 1


# --- precision and causes -----------------------------------------------------------------------


def test_float32_on_the_way_through_the_forward_is_told(inputs):
    def rounded(x, W, b):
        out, cache = forward(x.astype(np.result_type(x, 1j)).real, W, b)
        return out, cache

    def single(x):
        y = np.tanh(x.astype(np.float32)).astype(np.float64) * 2
        return y, x

    assert check(rounded, backward, inputs, method="central").ok
    report = check(single, lambda d, x: 2 * d * (1 - np.tanh(x) ** 2), {"x": inputs["x"]},
                   method="central", tolerance=1.0)
    assert not report.ok and "float32" in report.problems[0]
    assert report.cause.kind == "dtype"


@pytest.mark.parametrize("seed", range(4))
def test_float32_on_the_way_through_the_backward_is_told(inputs, seed):
    def single(dout, cache):
        dx, dW, db = backward(dout, cache)
        return dx, dW.astype(np.float32).astype(np.float64), db

    report = check(forward, single, inputs, seed=seed)
    assert [name for name, g in report.gradients.items() if not g.ok] == ["W"]
    assert report.gradients["W"].cause.kind == "dtype"


def test_a_gradient_of_float32_is_told(inputs):
    report = check(forward, spoiled(0, lambda g: g.astype(np.float32)), inputs)
    assert report.gradients["x"].problem.startswith("the gradient is float32")
    assert report.gradients["x"].cause.kind == "dtype"


def test_what_is_wrong_has_a_cause_and_what_is_right_has_none(inputs):
    report = check(forward, spoiled(1, np.negative), inputs)
    assert report.gradients["W"].cause.kind == "sign"
    assert report.gradients["x"].cause is None is report.cause
    assert [cause.kind for cause in report.causes] == ["sign"]
    assert check(forward, backward, inputs).causes == []


def test_a_forgotten_use_is_named_by_its_partial(random):
    def twice(x):
        return x**2 + np.sin(x), x

    partials = {"x under the sine": ("x", lambda dout: dout * np.cos(x["x"]))}
    x = {"x": random.normal(size=(3, 4))}
    report = check(twice, lambda d, x: 2 * x * d, x, partials=partials)
    cause = report.gradients["x"].cause
    assert cause.kind == "missing-path" and "x under the sine" in cause.hint + cause.evidence
    by_shape = {"x under the sine": partials["x under the sine"][1]}
    report = check(twice, lambda d, x: 2 * x * d, x, partials=by_shape)
    assert report.gradients["x"].cause.kind == "missing-path"


# --- the picture --------------------------------------------------------------------------------


def test_the_picture_has_a_panel_for_each_argument(inputs, tmp_path):
    report = check(forward, spoiled(1, lambda g: g.T), inputs)
    figure = report.plot(tmp_path / "errors.png")
    assert (tmp_path / "errors.png").stat().st_size > 1000
    titles = [panel.get_title() for panel in figure.axes if panel.get_title()]
    assert len(titles) == 3 and titles[0].startswith("x (") and "transposed" in titles[1]


def test_a_check_that_compared_nothing_can_be_drawn(inputs):
    report = check(forward, lambda *given: backward(*given)[:2], inputs)
    (panel,) = report.plot().axes
    assert "2 gradient(s)" in panel.texts[0].get_text()
