"""Where it looked: how much of the attention at a word lies on what the word names.

A drawn scene comes with the mask of every thing, so that the right place is known. A mask is
averaged over each grid location to a share in 0..1: how much of that location the thing fills.
"""

import numpy as np

ENOUGH = 0.25  # share of a location from which on the thing can be said to be there


def location_shares(mask, grid_shape):
    """Average a mask over the pixels of each grid location.

    Parameters
    ----------
    mask : ndarray of bool, shape (H, W)
        H and W are multiples of the grid's rows and columns.
    grid_shape : (int, int)
        Rows and columns.

    Returns
    -------
    shares : ndarray, shape (L,)
        In 0..1, row by row.
    """
    rows, columns = grid_shape
    height, width = mask.shape
    blocks = mask.reshape(rows, height // rows, columns, width // columns)
    return blocks.mean(axis=(1, 3)).ravel()


def points_at(attention, shares):
    """Whether the attention's peak is on a location that the thing fills to a quarter or more.

    Parameters
    ----------
    attention : ndarray, shape (L,)
    shares : ndarray, shape (L,)
        Of the thing, from `location_shares`.

    Returns
    -------
    bool
    """
    return bool(shares[np.argmax(attention)] >= ENOUGH)


def mass_on(attention, shares):
    """How much of the attention is on a thing: 1 where all of it is on the best place.

        sum_l attention[l] shares[l] / max_l shares[l]

    Parameters
    ----------
    attention : ndarray, shape (L,)
        Sums to 1.
    shares : ndarray, shape (L,)
        Of the thing, from `location_shares`.

    Returns
    -------
    float
        0 where the thing is nowhere to be seen.
    """
    largest = shares.max()
    return float(attention @ shares / largest) if largest > 0 else 0.0
