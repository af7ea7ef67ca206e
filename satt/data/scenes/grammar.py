"""A scene becomes a caption: every caption is true of its scene and names everything in it.

The sentences differ in their nouns (cat, kitten), in what they mention (colour, size, what the
thing does) and in the order of their clauses ("a cat is sitting on the grass", "on the grass there
is a cat"). The parser reads what is written here.
"""

from satt.data.scenes import relations
from satt.data.scenes.lexicon import (
    INDOORS,
    NOUNS,
    NUMBERS,
    ON,
    OUTDOORS,
    OVER,
    PLACES,
    RELATIONS,
    SIZES,
    VERBS,
)
from satt.errors import SattError

# How often what may be said is said.
SAY_COLOUR, SAY_SIZE, SAY_SYNONYM, SAY_OUTSIDE = 0.85, 0.06, 0.15, 0.05
SAY_RELATION, IN_USUAL_ORDER = 0.3, 0.95
MOST_USUAL = 0.7  # the first of several ways to say it; the second takes as much of the rest, ...
# What lives is told before what moves, and that before what stands.
TOLD_FIRST = (
    "person", "dog", "cat", "bird", "fish", "car", "boat", "kite", "ball", "house", "tree",
)
FEWEST_WAYS = 6  # two birds, one flying and one perched: three sentences, "outside" or "outdoors"


def write_captions(scene, random, count):
    """Write different captions of a scene.

    Parameters
    ----------
    scene : Scene
    random : numpy.random.Generator
    count : int
        At most 6: some scenes cannot be told in more ways.

    Returns
    -------
    list of list of str
        `count` captions, no two the same, as words.

    Raises
    ------
    SattError
        If count is more than 6.
    """
    if count > FEWEST_WAYS:
        raise SattError(
            f"count: expected at most {FEWEST_WAYS} captions of a scene, got {count}; "
            "some scenes cannot be told in more ways"
        )
    captions = []
    while len(captions) < count:
        words = write_caption(scene, random)
        if words not in captions:
            captions.append(words)
    return captions


def write_caption(scene, random):
    """Write one caption of a scene.

    Parameters
    ----------
    scene : Scene
    random : numpy.random.Generator

    Returns
    -------
    list of str
        Its words.
    """
    groups = _groups(scene, random)
    forms = {1: _about_one, 2: _about_two, 3: _about_three}[len(groups)]
    return forms(scene, groups, random).split()


def _groups(scene, random):
    """Things of a kind are told together; people and animals mostly come first."""
    groups = {}
    for thing in scene.things:
        groups.setdefault(thing.kind, []).append(thing)
    groups = sorted(groups.values(), key=lambda group: TOLD_FIRST.index(group[0].kind))
    if random.random() > IN_USUAL_ORDER:
        random.shuffle(groups)
    return groups


def _about_one(scene, groups, random):
    (group,) = groups
    name, where, verb = _name(group, random), _where(scene, group, random), _verb(group, random)
    be = _be(group)
    forms = [f"there {be} {name} {where}", f"{where} there {be} {name}", f"{name} {where}"]
    if verb:
        forms = [
            f"{name} {be} {verb} {where}",
            f"{name} {verb} {where}",
            f"{where} {name} {be} {verb}",
            *forms,
        ]
    return _usual(random, forms)


def _about_two(scene, groups, random):
    related = _related(groups, random)
    if related and random.random() < SAY_RELATION:
        a, relation, b = related
        first, second, be = _name(a, random), _name(b, random), _be(a)
        where, verb = _where(scene, b, random), _verb(a, random)
        forms = [f"{first} {relation} {second} {where}"]
        if verb:
            forms.insert(0, f"{first} {be} {verb} {relation} {second} {where}")
            forms.append(f"{first} {verb} {relation} {second} {where}")
        return _usual(random, forms)
    a, b = groups
    first, second, be = _name(a, random), _name(b, random), _be(a)
    verb_a, verb_b = _verb(a, random), _verb(b, random)
    at_a, at_b = _where(scene, a, random), _where(scene, b, random)
    forms = [
        f"{first} and {second} {at_b}",
        f"there {be} {first} and {second} {at_b}",
        f"{at_a} there {be} {first} and {second}",
    ]
    if verb_a:
        forms.insert(1, f"{first} {be} {verb_a} {at_a} with {second}")
        forms.append(f"{first} {verb_a} {at_a} with {second}")
    if verb_a and verb_b:
        forms.append(f"{first} {be} {verb_a} {at_a} and {second} {_be(b)} {verb_b}")
    return _usual(random, forms)


def _about_three(scene, groups, random):
    a, b, c = groups
    first, second, third = (_name(group, random) for group in groups)
    be, verb = _be(a), _verb(a, random)
    at_a, at_b, at_c = (_where(scene, group, random) for group in groups)
    forms = [
        f"{first} and {second} and {third} {at_c}",
        f"there {be} {first} and {second} and {third} {at_c}",
        f"{first} and {second} {at_b} with {third}",
        f"{at_a} there {be} {first} and {second} and {third}",
    ]
    if verb:
        forms.insert(1, f"{first} {be} {verb} {at_a} with {second} and {third}")
    return _usual(random, forms)


def _name(group, random):
    """a small red cat; two cats; a person in red"""
    words = [NUMBERS[len(group)]]
    scales = [thing.scale for thing in group]
    if random.random() < SAY_SIZE:
        if max(scales) < SIZES["small"][0]:
            words.append(_usual(random, ("small", "little")))
        elif min(scales) > SIZES["big"][0]:
            words.append(_usual(random, ("big", "large")))
    kind, colours = group[0].kind, {thing.colour for thing in group}
    say_colour = len(colours) == 1 and random.random() < SAY_COLOUR
    if say_colour and kind != "person":
        words.append(group[0].colour)
    pairs = NOUNS[kind]
    pair = pairs[-1] if random.random() < SAY_SYNONYM else pairs[0]
    words.append(pair[0] if len(group) == 1 else pair[1])
    if say_colour and kind == "person":
        words += ["in", group[0].colour]
    return " ".join(words)


def _verb(group, random):
    """What all of a group do, or None where they do different things."""
    verbs = [VERBS[thing.kind, thing.pose] for thing in group]
    common = [verb for verb in verbs[0] if all(verb in others for others in verbs)]
    return _usual(random, common) if common else None


def _where(scene, group, random):
    """on the grass; outside, also where some of a group fly and others do not"""
    manners = {OVER if thing.flies else ON for thing in group}
    if len(manners) > 1 or random.random() < SAY_OUTSIDE:
        return _usual(random, INDOORS if scene.setting == "room" else OUTDOORS)
    return _usual(random, PLACES[scene.setting][manners.pop()])


def _related(groups, random):
    """A relation that holds plainly between two single things."""
    if any(len(group) > 1 for group in groups):
        return None
    a, b = groups
    found = [name for name in RELATIONS if relations.holds(name, a[0], b[0], plainly=True)]
    if not found:
        return None
    return a, _usual(random, RELATIONS[_pick(random, found)]), b


def _be(group):
    return "is" if len(group) == 1 else "are"


def _pick(random, choices):
    return choices[int(random.integers(len(choices)))]


def _usual(random, choices):
    """One of several ways to say it: the earlier, the more usual, as words are among people."""
    return choices[min(int(random.geometric(MOST_USUAL)), len(choices)) - 1]
