"""The backward of the net for photographs is the derivative of its forward: blocks and whole."""

import numpy as np
import pytest

from gradcheck.cases.grid_nets import STAGES, grid_net_cases
from gradcheck.check import check_case
from gradcheck.commands.layers import all_cases
from satt.models.efficientnet_lite0 import before_the_last_halving

CASES = {case.name: case for case in grid_net_cases()}


@pytest.mark.parametrize("name", CASES)
def test_backward_is_the_derivative_of_forward(name):
    report = check_case(CASES[name])
    assert report.ok, f"\n{report}"
    assert report.max_error_central <= 1e-7 and report.max_error_complex <= 1e-11


def test_every_parameter_and_the_images_are_inputs():
    names = set(CASES["efficientnet_lite0"].inputs)
    assert {"images", "stem.conv.W", "block4.expand.norm.beta", "head.norm.gamma"} < names
    assert "block1.expand.conv.W" not in names and len(names) == 1 + 3 * (1 + 2 + 3 * 3 + 1)


def test_the_small_net_has_what_the_large_one_has():
    shapes = [grid.shape for grid in forward(CASES["efficientnet_lite0"])]
    assert shapes == [(1, 2, 2, 3), (1, 1, 1, 3), (1, 1, 1, 5)]
    assert before_the_last_halving(STAGES) == 2
    out = forward(CASES["mbconv"])
    assert out.shape == CASES["mbconv"].inputs["x"].shape  # so that there is a shortcut
    assert forward(CASES["mbconv-stride-2"]).shape[1:3] == (3, 2)
    assert "expand" not in " ".join(CASES["mbconv-narrow"].inputs)


@pytest.mark.parametrize("which", range(3))
def test_each_grid_has_a_path_of_its_own_to_the_images(which):
    case = CASES["efficientnet_lite0"]
    out, cache = case.forward(*case.inputs.values())
    dgrids = [np.zeros_like(grid) for grid in out]
    dgrids[which][:] = 1
    assert np.count_nonzero(case.backward(tuple(dgrids), cache)[0])


def test_the_command_knows_them():
    assert {case.name for case in all_cases()} > set(CASES)


def forward(case):
    return case.forward(*case.inputs.values())[0]
