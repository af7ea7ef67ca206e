"""What there is in the drawn world, and which combinations a captioner never sees in training.

A scene is a setting (water, grass, ...) with one to three things in it (a bird, a boat, ...). Its
coordinates are fractions of the image: x to the right, y downwards, both in 0..1, so that a scene
can be drawn at any size.
"""

from dataclasses import dataclass
from itertools import product

COLOURS = {
    "red": (208, 38, 38),
    "blue": (40, 80, 215),
    "green": (30, 145, 50),
    "yellow": (245, 215, 40),
    "white": (246, 246, 246),
    "black": (34, 34, 38),
    "purple": (140, 50, 165),
}

# Which poses a kind has; a pose that flies is over its setting, every other pose is on it.
POSES = {
    "cat": ("sitting", "sleeping"),
    "dog": ("sitting", "running"),
    "bird": ("flying", "perched"),
    "fish": ("swimming",),
    "boat": ("sailing",),
    "car": ("parked",),
    "kite": ("flying",),
    "ball": ("lying",),
    "tree": ("growing",),
    "house": ("standing",),
    "person": ("standing", "walking"),
}
KINDS = tuple(POSES)

# Which kinds a setting can hold.
SETTINGS = {
    "water": ("bird", "fish", "boat", "kite", "ball"),
    "grass": ("cat", "dog", "bird", "car", "kite", "ball", "tree", "house", "person"),
    "beach": ("cat", "dog", "bird", "kite", "ball", "person"),
    "snow": ("cat", "dog", "bird", "car", "kite", "ball", "tree", "house", "person"),
    "street": ("cat", "dog", "bird", "car", "ball", "tree", "house", "person"),
    "room": ("cat", "dog", "bird", "ball", "person"),
}

# Half the width and half the height of a thing of scale 1, as fractions of the image.
HALF_SIZES = {
    ("cat", "sitting"): (0.150, 0.185),
    ("cat", "sleeping"): (0.190, 0.120),
    ("dog", "sitting"): (0.170, 0.190),
    ("dog", "running"): (0.200, 0.150),
    ("bird", "flying"): (0.190, 0.150),
    ("bird", "perched"): (0.150, 0.160),
    ("fish", "swimming"): (0.190, 0.130),
    ("boat", "sailing"): (0.180, 0.200),
    ("car", "parked"): (0.200, 0.135),
    ("kite", "flying"): (0.130, 0.190),
    ("ball", "lying"): (0.130, 0.130),
    ("tree", "growing"): (0.150, 0.210),
    ("house", "standing"): (0.165, 0.175),
    ("person", "standing"): (0.120, 0.230),
    ("person", "walking"): (0.140, 0.230),
}


@dataclass(frozen=True)
class Thing:
    """One thing of a scene: what it is, how it looks and where it is.

    Attributes
    ----------
    kind, colour, pose : str
        From `KINDS`, `COLOURS` and the kind's `POSES`.
    x, y : float
        The centre, as fractions of the image.
    scale : float
        How many times larger than the kind's `HALF_SIZES`.
    facing : {1, -1}
        To the right or to the left.
    angle : float
        By how many degrees it is tilted.
    tint : (int, int, int)
        What is added to the red, green and blue (0..255) of its colour.
    """

    kind: str
    colour: str
    pose: str
    x: float
    y: float
    scale: float
    facing: int = 1
    angle: float = 0.0
    tint: tuple = (0, 0, 0)

    @property
    def half_width(self):
        """Half its width, as a fraction of the image."""
        return HALF_SIZES[self.kind, self.pose][0] * self.scale

    @property
    def half_height(self):
        """Half its height, as a fraction of the image."""
        return HALF_SIZES[self.kind, self.pose][1] * self.scale

    @property
    def base(self):
        """The y at which it touches the ground."""
        return self.y + self.half_height

    @property
    def flies(self):
        """Whether it is over its setting rather than on it."""
        return self.pose == "flying"


@dataclass(frozen=True)
class Scene:
    """A setting and its things, ordered from the farthest to the nearest.

    Attributes
    ----------
    setting : str
        From `SETTINGS`.
    things : tuple of Thing
    horizon : float
        The y at which the ground begins.
    look : int
        The seed of what only decorates: waves, blades of grass, the colour of the sky, noise.
    """

    setting: str
    things: tuple
    horizon: float
    look: int


def is_held_out(colour, kind, setting):
    """Whether this combination is kept out of training, to test if its parts were understood.

    About one combination in nine, spread like a Latin square: every colour is still seen with
    every kind, every kind with each of its settings and every colour in every setting. A kind that
    has only one setting is left whole: without the combination its colour would never be seen.
    """
    if sum(kind in kinds for kinds in SETTINGS.values()) == 1:
        return False
    c, k, s = list(COLOURS).index(colour), KINDS.index(kind), list(SETTINGS).index(setting)
    return (c + 2 * k + 3 * s) % 9 == 0


def combinations():
    """Every (colour, kind, setting) that the world can show."""
    return [
        (colour, kind, setting)
        for setting, kinds in SETTINGS.items()
        for colour, kind in product(COLOURS, kinds)
    ]
