"""The whole captioner's backward is the derivative of its forward, in every form."""

from copy import deepcopy

import numpy as np
import pytest

from gradcheck import cli
from gradcheck.cases.models import model_cases
from gradcheck.check import check_case
from gradcheck.commands.layers import all_cases
from satt import ops

CASES = {case.name: case for case in model_cases()}


@pytest.mark.parametrize("name", ["captioner", "captioner-absent"])
def test_backward_is_the_derivative_by_the_complex_step(name):
    report = check_case(CASES[name], method="complex")
    assert report.ok, f"\n{report}"
    assert report.max_error_complex <= 1e-11


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_backward_is_the_derivative_of_forward(name):
    report = check_case(CASES[name])
    assert report.ok, f"\n{report}"
    assert report.max_error_central <= 1e-7 and report.max_error_complex <= 1e-11


def test_every_parameter_and_the_images_are_inputs():
    names = set(CASES["captioner"].inputs)
    assert {"images", "words", "encoder.conv1.W", "encoder.norm4.beta"} < names
    assert {"decoder.gate.W", "decoder.deep_output.W_context", "decoder.embedding.W"} < names
    decoder = {name for name in names if not name.startswith("encoder.")}
    assert set(CASES["captioner-frozen"].inputs) == decoder
    assert set(CASES["captioner-absent"].inputs) == decoder
    assert {name.split(".")[1] for name in decoder - set(CASES["captioner-plain"].inputs)} == {
        "gate",
        "deep_output",
    }


def test_the_forms_differ_in_what_they_are_named_for():
    counts = {
        name: len(case.inputs["words"]) / len(case.inputs["images"])
        for name, case in CASES.items()
        if "images" in case.inputs
    }
    assert counts["captioner"] == 1 and counts["captioner-three-captions"] == 3
    assert CASES.keys() - counts.keys() == {
        "captioner-training", "captioner-training-frozen", "captioner-training-grid",
        "captioner-training-absent", "captioner-training-projection",
        "captioner-training-settled",
    }
    words = {name: case.inputs["words"] for name, case in CASES.items()}
    one_word = words.pop("captioner-training")
    assert one_word.shape[1] == 2 and all((rows[:, -1] == 0).any() for rows in words.values())

    inputs = CASES["captioner-absent"].inputs  # the others of this shape have the same
    forms = ("absent", "penalty-1", "penalty-T/L", "dropout", "label-smoothing")
    cases = [CASES[f"captioner-{form}"] for form in forms]
    assert all(case.inputs.keys() == inputs.keys() for case in cases)
    losses = [case.forward(*inputs.values(), **deepcopy(case.options))[0] for case in cases]
    assert len({round(float(loss), 6) for loss in losses}) == 5


def test_a_forgotten_use_of_the_grid_is_found(monkeypatch):
    case = CASES["captioner-absent"]
    right = ops.attention_lstm_backward

    def without_keys(*arguments):
        dx, dstate, dcell, dgrid, dkeys, *dparameters = right(*arguments)
        return dx, dstate, dcell, dgrid, np.zeros_like(dkeys), *dparameters

    monkeypatch.setattr(ops, "attention_lstm_backward", without_keys)
    report = check_case(case)
    wrong = [name for name, gradient in report.gradients.items() if not gradient.ok]
    assert wrong == ["images", "decoder.alignment.W_grid"]
    cause = report.gradients["images"].cause
    assert cause.kind == "missing-path" and "grid as key" in cause.hint


@pytest.mark.parametrize("name", ["captioner-absent", "captioner-three-captions"])
def test_the_uses_of_the_grid_add_up_to_its_gradient(name):
    case = CASES[name]
    parts = [part(np.array(1.5)) for _, part in case.partials.values()]
    assert len(parts) == 3 and all(np.abs(part).max() > 1e-3 for part in parts)
    _, cache = case.forward(*case.inputs.values())
    np.testing.assert_allclose(sum(parts), case.backward(1.5, cache)[0], atol=1e-13)


def test_the_command_knows_the_models(capsys):
    assert {case.name for case in all_cases()} > set(CASES)
    assert cli.main(["captioner-plain"]) == 0
    row, _, summary = capsys.readouterr().out.splitlines()[1:]
    assert row.startswith("captioner-plain  images, words, ") and " more " in row
    assert len(row) < 120
    assert summary.startswith("1 of 1 right")


def test_the_seed_decides_the_inputs():
    one, same, other = (model_cases(seed)[0].inputs["images"] for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)
