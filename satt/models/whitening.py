"""Filters that need not be learned: the directions in which patches of images differ.

What a first layer of a conv net learns is much the same for all images: edges of several
directions, and colours. Neighbouring pixels are alike, so that patches differ along a few
directions by much, and along most by little. Those few are the eigenvectors of the patches'
covariance with the largest eigenvalues, their principal components, and no gradient is needed to
find them. Each divided by its deviation, which the normalisation after the convolution does, they
count alike, large areas of one colour no more than the edge of a wing: the patches are *whitened*.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

IMAGES = 100  # whose patches are looked at: of 64 pixels, a hundred thousand patches


def whiten_filters(filters, images, stride):
    """Replace filters by the directions in which patches differ most, and their opposites.

    A ReLU lets one side of a direction through. So each is there twice, as e and as -e.

    Parameters
    ----------
    filters : ndarray, shape (K, K, C, F)
        Changed in place. There are K^2 C directions: of more filters than twice as many, the last
        stay as they are. If F is odd, the last direction has no opposite.
    images : ndarray, shape (N, H, W, C)
    stride : int
        Pixels between patches.
    """
    K, _, C, F = filters.shape
    windows = sliding_window_view(images[:IMAGES], (K, K), axis=(1, 2))[:, ::stride, ::stride]
    patches = windows.transpose(0, 1, 2, 4, 5, 3).reshape(-1, K * K * C)
    centred = patches - patches.mean(axis=0)
    _, directions = np.linalg.eigh(centred.T @ centred)  # with the smallest eigenvalue first
    directions = directions[:, ::-1]
    both = np.stack([directions, -directions], axis=2).reshape(K, K, C, -1)
    filters[..., : both.shape[-1]] = both[..., :F]
