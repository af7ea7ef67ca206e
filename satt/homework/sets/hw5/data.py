"""What homework 5 learns from: drawn scenes as a trained eye sees them, with their captions."""

import numpy as np

from satt.data.batches import caption_arrays
from satt.data.scenes.dataset import draw_scenes
from satt.data.vocabulary import SPECIAL, Vocabulary
from satt.homework.trained import GRID_SHAPE, grids_of, trained_parameters

LEARN, TEST, TO_LOOK_AT, SIZE = 800, 100, 6, 64
LEVELS = 255
AT_ONCE = 100


def write_data(folder, seed):
    """Write `scenes.npz`.

    The grids are in steps of 1/255 of the largest feature, so that they are small; they are mostly
    zeros. The images are there for the scenes that are looked at.

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
    arrays = {"grid_shape": np.array(GRID_SHAPE)}
    words = trained_parameters()[2]
    vocabulary = Vocabulary(words[len(SPECIAL):])
    scale = None
    for split, count in (("train", LEARN), ("test", TEST)):
        data = draw_scenes(split, count, SIZE, seed)
        grids = np.concatenate([
            grids_of(data.images[start : start + AT_ONCE]) for start in range(0, count, AT_ONCE)
        ])
        scale = float(grids.max()) / LEVELS if scale is None else scale
        steps = np.clip(np.round(grids / scale), 0, LEVELS)
        arrays[f"{split}_grids"] = steps.astype(np.uint8)
        captions = [caption for several in data.captions for caption in several]
        ids = caption_arrays(captions, vocabulary)
        arrays[f"{split}_captions"] = ids.reshape(count, -1, ids.shape[1]).astype(np.uint8)
        if split == "test":
            arrays["test_images"] = data.images[:TO_LOOK_AT]
    np.savez_compressed(folder / "scenes.npz", grid_scale=scale, words=np.array(words), **arrays)
    return ["scenes.npz"]
