"""The check of the textbooks, which is there to be compared with."""

from dataclasses import replace

import numpy as np
import pytest

from gradcheck.case import Case
from gradcheck.cases.layers import layer_cases
from gradcheck.cases.mistakes import mistakes
from gradcheck.check import check_case
from gradcheck.textbook import misses, parameters_of, textbook_check

CASES = {case.name: case for case in layer_cases()}


@pytest.mark.parametrize("name", CASES)
def test_right_layers_pass(name):
    assert textbook_check(CASES[name])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("linear", ("W", "b")),
        ("linear-without-bias", ("W",)),
        ("alignment", ("W_state", "b", "v")),
        ("batch_norm", ("gamma", "beta")),
        ("initial_state", ("W_state", "b_state", "W_cell", "b_cell")),
        ("embedding", ("W",)),
        ("lstm", ("W_x", "W_state", "b")),
        ("softmax", ("scores",)),
        ("weighted_sum", ("attention", "grid")),
    ],
)
def test_parameters_are_known_by_their_names(name, expected):
    assert parameters_of(CASES[name]) == expected


def test_a_doubled_parameter_gradient_is_noticed():
    case = CASES["linear"]

    def doubled(dout, cache):
        dx, dW, db = case.backward(dout, cache)
        return dx, 2 * dW, db

    wrong = replace(case, backward=doubled)
    assert not textbook_check(wrong)
    assert textbook_check(wrong, ["b"])
    assert not textbook_check(wrong, ["W", "b"])


def test_a_wrong_gradient_of_an_input_is_missed_unless_it_is_asked_for():
    case = CASES["linear"]

    def without_dx(dout, cache):
        dx, dW, db = case.backward(dout, cache)
        return 0 * dx, dW, db

    wrong = replace(case, backward=without_dx)
    assert textbook_check(wrong)
    assert not textbook_check(wrong, ["x"])
    assert not check_case(wrong).ok


def test_under_ones_a_softmax_that_returns_a_thousand_times_the_truth_passes():
    case = CASES["softmax"]
    wrong = replace(case, backward=lambda da, cache: 1000 * case.backward(da, cache))
    assert textbook_check(wrong)
    assert not check_case(wrong).ok


def test_a_small_tensor_in_the_shadow_of_large_entries_is_missed():
    x = np.array([1.0, 2.0, 1e-6])

    def forward(b):
        return x * b, None

    def backward(dout, cache):
        return dout * [1.0, 2.0, 5e-6]

    case = Case("shadow", forward, backward, {"b": np.ones(3)})
    assert textbook_check(case)
    assert not check_case(case).ok


def test_what_cannot_be_compared_or_raises_does_not_pass():
    case = CASES["linear"]

    def raises(dout, cache):
        raise ZeroDivisionError

    def too_few(dout, cache):
        dx, dW, _ = case.backward(dout, cache)
        return dx, dW

    def of_another_size(dout, cache):
        dx, dW, _ = case.backward(dout, cache)
        return dx, dW, dout

    def not_a_number(dout, cache):
        dx, dW, db = case.backward(dout, cache)
        return dx, dW * np.nan, db

    for backward in (raises, too_few, of_another_size, not_a_number):
        assert not textbook_check(replace(case, backward=backward))


def test_the_inputs_stay_as_they_were():
    before = {name: value.copy() for name, value in CASES["linear"].inputs.items()}
    textbook_check(CASES["linear"])
    for name, value in CASES["linear"].inputs.items():
        np.testing.assert_array_equal(value, before[name])


@pytest.mark.slow
def test_it_misses_many_of_the_students_mistakes_but_not_all():
    collection = mistakes()
    missed = misses(collection)
    assert len(collection) / 4 < len(missed) < len(collection)
    kinds = {mistake.kind for mistake in missed}
    assert {"ignores-upstream", "missing-path", "mutates"} <= kinds
    assert "linear-doubles-dW" not in {mistake.name for mistake in missed}
