"""The encoder: what a grid vector sees, where it sits, and what it is normalised with."""

import numpy as np
import pytest

from satt.models.encoder import (
    DOWNSAMPLING,
    encoder_backward,
    encoder_forward,
    encoder_statistics,
    initialise_encoder,
    receptive_field,
)

CHANNELS = (3, 4, 5, 6)
N, ROWS, COLUMNS = 12, 8, 9


@pytest.fixture(scope="module")
def encoded():
    """Images that are no squares, the parameters, and the encoder in its form for captioning.

    Its statistics are constants there, so that a vector depends on its own field only.
    """
    random = np.random.default_rng(0)
    images = random.uniform(-1, 1, (N, ROWS * DOWNSAMPLING, COLUMNS * DOWNSAMPLING, 3))
    params = initialise_encoder(CHANNELS, random, np.float64)
    params["encoder.norm4.beta"][:] = 0.0  # untrained features are silent nearly everywhere
    statistics = encoder_statistics(images, params)
    grid, cache = encoder_forward(images, params, statistics)
    return images, params, statistics, grid, cache


def seen(encoded, row, column):
    """Mark the pixels (H, W) that the vector of one location depends on, in any of the images.

    Several images and a random upstream, as one image's max-pools show only what won there.
    """
    *_, grid, cache = encoded
    dgrid = np.zeros_like(grid)
    dgrid[:, row * COLUMNS + column] = np.random.default_rng(1).normal(size=(N, CHANNELS[-1]))
    dimages, _ = encoder_backward(dgrid, cache)
    return (dimages != 0).any(axis=(0, 3))


def bounds(marked):
    """Return the first and the last marked row, and the same of the columns."""
    rows, columns = np.flatnonzero(marked.any(axis=1)), np.flatnonzero(marked.any(axis=0))
    return rows[[0, -1]], columns[[0, -1]]


def test_a_grid_has_a_location_for_every_8x8_pixels(encoded):
    grid = encoded[3]
    assert DOWNSAMPLING == 8
    assert grid.shape == (N, ROWS * COLUMNS, CHANNELS[-1])


def test_a_vector_sees_the_square_that_receptive_field_says_and_all_of_it(encoded):
    marked = seen(encoded, 4, 4)
    (top, bottom), (left, right) = bounds(marked)
    assert bottom - top + 1 == right - left + 1 == receptive_field()
    assert marked[top : bottom + 1, left : right + 1].all()
    # The square is inside the image, not cut off by its edge.
    assert 0 < top and bottom < marked.shape[0] - 1
    assert 0 < left and right < marked.shape[1] - 1


@pytest.mark.parametrize("row, column", [(3, 3), (4, 3), (3, 5), (4, 5)])
def test_the_field_lies_around_the_middle_of_the_locations_own_pixels(encoded, row, column):
    found = bounds(seen(encoded, row, column))
    for place, (first, last) in zip((row, column), found, strict=True):
        middle = DOWNSAMPLING * place + (DOWNSAMPLING - 1) / 2
        assert (first + last) / 2 == middle


@pytest.mark.parametrize("row, column", [(0, 0), (0, 8), (7, 0), (7, 8)])
def test_a_corner_sees_its_own_corner_of_the_image_only(encoded, row, column):
    (top, bottom), (left, right) = bounds(seen(encoded, row, column))
    height, width = ROWS * DOWNSAMPLING, COLUMNS * DOWNSAMPLING
    assert top == 0 if row == 0 else bottom == height - 1
    assert left == 0 if column == 0 else right == width - 1
    assert bottom - top < receptive_field() - 1 and right - left < receptive_field() - 1


def test_pixels_outside_its_field_do_not_change_a_vector_and_those_inside_do(encoded):
    images, params, statistics, grid, _ = encoded
    random = np.random.default_rng(2)  # other pixels than those of the images
    location, marked = 4 * COLUMNS + 4, seen(encoded, 4, 4)
    other = np.where(marked[:, :, None], images, random.uniform(-1, 1, images.shape))
    changed, _ = encoder_forward(other, params, statistics)
    np.testing.assert_array_equal(changed[:, location], grid[:, location])
    assert not np.array_equal(changed, grid)

    other = np.where(marked[:, :, None], random.uniform(-1, 1, images.shape), images)
    changed, _ = encoder_forward(other, params, statistics)
    assert (changed[:, location] != grid[:, location]).any(axis=1).all()


def test_with_statistics_of_a_batch_it_does_what_training_does_to_this_batch(encoded):
    images, params, _, grid, _ = encoded
    np.testing.assert_allclose(encoder_forward(images, params)[0], grid, atol=1e-12)


