"""A captioner that has learned: the eye and the weights that go into `given/`.

`captioner.npz` beside this file is the captioner of the lessons in half precision, which is enough
to caption with, and without its settings.
"""

from functools import cache
from pathlib import Path

import numpy as np

from satt.data.batches import to_float
from satt.models.encoder import encoder_forward

FILE = Path(__file__).resolve().parent / "captioner.npz"
GRID_SHAPE = (8, 8)
CONTEXT_SCALE = 0.1  # with which it was trained


@cache
def trained_parameters():
    """Read the parameters.

    Returns
    -------
    params : dict from str to ndarray of float32
        Not to be changed; as in `Captioner.params`.
    statistics : dict from str to ndarray of float32
        Of the encoder's channels.
    words : list of str
        The vocabulary, in the order of its numbers.
    """
    with np.load(FILE, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    words = arrays.pop("words").tolist()
    params, statistics = {}, {}
    for name, array in arrays.items():
        kind, _, rest = name.partition(".")
        {"params": params, "statistics": statistics}[kind][rest] = array.astype(np.float32)
    return params, statistics, words


def grids_of(images):
    """Look at images with the trained encoder.

    Parameters
    ----------
    images : ndarray of uint8, shape (N, 64, 64, 3)

    Returns
    -------
    grid : ndarray of float32, shape (N, 64, 96)
    """
    params, statistics, _ = trained_parameters()
    grid, _ = encoder_forward(to_float(images), params, statistics)
    return grid
