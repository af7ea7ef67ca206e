from dataclasses import replace

import numpy as np
import pytest
from scene_builder import make_scene, make_thing, sampled

from satt.data.scenes.drawing import NOISE, draw_image, draw_scene
from satt.data.scenes.world import COLOURS, HALF_SIZES, SETTINGS

SCENES = [scene for scene, _ in sampled(count=120)]
SEVERAL = [scene for scene in SCENES if len(scene.things) > 1]
ANOTHER_SCENE = 17  # the mean difference, in grey levels, from which on it is another scene


def shrink(image, size):
    factor = image.shape[0] // size
    return image.reshape(size, factor, size, factor, -1).mean(axis=(1, 3))


@pytest.mark.parametrize("size", [32, 64, 128, 50])
def test_shapes_and_dtypes(size):
    scene = SEVERAL[0]
    image, things, setting = draw_scene(scene, size)
    assert image.shape == (size, size, 3) and image.dtype == np.uint8
    assert things.shape == (len(scene.things), size, size) and things.dtype == bool
    assert setting.shape == (size, size) and setting.dtype == bool


def test_image_is_the_same_with_and_without_masks():
    for scene in SCENES[:10]:
        assert np.array_equal(draw_image(scene, 48), draw_scene(scene, 48)[0])


@pytest.mark.parametrize("small", [32, 64])
def test_any_size_shows_the_same_composition(small):
    for scene in SCENES[:20]:
        image, things, _ = draw_scene(scene, small)
        large_image, large_things, _ = draw_scene(scene, 128)
        assert np.abs(image - shrink(large_image, small)).mean() < ANOTHER_SCENE
        for thing, large in zip(things, large_things, strict=True):
            shares = shrink(large[..., None], small)[..., 0]
            assert np.abs(thing - shares).sum() < 0.25 * shares.sum() + 8


def test_another_composition_is_another_picture():
    """The measure above tells scenes apart."""
    images = [draw_image(scene, 32) for scene in SCENES[:20]]
    for i, scene in enumerate(SCENES[:20]):
        large_image = shrink(draw_image(scene, 128), 32)
        others = images[:i] + images[i + 1 :]
        assert min(np.abs(image - large_image).mean() for image in others) > ANOTHER_SCENE


def test_noise():
    """The sky is one colour, but for the noise."""
    sky = draw_image(make_scene("grass", make_thing("ball", base=0.95)), 64)[:20].astype(float)
    assert 0.8 * NOISE < sky.std(axis=(0, 1)).mean() < 1.2 * NOISE


def test_look_only_decorates():
    scene = SEVERAL[0]
    image, things, setting = draw_scene(scene)
    other_image, other_things, other_setting = draw_scene(replace(scene, look=scene.look + 1))
    assert not np.array_equal(image, other_image)
    assert np.array_equal(things, other_things) and np.array_equal(setting, other_setting)


@pytest.mark.parametrize("kind, pose", HALF_SIZES)
@pytest.mark.parametrize("facing", [1, -1])
def test_a_thing_is_where_it_should_be(kind, pose, facing):
    setting = next(setting for setting, kinds in SETTINGS.items() if kind in kinds)
    thing = replace(make_thing(kind, "blue", pose, x=0.4), facing=facing)
    (mask,) = draw_scene(make_scene(setting, thing), 128)[1]
    rows, columns = (np.nonzero(mask)[axis] / 128 for axis in (0, 1))
    assert abs(rows.mean() - thing.y) < 0.4 * thing.half_height
    assert abs(columns.mean() - thing.x) < 0.4 * thing.half_width
    # It fills its box and stays in it, apart from a nose, a foot or the thickness of a line.
    assert 0.25 < mask.mean() / (4 * thing.half_width * thing.half_height) < 1
    assert np.abs(rows - thing.y).max() < thing.half_height + 0.06
    assert np.abs(columns - thing.x).max() < thing.half_width + 0.06
    assert np.abs(rows - thing.y).max() > 0.8 * thing.half_height
    assert np.abs(columns - thing.x).max() > 0.8 * thing.half_width


@pytest.mark.parametrize("kind, pose", HALF_SIZES)
def test_a_thing_has_its_colour(kind, pose):
    setting = next(setting for setting, kinds in SETTINGS.items() if kind in kinds)
    for colour, rgb in COLOURS.items():
        image, (mask,), _ = draw_scene(make_scene(setting, make_thing(kind, colour, pose)), 64)
        distance = np.abs(image[mask].astype(float) - rgb).max(axis=1)
        assert (distance < 4 * NOISE).mean() > 0.2


def test_facing_the_other_way_is_mirrored():
    thing = make_thing("dog", pose="running", x=0.5)
    (right,) = draw_scene(make_scene("grass", thing), 128)[1]
    (left,) = draw_scene(make_scene("grass", replace(thing, facing=-1)), 128)[1]
    assert (right[:, ::-1] & left).sum() > 0.9 * (right[:, ::-1] | left).sum()
    assert (right & left).sum() < 0.9 * (right | left).sum()


def test_masks_are_disjoint():
    for scene in SCENES:
        _, things, setting = draw_scene(scene, 64)
        assert (things.sum(axis=0) + setting).max() == 1


def test_everything_can_be_seen():
    for scene in SCENES:
        _, things, setting = draw_scene(scene, 64)
        assert things.any(axis=(1, 2)).all()
        assert setting.mean() > 0.1


def test_masks_hold_the_pixels_that_a_thing_changes():
    for scene in SEVERAL[:15]:
        image, things, _ = draw_scene(scene, 64)
        for number, mask in enumerate(things):
            others = scene.things[:number] + scene.things[number + 1 :]
            changed = (image != draw_image(replace(scene, things=others), 64)).any(axis=-1)
            assert (changed & mask).sum() > 0.97 * mask.sum()
            # What changes outside of the mask are its edges, of which it holds less than half.
            grown = mask.copy()
            for axis in (0, 1):
                grown |= np.roll(grown, 1, axis) | np.roll(grown, -1, axis)
            assert (changed & ~grown).sum() < 0.05 * mask.sum()


def test_nearer_thing_hides_the_farther():
    far, near = make_thing("house", base=0.75), make_thing("ball", base=0.85)
    _, things, _ = draw_scene(make_scene("grass", far, near), 64)
    (house,) = draw_scene(make_scene("grass", far), 64)[1]
    (ball,) = draw_scene(make_scene("grass", near), 64)[1]
    assert np.array_equal(things[1], ball)
    assert not (things[0] & ball).any()
    assert (things[0] ^ (house & ~ball)).sum() < 10  # the edge, where both hold a part of a pixel
    assert (house & ball).sum() > 20


@pytest.mark.parametrize("setting", SETTINGS)
def test_setting_mask(setting):
    """Outdoors the ground without the sky, in a room the wall as well; never the things."""
    thing = make_thing(SETTINGS[setting][-1], base=0.8)
    _, (mask,), ground = draw_scene(make_scene(setting, thing), 64)
    assert np.array_equal(ground[32:], ~mask[32:])
    assert np.array_equal(ground[:32], ~mask[:32] & (setting == "room"))
