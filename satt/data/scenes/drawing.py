"""A scene becomes an image, and a mask for every thing and for the setting."""

from statistics import NormalDist

import numpy as np
from PIL import Image, ImageDraw

from satt.data.scenes.shapes import Pen, draw_thing, shifted

FINER = 2  # drawn at twice the size and averaged, so that edges are smooth
NOISE = 7.0  # standard deviation, in grey levels of 0..255
# A random byte chooses one of the normal distribution's 256 quantiles: ten times as fast as to
# draw from the distribution itself.
GREY_LEVELS = np.array(
    [round(NormalDist(0, NOISE).inv_cdf((byte + 0.5) / 256)) for byte in range(256)], np.int16
)

SKIES = ((150, 195, 240), (185, 210, 235), (200, 200, 205), (240, 205, 175), (120, 165, 225))
WALLS = ((225, 205, 175), (205, 215, 195), (220, 195, 200), (195, 205, 220))
GROUNDS = {
    "water": (45, 115, 170),
    "grass": (105, 165, 70),
    "beach": (228, 200, 140),
    "snow": (236, 241, 248),
    "street": (120, 120, 125),
    "room": (165, 115, 75),
}


def draw_scene(scene, size=64):
    """Draw a scene.

    Parameters
    ----------
    scene : Scene
    size : int
        Width and height of the image in pixels.

    Returns
    -------
    image : ndarray of uint8, shape (size, size, 3)
    thing_masks : ndarray of bool, shape (number of things, size, size)
        The visible pixels of each thing, in the order of `scene.things`.
    setting_mask : ndarray of bool, shape (size, size)
        The visible pixels of the setting: what lies below the horizon and is no thing; a room is
        wall and floor.
    """
    return draw_image(scene, size), *draw_masks(scene, size)


def draw_image(scene, size=64):
    """Draw a scene without its masks, which training does not need.

    Returns
    -------
    image : ndarray of uint8, shape (size, size, 3)
    """
    random = np.random.default_rng(scene.look)
    fine = size * FINER
    picture = Image.new("RGB", (fine, fine))
    _draw_setting(
        ImageDraw.Draw(picture), scene.setting, _horizon(scene, fine), fine, random
    )
    _draw_things(picture, scene)
    pixels = np.asarray(picture.reduce(FINER))
    noise = GREY_LEVELS[np.frombuffer(random.bytes(pixels.size), np.uint8)]
    noise = noise.reshape(pixels.shape)
    noise += pixels
    return np.clip(noise, 0, 255, out=noise).astype(np.uint8)


def draw_masks(scene, size=64):
    """Draw where each thing and the setting is, without the image.

    Returns
    -------
    thing_masks, setting_mask : ndarray of bool
        As from `draw_scene`.
    """
    # Every fine pixel is numbered: 0 sky, 1 setting, 2... things.
    fine = size * FINER
    number_map = Image.new("L", (fine, fine), 1 if scene.setting == "room" else 0)
    ImageDraw.Draw(number_map).rectangle([0, _horizon(scene, fine), fine, fine], fill=1)
    _draw_things(number_map, scene)
    # Numbers cannot be averaged: a pixel belongs to whoever holds most of its finer pixels, the
    # nearer one (the higher number) where two hold as many.
    numbers = np.arange(len(scene.things) + 2, dtype=np.uint8)[::-1, None, None]
    fine_pixels, held = np.asarray(number_map), np.zeros((len(numbers), size, size), np.uint8)
    for row in range(FINER):
        for column in range(FINER):
            held += fine_pixels[row::FINER, column::FINER] == numbers
    owner = len(numbers) - 1 - held.argmax(axis=0)
    masks = owner == numbers[::-1]
    return masks[2:], masks[1]


def _draw_things(canvas, scene):
    pen = Pen(canvas)
    for number, thing in enumerate(scene.things, start=2):
        draw_thing(pen, thing, number)


def _horizon(scene, fine):
    return round(scene.horizon * fine)


def _draw_setting(draw, setting, horizon, fine, random):
    """Sky or wall, the ground and what decorates them; `fine` is the width in fine pixels."""

    def jitter(colour):
        return shifted(colour, random.integers(-12, 13, 3).tolist())

    def strokes(count, colour, length, slope=0.0):
        """Short lines scattered on the ground; lengths are fractions of the image."""
        xs = random.uniform(0, fine, count)
        ys = random.uniform(horizon, fine, count)
        for x, y in zip(xs.tolist(), ys.tolist(), strict=True):
            draw.line([x, y, x + length * fine, y - slope * fine], fill=colour, width=1)

    walls_or_skies = WALLS if setting == "room" else SKIES
    backdrop = jitter(walls_or_skies[random.integers(len(walls_or_skies))])
    ground = jitter(GROUNDS[setting])
    draw.rectangle([0, 0, fine, horizon], fill=backdrop)
    draw.rectangle([0, horizon, fine, fine], fill=ground)
    if setting == "water":
        strokes(22, jitter((150, 200, 230)), 0.09)
    elif setting == "grass":
        strokes(40, jitter((65, 125, 45)), 0.01, slope=0.045)
    elif setting == "beach":
        strokes(40, jitter((190, 155, 95)), 0.012)
    elif setting == "snow":
        strokes(12, jitter((200, 212, 232)), 0.12, slope=0.01)
        for x, y in random.uniform(0, fine, (14, 2)).tolist():
            draw.ellipse([x, y, x + fine / 50, y + fine / 50], fill=(255, 255, 255))
    elif setting == "street":
        draw.rectangle([0, horizon, fine, horizon + fine // 24], fill=jitter((180, 175, 170)))
        middle = (horizon + fine) // 2
        for x in range(-int(random.integers(fine // 5)), fine, fine // 5):
            draw.rectangle([x, middle, x + fine // 9, middle + fine // 40], fill=(240, 240, 235))
    elif setting == "room":
        for y in range(horizon + fine // 12, fine, fine // 11):
            draw.line([0, y, fine, y], fill=jitter((125, 82, 50)), width=1)
        x = random.uniform(0.05, 0.7) * fine
        draw.rectangle(
            [x, 0.07 * fine, x + 0.22 * fine, 0.27 * fine],
            fill=(190, 225, 250), outline=(120, 85, 55), width=max(1, fine // 50),
        )
