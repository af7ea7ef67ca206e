"""Images with their captions."""

from dataclasses import dataclass, field

import numpy as np

from satt.errors import SattError


@dataclass
class CaptionData:
    """Images, the captions of each, and a name for each.

    Parameters
    ----------
    images : ndarray of uint8, shape (N, H, W, 3)
        In memory; or grids that another network has made of them, float32 (N, L, D), which may be
        `satt.data.stored_grids.StoredGrids`.
    captions : list of lists of lists of str
        For each image its captions, each a list of words.
    names : list of str
        For each image what it is called, such as the name of its file.
    paths : list of Path, optional
        For each image its file, if it comes from one.

    Raises
    ------
    SattError
        If these have not the same length.
    """

    images: np.ndarray
    captions: list
    names: list
    paths: list | None = field(default=None, kw_only=True)

    def __post_init__(self):
        lengths = len(self.images), len(self.captions), len(self.names)
        if len(set(lengths)) > 1:
            raise SattError(
                "CaptionData: expected as many images as lists of captions and names, "
                f"got {lengths[0]}, {lengths[1]} and {lengths[2]}"
            )
        if self.paths is not None and len(self.paths) != len(self.images):
            raise SattError(
                f"CaptionData: expected as many paths as images, got {len(self.paths)} and "
                f"{len(self.images)}"
            )

    def __len__(self):
        """Return the number of images."""
        return len(self.images)

    def subset(self, indices):
        """Return the images that `indices` (a list, an array, a mask or a slice) picks."""
        chosen = np.arange(len(self))[indices]
        return CaptionData(
            self.images[chosen],
            [self.captions[i] for i in chosen],
            [self.names[i] for i in chosen],
            paths=None if self.paths is None else [self.paths[i] for i in chosen],
        )
