"""The words of the scenes' language, and what each of them means.

The grammar writes with these tables and the parser reads with the same ones, so that the two
cannot disagree about a word.
"""

from satt.data.scenes.world import COLOURS

# kind -> (singular, plural), the usual word first
NOUNS = {
    "cat": (("cat", "cats"), ("kitten", "kittens")),
    "dog": (("dog", "dogs"), ("puppy", "puppies")),
    "bird": (("bird", "birds"),),
    "fish": (("fish", "fish"),),
    "boat": (("boat", "boats"), ("sailboat", "sailboats")),
    "car": (("car", "cars"), ("vehicle", "vehicles")),
    "kite": (("kite", "kites"),),
    "ball": (("ball", "balls"),),
    "tree": (("tree", "trees"),),
    "house": (("house", "houses"), ("cottage", "cottages")),
    "person": (("person", "people"),),
}

NUMBERS = {1: "a", 2: "two", 3: "three"}

# An adjective of size is said of a thing beyond the first scale and true beyond the second: a
# speaker says it only where it is plain, a judge lets a close call pass.
SIZES = {"small": (0.95, 1.10), "little": (0.95, 1.10), "big": (1.25, 1.10), "large": (1.25, 1.10)}

# (kind, pose) -> verbs
VERBS = {
    ("cat", "sitting"): ("sitting",),
    ("cat", "sleeping"): ("sleeping", "lying"),
    ("dog", "sitting"): ("sitting",),
    ("dog", "running"): ("running",),
    ("bird", "flying"): ("flying", "soaring"),
    ("bird", "perched"): ("perched", "sitting"),
    ("fish", "swimming"): ("swimming",),
    ("boat", "sailing"): ("sailing", "floating"),
    ("car", "parked"): ("parked",),
    ("kite", "flying"): ("flying",),
    ("ball", "lying"): ("lying",),
    ("tree", "growing"): ("growing", "standing"),
    ("house", "standing"): ("standing",),
    ("person", "standing"): ("standing",),
    ("person", "walking"): ("walking", "strolling"),
}

# setting -> phrases that name it, by how a thing is there; the last word is the one that names it
ON, OVER = "on", "over"
PLACES = {
    "water": {
        ON: ("on the water", "in the water", "on a lake", "on a body of water"),
        OVER: ("over the water", "over a lake", "over a body of water", "above the water"),
    },
    "grass": {
        ON: ("on the grass", "on a lawn", "in a field", "on a green lawn"),
        OVER: ("over the grass", "over a lawn", "over a field", "above the grass"),
    },
    "beach": {
        ON: ("on the beach", "on the sand", "at the beach"),
        OVER: ("over the beach", "over the sand", "above the beach"),
    },
    "snow": {
        ON: ("in the snow", "on the snow", "on snowy ground"),
        OVER: ("over the snow", "over snowy ground", "above the snow"),
    },
    "street": {
        ON: ("on the street", "on a road", "in the street"),
        OVER: ("over the street", "over a road", "above the street"),
    },
    "room": {
        ON: ("in a room", "on the floor", "in the room"),
        OVER: ("over the floor",),
    },
}
INDOORS = ("inside", "indoors")  # these name no place in the picture
OUTDOORS = ("outside", "outdoors")

NEXT_TO, ABOVE, IN_FRONT, BEHIND = "next to", "above", "in front of", "behind"
RELATIONS = {
    NEXT_TO: ("next to", "near", "beside"),
    ABOVE: ("over", "above"),
    IN_FRONT: ("in front of",),
    BEHIND: ("behind",),
}


def place_phrases():
    """Every phrase that says where.

    Returns
    -------
    dict
        words of the phrase (a tuple of str) -> (setting or None, ON, OVER or None, inside or None)
    """
    phrases = {}
    for setting, manners in PLACES.items():
        for manner, texts in manners.items():
            for text in texts:
                phrases[tuple(text.split())] = (setting, manner, setting == "room")
    phrases.update({(word,): (None, None, True) for word in INDOORS})
    phrases.update({(word,): (None, None, False) for word in OUTDOORS})
    return phrases


def noun_forms():
    """Every noun.

    Returns
    -------
    dict
        noun -> (kind, the set of the counts it can stand for: singular {1}, plural {2, 3})
    """
    forms = {}
    for kind, pairs in NOUNS.items():
        for singular, plural in pairs:
            # "fish" is both.
            forms[singular] = (kind, {1, 2, 3} if singular == plural else {1})
            forms.setdefault(plural, (kind, {2, 3}))
    return forms


def all_words():
    """Every word of the language, in alphabetical order."""
    words = {"is", "are", "and", "with", "there", "in", *COLOURS, *SIZES, *NUMBERS.values()}
    words.update(noun_forms(), *place_phrases())
    words.update(verb for verbs in VERBS.values() for verb in verbs)
    words.update(word for texts in RELATIONS.values() for text in texts for word in text.split())
    return sorted(words)
