"""A random scene: which setting, which things, where they are and how large."""

from satt.data.scenes.world import (
    COLOURS,
    HALF_SIZES,
    POSES,
    SETTINGS,
    Scene,
    Thing,
    is_held_out,
)

HOW_MANY = (0.55, 0.33, 0.12)  # one, two or three things
HOW_MANY_TO_LEARN = (0.30, 0.45, 0.25)  # in training scenes: more of what is hard
SAME_KIND = 0.12  # the next thing is of the same kind as the one before: so that there is a count
SAME_COLOUR = 0.60  # ... and then of the same colour
LARGEST_OVERLAP = 0.35  # of the smaller thing's box: what hides more is placed again


def sample_scene(random, unseen=False, shares=HOW_MANY):
    """Draw one scene at random.

    Parameters
    ----------
    random : numpy.random.Generator
    unseen : bool
        Whether the scene holds at least one (colour, kind, setting) combination that is held out;
        otherwise it holds none.
    shares : tuple of 3 float
        How often the scene has one, two or three things.

    Returns
    -------
    Scene
    """
    # Drawn once: of scenes with three things more hold a held-out combination than of those with
    # one, and without it the unseen scenes would be fuller than the others.
    how_many = 1 + int(random.choice(3, p=shares))
    while True:
        scene = _sample_any_scene(random, how_many)
        held_out = any(is_held_out(t.colour, t.kind, scene.setting) for t in scene.things)
        if held_out == unseen:
            return scene


def _sample_any_scene(random, how_many):
    """A scene that may or may not hold a held-out combination."""
    setting = _pick(random, tuple(SETTINGS))
    horizon = random.uniform(0.40, 0.60)
    things = []
    while len(things) < how_many:
        thing = _place(random, setting, horizon, things)
        if thing is None:  # no room left: begin again rather than squeeze
            things = []
        else:
            things.append(thing)
    # What stands lower in the picture is nearer; what flies is nearer than what stands.
    things.sort(key=lambda thing: (thing.flies, thing.base))
    return Scene(setting, tuple(things), horizon, int(random.integers(2**31)))


def _place(random, setting, horizon, others):
    """One more thing that hides little of the others, or None where there is no room for it."""
    if others and random.random() < SAME_KIND:
        kind = others[-1].kind
        colour = others[-1].colour if random.random() < SAME_COLOUR else _pick(random, COLOURS)
    else:
        kind, colour = _pick(random, SETTINGS[setting]), _pick(random, COLOURS)
    poses = POSES[kind]
    if kind == "bird" and setting in ("water", "room"):
        poses = ("flying",) if setting == "water" else ("perched",)
    pose = _pick(random, poses)
    tilt = {"kite": 25, "bird": 10, "fish": 10}.get(kind, 3)
    for _ in range(20):
        x, scale = random.uniform(0.16, 0.84), random.uniform(0.90, 1.42)
        facing = 1 if random.random() < 0.5 else -1
        angle = random.uniform(-tilt, tilt)
        tint = tuple(random.integers(-14, 15, size=3).tolist())
        y = _height(random, kind, pose, scale, horizon)
        thing = Thing(kind, colour, pose, x, y, scale, facing, angle, tint)
        if all(_overlap(thing, other) <= LARGEST_OVERLAP for other in others):
            return thing
    return None


def _height(random, kind, pose, scale, horizon):
    """Draw a y: of what flies in the sky; of all else so that it stands below the horizon."""
    half = HALF_SIZES[kind, pose][1] * scale
    if pose == "flying":
        return random.uniform(half + 0.01, max(half + 0.02, horizon))
    return random.uniform(max(horizon + 0.06, 2 * half + 0.02), 0.97) - half


def _overlap(a, b):
    """The common part of two boxes, as a share of the smaller."""
    right = min(a.x + a.half_width, b.x + b.half_width)
    left = max(a.x - a.half_width, b.x - b.half_width)
    bottom = min(a.y + a.half_height, b.y + b.half_height)
    top = max(a.y - a.half_height, b.y - b.half_height)
    smaller = min(a.half_width * a.half_height, b.half_width * b.half_height)
    return max(right - left, 0) * max(bottom - top, 0) / (4 * smaller)


def _pick(random, choices):
    choices = tuple(choices)
    return choices[int(random.integers(len(choices)))]
