"""How each kind of thing is drawn, in a box of -1..1 whose y points down; facing right."""

import math

import numpy as np
from PIL import ImageDraw

from satt.data.scenes.world import COLOURS

OUTLINE, EYE, SKIN, WOOD = (25, 22, 28), (20, 20, 20), (232, 190, 150), (110, 72, 40)
NOSE, BEAK = (235, 130, 140), (250, 150, 30)
_ANGLES = np.linspace(0, 2 * np.pi, 18, endpoint=False)
_CIRCLE = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)], axis=1)


class Pen:
    """Draws a thing on a picture in colour, or on a map as its number.

    Parameters
    ----------
    canvas : PIL.Image.Image
        The picture, RGB, or the map, "L".
    """

    def __init__(self, canvas):
        self.draw = ImageDraw.Draw(canvas)
        self.on_map, self.size = canvas.mode == "L", canvas.size[0]

    def place(self, thing, number):
        """Put the box -1..1 where the thing is: scaled, mirrored and turned.

        From here on the pen draws this thing: its pixels on the map become `number`.
        """
        cos, sin = math.cos(math.radians(thing.angle)), math.sin(math.radians(thing.angle))
        half_width = thing.half_width * thing.facing * self.size
        half_height = thing.half_height * self.size
        self.matrix = np.array(
            [[half_width * cos, half_width * sin], [-half_height * sin, half_height * cos]]
        )
        self.centre = np.array([thing.x, thing.y]) * self.size
        self.number = number

    def polygon(self, points, colour, outline=OUTLINE):
        """A filled polygon with these corners."""
        if self.on_map:
            colour = outline = self.number
        self.draw.polygon(self._on_image(points), fill=colour, outline=outline)

    def ellipse(self, x, y, half_width, half_height, colour, outline=OUTLINE):
        """A filled ellipse around (x, y)."""
        self.polygon(_CIRCLE * (half_width, half_height) + (x, y), colour, outline)

    def line(self, points, thickness, colour):
        """A line through these points, `thickness` wide as a fraction of the image."""
        colour = self.number if self.on_map else colour
        width = max(1, round(thickness * self.size))
        self.draw.line(self._on_image(points), fill=colour, width=width, joint="curve")

    def _on_image(self, points):
        return (np.asarray(points, float) @ self.matrix + self.centre).ravel().tolist()


def draw_thing(pen, thing, number):
    """Draw one thing.

    Parameters
    ----------
    pen : Pen
    thing : Thing
    number : int
        What its pixels on the map become.
    """
    pen.place(thing, number)
    SHAPES[thing.kind](pen, shifted(COLOURS[thing.colour], thing.tint), thing.pose)


def shifted(colour, tint):
    """The colour with something added to its red, green and blue, which stay in 0..255."""
    return tuple(min(max(c + t, 0), 255) for c, t in zip(colour, tint, strict=True))


def _darker(colour, share):
    return tuple(int(c * share) for c in colour)


def _contrast(colour):
    """The colour of an eye: black, or yellow where black would not be seen."""
    return EYE if sum(colour) > 240 else (250, 235, 90)


def _cat(pen, colour, pose):
    if pose == "sitting":
        pen.line([(-0.35, 0.85), (-0.85, 0.75), (-0.9, 0.2), (-0.7, -0.1)], 0.032, colour)
        pen.ellipse(0.0, 0.45, 0.58, 0.56, colour)
        x, y, r = 0.12, -0.42, 0.48
    else:
        pen.line([(-0.7, 0.7), (-1.0, 0.3), (-0.8, -0.1)], 0.03, colour)
        pen.ellipse(-0.1, 0.38, 0.85, 0.6, colour)
        x, y, r = 0.62, 0.05, 0.38
    tall = r * (1.0 if pose == "sitting" else 1.5)
    for side in (-1, 1):
        outer, tip = (x + side * r, y - 0.2 * tall), (x + side * r * 0.95, y - 1.45 * tall)
        pen.polygon([outer, tip, (x + side * 0.1, y - 0.8 * tall)], colour)
    pen.ellipse(x, y, r, tall * 0.9, colour)
    for side in (-1, 1):
        eye_x, eye_y = x + side * 0.42 * r, y - 0.1 * tall
        pen.ellipse(eye_x, eye_y, 0.16 * r, 0.22 * tall, _contrast(colour), None)
    nose_y = y + 0.2 * tall
    pen.polygon([(x - 0.1, nose_y), (x + 0.1, nose_y), (x, y + 0.4 * tall)], NOSE, None)


