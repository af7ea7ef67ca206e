"""Mistakes in the linear map, the layer that everybody writes first."""

from dataclasses import replace

import numpy as np

from gradcheck.cases.mistakes.mistake import wrong_backward
from satt.layers.linear import linear_forward


def linear_mistakes(cases, random):
    """List the mistakes.

    Parameters
    ----------
    cases : dict from str to Case
        The right cases by name.
    random : numpy.random.Generator
        Draws the inputs where these do not show the mistake.

    Returns
    -------
    mistakes : list of Mistake
    """
    batch = _of_shapes(cases["linear"], random, (4, 3), (3, 5))
    square = _of_shapes(cases["linear"], random, (4, 3), (3, 3))
    return [
        wrong_backward(batch, "scale", linear_doubles_dW),
        wrong_backward(batch, "scale", linear_averages_twice),
        wrong_backward(batch, "scale", linear_has_a_4_in_db),
        wrong_backward(batch, "missing-sum", linear_does_not_sum_db),
        wrong_backward(cases["linear"], "missing-sum", linear_sums_db_over_the_batch_only),
        wrong_backward(batch, "shape", linear_keeps_the_dimension_of_db),
        wrong_backward(cases["linear"], "shape", linear_leaves_dx_flat),
        wrong_backward(batch, "transposed", linear_swaps_the_factors_of_dW),
        wrong_backward(square, "transposed", linear_swaps_the_factors_of_a_square_dW),
        wrong_backward(square, "transposed", linear_forgets_the_transpose_in_dx),
        wrong_backward(batch, "ignores-upstream", linear_ignores_dout_in_dW),
        wrong_backward(batch, "permuted", linear_returns_the_parameters_first),
        wrong_backward(batch, "zero", linear_never_fills_db),
        wrong_backward(batch, "sign", linear_flips_dW),
        wrong_backward(batch, "dtype", linear_multiplies_in_float32),
        wrong_backward(
            batch,
            "not-repeatable",
            linear_adds_to_a_global_gradient,
            _linear_that_sets_to_zero,
        ),
    ]


def linear_doubles_dW(dout, cache):
    """The 2 of a squared error, which is the loss's affair, stands in dW as well."""
    x, W, _ = cache
    return dout @ W.T, 2 * x.T @ dout, dout.sum(axis=0)


def linear_averages_twice(dout, cache):
    """The layer divides dW and db by the batch size, as the loss has done already."""
    x, W, _ = cache
    m = len(x)
    return dout @ W.T, x.T @ dout / m, dout.sum(axis=0) / m


def linear_has_a_4_in_db(dout, cache):
    """A 4 was typed for a 1 in front of the sum that makes db."""
    x, W, _ = cache
    return dout @ W.T, x.T @ dout, 4.0 * np.sum(dout, axis=0)


def linear_does_not_sum_db(dout, cache):
    """The bias was added to every row, but db is not summed over the rows."""
    x, W, _ = cache
    return dout @ W.T, x.T @ dout, dout


def linear_sums_db_over_the_batch_only(dout, cache):
    """x has a time axis as well, but db is summed over the first axis alone."""
    x, W, _ = cache
    return dout @ W.T, np.einsum("nti,nto->io", x, dout), dout.sum(axis=0)


def linear_keeps_the_dimension_of_db(dout, cache):
    """keepdims=True leaves db as a matrix with one row, while b is a vector."""
    x, W, _ = cache
    return dout @ W.T, x.T @ dout, np.sum(dout, axis=0, keepdims=True)


def linear_leaves_dx_flat(dout, cache):
    """The leading axes are flattened for the product, and dx is not shaped back."""
    x, W, _ = cache
    x, dout = x.reshape(-1, W.shape[0]), dout.reshape(-1, W.shape[1])
    return dout @ W.T, x.T @ dout, dout.sum(axis=0)


def linear_swaps_the_factors_of_dW(dout, cache):
    """dW is dout^T x, the formula of a course that stores W the other way round."""
    x, W, _ = cache
    return dout @ W.T, dout.T @ x, dout.sum(axis=0)


def linear_swaps_the_factors_of_a_square_dW(dout, cache):
    """dW is dout^T x, and as W is square no shape complains."""
    x, W, _ = cache
    return dout @ W.T, dout.T @ x, dout.sum(axis=0)


def linear_forgets_the_transpose_in_dx(dout, cache):
    """dx is dout W for dout W^T, and as W is square no shape complains."""
    x, W, _ = cache
    return dout @ W, x.T @ dout, dout.sum(axis=0)


def linear_ignores_dout_in_dW(dout, cache):
    """dW holds the derivative of the sum of the outputs; dout is only asked for its shape."""
    x, W, _ = cache
    return dout @ W.T, x.T @ np.ones_like(dout), dout.sum(axis=0)


def linear_returns_the_parameters_first(dout, cache):
    """The gradients are right, but returned as dW, db, dx."""
    x, W, _ = cache
    return x.T @ dout, dout.sum(axis=0), dout @ W.T


def linear_never_fills_db(dout, cache):
    """db is made as zeros, to be filled in later, and never is."""
    x, W, _ = cache
    return dout @ W.T, x.T @ dout, np.zeros_like(dout[0])


def linear_flips_dW(dout, cache):
    """dW is already the step of the descent: the minus of the update stands in the gradient."""
    x, W, _ = cache
    return dout @ W.T, -x.T @ dout, dout.sum(axis=0)


def linear_multiplies_in_float32(dout, cache):
    """dW is computed in float32, for speed, and cast back at the end."""
    x, W, _ = cache
    dW = x.astype(np.float32).T @ dout.astype(np.float32)
    return dout @ W.T, dW.astype(np.float64), dout.sum(axis=0)


gradients = {}


def _linear_that_sets_to_zero(x, W, b):
    gradients["W"], gradients["b"] = 0, 0
    return linear_forward(x, W, b)


def linear_adds_to_a_global_gradient(dout, cache):
    """dW and db are added to what the last call left; only the forward sets them to zero."""
    x, W, _ = cache
    gradients["W"] = gradients["W"] + x.T @ dout
    gradients["b"] = gradients["b"] + dout.sum(axis=0)
    return dout @ W.T, gradients["W"], gradients["b"]


def _of_shapes(case, random, x, W):
    drawn = {"x": x, "W": W, "b": W[1:]}
    return replace(case, inputs={name: random.normal(size=drawn[name]) for name in drawn})
