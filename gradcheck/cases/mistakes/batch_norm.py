"""Mistakes in batch normalisation, in its form for training and the one for afterwards."""

from dataclasses import replace

import numpy as np

from gradcheck.cases.mistakes.mistake import uses, wrong_backward, wrong_forward
from satt.layers.batch_norm import batch_norm_backward, batch_norm_forward, batch_statistics
from satt.layers.batch_norm_inference import (
    batch_norm_inference_backward,
    batch_norm_inference_forward,
)


def batch_norm_mistakes(cases, random):
    """List the mistakes; parameters as for `linear_mistakes`."""
    training, inference = cases["batch_norm"], cases["batch_norm_inference"]
    partials = uses(
        training,
        ("x",),
        {
            "itself": lambda dout, cache: (_dx_itself(dout, cache),),
            "through the mean": lambda dout, cache: (_dx_through_mean(dout, cache),),
            "through the variance": lambda dout, cache: (_dx_through_variance(dout, cache),),
        },
    )
    # The first channel never changed in training, so its variance is 0.
    variance = inference.options["variance"] * [0, 1, 1, 1, 1]
    constant = replace(inference, options=inference.options | {"variance": variance})
    forgotten = "missing-path"
    return [
        wrong_backward(training, forgotten, batch_norm_forgets_the_mean, partials=partials),
        wrong_backward(training, forgotten, batch_norm_forgets_the_variance, partials=partials),
        wrong_backward(training, forgotten, batch_norm_holds_its_statistics, partials=partials),
        wrong_backward(training, "permuted", batch_norm_returns_dbeta_first),
        wrong_backward(training, "missing-sum", batch_norm_sums_over_the_images_only),
        wrong_backward(training, "shape", batch_norm_keeps_the_dimensions_of_dgamma),
        wrong_backward(training, "scale", batch_norm_averages_dgamma),
        wrong_backward(
            training,
            "unknown",
            batch_norm_takes_the_raw_x_for_dgamma,
            _batch_norm_that_keeps_x,
        ),
        wrong_backward(training, "sign", batch_norm_takes_the_distance_backwards),
        wrong_forward(training, "dtype", batch_norm_takes_float32_statistics),
        wrong_forward(training, "mutates", batch_norm_centres_in_place),
        wrong_backward(inference, "scale", batch_norm_inference_averages_dbeta),
        wrong_backward(inference, "zero", batch_norm_inference_freezes_beta),
        wrong_backward(inference, "ignores-upstream", batch_norm_inference_sums_z_alone),
        wrong_backward(
            constant,
            "nan",
            batch_norm_inference_forgets_epsilon,
            _batch_norm_inference_that_keeps_the_variance,
        ),
    ]


def _dx_itself(dout, cache):
    _, inverse_deviation, gamma = cache
    return gamma * inverse_deviation * dout


def _dx_through_mean(dout, cache):
    _, inverse_deviation, gamma = cache
    return np.ones_like(dout) * -gamma * inverse_deviation * dout.mean(axis=(0, 1, 2))


def _dx_through_variance(dout, cache):
    z, inverse_deviation, gamma = cache
    return -gamma * inverse_deviation * z * (dout * z).mean(axis=(0, 1, 2))


def batch_norm_forgets_the_mean(dout, cache):
    """dx has no term for the mean, which every x of the channel moves."""
    _, dgamma, dbeta = batch_norm_backward(dout, cache)
    return _dx_itself(dout, cache) + _dx_through_variance(dout, cache), dgamma, dbeta


def batch_norm_forgets_the_variance(dout, cache):
    """dx has no term for the variance, which every x of the channel moves."""
    _, dgamma, dbeta = batch_norm_backward(dout, cache)
    return _dx_itself(dout, cache) + _dx_through_mean(dout, cache), dgamma, dbeta


def batch_norm_holds_its_statistics(dout, cache):
    """The mean and the variance are taken for constants, as they are after training."""
    _, dgamma, dbeta = batch_norm_backward(dout, cache)
    return _dx_itself(dout, cache), dgamma, dbeta


