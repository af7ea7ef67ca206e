import numpy as np
import pytest

from satt.layers.batch_norm import batch_norm_backward, batch_norm_forward, batch_statistics


def test_statistics_are_the_mean_and_the_biased_variance(random):
    x = 3 + 2 * random.normal(size=(2, 3, 4, 5))
    mean, variance = batch_statistics(x)
    np.testing.assert_allclose(mean, x.mean(axis=(0, 1, 2)), rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(variance, x.var(axis=(0, 1, 2)), rtol=1e-12, atol=1e-13)


def test_each_channel_gets_mean_beta_and_deviation_gamma(random):
    x, gamma, beta = 7 + 3 * random.normal(size=(4, 3, 5, 2)), np.array([2.0, 0.5]), np.arange(2.0)
    out, _ = batch_norm_forward(x, gamma, beta)
    np.testing.assert_allclose(out.mean(axis=(0, 1, 2)), beta, atol=1e-13)
    np.testing.assert_allclose(out.std(axis=(0, 1, 2)), gamma, rtol=1e-5)


def test_shifting_and_stretching_a_channel_changes_nothing(random):
    x, gamma, beta = random.normal(size=(6, 3)), random.normal(size=3), random.normal(size=3)
    out, _ = batch_norm_forward(x, gamma, beta, epsilon=0.0)
    moved, _ = batch_norm_forward(5 * x - 11, gamma, beta, epsilon=0.0)
    np.testing.assert_allclose(moved, out, rtol=1e-10)


def test_the_gradient_holds_no_shift_and_no_stretch(random):
    x, gamma, beta = random.normal(size=(6, 3)), random.normal(size=3), random.normal(size=3)
    _, cache = batch_norm_forward(x, gamma, beta, epsilon=0.0)
    dx, _, _ = batch_norm_backward(random.normal(size=(6, 3)), cache)
    assert np.abs(dx).max() > 0.01
    np.testing.assert_allclose(dx.sum(axis=0), 0, atol=1e-13)
    np.testing.assert_allclose((dx * x).sum(axis=0), 0, atol=1e-13)


@pytest.mark.filterwarnings("error")
def test_a_constant_channel_does_not_divide_by_zero():
    out, cache = batch_norm_forward(np.full((4, 2), 3.0), np.ones(2), np.array([0.0, 5.0]))
    np.testing.assert_array_equal(out, [[0, 5]] * 4)
    assert np.all(np.isfinite(batch_norm_backward(out, cache)[0]))


@pytest.mark.parametrize("shape", [(6, 3), (2, 4, 5, 3)])
def test_backward_is_the_complex_step_along_a_direction(random, shape):
    x, direction, dout = random.normal(size=(3, *shape))
    gamma, beta = random.normal(size=3), random.normal(size=3)
    _, cache = batch_norm_forward(x, gamma, beta)
    dx, dgamma, dbeta = batch_norm_backward(dout, cache)
    for gradient, step, moved in [
        (dx, direction, lambda h: (x + h * direction, gamma, beta)),
        (dgamma, np.array([1, -2, 3]), lambda h: (x, gamma + h * np.array([1, -2, 3]), beta)),
        (dbeta, np.array([1, -2, 3]), lambda h: (x, gamma, beta + h * np.array([1, -2, 3]))),
    ]:
        slope = batch_norm_forward(*moved(1e-30j))[0].imag / 1e-30
        assert np.isclose((gradient * step).sum(), (dout * slope).sum(), 1e-10, 1e-13)


def test_equals_torch(random):
    torch = pytest.importorskip("torch")
    x, dout = random.normal(size=(2, 2, 4, 5, 3))
    gamma, beta = random.normal(size=3), random.normal(size=3)
    out, cache = batch_norm_forward(x, gamma, beta, epsilon=1e-3)
    gradients = batch_norm_backward(dout, cache)

    tensors = [torch.tensor(a, requires_grad=True) for a in (x, gamma, beta)]
    theirs = torch.nn.functional.batch_norm(
        tensors[0].permute(0, 3, 1, 2), None, None, *tensors[1:], training=True, eps=1e-3
    ).permute(0, 2, 3, 1)
    theirs.backward(torch.tensor(dout))
    np.testing.assert_allclose(out, theirs.detach().numpy(), rtol=1e-10, atol=1e-10)
    for mine, tensor in zip(gradients, tensors, strict=True):
        np.testing.assert_allclose(mine, tensor.grad.numpy(), rtol=1e-10, atol=1e-10)
