"""EfficientNet-Lite0 to make grids with: nothing is kept for a backward, and it is faster."""

import numpy as np

from satt import ops
from satt.kernels.conv_inference import conv_inference
from satt.kernels.folding import fold
from satt.kernels.mbconv_inference import mbconv_inference
from satt.models.efficientnet_lite0 import (
    STAGES,
    before_the_last_halving,
    efficientnet_lite0_forward,
    strides,
)
from satt.models.mbconv import EPSILON

AT_A_TIME = 4  # images: with fewer the matrix products are short, with more the cache overflows


class GridMaker:
    """The net with all that images do not change prepared.

    Parameters
    ----------
    params, statistics : dict of ndarray
        From `satt.models.efficientnet_lite0_weights.load_efficientnet_lite0`.
    stages : tuple, optional
        Of another net of the same kind.
    """

    def __init__(self, params, statistics, stages=STAGES):
        self._stages, self._plain = stages, (params, statistics)

        def folded(name):
            norms = [params[f"{name}.norm.{kind}"] for kind in ("gamma", "beta")]
            norms += [statistics[f"{name}.norm.{kind}"] for kind in ("mean", "variance")]
            return fold(params[f"{name}.conv.W"], *norms, EPSILON)

        self._stem, self._head = folded("stem"), folded("head")
        self._blocks = []
        for number, stride in enumerate(strides(stages), start=1):
            widens = f"block{number}.expand.conv.W" in params
            expand = folded(f"block{number}.expand") if widens else None
            look, project = folded(f"block{number}.depthwise"), folded(f"block{number}.project")
            self._blocks.append((expand, look, project, stride))

    def __call__(self, images):
        """Make grids, for few images at a time.

        Parameters
        ----------
        images : ndarray, shape (N, 224, 224, 3)
            From `scale_pixels`.

        Returns
        -------
        grids : tuple of 3 ndarray
            As from `efficientnet_lite0_forward`.
        """
        parts = [
            self._few(images[begin : begin + AT_A_TIME])
            for begin in range(0, len(images), AT_A_TIME)
        ]
        return tuple(np.concatenate(several) for several in zip(*parts, strict=True))

    def _few(self, images):
        if not ops.USE_KERNELS:
            return efficientnet_lite0_forward(images, *self._plain, self._stages)[0]
        x, of_blocks = conv_inference(images, self._stem, stride=2), []
        for block in self._blocks:
            x = mbconv_inference(x, *block)
            of_blocks.append(x)
        middle = of_blocks[before_the_last_halving(self._stages) - 1]
        return middle, x, conv_inference(x, self._head)
