"""Numbers for each channel and an array of pixels: sums over the pixels, and rows that fit them.

A sum over all pixels is a product with a row of ones, which BLAS does at the speed of memory.

Where a row of numbers per channel meets the data, NumPy handles C numbers at a time, and copies
the row over and over to have as many as its buffer holds. With so many pixels to a row, and the
channel's numbers repeated as often, there is nothing to copy: half the time.
"""

import numpy as np

from satt.kernels.pieces import LARGER_CACHE, pieces

WIDTH = 8192  # numbers in a row: as many as NumPy's buffer holds


def wide_rows(x):
    """Put several pixels of x (..., C) into a row: (M / pixels, pixels C)."""
    C = x.shape[-1]
    pixels = np.gcd(x.size // C, max(1, WIDTH // C))
    return x.reshape(-1, pixels * C)


def repeated(numbers, wide):
    """Repeat the channels' numbers (C,) for every pixel of a row: (pixels C,)."""
    row = np.empty((wide.shape[1] // len(numbers), len(numbers)), numbers.dtype)
    row[...] = numbers
    return row.reshape(-1)


def scale_and_shift(wide, scale, shift, dtype):
    """Take scale x + shift, where `wide` is x in rows, and scale and shift are (C,)."""
    out = np.empty(wide.shape, dtype)
    scale, shift = repeated(scale, wide), repeated(shift, wide)
    for piece in row_pieces(wide):
        np.multiply(wide[piece], scale, out=out[piece])
        out[piece] += shift
    return out


def channel_sums(one, other, C):
    """Sum up over all pixels `one`, and `one` times `other`, both in rows: (C,) and (C,)."""
    totals = products = 0
    for piece in row_pieces(one):
        pixels = one[piece].reshape(-1, C)
        ones = np.ones(len(pixels), pixels.real.dtype)
        totals = totals + ones @ pixels
        products = products + ones @ (one[piece] * other[piece]).reshape(-1, C)
    return totals, products


def row_pieces(wide):
    """Pieces of an array that is larger than the cache, so many rows each."""
    return pieces(len(wide), wide[0].nbytes, LARGER_CACHE)
