"""What homework 2 looks at: a drawn scene, and filters that a captioner has learned."""

import numpy as np

from satt.data.scenes.dataset import scene_at
from satt.data.scenes.drawing import draw_image
from satt.homework.trained import trained_parameters

SIZE = 96
# Of the first block: two that tell colours apart, and one for edges across and down.
CHOSEN = (21, 31, 3)


def write_data(folder, seed):
    """Write `scene.npz`.

    Parameters
    ----------
    folder : Path
    seed : int
        Another seed, another scene.

    Returns
    -------
    names : list of str
        Of the files.
    """
    index = next(i for i in range(1000) if len(scene_at("test", i, seed)[0].things) > 1)
    image = draw_image(scene_at("test", index, seed)[0], SIZE)
    filters = trained_parameters()[0]["encoder.conv1.W"][..., CHOSEN]
    np.savez_compressed(folder / "scene.npz", image=image, filters=filters)
    return ["scene.npz"]
