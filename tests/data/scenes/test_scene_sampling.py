from collections import Counter

import numpy as np
import pytest
from scene_builder import sampled

from satt.data.scenes.sampling import LARGEST_OVERLAP, sample_scene
from satt.data.scenes.world import COLOURS, KINDS, POSES, SETTINGS, is_held_out


def scenes(split="train"):
    return [scene for scene, _ in sampled(split)]


def box(thing):
    return (
        (thing.x - thing.half_width, thing.x + thing.half_width),
        (thing.y - thing.half_height, thing.y + thing.half_height),
    )


def common(a, b):
    return max(0.0, min(a[1], b[1]) - max(a[0], b[0]))


def test_same_generator_same_scene():
    a, b = (sample_scene(np.random.default_rng(5)) for _ in range(2))
    assert a == b
    assert sample_scene(np.random.default_rng(6)) != a


def test_one_to_three_things():
    how_many = Counter(len(scene.things) for scene in scenes())
    assert set(how_many) == {1, 2, 3}
    assert how_many[1] > how_many[3] > 20


def test_everything_occurs():
    things = [thing for scene in scenes() for thing in scene.things]
    assert {thing.kind for thing in things} == set(KINDS)
    assert {thing.colour for thing in things} == set(COLOURS)
    assert {scene.setting for scene in scenes()} == set(SETTINGS)
    assert {(t.kind, t.pose) for t in things} == {(k, p) for k in KINDS for p in POSES[k]}


def test_several_of_a_kind_occur():
    most = Counter(
        max(Counter(thing.kind for thing in scene.things).values())
        for scene, _ in sampled(count=2000)
    )
    assert most[2] > 50
    assert most[3] > 3


def test_a_setting_holds_only_its_kinds():
    for scene in scenes():
        assert all(thing.kind in SETTINGS[scene.setting] for thing in scene.things)


def test_birds_fly_over_water_and_perch_in_rooms():
    poses = {
        setting: {t.pose for s in scenes() if s.setting == setting for t in s.things
                  if t.kind == "bird"}
        for setting in ("water", "room", "grass")
    }
    assert poses == {"water": {"flying"}, "room": {"perched"}, "grass": {"flying", "perched"}}


def test_things_are_in_the_picture():
    for scene in scenes():
        for thing in scene.things:
            (left, right), (top, bottom) = box(thing)
            # A thing may be cut off at a side, by less than half of it.
            assert 0 < thing.x < 1 and right - max(left, 0) > thing.half_width
            assert top >= 0 and bottom <= 0.98


def test_grounded_things_stand_below_the_horizon():
    for scene in scenes():
        assert all(thing.flies or thing.base > scene.horizon for thing in scene.things)


def test_little_of_a_thing_is_covered():
    for scene in scenes():
        for i, a in enumerate(scene.things):
            for b in scene.things[:i]:
                shared = common(box(a)[0], box(b)[0]) * common(box(a)[1], box(b)[1])
                smaller = min(4 * t.half_width * t.half_height for t in (a, b))
                assert shared <= LARGEST_OVERLAP * smaller + 1e-9


def test_nearer_things_come_later():
    for scene in scenes():
        order = [(thing.flies, thing.base) for thing in scene.things]
        assert order == sorted(order)


@pytest.mark.parametrize("split, unseen", [("train", False), ("test", False), ("unseen", True)])
def test_held_out_combinations_are_only_in_unseen(split, unseen):
    for scene in scenes(split):
        assert unseen == any(is_held_out(t.colour, t.kind, scene.setting) for t in scene.things)