def batch_norm_returns_dbeta_first(dout, cache):
    """dbeta and dgamma, of the same shape, are returned in each other's place."""
    dx, dgamma, dbeta = batch_norm_backward(dout, cache)
    return dx, dbeta, dgamma


def batch_norm_sums_over_the_images_only(dout, cache):
    """dgamma and dbeta are summed over the images, but not over height and width."""
    z, _, _ = cache
    dx, _, _ = batch_norm_backward(dout, cache)
    return dx, (dout * z).sum(axis=0), dout.sum(axis=0)


def batch_norm_keeps_the_dimensions_of_dgamma(dout, cache):
    """keepdims=True gives dgamma and dbeta four axes, while gamma and beta are vectors."""
    z, _, _ = cache
    dx, _, _ = batch_norm_backward(dout, cache)
    dgamma = np.sum(dout * z, axis=(0, 1, 2), keepdims=True)
    return dx, dgamma, np.sum(dout, axis=(0, 1, 2), keepdims=True)


def batch_norm_averages_dgamma(dout, cache):
    """dgamma and dbeta are means over the batch, like the statistics, where sums belong."""
    z, _, _ = cache
    dx, _, _ = batch_norm_backward(dout, cache)
    return dx, (dout * z).mean(axis=(0, 1, 2)), dout.mean(axis=(0, 1, 2))


def batch_norm_takes_the_raw_x_for_dgamma(dout, cache):
    """dgamma multiplies dout by x before it was normalised."""
    x, *right_cache = cache
    dx, _, dbeta = batch_norm_backward(dout, right_cache)
    return dx, (dout * x).sum(axis=(0, 1, 2)), dbeta


def batch_norm_takes_the_distance_backwards(dout, cache):
    """dgamma is made with mean - x for x - mean."""
    dx, dgamma, dbeta = batch_norm_backward(dout, cache)
    return dx, -dgamma, dbeta


def batch_norm_takes_float32_statistics(x, gamma, beta):
    """The statistics are kept in float32, so the output is float64 by name only."""
    mean, variance = batch_statistics(x)
    mean, variance = mean.astype(np.float32), variance.astype(np.float32)
    inverse_deviation = 1 / np.sqrt(variance + 1e-5)
    normalised = (x - mean) * inverse_deviation
    return gamma * normalised + beta, (normalised, inverse_deviation, gamma)


def batch_norm_centres_in_place(x, gamma, beta):
    """`x -= mean` takes the mean from the caller's x as well."""
    x -= batch_statistics(x)[0]
    return batch_norm_forward(x, gamma, beta)


def batch_norm_inference_averages_dbeta(dout, cache):
    """dbeta is the mean over all entries of the channel where the sum belongs."""
    dx, dgamma, _ = batch_norm_inference_backward(dout, cache)
    return dx, dgamma, dout.mean(axis=(0, 1, 2))


def batch_norm_inference_freezes_beta(dout, cache):
    """As the statistics are fixed after training, beta gets no gradient either."""
    dx, dgamma, dbeta = batch_norm_inference_backward(dout, cache)
    return dx, dgamma, np.zeros_like(dbeta)


def batch_norm_inference_sums_z_alone(dout, cache):
    """dgamma is the sum of the normalised x, without the gradient from above."""
    z, _, _ = cache
    dx, _, dbeta = batch_norm_inference_backward(dout, cache)
    return dx, z.sum(axis=(0, 1, 2)), dbeta


def batch_norm_inference_forgets_epsilon(dout, cache):
    """dx divides by the bare standard deviation, and a channel that never changed has 0."""
    variance, *right_cache = cache
    _, dgamma, dbeta = batch_norm_inference_backward(dout, right_cache)
    with np.errstate(divide="ignore"):
        return dout * right_cache[2] / np.sqrt(variance), dgamma, dbeta


def _batch_norm_that_keeps_x(x, gamma, beta):
    out, cache = batch_norm_forward(x, gamma, beta)
    return out, (x, *cache)


def _batch_norm_inference_that_keeps_the_variance(x, gamma, beta, mean, variance):
    out, cache = batch_norm_inference_forward(x, gamma, beta, mean, variance)
    return out, (variance, *cache)
