"""Every backward of every layer is the derivative of its forward."""

import importlib
import inspect
import pkgutil

import numpy as np
import pytest

import satt.layers
from gradcheck.cases.layers import layer_cases
from gradcheck.check import check_case

CASES = layer_cases()


def public_forwards():
    for module in pkgutil.walk_packages(satt.layers.__path__, "satt.layers."):
        for name, function in inspect.getmembers(
            importlib.import_module(module.name), inspect.isfunction
        ):
            here = function.__module__ == module.name
            if here and name.endswith("_forward") and not name.startswith("_"):
                yield function


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_backward_is_the_derivative_of_forward(case):
    report = check_case(case, tolerance=1e-6)
    assert report.ok, f"\n{report}"


def test_every_layer_has_a_case():
    forwards = set(public_forwards())
    assert len(forwards) > 20
    missing = forwards - {case.forward for case in CASES}
    assert not missing, [function.__name__ for function in missing]


def test_each_forward_is_checked_with_its_own_backward():
    for case in CASES:
        assert case.backward.__module__ == case.forward.__module__
        assert case.backward.__name__ == case.forward.__name__.replace("_forward", "_backward")


def test_names_are_the_layers_names_and_no_two_are_the_same():
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names)
    for case in CASES:
        assert case.forward.__name__ == case.name.split("-")[0] + "_forward"


def test_the_seed_decides_the_inputs():
    one, same, other = (layer_cases(seed)[0].inputs["x"] for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)