def _dog(pen, colour, pose):
    if pose == "sitting":
        pen.line([(-0.5, 0.8), (-0.95, 0.45)], 0.034, colour)
        pen.polygon([(-0.75, 1), (-0.7, 0.4), (-0.05, -0.45), (0.4, -0.3), (0.42, 1)], colour)
        x, y = 0.2, -0.55
    else:
        for foot, hip in ((-0.85, -0.55), (-0.35, -0.45), (0.25, 0.3), (0.75, 0.4)):
            pen.line([(hip, 0.2), (foot, 0.95)], 0.04, colour)
        pen.line([(-0.65, -0.05), (-0.98, -0.6)], 0.034, colour)
        pen.ellipse(-0.1, 0.08, 0.66, 0.38, colour)
        x, y = 0.5, -0.42
    pen.ellipse(x + 0.38, y + 0.12, 0.36, 0.2, colour)
    pen.ellipse(x, y, 0.36, 0.38, colour)
    ear = _darker(colour, 0.45) if sum(colour) > 140 else (105, 100, 110)
    pen.ellipse(x - 0.22, y + 0.2, 0.15, 0.4, ear)
    pen.ellipse(x + 0.66, y + 0.04, 0.1, 0.1, EYE, None)
    pen.ellipse(x + 0.12, y - 0.1, 0.07, 0.08, _contrast(colour), None)


def _bird(pen, colour, pose):
    if pose == "flying":
        pen.polygon([(-0.5, 0.15), (-1.0, -0.02), (-0.98, 0.42)], colour)
        pen.polygon([(0.0, 0.1), (-0.75, -0.95), (0.35, 0.0)], _darker(colour, 0.75))
        pen.ellipse(0.0, 0.22, 0.6, 0.3, colour)
        pen.polygon([(-0.15, 0.15), (0.1, -1.0), (0.4, 0.15)], colour)
        x, y, r = 0.6, 0.05, 0.25
    else:
        for leg in (-0.1, 0.15):
            pen.line([(leg, 0.6), (leg, 1.0)], 0.02, BEAK)
        pen.polygon([(-0.4, 0.1), (-1.0, 0.55), (-0.35, 0.6)], _darker(colour, 0.75))
        pen.ellipse(0.0, 0.22, 0.58, 0.5, colour)
        pen.ellipse(-0.12, 0.25, 0.36, 0.24, _darker(colour, 0.75))
        x, y, r = 0.38, -0.4, 0.36
    pen.polygon([(x + 0.6 * r, y - 0.12), (x + r + 0.3, y + 0.06), (x + 0.6 * r, y + 0.2)], BEAK)
    pen.ellipse(x, y, r, r, colour)
    pen.ellipse(x + 0.3 * r, y - 0.15 * r, 0.08, 0.09, _contrast(colour), None)


def _fish(pen, colour, pose):
    pen.polygon([(-0.45, 0.0), (-1.0, -0.75), (-0.85, 0.0), (-1.0, 0.75)], _darker(colour, 0.75))
    pen.polygon([(-0.2, -0.5), (0.05, -1.0), (0.35, -0.5)], _darker(colour, 0.75))
    pen.ellipse(0.2, 0.0, 0.78, 0.68, colour)
    pen.line([(0.42, -0.5), (0.32, 0.0), (0.42, 0.5)], 0.014, OUTLINE)
    pen.ellipse(0.66, -0.15, 0.09, 0.13, _contrast(colour), None)


def _boat(pen, colour, pose):
    pen.line([(0.0, 0.5), (0.0, -1.0)], 0.025, WOOD)
    pen.polygon([(0.08, -0.95), (0.08, 0.3), (0.85, 0.3)], (250, 250, 245))
    pen.polygon([(-0.08, -0.8), (-0.08, 0.3), (-0.7, 0.3)], colour)
    pen.polygon([(-1.0, 0.42), (1.0, 0.42), (0.7, 1.0), (-0.7, 1.0)], colour)


