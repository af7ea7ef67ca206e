"""The first filters from principal components: in order, in pairs, and white."""

import numpy as np
import pytest
from scipy.linalg import eigh

from satt.layers.batch_norm import batch_statistics
from satt.layers.conv2d import conv2d_forward
from satt.models.captioner import Captioner, CaptionerSettings
from satt.models.encoder import STRIDES
from satt.models.whitening import IMAGES, whiten_filters

K, C = 4, 3


@pytest.fixture
def images(random):
    """Images in which neighbours are alike, as in photographs."""
    rough = random.normal(size=(20, 8, 8, C))
    smooth = rough.repeat(4, axis=1).repeat(4, axis=2)
    return smooth + 0.1 * random.normal(size=smooth.shape)


def patches_one_by_one(images, stride):
    return np.array([
        image[y : y + K, x : x + K].ravel()
        for image in images
        for y in range(0, image.shape[0] - K + 1, stride)
        for x in range(0, image.shape[1] - K + 1, stride)
    ])


@pytest.mark.parametrize("stride", [1, 2, 3])
def test_they_are_the_principal_components_and_their_opposites(images, random, stride):
    filters = random.normal(size=(K, K, C, 10))
    whiten_filters(filters, images, stride)
    columns = filters.reshape(-1, 10)
    np.testing.assert_array_equal(columns[:, 1::2], -columns[:, ::2])
    variances, components = eigh(np.cov(patches_one_by_one(images, stride).T))
    largest = components[:, ::-1][:, :5]
    np.testing.assert_allclose(np.abs(largest.T @ columns[:, ::2]), np.eye(5), atol=1e-6)
    assert (np.diff(variances[::-1][:5]) < 0).all()


def test_what_they_find_is_uncorrelated(images):
    filters = np.zeros((K, K, C, 16))
    whiten_filters(filters, images, 2)
    found = patches_one_by_one(images, 2) @ filters.reshape(-1, 16)[:, ::2]
    np.testing.assert_allclose(np.corrcoef(found.T), np.eye(8), atol=1e-6)


def test_an_odd_filter_has_no_opposite_and_too_many_stay_as_they_are(images, random):
    filters = random.normal(size=(K, K, C, 5))
    whiten_filters(filters, images, 2)
    np.testing.assert_allclose((filters**2).sum(axis=(0, 1, 2)), 1)
    directions = 2 * K * K * C
    filters = random.normal(size=(K, K, C, directions + 3))
    before = filters.copy()
    whiten_filters(filters, images, 2)
    np.testing.assert_array_equal(filters[..., directions:], before[..., directions:])
    assert (filters[..., :directions] != before[..., :directions]).any(axis=(0, 1, 2)).all()


def test_some_images_are_enough(random):
    images = random.normal(size=(IMAGES + 5, 8, 8, C))
    one, other = np.zeros((2, K, K, C, 8))
    whiten_filters(one, images, 2)
    whiten_filters(other, images[:IMAGES], 2)
    np.testing.assert_array_equal(one, other)


def test_a_captioner_settles_its_first_block_so(random):
    model = Captioner(CaptionerSettings(12, image_size=16, channels=(6, 3, 4, 5)), seed=1)
    images = random.uniform(-1, 1, (30, 16, 16, 3)).astype(np.float32)
    expected = model.params["encoder.conv1.W"].copy()
    whiten_filters(expected, images, STRIDES[0])
    model.settle(images[::-1])
    model.whiten(images)
    np.testing.assert_array_equal(model.params["encoder.conv1.W"], expected)
    assert model.settled == 1
    batch = {"images": images[:2], "words": np.array([[1, 5, 2], [1, 6, 2]])}
    _, gradients = model.loss_and_gradients(batch)
    assert "encoder.conv1.W" not in gradients and "encoder.conv2.W" in gradients
    # The block is normalised with the statistics of all these images, and so makes them white.
    x, _ = conv2d_forward(images, expected, stride=STRIDES[0], padding=1)
    mean, variance = batch_statistics(x)
    np.testing.assert_allclose(model.statistics["encoder.norm1.mean"], mean, atol=1e-5)
    np.testing.assert_allclose(model.statistics["encoder.norm1.variance"], variance, rtol=1e-4)
