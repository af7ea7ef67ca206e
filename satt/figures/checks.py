"""What a figure asks of its arrays before it draws them."""

import numpy as np

from satt.errors import SattError
from satt.shapes import check_shape


def check_picture(name, image):
    """Raise SattError unless `image` is a uint8 array of shape (H, W, 3)."""
    check_shape(name, image, ("H", "W", 3), "pass one colour image with its channels last")
    if image.dtype != np.uint8 or image.size == 0:
        raise SattError(
            f"{name}: expected uint8 from 0 to 255, at least one pixel, got {image.dtype} "
            f"{image.shape}; undo the normalisation and use .astype(np.uint8)"
        )


def check_attention(name, attention, steps, grid_shape):
    """Raise SattError unless `attention` is (steps, rows * cols) and each row a distribution."""
    rows, cols = check_grid_shape(grid_shape)
    if steps < 1:
        raise SattError("words: expected at least one word, got none; pass the caption's words")
    check_shape(
        name, attention, ("T", "L"),
        f"for a {rows} x {cols} grid pass one image's attention, one row a word",
        {"T": steps, "L": rows * cols},
    )
    sums = attention.sum(axis=1)
    # A NaN is in no range, so it is found here as well.
    right = (np.abs(sums - 1) < 1e-3) & (attention >= 0).all(axis=1)
    if not right.all():
        row = int(np.argmin(right))
        raise SattError(
            f"{name}: expected rows of weights >= 0 that sum to 1, got row {row} with sum "
            f"{sums[row]:.4g} and smallest weight {attention[row].min():.4g}; "
            "pass the softmax's output, not its scores"
        )


def check_grid_shape(grid_shape):
    """Return (rows, cols), or raise SattError unless both are whole numbers above 0."""
    try:
        rows, cols = (int(size) for size in grid_shape)
    except (TypeError, ValueError):
        rows = cols = 0
    if rows < 1 or cols < 1:
        raise SattError(
            f"grid_shape: expected (rows, cols), both at least 1, got {grid_shape!r}; "
            "pass the size of the conv net's output, for instance (8, 8)"
        )
    return rows, cols


def check_length(name, values, expected, what):
    """Raise SattError unless `values` has `expected` entries, one for each `what`."""
    if len(values) != expected:
        raise SattError(
            f"{name}: expected {expected} entries, one for each {what}, got {len(values)}; "
            "pass lists of the same length"
        )