def _car(pen, colour, pose):
    glass = (185, 225, 245)
    pen.polygon([(-0.65, 0.0), (-0.4, -0.95), (0.35, -0.95), (0.7, 0.0)], colour)
    pen.polygon([(-0.48, -0.05), (-0.3, -0.75), (-0.03, -0.75), (-0.03, -0.05)], glass)
    pen.polygon([(0.07, -0.05), (0.07, -0.75), (0.28, -0.75), (0.52, -0.05)], glass)
    pen.polygon([(-1, 0.0), (0.8, 0.0), (1, 0.2), (1, 0.65), (-1, 0.65)], colour)
    for wheel in (-0.55, 0.55):
        pen.ellipse(wheel, 0.65, 0.24, 0.35, (30, 30, 30))
        pen.ellipse(wheel, 0.65, 0.1, 0.15, (190, 190, 190), None)


def _kite(pen, colour, pose):
    pen.line([(0.0, 0.35), (0.3, 0.55), (-0.1, 0.75), (0.15, 1.0)], 0.016, OUTLINE)
    for x, y in ((0.25, 0.55), (-0.05, 0.75), (0.15, 0.97)):
        pen.ellipse(x, y, 0.14, 0.06, (250, 150, 170))
    pen.polygon([(0, -1), (0.95, -0.4), (0, 0.45), (-0.95, -0.4)], colour)
    pen.polygon([(0, -1), (0.95, -0.4), (0, -0.4)], _darker(colour, 0.7))
    pen.polygon([(0, 0.45), (-0.95, -0.4), (0, -0.4)], _darker(colour, 0.7))


def _ball(pen, colour, pose):
    pen.ellipse(0, 0, 1, 1, colour)
    stripe = (250, 250, 250) if sum(colour) < 600 else (150, 150, 160)
    above = [(-0.98, -0.16), (0, 0.08), (0.98, -0.16)]
    below = [(0.98, 0.16), (0, 0.4), (-0.98, 0.16)]
    pen.polygon(above + below, stripe)


def _tree(pen, colour, pose):
    pen.polygon([(-0.2, 0.1), (0.2, 0.1), (0.27, 1.0), (-0.27, 1.0)], WOOD)
    pen.ellipse(-0.45, -0.05, 0.52, 0.4, colour)
    pen.ellipse(0.45, -0.05, 0.52, 0.4, colour)
    pen.ellipse(0.0, -0.5, 0.68, 0.5, colour)
    pen.ellipse(0.0, -0.12, 0.6, 0.36, colour, None)


def _house(pen, colour, pose):
    pen.polygon([(-0.8, -0.15), (0.8, -0.15), (0.8, 1.0), (-0.8, 1.0)], colour)
    pen.polygon([(-1, -0.12), (0, -1), (1, -0.12)], (140, 62, 45))
    pen.polygon([(0.1, 0.3), (0.55, 0.3), (0.55, 1.0), (0.1, 1.0)], WOOD)
    pen.polygon([(-0.6, 0.1), (-0.1, 0.1), (-0.1, 0.55), (-0.6, 0.55)], (255, 240, 170))


def _person(pen, colour, pose):
    trousers, stride = (70, 70, 95), 0.2 if pose == "standing" else 0.65
    for side in (-1, 1):
        pen.line([(side * 0.2, 0.2), (side * stride, 0.97)], 0.04, trousers)
        hand = (side * 0.75, 0.2) if pose == "standing" else (side * 0.9, -0.05)
        pen.line([(side * 0.3, -0.4), hand], 0.034, colour)
    pen.polygon([(-0.5, -0.5), (0.5, -0.5), (0.42, 0.32), (-0.42, 0.32)], colour)
    pen.ellipse(0.0, -0.74, 0.36, 0.25, SKIN)
    pen.polygon([(-0.36, -0.76), (-0.25, -1.0), (0.25, -1.0), (0.36, -0.76)], (70, 45, 30), None)


SHAPES = {
    "cat": _cat, "dog": _dog, "bird": _bird, "fish": _fish, "boat": _boat, "car": _car,
    "kite": _kite, "ball": _ball, "tree": _tree, "house": _house, "person": _person,
}
