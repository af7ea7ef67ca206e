"""Mistakes in the convolution and the poolings."""

from dataclasses import replace

import numpy as np

from gradcheck.cases.mistakes.mistake import wrong_backward
from satt.layers.conv2d import conv2d_backward
from satt.layers.max_pool import max_pool_forward


def image_mistakes(cases, random):
    """List the mistakes; parameters as for `linear_mistakes`."""
    plain, strided = cases["conv2d"], cases["conv2d-stride-2-padding-1"]
    sizes = {"x": (2, 7, 6, 3), "W": (3, 3, 3, 4), "b": 4}
    same = replace(
        plain,
        inputs={name: random.normal(size=size) for name, size in sizes.items()},
        options={"padding": 1},
    )
    max_pool, overlapping = cases["max_pool"], cases["max_pool-overlapping"]
    average_pool, shared = cases["average_pool"], cases["average_pool-overlapping"]
    return [
        wrong_backward(plain, "missing-sum", conv2d_keeps_one_db_for_each_image),
        wrong_backward(plain, "scale", conv2d_averages_over_the_places),
        wrong_backward(plain, "transposed", conv2d_puts_the_filters_first),
        wrong_backward(plain, "permuted", conv2d_flips_the_filters),
        wrong_backward(plain, "overwrites-repeats", conv2d_overwrites_where_windows_overlap),
        wrong_backward(same, "shape", conv2d_forgets_to_crop_the_rim),
        wrong_backward(same, "border", conv2d_lets_the_rim_wrap_round),
        wrong_backward(same, "border", conv2d_stops_one_window_short),
        wrong_backward(same, "border", conv2d_leaves_out_the_outermost_pixels),
        wrong_backward(strided, "unknown", conv2d_forgets_the_stride),
        wrong_backward(plain, "dtype", conv2d_collects_in_float32),
        wrong_backward(plain, "zero", conv2d_has_no_gradient_for_the_image),
        wrong_backward(max_pool, "missing-activation-gradient", max_pool_pays_every_pixel),
        wrong_backward(max_pool, "ignores-upstream", max_pool_returns_its_winners),
        wrong_backward(
            overlapping,
            "overwrites-repeats",
            max_pool_overwrites_a_winner_of_two,
            _max_pool_that_keeps_x,
        ),
        wrong_backward(max_pool, "shape", max_pool_cuts_off_the_last_row),
        wrong_backward(average_pool, "scale", average_pool_forgets_to_divide),
        wrong_backward(shared, "overwrites-repeats", average_pool_overwrites_shared_pixels),
        wrong_backward(shared, "border", average_pool_stops_one_window_short),
    ]


def conv2d_keeps_one_db_for_each_image(dout, cache):
    """db is summed over height and width, but not over the images."""
    dx, dW, _ = conv2d_backward(dout, cache)
    return dx, dW, dout.sum(axis=(1, 2))


def conv2d_averages_over_the_places(dout, cache):
    """dW is the mean over the places of the window for the sum over them."""
    dx, dW, db = conv2d_backward(dout, cache)
    return dx, dW / (dout.shape[1] * dout.shape[2]), db


def conv2d_puts_the_filters_first(dout, cache):
    """dW is laid out as (filters, channels, height, width), as other libraries store it."""
    dx, dW, db = conv2d_backward(dout, cache)
    return dx, dW.transpose(3, 2, 0, 1), db


def conv2d_flips_the_filters(dout, cache):
    """dW is flipped both ways, as if the forward were a convolution and not a correlation."""
    dx, dW, db = conv2d_backward(dout, cache)
    return dx, dW[::-1, ::-1], db


def conv2d_overwrites_where_windows_overlap(dout, cache):
    """A pixel that several windows see keeps the gradient of the last one alone."""
    padded, W, _, stride, _ = cache
    _, dW, db = conv2d_backward(dout, cache)
    dx = np.zeros_like(padded)
    for i in range(dout.shape[1]):
        for j in range(dout.shape[2]):
            y, x = i * stride, j * stride
            message = np.einsum("nf,yxcf->nyxc", dout[:, i, j], W)
            dx[:, y : y + W.shape[0], x : x + W.shape[1]] = message
    return dx, dW, db


def conv2d_forgets_to_crop_the_rim(dout, cache):
    """dx is returned for the padded image, with its rim of zeros."""
    padded, W, has_bias, stride, _ = cache
    return conv2d_backward(dout, (padded, W, has_bias, stride, 0))


def conv2d_lets_the_rim_wrap_round(dout, cache):
    """Messages are shifted with np.roll, so that what belongs to the rim returns opposite."""
    _, W, _, _, padding = cache
    _, dW, db = conv2d_backward(dout, cache)
    dx = 0
    for i in range(W.shape[0]):
        for j in range(W.shape[1]):
            dx = dx + np.roll(dout @ W[i, j].T, (i - padding, j - padding), axis=(1, 2))
    return dx, dW, db


