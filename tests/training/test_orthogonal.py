import numpy as np
import pytest

from satt.training.orthogonal import COEFFICIENTS, STEPS, orthogonalise


@pytest.mark.parametrize("shape", [(5, 5), (48, 32), (7, 40), (1, 6)])
def test_the_singular_values_come_close_to_one_and_the_directions_stay(shape):
    matrix = np.random.default_rng(0).normal(size=shape)
    left, sizes, right = np.linalg.svd(matrix, full_matrices=False)
    found = left.T @ orthogonalise(matrix) @ right.T
    np.testing.assert_allclose(found, np.diag(np.diag(found)), atol=1e-10)
    assert sizes.min() > 0.003 * np.linalg.norm(matrix)
    assert (np.abs(np.diag(found) - 0.95) < 0.35).all()


@pytest.mark.parametrize("dtype, tolerance", [(np.float64, 1e-10), (np.float32, 2e-3)])
def test_it_is_the_polynomial_taken_five_times(dtype, tolerance):
    random = np.random.default_rng(3)
    # As gradients are: three directions large, the others a thousand times smaller.
    matrix = random.normal(size=(30, 3)) @ random.normal(size=(3, 12))
    matrix += 1e-3 * random.normal(size=matrix.shape)
    expected = matrix / np.linalg.norm(matrix)
    for _ in range(STEPS):
        square = expected @ expected.T
        a, b, c = COEFFICIENTS
        expected = a * expected + b * square @ expected + c * square @ square @ expected
    found = orthogonalise(matrix.astype(dtype))
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance)


def test_the_size_of_the_matrix_does_not_matter():
    matrix = np.random.default_rng(1).normal(size=(6, 4))
    np.testing.assert_allclose(orthogonalise(1e-5 * matrix), orthogonalise(1e5 * matrix))


def test_zeros_stay_zeros():
    assert np.array_equal(orthogonalise(np.zeros((4, 3))), np.zeros((4, 3)))


def test_float32_stays_float32():
    matrix = np.random.default_rng(2).normal(size=(6, 4)).astype(np.float32)
    assert orthogonalise(matrix).dtype == np.float32
