"""The run: mutants are caught, survivors are told, equivalents need a proof that holds."""

from dataclasses import replace

import numpy as np
import pytest

from gradcheck import mutate
from gradcheck.case import Case
from gradcheck.cases.layers import layer_cases
from gradcheck.check import check_case
from gradcheck.mutate import equivalent, run as run_function
from gradcheck.mutate.equivalent import difference, listed
from gradcheck.mutate.mutants import mutants
from gradcheck.mutate.parts import parts_of


def gain_forward(x, gain, is_doubled=False):
    return x * gain * (2 if is_doubled else 1), (x, gain, is_doubled)


def gain_backward(dout, cache):
    x, gain, is_doubled = cache
    if is_doubled:
        dout = 2 * dout
    return dout * gain, (dout * x).sum(axis=0)


def gain_case(name="gain", **options):
    random = np.random.default_rng(0)
    inputs = {"x": random.normal(size=(4, 3)), "gain": random.normal(size=3)}
    return Case(name, gain_forward, gain_backward, inputs, options)


GAINS = [gain_case(), gain_case("gain-doubled", is_doubled=True)]


def entry(mutant, proof="because"):
    return {mutant.key: proof}


def find(after):
    return next(mutant for mutant in mutants(GAINS) if mutant.after == after)


@pytest.fixture
def no_list(monkeypatch):
    def set_list(proofs):
        monkeypatch.setitem(run_function.__globals__, "listed", lambda: proofs)

    set_list({})
    return set_list


@pytest.mark.slow
def test_a_sample_of_the_mutants_of_the_layers():
    outcome = mutate.run(seed=0, sample=20, progress=False, cases=layer_cases())
    assert outcome.mutants == 20
    assert not outcome.survivors, "\n".join(outcome.survivors)
    assert outcome.caught + outcome.equivalent == 20 and outcome.caught > 15


def test_every_mutant_of_a_layer(no_list):
    case = next(case for case in layer_cases() if case.name == "tanh")
    outcome = mutate.run(progress=False, cases=[case])
    assert outcome.mutants == outcome.caught > 15
    assert outcome.survivors == [] and outcome.equivalent == 0
    count = outcome.functions["satt.layers.tanh.tanh_backward"]
    assert (count.mutants, count.caught) == (outcome.mutants, outcome.caught)


@pytest.mark.slow
def test_all_mutants_of_all_backwards():
    outcome = mutate.run(progress=False)
    assert not outcome.survivors, "\n".join(outcome.survivors)
    assert outcome.mutants >= 2000
    assert outcome.equivalent <= 0.03 * outcome.mutants
    assert len(outcome.functions) > 30


def test_what_no_case_looks_at_survives(no_list):
    both = mutate.run(progress=False, cases=GAINS)
    assert both.mutants == both.caught
    one = mutate.run(progress=False, cases=GAINS[:1])
    assert one.mutants == both.mutants == one.caught + len(one.survivors)
    doubled = [line for line in one.survivors if "dout = 3 * dout" in line]
    assert len(doubled) == 1 and doubled[0].endswith("computes the same; list it with a proof")


def test_a_listed_mutant_is_computed_anew(no_list):
    mutant = find("dout = 3 * dout")
    no_list(entry(mutant))
    one = mutate.run(progress=False, cases=GAINS[:1])
    assert one.equivalent == 1
    assert not any("dout = 3 * dout" in line for line in one.survivors)


def test_a_listed_mutant_that_is_caught_is_told(no_list):
    mutant = find("dout = 3 * dout")
    no_list(entry(mutant))
    outcome = mutate.run(progress=False, cases=GAINS)
    told = f"{mutant}: is listed as equivalent, but the check tells it apart"
    assert outcome.survivors == [told]
    assert outcome.equivalent == 0 and outcome.caught == outcome.mutants - 1


