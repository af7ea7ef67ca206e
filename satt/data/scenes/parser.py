"""A caption becomes claims, and the claims are true or false of a scene.

    sentence := [place] ["there" be] clause {("and" | "with") clause}
    clause   := name {"and" name} [be] [verb] [relation name] [place]
    name     := number [size] [colour] noun ["in" colour]

A place after a clause says how the name before it is there, a place in front the name behind it.
"""

from dataclasses import dataclass, field
from itertools import permutations

from satt.data.scenes import lexicon, relations
from satt.data.scenes.world import COLOURS

_NUMBERS = {word: count for count, word in lexicon.NUMBERS.items()}
_NOUNS = lexicon.noun_forms()
_PLACES = lexicon.place_phrases()
_RELATIONS = {tuple(t.split()): name for name, texts in lexicon.RELATIONS.items() for t in texts}
_VERBS = {verb for verbs in lexicon.VERBS.values() for verb in verbs}


@dataclass(eq=False)
class Name:
    """A noun with its number and adjectives; `position` is where the noun stands in the caption."""

    kind: str
    count: int
    position: int
    colour: str | None = None
    size: str | None = None

    def fits(self, thing):
        """Whether a thing is what this name says (its number aside)."""
        return thing.kind == self.kind and self.described(thing) == 2

    def described(self, thing):
        """How many of the two adjectives (colour, size) are true of a thing; unsaid is true."""
        return (self.colour in (None, thing.colour)) + (self.size is None or _sized(self.size, thing))


@dataclass
class Claims:
    """What a caption claims.

    Attributes
    ----------
    names : list of Name
    verbs : list of (Name, str)
    relations : list of (Name, str, Name)
    places : list of (setting or None, manner or None, inside, Name, position or None)
        `position` is that of the word that names the setting, None for "outside".
    """

    names: list = field(default_factory=list)
    verbs: list = field(default_factory=list)
    relations: list = field(default_factory=list)
    places: list = field(default_factory=list)


def parse(words):
    """Read a caption.

    Parameters
    ----------
    words : sequence of str

    Returns
    -------
    Claims or None
        None where the words are no sentence of the grammar.
    """
    try:
        return _Reader(words).sentence()
    except _NoSentence:
        return None


def is_true(claims, scene):
    """Whether every claim of a caption holds, for some way to tell which name means which thing."""
    return any(True for _ in _readings(claims, scene))


def names_everything(claims, scene):
    """Whether a caption is true and leaves nothing of the scene out."""
    return any(sum(map(len, r.values())) == len(scene.things) for r in _readings(claims, scene))


def named_things(claims, scene):
    """Which things each noun of a caption names, also where the caption is not true.

    Returns
    -------
    dict
        position of the noun -> list of indices into `scene.things`; the list is empty where the
        scene holds nothing of that kind. Where no thing has all the adjectives, those with most of
        them are meant.
    """
    reading = next(_readings(claims, scene), None)
    named = {}
    for name in claims.names:
        if reading is not None:
            named[name.position] = sorted(reading[name])
            continue
        kin = [i for i, thing in enumerate(scene.things) if thing.kind == name.kind]
        best = max((name.described(scene.things[i]) for i in kin), default=0)
        named[name.position] = [i for i in kin if name.described(scene.things[i]) == best]
    return named


def named_settings(claims):
    """position of a word that names a setting -> that setting."""
    return {position: setting for setting, _, _, _, position in claims.places if setting}


def _readings(claims, scene):
    """Every assignment of things to names (Name -> tuple of indices) that makes all claims true."""
    for setting, _, inside, _, _ in claims.places:
        if inside != (scene.setting == "room") or setting not in (None, scene.setting):
            return
    for order in permutations(range(len(scene.things))):
        reading, start = {}, 0
        for name in claims.names:
            reading[name] = order[start : start + name.count]
            start += name.count
        if start <= len(order) and _holds(claims, reading, scene):
            yield reading


