"""The figures that describe the world: how small things are, how often one hides another."""

from collections import Counter
from dataclasses import replace

import numpy as np
from tqdm import tqdm

from satt.data.scenes.dataset import scene_at
from satt.data.scenes.drawing import NOISE, draw_masks
from satt.data.scenes.lexicon import all_words
from satt.data.scenes.world import COLOURS, KINDS, SETTINGS, combinations, is_held_out


def measure_scenes(count=1000, size=64, seed=0, split="train", progress=True):
    """Measure the first scenes of a split.

    Parameters
    ----------
    count, size, seed, split
        As for `draw_scenes`.
    progress : bool
        Whether to show a bar.

    Returns
    -------
    dict
        name -> figure. "median_area_of_a_thing" is a share of the image, "overlap_where_several"
        the share of the scenes with several things in which one hides part of another,
        "caption_length" (the mean) and "longest_caption" are in words, the noise is a share of the
        range from black to white.
    """
    areas, hidden, lengths, how_many = [], [], [], Counter()
    for index in tqdm(range(count), "measuring scenes", disable=not progress):
        scene, captions = scene_at(split, index, seed)
        masks = draw_masks(scene, size)[0]
        areas += masks.mean(axis=(1, 2)).tolist()
        how_many[len(scene.things)] += 1
        lengths += map(len, captions)
        if len(scene.things) > 1:
            hidden.append(_hides_another(scene, masks, size))
    held_out = [combination for combination in combinations() if is_held_out(*combination)]
    return {
        "scenes": count,
        "kinds": len(KINDS),
        "colours": len(COLOURS),
        "settings": len(SETTINGS),
        "words": len(all_words()),
        "combinations": len(combinations()),
        "combinations_held_out": len(held_out),
        "one_thing": how_many[1] / count,
        "two_things": how_many[2] / count,
        "three_things": how_many[3] / count,
        "median_area_of_a_thing": float(np.median(areas)),
        "overlap_where_several": float(np.mean(hidden)) if hidden else 0.0,
        "caption_length": float(np.mean(lengths)),
        "longest_caption": max(lengths),
        "noise_standard_deviation": NOISE / 255,
    }


def _hides_another(scene, masks, size):
    """Whether some thing shows fewer pixels than it would alone in the same place."""
    for number, thing in enumerate(scene.things):
        alone = draw_masks(replace(scene, things=(thing,)), size)[0]
        if alone.sum() > masks[number].sum():
            return True
    return False
