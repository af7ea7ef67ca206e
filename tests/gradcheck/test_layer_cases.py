"""Every backward of every layer is the derivative of its forward."""

import importlib
import inspect
import pkgutil

import numpy as np
import pytest

import satt.layers
from gradcheck import check
from gradcheck.cases.layers import layer_cases
from gradcheck.check import check_case
from satt.layers.max_pool import max_pool_backward, max_pool_forward
from satt.layers.relu import relu_backward, relu_forward
from satt.layers.relu6 import relu6_backward, relu6_forward

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
    report = check_case(case)
    assert report.ok, f"\n{report}"
    assert report.max_error_central <= 1e-7 and report.max_error_complex <= 1e-11


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("pair", [
    (relu_forward, relu_backward), (relu6_forward, relu6_backward),
    (max_pool_forward, max_pool_backward),
], ids=["relu", "relu6", "max_pool"])
def test_layers_with_kinks_need_no_special_inputs(pair, seed):
    x = np.random.default_rng(seed).normal(size=(2, 4, 6, 3))
    report = check(*pair, {"x": x}, seed=seed)
    assert report.ok and report.redrawn == 0
    assert report.max_error_central <= 1e-7 and report.max_error_complex <= 1e-11
    with_ties = check(*pair, {"x": np.round(x)}, seed=seed)
    assert with_ties.ok and with_ties.redrawn > 0


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
