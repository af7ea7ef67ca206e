"""A convolution and its normalisation as one convolution with a bias, for inference."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Folded:
    """A convolution with its normalisation folded in.

    Attributes
    ----------
    W : ndarray, shape (K, K, C, F), or of a depthwise one (K, K, C)
    b : ndarray, shape (F,), or (C,)
    """

    W: np.ndarray
    b: np.ndarray


def fold(W, gamma, beta, mean, variance, epsilon):
    """Fold a normalisation with fixed statistics into the convolution before it.

    The normalisation is a scale and a shift of each channel. With a = gamma / sqrt(variance +
    epsilon),

        gamma (x W - mean) / sqrt(variance + epsilon) + beta = x (W a) + (beta - mean a).

    Parameters
    ----------
    W : ndarray, shape (..., F)
    gamma, beta, mean, variance : ndarray, shape (F,)
    epsilon : float

    Returns
    -------
    Folded
    """
    scale = gamma / np.sqrt(variance + epsilon)
    return Folded(W * scale, beta - mean * scale)
