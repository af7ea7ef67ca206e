"""A grid that another net has made, on its way to the decoder.

    standardise    (feature - its mean) / its deviation, both over many images
    dropout        some features are silent, in training
    projection     relu(grid W + b), which learns what of it is worth saying

What one layer of a net puts out is a hundred times as large as what another does, while the
decoder's first weights are right for numbers around 1. And a net that tells a thousand kinds of
things apart gives far more features than a caption needs: the projection makes the decoder small.
"""

import numpy as np

from satt import ops

PROJECTION_PARAMS = ("projection.W", "projection.b")


def given_grid_forward(grid, params, statistics, dropout=0.0, random=None):
    """Make of a net's grid the one that the decoder looks at.

    Parameters
    ----------
    grid : ndarray, shape (M, L, C)
    params : dict of ndarray
        Those of `PROJECTION_PARAMS`, or neither: then there is no projection.
    statistics : dict of ndarray
        "grid.mean" and "grid.variance", shape (C,).
    dropout : float
        Share of the standardised features that are silent.
    random : numpy.random.Generator, optional
        Draws the dropout; without it there is none.

    Returns
    -------
    grid : ndarray, shape (M, L, D)
    cache : tuple
        What `given_grid_backward` needs.
    """
    mean, variance = (statistics[f"grid.{kind}"] for kind in ("mean", "variance"))
    grid, norm = ops.batch_norm_inference_forward(
        grid, np.ones_like(mean), np.zeros_like(mean), mean, variance
    )
    silenced = projection = None
    if dropout and random is not None:
        mask = ops.dropout_mask(grid.shape, dropout, random, grid.dtype)
        grid, silenced = ops.dropout_forward(grid, mask)
    if PROJECTION_PARAMS[0] in params:
        grid, linear = ops.linear_forward(grid, *(params[name] for name in PROJECTION_PARAMS))
        grid, relu = ops.relu_forward(grid)
        projection = linear, relu
    return grid, (norm, silenced, projection)


def given_grid_backward(dgrid, cache, to_grid=True):
    """Send the gradient back to the projection, and to the grid as the net gave it.

    Parameters
    ----------
    dgrid : ndarray, shape (M, L, D)
    cache : tuple
    to_grid : bool
        Whether the gradient of the net's grid is wanted; training does without.

    Returns
    -------
    dgrid : ndarray, shape (M, L, C), or None
    gradients : dict of ndarray
    """
    norm, silenced, projection = cache
    gradients = {}
    if projection is not None:
        linear, relu = projection
        dgrid = ops.relu_backward(dgrid, relu)
        several = ops.linear_parameters_backward(dgrid, linear)
        gradients = dict(zip(PROJECTION_PARAMS, several, strict=True))
    if not to_grid:
        return None, gradients
    if projection is not None:
        dgrid, _, _ = ops.linear_backward(dgrid, linear)
    if silenced is not None:
        dgrid = ops.dropout_backward(dgrid, silenced)
    dgrid, _, _ = ops.batch_norm_inference_backward(dgrid, norm)
    return dgrid, gradients
