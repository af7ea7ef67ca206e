"""The students' mistakes: each is caught, and the first cause named is nearly always right."""

import copy
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from gradcheck.cases.layers import layer_cases
from gradcheck.cases.mistakes import mistakes
from gradcheck.cases.mistakes.attention import (
    attention_backward,
    attention_forward,
    steps_backward,
    steps_forward,
)
from gradcheck.check import check_case
from gradcheck.diagnosis import KINDS

MISTAKES = mistakes()

# These are about two calls, about what a call leaves behind, or about a gradient that is zero
# on the inputs at hand: the numbers of one call are right.
RIGHT_NUMBERS = {"mutates", "not-repeatable", "forward-inconsistent", "vacuous", "dtype"}


@pytest.fixture(
    scope="module",
    params=[pytest.param(1, id="all", marks=pytest.mark.slow), pytest.param(9, id="every-ninth")],
)
def checked(request):
    """Mistakes, and the reports of them."""
    chosen = MISTAKES[:: request.param]
    return chosen, {mistake.name: check_case(mistake.case) for mistake in chosen}


def first_kind(report):
    """Name the cause that a reader sees first: the pair's, or that of the first wrong gradient."""
    causes = [report.cause, *(gradient.cause for gradient in report.gradients.values())]
    return next((cause.kind for cause in causes if cause is not None), None)


def right_pair(mistake):
    """Find the forward and backward that a mistake was made in."""
    if mistake.layer == "attention":
        pairs = {steps_forward: steps_backward, attention_forward: attention_backward}
        return mistake.case.forward, pairs[mistake.case.forward]
    layer = next(case for case in layer_cases() if case.name.split("-")[0] == mistake.layer)
    return layer.forward, layer.backward


def as_tuple(something):
    return something if isinstance(something, tuple) else (something,)


def gradients_of(forward, backward, case):
    """Run a pair on a case, under the same upstream for every pair."""
    out, cache = forward(*copy.deepcopy(list(case.inputs.values())), **case.options)
    random = np.random.default_rng(1)
    upstream = tuple(np.asarray(random.normal(size=np.shape(output))) for output in as_tuple(out))
    upstream = upstream if isinstance(out, tuple) else upstream[0]
    return upstream, as_tuple(backward(copy.deepcopy(upstream), cache))


def test_names_are_unique_and_every_mistake_is_told_in_a_sentence():
    assert len({mistake.name for mistake in MISTAKES}) == len(MISTAKES) >= 70
    for mistake in MISTAKES:
        assert mistake.kind in KINDS
        assert mistake.name.startswith(f"{mistake.layer}-")
        assert mistake.case.name == mistake.name
        assert mistake.about.endswith(".") and len(mistake.about) > 20


def test_every_layer_and_every_kind_is_covered():
    layers = {case.name.split("-")[0] for case in layer_cases()}
    assert {mistake.layer for mistake in MISTAKES} == layers | {"attention"}
    assert min(Counter(mistake.layer for mistake in MISTAKES).values()) >= 3
    kinds = Counter(mistake.kind for mistake in MISTAKES)
    assert set(kinds) == set(KINDS)
    assert min(kinds.values()) >= 3


def test_every_mistake_is_caught(checked):
    missed = [name for name, report in checked[1].items() if report.ok]
    assert not missed


def test_the_first_cause_named_is_the_right_one(checked):
    chosen, reports = checked
    wrong = {
        mistake.name: (mistake.kind, first_kind(reports[mistake.name]))
        for mistake in chosen
        if first_kind(reports[mistake.name]) != mistake.kind
    }
    assert len(wrong) <= 0.05 * len(chosen), wrong


def test_only_the_gradients_that_are_wrong_have_a_cause(checked):
    for report in checked[1].values():
        for gradient in report.gradients.values():
            assert (gradient.cause is None) == gradient.ok


def test_no_mistake_is_right_code_in_other_words():
    for mistake in MISTAKES:
        if mistake.kind not in RIGHT_NUMBERS:
            case = mistake.case
            _, yours = gradients_of(case.forward, case.backward, case)
            _, truth = gradients_of(*right_pair(mistake), case)
            same = len(yours) == len(truth) and all(
                np.shape(a) == np.shape(b) and np.allclose(a, b)
                for a, b in zip(yours, truth, strict=True)
            )
            assert not same, mistake.name


@pytest.mark.parametrize(
    "mistake",
    [mistake for mistake in MISTAKES if mistake.case.partials],
    ids=lambda mistake: mistake.name,
)
def test_the_partial_gradients_add_up_to_the_right_one(mistake):
    upstream, truth = gradients_of(*right_pair(mistake), mistake.case)
    inputs = mistake.case.inputs
    floats = [name for name, value in inputs.items() if value.dtype.kind == "f"]
    total = dict.fromkeys({name for name, _ in mistake.case.partials.values()}, 0)
    for name, part in mistake.case.partials.values():
        total[name] = total[name] + part(upstream)
    for name, gradient in total.items():
        np.testing.assert_allclose(gradient, truth[floats.index(name)], atol=1e-12)


@pytest.mark.parametrize(
    ("name", "backward"),
    [
        ("attention-forgets-the-gate", attention_backward),
        ("attention-forgets-the-penalty", steps_backward),
    ],
)
def test_attention_without_a_mistake_passes(name, backward):
    case = next(mistake.case for mistake in MISTAKES if mistake.name == name)
    report = check_case(replace(case, backward=backward))
    assert report.ok, f"\n{report}"


def test_the_seed_decides_the_inputs():
    def drawn(seed):
        return mistakes(seed)[0].case.inputs["x"]

    np.testing.assert_array_equal(drawn(0), drawn(0))
    assert not np.array_equal(drawn(0), drawn(1))
