"""Many scenes at once: images, five captions each, and the scenes themselves to judge by."""

from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

from satt.data.caption_data import CaptionData
from satt.data.processes import run_in_processes
from satt.data.scenes.drawing import draw_image
from satt.data.scenes.grammar import write_captions
from satt.data.scenes.sampling import HOW_MANY, HOW_MANY_TO_LEARN, sample_scene
from satt.errors import SattError

# Each split has a stream of random numbers of its own. "unseen" is a second test: every scene of
# it holds a (colour, kind, setting) combination that the other three never show.
SPLITS = ("train", "validation", "test", "unseen")
REFERENCES = 5
TOGETHER = 50  # scenes that are drawn between two movements of the bar
MANY = 2000  # scenes; a process takes as long to start as it takes to draw some hundreds


@dataclass
class SceneData(CaptionData):
    """Captioned images of which it is known what is where.

    Parameters
    ----------
    images, captions, names
        As for `CaptionData`.
    scenes : list of Scene
        One an image.
    """

    scenes: list


def scene_at(split, index, seed=0):
    """One scene of a split, with its captions; the same every time.

    Parameters
    ----------
    split : {"train", "validation", "test", "unseen"}
    index, seed : int
        Not negative.

    Returns
    -------
    scene : Scene
    captions : list of list of str
        Five, no two the same.

    Raises
    ------
    SattError
        If there is no such split, or index or seed is negative.
    """
    if split not in SPLITS:
        raise SattError(f"split: expected one of {', '.join(SPLITS)}, got {split!r}")
    for name, value in (("index", index), ("seed", seed)):
        if value < 0:
            raise SattError(f"{name}: expected 0 or more, got {value}")
    random = np.random.default_rng([seed, SPLITS.index(split), index])
    shares = HOW_MANY_TO_LEARN if split == "train" else HOW_MANY
    scene = sample_scene(random, split == "unseen", shares)
    return scene, write_captions(scene, random, REFERENCES)


def draw_scenes(split, count, size=64, seed=0, progress=True, processes=0):
    """Draw the first scenes of a split.

    Parameters
    ----------
    split : {"train", "validation", "test", "unseen"}
    count : int
    size : int
        Width and height of the images in pixels.
    seed : int
        Another seed is another world of scenes of the same kind.
    progress : bool
        Whether to show a bar.
    processes : int
        That are started to draw, if there are so many scenes that it pays. The scenes are the
        same. A script that asks for this must be one that may be imported: what it does stands
        under `if __name__ == "__main__":`.

    Returns
    -------
    SceneData

    Raises
    ------
    SattError
        If there is no such split, count is less than 1, or size less than 16.
    """
    if count < 1:
        raise SattError(f"count: expected at least 1 scene, got {count}")
    if size < 16:
        raise SattError(f"size: expected at least 16 pixels, got {size}; 64 is the usual size")
    images, captions, scenes = np.empty((count, size, size, 3), np.uint8), [], []
    parts = [
        (split, range(begin, min(begin + TOGETHER, count)), size, seed)
        for begin in range(0, count, TOGETHER)
    ]
    with tqdm(total=count, desc=f"drawing {split} scenes", disable=not progress) as bar:
        for drawn in run_in_processes(_draw_some, parts, processes if count >= MANY else 0):
            begin = len(scenes)
            images[begin : begin + len(drawn[0])] = drawn[0]
            captions += drawn[1]
            scenes += drawn[2]
            bar.update(len(drawn[0]))
    names = [f"{split}-{seed}-{index}" for index in range(count)]
    return SceneData(images, captions, names, scenes)


def _draw_some(split, indices, size, seed):
    """Images, captions and scenes of some indices."""
    scenes, captions = zip(*(scene_at(split, index, seed) for index in indices), strict=True)
    return np.stack([draw_image(scene, size) for scene in scenes]), captions, scenes