def test_a_listed_mutant_that_computes_something_else_is_told(no_list):
    """A case with a gain of 1, 1, 1 cannot tell; new inputs of its shapes can."""
    case = gain_case()
    case = replace(case, inputs={"x": case.inputs["x"], "gain": np.ones(3)})
    survivor = next(m for m in mutants([case]) if m.after.startswith("return (dout, "))
    outcome = mutate.run(progress=False, cases=[case])
    assert f"{survivor}: passes the check, but in gain: the gradient of x is another one" in (
        outcome.survivors
    )
    no_list(entry(survivor))
    outcome = mutate.run(progress=False, cases=[case])
    told = f"{survivor}: is listed as equivalent, but in gain: the gradient of x is another one"
    assert told in outcome.survivors and outcome.equivalent == 0


def test_an_entry_of_the_list_without_a_mutant_is_told(no_list):
    function, *_ = find("dout = 3 * dout").key
    no_list({(function, "drop term", "gone", "away", 0): "because"})
    outcome = mutate.run(progress=False, cases=GAINS)
    assert len(outcome.survivors) == 1 and "there is no such mutant" in outcome.survivors[0]


def test_a_case_that_fails_as_it_is_shows_nothing(no_list):
    wrong = replace(GAINS[0], backward=lambda dout, cache: (dout, dout))
    wrong = [wrong, replace(GAINS[1], forward=lambda x, gain, is_doubled: (x, (x, gain, False)))]
    with pytest.raises(ValueError, match="gain-doubled: fails as it is"):
        mutate.run(progress=False, cases=wrong)


def test_the_seed_draws_the_sample(no_list):
    cases = [case for case in layer_cases() if case.name in ("tanh", "sigmoid", "linear")]

    def functions(seed):
        outcome = mutate.run(seed=seed, sample=20, progress=False, cases=cases)
        return {name: count.mutants for name, count in outcome.functions.items()}

    assert functions(3) == functions(3) != functions(4)


@pytest.mark.slow
def test_every_listed_mutant_has_a_proof_and_computes_the_same():
    proofs = listed()
    assert all(len(proof.split()) > 5 and proof.endswith(".") for proof in proofs.values())
    found = {mutant.key: mutant for mutant in mutants(layer_cases())}
    layers = [key for key in proofs if key[0].startswith("satt.layers.")]
    assert layers and not [key for key in layers if key not in found]
    assert not [difference(found[key]) for key in layers if difference(found[key])]


def test_a_difference_names_the_case_and_the_argument():
    assert difference(find("x, is_doubled, gain = cache")).startswith("gain: ")
    assert difference(find("dout = 3 * dout")) == (
        "gain-doubled: the gradient of x is another one"
    )
    assert equivalent.INPUTS == 20 and equivalent.AGREE == 1e-12


def test_a_forward_that_remembers_gives_the_same():
    calls = []

    def forward(x, y):
        calls.append(x)
        return 2 * x + y, (x,)

    case = Case("sum", forward, lambda dout, cache: (2 * dout, dout),
                {"x": np.ones(3), "y": np.ones(3)})
    part = parts_of(case)[0].case
    assert list(part.inputs) == ["x"]
    other = np.array([1.0, 2.0, 3.0])
    for _ in range(3):
        np.testing.assert_array_equal(part.forward(other)[0], 2 * other + 1)
        np.testing.assert_array_equal(part.forward(other + 0j)[0], 2 * other + 1)
    assert len(calls) == 2
    for _ in range(3):  # the case's own inputs: each time with a cache of its own
        assert part.forward(np.ones(3))[1][0] is calls[-1]
    assert len(calls) == 5


def test_the_parts_of_a_case_see_what_the_whole_sees():
    """A gradient too many, one for an input that is None: no argument's own, but wrong."""
    linear = {case.name: case for case in layer_cases()}["linear-without-bias"]
    parts = parts_of(linear)
    assert [list(part.case.inputs) for part in parts] == [["W"], ["x"]]
    for change in (lambda dx, dW, db: (dx, dW), lambda dx, dW, db: (dx, dW, dW[0])):

        def backward(dout, cache, change=change):
            return change(*linear.backward(dout, cache))

        for part in parts:
            assert check_case(part.with_backward(linear.backward)).ok
            with pytest.raises(ValueError):
                check_case(part.with_backward(backward))
