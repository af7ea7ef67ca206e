import numpy as np
import pytest

from satt.layers.batch_norm import batch_norm_forward, batch_statistics
from satt.layers.batch_norm_inference import (
    batch_norm_inference_backward,
    batch_norm_inference_forward,
)


def draw(random):
    x, dout = random.normal(size=(2, 2, 4, 5, 3))
    gamma, beta, mean = random.normal(size=(3, 3))
    return x, dout, gamma, beta, mean, random.uniform(0.5, 2, size=3)


def test_with_the_batchs_own_statistics_it_is_the_training_form(random):
    x, _, gamma, beta, _, _ = draw(random)
    out, _ = batch_norm_inference_forward(x, gamma, beta, *batch_statistics(x))
    np.testing.assert_allclose(out, batch_norm_forward(x, gamma, beta)[0], rtol=1e-12, atol=1e-13)


def test_no_example_feels_the_others(random):
    x, _, gamma, beta, mean, variance = draw(random)
    together, _ = batch_norm_inference_forward(x, gamma, beta, mean, variance)
    alone, _ = batch_norm_inference_forward(x[:1], gamma, beta, mean, variance)
    np.testing.assert_array_equal(together[:1], alone)


def test_equals_the_formula_entry_by_entry(random):
    x, dout, gamma, beta, mean, variance = draw(random)
    out, cache = batch_norm_inference_forward(x, gamma, beta, mean, variance, epsilon=0.01)
    dx, dgamma, dbeta = batch_norm_inference_backward(dout, cache)
    for c in range(3):
        slope = gamma[c] / (variance[c] + 0.01) ** 0.5
        distance = x[..., c] - mean[c]
        np.testing.assert_allclose(out[..., c], slope * distance + beta[c], rtol=1e-11, atol=1e-13)
        np.testing.assert_allclose(dx[..., c], slope * dout[..., c], rtol=1e-12, atol=1e-13)
        np.testing.assert_allclose(
            dgamma[c], (dout[..., c] * distance).sum() / (variance[c] + 0.01) ** 0.5, rtol=1e-11
        )
        np.testing.assert_allclose(dbeta[c], dout[..., c].sum(), rtol=1e-11, atol=1e-13)


def test_equals_torch(random):
    torch = pytest.importorskip("torch")
    x, dout, gamma, beta, mean, variance = draw(random)
    out, cache = batch_norm_inference_forward(x, gamma, beta, mean, variance)
    gradients = batch_norm_inference_backward(dout, cache)
    tensors = [torch.tensor(a, requires_grad=True) for a in (x, gamma, beta)]
    theirs = torch.nn.functional.batch_norm(
        tensors[0].permute(0, 3, 1, 2), torch.tensor(mean), torch.tensor(variance), *tensors[1:]
    ).permute(0, 2, 3, 1)
    theirs.backward(torch.tensor(dout))
    np.testing.assert_allclose(out, theirs.detach().numpy(), rtol=1e-10, atol=1e-10)
    for mine, tensor in zip(gradients, tensors, strict=True):
        np.testing.assert_allclose(mine, tensor.grad.numpy(), rtol=1e-10, atol=1e-10)