def _holds(claims, reading, scene):
    def things(name):
        return [scene.things[i] for i in reading[name]]

    for name in claims.names:
        if not all(name.fits(thing) for thing in things(name)):
            return False
        # "two cats" means all the cats there are that look so; "a cat" may be one of several.
        if name.count > 1 and sum(map(name.fits, scene.things)) != name.count:
            return False
    for name, verb in claims.verbs:
        if not all(verb in lexicon.VERBS[thing.kind, thing.pose] for thing in things(name)):
            return False
    for a, relation, b in claims.relations:
        if not all(relations.holds(relation, x, y) for x in things(a) for y in things(b)):
            return False
    for _, manner, _, name, _ in claims.places:
        if manner and any((manner == lexicon.OVER) != thing.flies for thing in things(name)):
            return False
    return True


def _sized(size, thing):
    said, true = lexicon.SIZES[size]
    return thing.scale < true if said < true else thing.scale > true


class _NoSentence(Exception):
    pass


class _Reader:
    """Reads the grammar above from left to right, one phrase after another."""

    def __init__(self, words):
        self.words, self.at, self.claims = tuple(words), 0, Claims()

    def sentence(self):
        front = self.place()
        there = self.word("there")
        be = self.be(needed=there)
        before = self.clause(be, front)
        while self.at < len(self.words):
            if not (self.word("and") or self.word("with")):
                raise _NoSentence
            before = self.clause(None, None)
        return self.claims if before else None

    def clause(self, there_be, front):
        subjects = [self.name()]
        if front:
            self.claim_place(front, subjects[0])
        if there_be and there_be != _be(subjects[:1]):
            raise _NoSentence
        while self.another_name():
            subjects.append(self.name())
        last = subjects[-1]
        be = self.be(needed=False)
        if be and (there_be or be != _be(subjects)):
            raise _NoSentence
        verb = self.one_of(_VERBS)
        if be and not verb:
            raise _NoSentence
        if verb:
            self.claims.verbs += [(name, verb) for name in subjects]
        place = self.place()
        relation = None if place else self.phrase(_RELATIONS)
        if relation:
            last = self.name()
            self.claims.relations += [(name, relation, last) for name in subjects]
            place = self.place()
        if place:
            self.claim_place(place, last)
        return last

    def another_name(self):
        """Whether "and" comes, and a name after which no verb follows: one more subject."""
        if self.peek() != "and":
            return False
        start, known = self.at, len(self.claims.names)
        self.at += 1
        self.name()
        own_clause = self.peek() in ("is", "are")
        self.at, self.claims.names[known:] = (start if own_clause else start + 1), []
        return not own_clause

    def name(self):
        count = _NUMBERS.get(self.one_of(_NUMBERS))
        size, colour = self.one_of(lexicon.SIZES), self.one_of(COLOURS)
        position, noun = self.at, self.one_of(_NOUNS)
        kind, counts = _NOUNS.get(noun, (None, ()))
        if count not in counts:
            raise _NoSentence
        if kind == "person" and self.peek() == "in" and self.peek(1) in COLOURS:
            self.at += 1
            colour = self.one_of(COLOURS)
        self.claims.names.append(Name(kind, count, position, colour, size))
        return self.claims.names[-1]

    def place(self):
        start = self.at
        found = self.phrase(_PLACES)
        return None if found is None else (*found, self.at - 1 if self.at > start else None)

    def claim_place(self, place, name):
        setting, manner, inside, position = place
        self.claims.places.append((setting, manner, inside, name, position if setting else None))

    def phrase(self, table):
        """The longest phrase of a table that stands here."""
        for length in (5, 4, 3, 2, 1):
            words = self.words[self.at : self.at + length]
            if len(words) == length and words in table:
                self.at += length
                return table[words]
        return None

    def be(self, needed):
        be = self.one_of(("is", "are"))
        if needed and not be:
            raise _NoSentence
        return be

    def one_of(self, words):
        if self.peek() in words:
            self.at += 1
            return self.words[self.at - 1]
        return None

    def word(self, word):
        return self.one_of((word,)) is not None

    def peek(self, ahead=0):
        return self.words[self.at + ahead] if self.at + ahead < len(self.words) else None


def _be(names):
    return "is" if sum(name.count for name in names) == 1 else "are"
