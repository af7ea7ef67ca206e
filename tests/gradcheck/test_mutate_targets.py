"""Which functions a backward consists of, and how one of them is replaced."""

import numpy as np

from gradcheck.case import Case
from gradcheck.cases.layers import layer_cases
from gradcheck.cases.models import model_cases
from gradcheck.check import check_case
from gradcheck.mutate.mutants import mutants
from gradcheck.mutate.mutations import mutations
from gradcheck.mutate.targets import functions_of, name_of, rebuilt
from gradcheck.purity import as_tuple

LAYERS = {case.name: case for case in layer_cases()}
BACKWARDS = {case.backward for case in LAYERS.values()}


def shared(x):
    return 3 * x


def triple_forward(x):
    return shared(x), (x,)


def triple_backward(dout, cache):
    return shared(dout)


CASE = Case("triple", triple_forward, triple_backward, {"x": np.array([1.0, -2.0])})


def names(backward):
    found = {name_of(function) for function in functions_of(backward, BACKWARDS)}
    return {name.removeprefix("satt.layers.") for name in found}


def test_helpers_belong_to_a_backward():
    assert names(LAYERS["conv2d"].backward) == {
        "conv2d.conv2d_backward", "conv2d.conv2d_parameters_backward", "conv2d._columns"
    }
    assert names(LAYERS["average_pool"].backward) == {
        "average_pool.average_pool_backward", "max_pool.places_in_window"
    }


def test_what_has_a_case_of_its_own_does_not():
    assert names(LAYERS["lstm"].backward) == {"lstm.lstm_backward"}
    assert names(LAYERS["context_gate"].backward) == {"context_gate.context_gate_backward"}


def test_a_model_consists_of_its_methods():
    found = names(model_cases()[0].backward)
    assert found >= {
        "satt.models.captioner.Captioner.backward",
        "satt.models.captioner.Captioner._start_backward",
        "satt.models.captioner.Captioner._output_backward",
        "satt.models.encoder.encoder_backward",
    }
    assert not any("forward" in name for name in found)


def test_a_copy_of_a_backward_does_the_same():
    cases = [LAYERS["conv2d"], LAYERS["average_pool"], model_cases()[3]]
    for case in cases:
        out, cache = case.forward(*case.inputs.values(), **case.options)
        dout = np.random.default_rng(0).normal(size=np.shape(out))
        copied = rebuilt(case.backward, functions_of(case.backward, BACKWARDS))
        assert copied is not case.backward
        wanted, got = case.backward(dout, cache), copied(dout, cache)
        for one, other in zip(as_tuple(wanted), as_tuple(got), strict=True):
            np.testing.assert_array_equal(one, other)


def test_a_helper_is_replaced_for_the_backward_alone():
    """The forward uses it too: changed in both, the two would agree again."""
    functions = functions_of(triple_backward)
    assert functions == [triple_backward, shared]
    code = next(m.code for m in mutations(shared) if m.after == "return 2 * x")
    changed = rebuilt(triple_backward, functions, shared, code)
    assert changed(1.0, None) == 2 and triple_backward(1.0, None) == 3
    assert triple_forward(1.0)[0] == 3
    assert check_case(CASE).ok


def test_a_method_is_replaced_in_a_copy_of_the_model():
    case = model_cases()[3]
    start = "return (dembedded, -_silence_backward(dstates,"
    mutant = next(m for m in mutants([case]) if m.after.startswith(start))
    _, cache = case.forward(*case.inputs.values())
    before = [gradient.copy() for gradient in case.backward(1.0, cache)]
    changed = mutant.of(case)(1.0, cache)
    assert not all(map(np.array_equal, before, changed))
    assert all(map(np.array_equal, before, case.backward(1.0, cache)))
