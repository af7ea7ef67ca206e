import multiprocessing
import os

import numpy as np
import pytest
from scene_builder import sampled

from satt.data.caption_data import CaptionData
from satt.data.processes import run_in_processes
from satt.data.scenes import dataset
from satt.data.scenes.dataset import REFERENCES, SPLITS, draw_scenes, scene_at
from satt.data.scenes.drawing import draw_image
from satt.errors import SattError


def test_one_image_one_scene_five_captions():
    data = draw_scenes("validation", 7, size=32, progress=False)
    assert isinstance(data, CaptionData)
    assert data.images.shape == (7, 32, 32, 3) and data.images.dtype == np.uint8
    assert len(data.captions) == len(data.scenes) == len(set(data.names)) == 7
    for index, (image, captions, scene) in enumerate(
        zip(data.images, data.captions, data.scenes, strict=True)
    ):
        assert (scene, captions) == scene_at("validation", index)
        assert np.array_equal(image, draw_image(scene, 32))


def test_five_different_captions():
    for split in SPLITS:
        for _, captions in sampled(split):
            assert len(captions) == REFERENCES == len(set(map(tuple, captions)))


def test_same_every_time():
    a, b = (draw_scenes("train", 5, size=32, seed=3, progress=False) for _ in range(2))
    assert np.array_equal(a.images, b.images)
    assert (a.captions, a.scenes, a.names) == (b.captions, b.scenes, b.names)


def test_more_scenes_begin_with_the_same_ones():
    few, many = (draw_scenes("train", n, size=16, progress=False) for n in (3, 6))
    assert np.array_equal(few.images, many.images[:3])


def test_another_seed_is_another_world():
    a, b = (draw_scenes("train", 50, size=32, seed=s, progress=False) for s in (0, 1))
    assert (a.images != b.images).any(axis=(1, 2, 3)).all()
    assert all(x != y for x, y in zip(a.scenes, b.scenes, strict=True))
    assert np.mean([x != y for x, y in zip(a.captions, b.captions, strict=True)]) > 0.95


@pytest.mark.slow
def test_no_image_is_in_two_splits():
    images = [
        image.tobytes()
        for split in SPLITS
        for image in draw_scenes(split, 1000, size=16, progress=False).images
    ]
    assert len(set(images)) == len(images) == 4000


def test_no_composition_is_in_two_splits():
    compositions = [
        (scene.setting, scene.things) for split in SPLITS for scene, _ in sampled(split)
    ]
    assert len(set(compositions)) == len(compositions)


@pytest.mark.parametrize(
    "arguments, message",
    [
        (("holiday", 0), "split: expected one of train, validation, test, unseen, got 'holiday'"),
        (("train", -1), "index: expected 0 or more, got -1"),
        (("train", 0, -2), "seed: expected 0 or more, got -2"),
    ],
)
def test_scene_at_says_what_is_wrong(arguments, message):
    with pytest.raises(SattError, match=message):
        scene_at(*arguments)


@pytest.mark.parametrize("count, size, name", [(0, 64, "count"), (1, 15, "size")])
def test_draw_scenes_says_what_is_wrong(count, size, name):
    with pytest.raises(SattError, match=f"{name}: expected at least"):
        draw_scenes("train", count, size, progress=False)


def test_several_processes_draw_the_same(monkeypatch):
    monkeypatch.setattr(dataset, "MANY", 1)
    monkeypatch.setattr(dataset, "TOGETHER", 2)
    here = draw_scenes("unseen", 7, size=32, seed=3, progress=False)
    elsewhere = draw_scenes("unseen", 7, size=32, seed=3, progress=False, processes=2)
    assert np.array_equal(here.images, elsewhere.images)
    assert (here.captions, here.scenes) == (elsewhere.captions, elsewhere.scenes)


def end_at_once(number):
    if multiprocessing.parent_process() is not None:
        os._exit(1)
    return number


def test_what_a_process_does_not_deliver_is_done_here():
    arguments = [(number,) for number in range(5)]
    assert list(run_in_processes(end_at_once, arguments, 2)) == [0, 1, 2, 3, 4]
