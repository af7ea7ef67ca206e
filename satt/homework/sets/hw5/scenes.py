"""The scenes of `scenes.npz`, ready to learn from."""

from pathlib import Path

import numpy as np


def load_scenes():
    """Read the scenes.

    Returns
    -------
    scenes : dict
        "train_grids" (800, 64, 96) and "test_grids" (100, 64, 96): float32, what an eye that has
        learned sees of each scene, 8 x 8 locations row by row. "train_captions", "test_captions":
        int, (800, 5, T + 1) and (100, 5, T + 1), five captions a scene, each start, words, stop,
        filled up with zeros. "test_images": uint8, the first few test scenes. "words": list of
        str, the word of each number. "grid_shape": (8, 8).
    """
    path = Path(__file__).resolve().parent / "scenes.npz"
    with np.load(path, allow_pickle=False) as file:
        scenes = {name: file[name] for name in file.files}
    for split in ("train", "test"):
        grids = scenes[f"{split}_grids"].astype(np.float32)
        scenes[f"{split}_grids"] = grids * np.float32(scenes["grid_scale"])
        scenes[f"{split}_captions"] = scenes[f"{split}_captions"].astype(np.int64)
    scenes["words"] = scenes["words"].tolist()
    scenes["grid_shape"] = tuple(scenes["grid_shape"].tolist())
    return scenes
