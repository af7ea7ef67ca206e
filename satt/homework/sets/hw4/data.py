"""What homework 4 looks at: drawn scenes as a trained captioner sees them, and its weights."""

import numpy as np

from satt.data.scenes.dataset import scene_at
from satt.data.scenes.drawing import draw_image
from satt.homework.trained import CONTEXT_SCALE, GRID_SHAPE, grids_of, trained_parameters

SCENES, SIZE = 6, 64


def write_data(folder, seed):
    """Write `scenes.npz` and `weights.npz`.

    Parameters
    ----------
    folder : Path
    seed : int
        Another seed, other scenes.

    Returns
    -------
    names : list of str
        Of the files.
    """
    params, _, words = trained_parameters()
    drawn, index = [], 0
    while len(drawn) < SCENES:
        scene, _ = scene_at("test", index, seed)
        index += 1
        # With two things there is something to look away from.
        if len(scene.things) > 1:
            drawn.append(draw_image(scene, SIZE))
    images = np.stack(drawn)
    np.savez_compressed(
        folder / "scenes.npz", images=images, grids=grids_of(images).astype(np.float16),
        grid_shape=np.array(GRID_SHAPE), words=np.array(words),
    )
    weights = {name: array.astype(np.float16) for name, array in params.items()
               if name.startswith("decoder.")}
    np.savez_compressed(folder / "weights.npz", context_scale=CONTEXT_SCALE, **weights)
    return ["scenes.npz", "weights.npz"]
