import numpy as np
import pytest

from satt.metrics.looking import ENOUGH, location_shares, mass_on, points_at


def naive_shares(mask, rows, columns):
    height, width = mask.shape[0] // rows, mask.shape[1] // columns
    shares = []
    for row in range(rows):
        for column in range(columns):
            inside = 0
            for y in range(row * height, (row + 1) * height):
                for x in range(column * width, (column + 1) * width):
                    inside += bool(mask[y, x])
            shares.append(inside / (height * width))
    return shares


def naive_mass(attention, shares):
    mass = 0.0
    for weight, share in zip(attention, shares, strict=True):
        mass += weight * share / max(shares)
    return mass


@pytest.mark.parametrize("grid_shape", [(4, 6), (3, 2), (12, 30), (1, 1), (1, 5)])
def test_location_shares_are_averages(grid_shape, random):
    mask = random.random((12, 30)) < 0.3
    shares = location_shares(mask, grid_shape)
    assert shares.shape == (grid_shape[0] * grid_shape[1],)
    assert np.allclose(shares, naive_shares(mask, *grid_shape))


def test_location_shares_run_row_by_row():
    mask = np.zeros((4, 6), bool)
    mask[:2, 2:4] = True  # top row, second column of a grid of 2 x 3
    mask[2, 0] = True  # a quarter of the first location of the second row
    assert location_shares(mask, (2, 3)).tolist() == [0, 1, 0, 0.25, 0, 0]


def test_points_at():
    shares = np.array([0.0, 0.2, 0.25, 1.0])
    expected = [False, False, True, True]
    for location, points in enumerate(expected):
        attention = np.full(4, 0.1)
        attention[location] = 0.7
        assert points_at(attention, shares) is points
        assert points == (shares[location] >= ENOUGH)


def test_nothing_points_at_what_is_not_there():
    assert points_at(np.array([0.1, 0.9]), np.zeros(2)) is False


def test_mass_is_the_naive_sum(random):
    for _ in range(20):
        attention, shares = random.dirichlet(np.ones(7)), random.random(7)
        assert mass_on(attention, shares) == pytest.approx(naive_mass(attention, shares))


def test_mass_is_one_on_the_best_place_and_zero_off_it():
    shares = np.array([0.0, 0.4, 0.2, 0.0])
    assert mass_on(np.array([0, 1, 0, 0]), shares) == pytest.approx(1)
    assert mass_on(np.array([0, 0, 1, 0]), shares) == pytest.approx(0.5)
    assert mass_on(np.array([0.5, 0, 0, 0.5]), shares) == 0
    assert mass_on(np.full(4, 0.25), shares) == pytest.approx(0.375)


def test_no_mass_is_on_what_is_not_there():
    assert mass_on(np.full(3, 1 / 3), np.zeros(3)) == 0
