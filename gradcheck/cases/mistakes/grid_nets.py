"""Mistakes in the layers of the net for photographs: depthwise convolution, rim, ceiling."""

import numpy as np

from gradcheck.cases.mistakes.mistake import wrong_backward
from satt.layers.depthwise_conv2d import depthwise_conv2d_backward
from satt.layers.max_pool import places_in_window


def grid_net_mistakes(cases):
    """List the mistakes; parameters as for `linear_mistakes`."""
    plain, strided = cases["depthwise_conv2d"], cases["depthwise_conv2d-stride-2"]
    relu6, rim = cases["relu6"], cases["same_padding"]
    return [
        wrong_backward(plain, "permuted", depthwise_conv2d_flips_the_filters),
        wrong_backward(plain, "scale", depthwise_conv2d_averages_over_the_places),
        wrong_backward(plain, "overwrites-repeats", depthwise_conv2d_overwrites_what_overlaps),
        wrong_backward(plain, "shape", depthwise_conv2d_sums_the_channels_away),
        wrong_backward(strided, "unknown", depthwise_conv2d_forgets_the_stride),
        wrong_backward(relu6, "missing-activation-gradient", relu6_lets_everything_back),
        wrong_backward(relu6, "ignores-upstream", relu6_returns_its_slope),
        wrong_backward(relu6, "mutates", relu6_masks_dout_in_place),
        wrong_backward(rim, "shape", same_padding_forgets_to_crop),
        wrong_backward(rim, "border", same_padding_drops_the_outermost_pixels),
        wrong_backward(rim, "scale", same_padding_shares_with_the_rim),
    ]


def depthwise_conv2d_flips_the_filters(dout, cache):
    """dW is flipped both ways, as if the forward were a convolution and not a correlation."""
    dx, dW = depthwise_conv2d_backward(dout, cache)
    return dx, dW[::-1, ::-1]


def depthwise_conv2d_averages_over_the_places(dout, cache):
    """dW is the mean over the places of the window for the sum over them."""
    dx, dW = depthwise_conv2d_backward(dout, cache)
    return dx, dW / (dout.shape[1] * dout.shape[2])


def depthwise_conv2d_overwrites_what_overlaps(dout, cache):
    """A pixel that several windows see keeps the gradient of the last one alone."""
    x, W, stride = cache
    _, dW = depthwise_conv2d_backward(dout, cache)
    dx = np.zeros_like(x)
    for place, weight in zip(places_in_window(x.shape, len(W), stride), W.reshape(-1, W.shape[2]),
                             strict=True):
        dx[place] = dout * weight
    return dx, dW


def depthwise_conv2d_sums_the_channels_away(dout, cache):
    """dW is summed over the channels too, as if they shared one filter."""
    dx, dW = depthwise_conv2d_backward(dout, cache)
    return dx, dW.sum(axis=2)


def depthwise_conv2d_forgets_the_stride(dout, cache):
    """The forward's windows are 2 apart, but the backward puts them side by side."""
    x, W, _ = cache
    _, dW = depthwise_conv2d_backward(dout, cache)
    dx = np.zeros_like(x)
    for y, z in np.ndindex(dout.shape[1:3]):
        dx[:, y : y + len(W), z : z + len(W)] += dout[:, y, z][:, None, None] * W
    return dx, dW


def relu6_lets_everything_back(dout, cache):
    """The gradient passes as it came, also where the input was cut off."""
    return dout


def relu6_returns_its_slope(dout, cache):
    """The slope, 0 or 1, is returned without the gradient from above."""
    (inside,) = cache
    return inside.astype(np.float64)


def relu6_masks_dout_in_place(dout, cache):
    """The zeros are written into the caller's dout."""
    (inside,) = cache
    dout *= inside
    return dout


def same_padding_forgets_to_crop(dout, cache):
    """dx is returned for the padded image, with its rim of zeros."""
    return dout


def same_padding_drops_the_outermost_pixels(dout, cache):
    """dx is filled where the whole window lies inside the image, and stays 0 along the edge."""
    (inside,) = cache
    dx = np.zeros_like(dout[inside])
    dx[:, 1:-1, 1:-1] = dout[inside][:, 1:-1, 1:-1]
    return dx


def same_padding_shares_with_the_rim(dout, cache):
    """The gradient is made smaller by the share of the image in the padded one."""
    (inside,) = cache
    return dout[inside] * (dout[inside].size / dout.size)