def conv2d_stops_one_window_short(dout, cache):
    """The loop over the rows of windows ends one too early, so the last row sends nothing back."""
    padded, W, _, stride, padding = cache
    _, dW, db = conv2d_backward(dout, cache)
    dpadded = np.zeros_like(padded)
    for i in range(dout.shape[1] - 1):
        for j in range(dout.shape[2]):
            y, x = i * stride, j * stride
            message = np.einsum("nf,yxcf->nyxc", dout[:, i, j], W)
            dpadded[:, y : y + W.shape[0], x : x + W.shape[1]] += message
    return dpadded[:, padding:-padding, padding:-padding], dW, db


def conv2d_leaves_out_the_outermost_pixels(dout, cache):
    """dx is filled where the whole window lies inside the image, and stays 0 along the edge."""
    _, _, _, _, padding = cache
    right, dW, db = conv2d_backward(dout, cache)
    dx, inside = np.zeros_like(right), np.s_[:, padding:-padding, padding:-padding]
    dx[inside] = right[inside]
    return dx, dW, db


def conv2d_forgets_the_stride(dout, cache):
    """The forward's windows are 2 apart, but the backward puts them side by side."""
    padded, W, _, _, padding = cache
    _, dW, db = conv2d_backward(dout, cache)
    dpadded = np.zeros_like(padded)
    for y in range(dout.shape[1]):
        for x in range(dout.shape[2]):
            message = np.einsum("nf,yxcf->nyxc", dout[:, y, x], W)
            dpadded[:, y : y + W.shape[0], x : x + W.shape[1]] += message
    return dpadded[:, padding:-padding, padding:-padding], dW, db


def conv2d_collects_in_float32(dout, cache):
    """The buffer for dx is np.zeros(..., np.float32), whatever the data are."""
    padded, W, _, _, _ = cache
    _, dW, db = conv2d_backward(dout, cache)
    dx = np.zeros(padded.shape, np.float32)
    for i in range(W.shape[0]):
        for j in range(W.shape[1]):
            dx[:, i : i + dout.shape[1], j : j + dout.shape[2]] += dout @ W[i, j].T
    return dx, dW, db


def conv2d_has_no_gradient_for_the_image(dout, cache):
    """dx is left at zero, as images are not learned; but this may be the second layer."""
    dx, dW, db = conv2d_backward(dout, cache)
    return np.zeros_like(dx), dW, db


def max_pool_pays_every_pixel(dout, cache):
    """Every pixel of a window gets the gradient, not the winner alone."""
    winners, shape, size, _ = cache
    dx = np.zeros(shape)
    rows, columns = dout.shape[1] * size, dout.shape[2] * size
    dx[:, :rows, :columns] = dout.repeat(size, axis=1).repeat(size, axis=2)
    return dx


def max_pool_returns_its_winners(dout, cache):
    """The winners get 1 each: dout is not multiplied in."""
    winners, shape, size, _ = cache
    dx = np.zeros(shape)
    rows, columns = dout.shape[1] * size, dout.shape[2] * size
    for place, won in enumerate(winners):
        dx[:, place // size : rows : size, place % size : columns : size] = won
    return dx


def max_pool_overwrites_a_winner_of_two(dout, cache):
    """A pixel that wins two overlapping windows keeps the gradient of the second one alone."""
    x, size, stride = cache
    dx = np.zeros_like(x)
    for n, i, j, c in np.ndindex(dout.shape):
        window = x[n, i * stride : i * stride + size, j * stride : j * stride + size, c]
        row, column = np.unravel_index(window.argmax(), window.shape)
        dx[n, i * stride + row, j * stride + column, c] = dout[n, i, j, c]
    return dx


def max_pool_cuts_off_the_last_row(dout, cache):
    """dx ends where the last window ends, and lacks the row and column that no window reaches."""
    winners, _, size, _ = cache
    N, rows, columns, C = dout.shape
    dx = np.zeros((N, rows, size, columns, size, C))
    for place, won in enumerate(winners):
        dx[:, :, place // size, :, place % size] = dout * won
    return dx.reshape(N, rows * size, columns * size, C)


def average_pool_forgets_to_divide(dout, cache):
    """Every pixel gets the whole gradient of its window, not its share."""
    shape, size, _ = cache
    dx = np.zeros(shape)
    rows, columns = dout.shape[1] * size, dout.shape[2] * size
    dx[:, :rows, :columns] = dout.repeat(size, axis=1).repeat(size, axis=2)
    return dx


def average_pool_overwrites_shared_pixels(dout, cache):
    """A pixel in two overlapping windows keeps the share of the second one alone."""
    shape, size, stride = cache
    dx = np.zeros(shape)
    for i in range(dout.shape[1]):
        for j in range(dout.shape[2]):
            y, x = i * stride, j * stride
            dx[:, y : y + size, x : x + size] = dout[:, i : i + 1, j : j + 1] / size**2
    return dx


def average_pool_stops_one_window_short(dout, cache):
    """The loops run to H - size, not to H - size + 1, and miss the last window."""
    shape, size, stride = cache
    dx = np.zeros(shape)
    for y in range(0, shape[1] - size, stride):
        for x in range(0, shape[2] - size, stride):
            window = dout[:, y // stride, x // stride][:, None, None]
            dx[:, y : y + size, x : x + size] += window / size**2
    return dx


def _max_pool_that_keeps_x(x, size, stride):
    out, _ = max_pool_forward(x, size, stride)
    return out, (x, size, stride)
