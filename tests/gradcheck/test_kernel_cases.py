"""Every backward of every kernel is the derivative of its forward."""

import importlib
import inspect
import pkgutil

import pytest

import satt.kernels
from gradcheck.cases.kernels import kernel_cases
from gradcheck.check import check_case
from gradcheck.commands.layers import all_cases

CASES = kernel_cases()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_backward_is_the_derivative_of_forward(case):
    report = check_case(case)
    assert report.ok, f"\n{report}"
    assert report.max_error_central <= 1e-7
    assert not case.complex_step or report.max_error_complex <= 1e-11


def test_every_kernel_has_a_case():
    forwards = {
        function
        for module in pkgutil.walk_packages(satt.kernels.__path__, "satt.kernels.")
        for name, function in inspect.getmembers(
            importlib.import_module(module.name), inspect.isfunction
        )
        if function.__module__ == module.name and name.endswith("_forward") and name[0] != "_"
    }
    assert len(forwards) >= 5
    missing = forwards - {case.forward for case in CASES}
    assert not missing, [function.__name__ for function in missing]


def test_they_are_among_all_cases_under_names_of_their_own():
    names = [case.name for case in all_cases()]
    assert len(set(names)) == len(names)
    assert {case.name for case in CASES} < set(names)
