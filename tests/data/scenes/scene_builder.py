"""Scenes built by hand, and many that were sampled, for the tests of this room."""

from functools import cache

from satt.data.scenes.dataset import scene_at
from satt.data.scenes.world import POSES, Scene, Thing


def make_thing(kind, colour="red", pose=None, x=0.5, base=0.8, scale=1.0):
    """A thing that stands at `base`, or is high up if it flies."""
    thing = Thing(kind, colour, pose or POSES[kind][0], x, 0.0, scale)
    y = 0.2 if thing.flies else base - thing.half_height
    return Thing(kind, colour, thing.pose, x, y, scale)


def make_scene(setting, *things):
    return Scene(setting, things, horizon=0.5, look=7)


@cache
def sampled(split="train", count=600):
    """The first scenes of a split, each with its five captions."""
    return [scene_at(split, index) for index in range(count)]
