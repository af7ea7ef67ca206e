"""Mistakes in the layers that treat every entry for itself: relu, tanh, sigmoid, dropout."""

from dataclasses import replace

import numpy as np

from gradcheck.cases.mistakes.mistake import wrong_backward, wrong_forward
from satt.layers.relu import relu_forward
from satt.layers.sigmoid import sigmoid_forward


def pointwise_mistakes(cases, random):
    """List the mistakes; parameters as for `linear_mistakes`."""
    relu, tanh = cases["relu"], cases["tanh"]
    sigmoid, dropout = cases["sigmoid"], cases["dropout"]
    dead = replace(relu, inputs={"x": -1 - random.random((2, 4, 3))})
    pixels = replace(tanh, inputs={"x": random.uniform(50, 255, size=(2, 4, 3))})
    far = replace(sigmoid, inputs={"x": np.append(random.normal(size=6), -800.0)})
    # The mask comes from within: the students wrote the layer with a rate.
    own_mask = replace(dropout, options={"rate": 0.4})
    return [
        wrong_backward(relu, "missing-activation-gradient", relu_lets_everything_back),
        wrong_backward(relu, "ignores-upstream", relu_returns_its_slope),
        wrong_backward(relu, "mutates", relu_masks_dout_in_place),
        wrong_forward(relu, "mutates", relu_clips_its_input_in_place),
        wrong_backward(dead, "vacuous", relu_multiplies_by_the_output, _relu_that_keeps_out),
        wrong_backward(tanh, "missing-activation-gradient", tanh_lets_everything_back),
        wrong_backward(tanh, "sign", tanh_turns_the_slope_round),
        wrong_backward(tanh, "unknown", tanh_forgets_the_square),
        wrong_backward(pixels, "vacuous", tanh_forgets_the_square_on_pixels),
        wrong_backward(sigmoid, "missing-activation-gradient", sigmoid_lets_everything_back),
        wrong_backward(sigmoid, "missing-activation-gradient", sigmoid_forgets_half_its_slope),
        wrong_backward(sigmoid, "ignores-upstream", sigmoid_returns_its_slope),
        wrong_backward(far, "nan", sigmoid_differentiates_the_quotient, _sigmoid_that_keeps_x),
        wrong_backward(dropout, "missing-activation-gradient", dropout_forgets_the_mask),
        wrong_backward(dropout, "scale", dropout_forgets_the_scaling),
        wrong_backward(dropout, "mutates", dropout_multiplies_dout_in_place),
        wrong_forward(own_mask, "forward-inconsistent", dropout_draws_without_a_seed),
        wrong_forward(
            own_mask,
            "not-repeatable",
            dropout_draws_again_in_the_backward,
            _dropout_backward_that_draws,
        ),
    ]


def relu_lets_everything_back(dout, cache):
    """The gradient passes as it came, also where the input was cut off."""
    return dout


def relu_returns_its_slope(dout, cache):
    """The slope, 0 or 1, is returned without the gradient from above."""
    (positive,) = cache
    return positive.astype(np.float64)


def relu_masks_dout_in_place(dout, cache):
    """The zeros are written into the caller's dout."""
    (positive,) = cache
    dout[~positive] = 0
    return dout


def relu_clips_its_input_in_place(x):
    """The forward writes its result over the caller's x."""
    positive = x.real > 0
    x *= positive
    return x, (positive,)


def relu_multiplies_by_the_output(dout, cache):
    """The gradient is multiplied by the output for the mask, and tried on a dead layer only."""
    (out,) = cache
    return dout * out


def _relu_that_keeps_out(x):
    out, _ = relu_forward(x)
    return out, (out,)


def tanh_lets_everything_back(dout, cache):
    """The slope 1 - tanh^2 is left out."""
    return dout


def tanh_turns_the_slope_round(dout, cache):
    """The slope is written as tanh^2 - 1."""
    (out,) = cache
    return dout * (out**2 - 1)


def tanh_forgets_the_square(dout, cache):
    """The slope is written as 1 - tanh."""
    (out,) = cache
    return dout * (1 - out)


def tanh_forgets_the_square_on_pixels(dout, cache):
    """The slope is written as 1 - tanh and tried on pixels up to 255, where all slopes are 0."""
    (out,) = cache
    return dout * (1 - out)


def sigmoid_lets_everything_back(dout, cache):
    """The slope s (1 - s) is left out."""
    return dout


def sigmoid_forgets_half_its_slope(dout, cache):
    """Of the slope s (1 - s) only 1 - s is there."""
    (out,) = cache
    return dout * (1 - out)


def sigmoid_returns_its_slope(dout, cache):
    """The slope s (1 - s) is returned without the gradient from above."""
    (out,) = cache
    return out * (1 - out)


def sigmoid_differentiates_the_quotient(dout, cache):
    """The slope is taken as exp(-x) / (1 + exp(-x))^2, which far from 0 is infinity by itself."""
    (x,) = cache
    with np.errstate(over="ignore", invalid="ignore"):
        return dout * np.exp(-x) / (1 + np.exp(-x)) ** 2


def _sigmoid_that_keeps_x(x):
    out, _ = sigmoid_forward(x)
    return out, (x,)


def dropout_forgets_the_mask(dout, cache):
    """The gradient reaches the silenced units as if they had spoken."""
    return dout


def dropout_forgets_the_scaling(dout, cache):
    """The mask is applied as 0 and 1; that the forward scaled by 1 / keep is forgotten."""
    (mask,) = cache
    return dout * (mask > 0)


def dropout_multiplies_dout_in_place(dout, cache):
    """`dout *= mask` changes the gradient that other layers still need."""
    (mask,) = cache
    dout *= mask
    return dout


def dropout_draws_without_a_seed(x, rate):
    """The forward draws another mask at each call, so that no two calls can be compared."""
    mask = (np.random.default_rng().random(x.shape) > rate) / (1 - rate)
    return x * mask, (mask,)


def dropout_draws_again_in_the_backward(x, rate):
    """The backward draws a mask of its own for the one of the forward."""
    mask = (np.random.default_rng(0).random(x.shape) > rate) / (1 - rate)
    return x * mask, (rate,)


def _dropout_backward_that_draws(dout, cache):
    (rate,) = cache
    return dout * (np.random.default_rng().random(dout.shape) > rate) / (1 - rate)
