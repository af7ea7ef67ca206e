"""Nets that others have trained, by name, for the grids that they make of photographs."""

import threading

from satt.errors import SattError
from satt.models.efficientnet_lite0 import GRIDS, IMAGE_SIZE, scale_pixels
from satt.models.efficientnet_lite0_inference import GridMaker
from satt.models.efficientnet_lite0_weights import DIGEST, load_efficientnet_lite0, weights_path

NET = "efficientnet-lite0"
NAMES = tuple(f"{NET}:{grid}" for grid in GRIDS)
DEFAULT = NAMES[-1]  # the one from the head, which the name of the net alone means
VERSION = 1  # to be raised whenever the same pixels become another grid


def full_name(name):
    """The name of a grid, where the net alone may have been named.

    Parameters
    ----------
    name : str
        Such as "efficientnet-lite0" or "efficientnet-lite0:14x14x112".

    Returns
    -------
    str
        One of `NAMES`, or what was given.
    """
    return DEFAULT if name == NET else name


class PretrainedEncoder:
    """Makes one grid of photographs; a call may come from many threads.

    Parameters
    ----------
    name : str
        One of `NAMES`, or "efficientnet-lite0".

    Attributes
    ----------
    name : str
    image_size : int
        Height and width of the photographs it takes, in pixels.
    grid_shape : tuple of int, (rows, columns, D)
    version : str
        Changes with the weights and with what is made of them.

    Raises
    ------
    SattError
        If there is no such grid, or its weights are not installed.
    """

    def __init__(self, name):
        self.name = full_name(name)
        if self.name not in NAMES:
            raise SattError(f"encoder: expected one of {', '.join((NET, *NAMES))}, got {name!r}")
        weights_path()
        self.image_size = IMAGE_SIZE
        self.grid_shape = GRIDS[self.name.partition(":")[2]]
        self.version = f"{DIGEST} {VERSION}"
        self._which = list(GRIDS.values()).index(self.grid_shape)
        self._make, self._lock = None, threading.Lock()

    def __call__(self, images):
        """Make grids.

        Parameters
        ----------
        images : ndarray of uint8, shape (N, image_size, image_size, 3)

        Returns
        -------
        grids : ndarray of float32, shape (N, L, D)
        """
        with self._lock:
            if self._make is None:
                self._make = GridMaker(*load_efficientnet_lite0())
        grid = self._make(scale_pixels(images))[self._which]
        return grid.reshape(len(grid), -1, grid.shape[-1])
