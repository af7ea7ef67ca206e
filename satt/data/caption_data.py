"""Images with their captions, all in memory."""

from dataclasses import dataclass

import numpy as np

from satt.errors import SattError


@dataclass
class CaptionData:
    """Images, the captions of each, and a name for each.

    Parameters
    ----------
    images : ndarray of uint8, shape (N, H, W, 3)
    captions : list of lists of lists of str
        For each image its captions, each a list of words.
    names : list of str
        For each image what it is called, such as the name of its file.

    Raises
    ------
    SattError
        If the three have not the same length.
    """

    images: np.ndarray
    captions: list
    names: list

    def __post_init__(self):
        lengths = len(self.images), len(self.captions), len(self.names)
        if len(set(lengths)) > 1:
            raise SattError(
                "CaptionData: expected as many images as lists of captions and names, "
                f"got {lengths[0]}, {lengths[1]} and {lengths[2]}"
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
        )
