"""What homework 4 looks at: drawn scenes as a trained captioner sees them, and its weights."""

import numpy as np

from satt.data.scenes.dataset import scene_at
from satt.data.scenes.drawing import draw_image
from satt.data.scenes.parser import is_true, parse
from satt.homework.sets.hw4.figure import caption
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
    weights = {name: array.astype(np.float16) for name, array in params.items()
               if name.startswith("decoder.")}
    weights["context_scale"] = np.float16(CONTEXT_SCALE)
    images, grids = _scenes(seed, weights, words)
    np.savez_compressed(folder / "scenes.npz", images=images, grids=grids,
                        grid_shape=np.array(GRID_SHAPE), words=np.array(words))
    np.savez_compressed(folder / "weights.npz", **weights)
    return ["scenes.npz", "weights.npz"]


def _scenes(seed, weights, words):
    """Find scenes of two kinds of things that the captioner gets right: images and grids.

    With two things there is something to look away from; and what a student sees when all is
    written should not look as if something were still wrong.
    """
    weights = {name.removeprefix("decoder."): array.astype(float)
               for name, array in weights.items()}
    images, grids, index = [], [], 0
    while len(images) < SCENES:
        scene, _ = scene_at("test", index, seed)
        index += 1
        if len({thing.kind for thing in scene.things}) < 2:
            continue
        image = draw_image(scene, SIZE)
        grid = grids_of(image[None])[0].astype(np.float16)
        said, _ = caption(grid.astype(float), weights)
        claims = parse([words[word] for word in said])
        if claims is not None and is_true(claims, scene):
            images.append(image)
            grids.append(grid)
    return np.stack(images), np.stack(grids)
