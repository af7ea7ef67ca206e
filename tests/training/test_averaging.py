import numpy as np
import pytest

from satt.training.averaging import update_average
from satt.training.optimisers import PIECE


def averaged(values, decay):
    """The formula, number by number."""
    average = values[0]
    for step, value in enumerate(values[1:], start=2):
        average += (1 - min(decay, step / (step + 9))) * (value - average)
    return average


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (PIECE + 5,), (3, PIECE // 2)])
@pytest.mark.parametrize("decay", [0.5, 0.9, 0.998])
def test_equals_the_formula(random, shape, decay):
    values, average = random.normal(size=(30, *shape)), {}
    for step, value in enumerate(values, start=1):
        update_average(average, {"p": np.asarray(value)}, decay, step)
    np.testing.assert_allclose(average["p"], averaged(list(values), decay), rtol=1e-12, atol=1e-14)


def test_the_parameters_stay_and_the_average_is_its_own(random):
    params, average = {"p": random.normal(size=(4, 3)).astype(np.float32)}, {}
    before = params["p"].copy()
    for step in (1, 2, 3):
        update_average(average, params, 0.9, step)
    np.testing.assert_array_equal(params["p"], before)
    np.testing.assert_allclose(average["p"], before, rtol=1e-6)
    params["p"] += 1
    assert average["p"].dtype == np.float32 and np.all(average["p"] < params["p"])


def test_it_lies_nearer_to_the_middle_than_what_wanders_around_it(random):
    walk, average, place = [], {}, np.zeros(50)
    for step in range(1, 2001):
        place += 0.1 * (random.normal(size=50) - place)
        update_average(average, {"p": place}, 0.99, step)
        walk.append(np.linalg.norm(place))
    assert np.linalg.norm(average["p"]) < 0.7 * np.mean(walk[1000:])