def test_with_statistics_an_image_does_not_feel_the_others_and_without_it_does(encoded):
    images, params, statistics, grid, _ = encoded
    alone, _ = encoder_forward(images[:1], params, statistics)
    np.testing.assert_allclose(alone, grid[:1], atol=1e-12)
    assert np.abs(encoder_forward(images[:1], params)[0] - grid[:1]).max() > 1e-3


def test_statistics_are_a_mean_and_a_positive_variance_for_every_channel(encoded):
    statistics = encoded[2]
    assert len(statistics) == 2 * len(CHANNELS)
    for block, filters in enumerate(CHANNELS, start=1):
        assert statistics[f"encoder.norm{block}.mean"].shape == (filters,)
        assert statistics[f"encoder.norm{block}.variance"].shape == (filters,)
        assert (statistics[f"encoder.norm{block}.variance"] > 0).all()


@pytest.mark.parametrize("calibrated", [False, True])
def test_every_parameter_gets_a_gradient_of_its_shape(encoded, calibrated, random):
    images, params, statistics, grid, _ = encoded
    _, cache = encoder_forward(images, params, statistics if calibrated else None)
    dimages, gradients = encoder_backward(random.normal(size=grid.shape), cache)
    assert dimages.shape == images.shape
    assert {name: value.shape for name, value in params.items()} == {
        name: gradient.shape for name, gradient in gradients.items()
    }
    assert all(np.abs(gradient).max() > 0 for gradient in gradients.values())


@pytest.mark.parametrize("settled", range(5))
def test_what_has_settled_gets_none_and_changes_none(encoded, random, settled):
    images, params, statistics, grid, _ = encoded
    statistics = {name: 1.3 * value for name, value in statistics.items()}
    _, cache = encoder_forward(images, params, statistics, settled)
    dgrid = random.normal(size=grid.shape)
    dimages, gradients = encoder_backward(dgrid, cache, to_pixels=False)
    assert dimages is None
    learning = {name for name in params if int(name.split(".")[1][-1]) > settled}
    assert gradients.keys() == learning
    dimages, through = encoder_backward(dgrid, cache)
    for name, gradient in gradients.items():
        np.testing.assert_array_equal(through[name], gradient)
    assert through.keys() == params.keys()
    # Along a random direction of all that is learned, and of the pixels.
    directions = {name: random.normal(size=params[name].shape) for name in sorted(learning)}
    direction, tiny = random.normal(size=images.shape), 1e-8  # few kinks on the way

    def loss(step):
        moved = params | {name: params[name] + step * d for name, d in directions.items()}
        return (dgrid * encoder_forward(
            images + step * direction, moved, statistics, settled)[0]).sum()

    slope = (loss(tiny) - loss(-tiny)) / (2 * tiny)
    expected = (dimages * direction).sum() + sum(
        (gradients[name] * d).sum() for name, d in directions.items()
    )
    assert slope == pytest.approx(expected, rel=1e-4, abs=1e-4)


def test_statistics_of_what_has_settled_are_kept(encoded):
    images, params, statistics, _, _ = encoded
    found = encoder_statistics(0.5 * images, params, statistics, settled=2)
    for name, value in statistics.items():
        assert np.array_equal(found[name], value) == (int(name.split(".")[1][-1]) <= 2)
    # Those that follow are of what the settled blocks make of the images.
    grid, _ = encoder_forward(0.5 * images, params, found, settled=2)
    other, _ = encoder_forward(0.5 * images, params, found)
    np.testing.assert_allclose(grid, other, rtol=1e-9, atol=1e-12)


def test_nothing_is_mutated_and_backward_twice_gives_the_same(encoded, random):
    images, params, statistics, _, _ = encoded
    before = [array.copy() for array in (images, *params.values(), *statistics.values())]
    grid, cache = encoder_forward(images, params)
    dgrid = random.normal(size=grid.shape)
    kept = dgrid.copy()
    first, second = encoder_backward(dgrid, cache), encoder_backward(dgrid, cache)
    np.testing.assert_array_equal(first[0], second[0])
    for name in first[1]:
        np.testing.assert_array_equal(first[1][name], second[1][name])
    encoder_statistics(images, params)
    after = [images, *params.values(), *statistics.values()]
    for was, now in zip([kept, *before], [dgrid, *after], strict=True):
        np.testing.assert_array_equal(was, now)


def test_float32_stays_float32(random):
    params = initialise_encoder(CHANNELS, random)
    images = random.uniform(-1, 1, (2, 24, 16, 3)).astype(np.float32)
    statistics = encoder_statistics(images, params)
    for used in (None, statistics):
        grid, cache = encoder_forward(images, params, used)
        dimages, gradients = encoder_backward(grid, cache)
        arrays = [*params.values(), *statistics.values(), grid, dimages, *gradients.values()]
        assert {array.dtype for array in arrays} == {np.dtype(np.float32)}
