"""A caption becomes claims, and the claims are true or false of a scene.

    sentence := [place] ["there" be] clause {("and" | "with") clause}
    clause   := name {"and" name} [[be] verb] [relation name] [place]
    name     := number [size] [colour] noun ["in" colour]

After "there is" and after "with" a clause has no "be" of its own. A verb and a relation are said
of all the names in front of them in the clause. A place says what the whole scene is; that a thing
is on or over it is said of one name: the one before the place, or the first of the sentence where
the place opens it.
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
_LONGEST_PHRASE = max(map(len, [*_PLACES, *_RELATIONS]))


@dataclass(eq=False)
class Name:
    """A noun with its number and adjectives.

    Attributes
    ----------
    kind : str
    count : int
    position : int
        Where the noun stands in the caption.
    colour, size : str or None
        None where the caption does not say.
    """

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
        right_colour = self.colour in (None, thing.colour)
        return right_colour + (self.size is None or _sized(self.size, thing))


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
    """Whether every claim of a caption holds, for some way to tell which name means which thing.

    Parameters
    ----------
    claims : Claims
    scene : Scene

    Returns
    -------
    bool
    """
    return next(_readings(claims, scene), None) is not None


def names_everything(claims, scene):
    """Whether a caption is true and leaves no thing of the scene out.

    Parameters
    ----------
    claims : Claims
    scene : Scene

    Returns
    -------
    bool
    """
    named = sum(name.count for name in claims.names)  # no two names mean the same thing
    return named == len(scene.things) and is_true(claims, scene)


def named_things(claims, scene):
    """Which things each noun of a caption may name, also where the caption is not true.

    Parameters
    ----------
    claims : Claims
    scene : Scene

    Returns
    -------
    dict
        position of the noun -> list of indices into `scene.things`. Of a true caption, all that it
        may mean: "a cat" is either of two cats that fit. Of a false one, the things of that kind
        that have most of the adjectives; none where the scene holds nothing of that kind.
    """
    readings = list(_readings(claims, scene))
    named = {}
    for name in claims.names:
        if readings:
            named[name.position] = sorted({i for reading in readings for i in reading[name]})
            continue
        kin = [i for i, thing in enumerate(scene.things) if thing.kind == name.kind]
        best = max((name.described(scene.things[i]) for i in kin), default=0)
        named[name.position] = [i for i in kin if name.described(scene.things[i]) == best]
    return named


def named_settings(claims):
    """Which words of a caption name a setting.

    Parameters
    ----------
    claims : Claims

    Returns
    -------
    dict
        position of the word -> the setting, whether the scene has it or not
    """
    return {position: setting for setting, _, _, _, position in claims.places if setting}


def _readings(claims, scene):
    """Every way to give names their things (Name -> tuple of indices) that makes claims true."""
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
    """Whether the claims hold where each name means the things that the reading gives it."""

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
        there = self.one_of(("there",))
        be = self.be() if there else None
        subject = self.clause(may_be=not there)
        if there and be != _be([subject]):
            self.fail()
        if front:
            self.claim_place(front, subject)
        while self.at < len(self.words):
            link = self.one_of(("and", "with"))
            if not link:
                self.fail()
            self.clause(may_be=link == "and")
        return self.claims

    def clause(self, may_be):
        """Read a clause and return the first name of it."""
        subjects = [self.name()]
        while self.one_of(("and",)):
            subjects.append(self.name())
        be = self.be() if may_be else None
        if be and be != _be(subjects):
            self.fail()
        verb = self.one_of(_VERBS)
        if be and not verb:
            self.fail()
        if verb:
            self.claims.verbs += [(name, verb) for name in subjects]
        last, place = subjects[-1], self.place()
        relation = None if place else self.phrase(_RELATIONS)
        if relation:
            last = self.name()
            self.claims.relations += [(name, relation, last) for name in subjects]
            place = self.place()
        if place:
            self.claim_place(place, last)
        return subjects[0]

    def name(self):
        count = _NUMBERS.get(self.one_of(_NUMBERS))
        size, colour = self.one_of(lexicon.SIZES), self.one_of(COLOURS)
        position, noun = self.at, self.one_of(_NOUNS)
        kind, counts = _NOUNS.get(noun, (None, ()))
        if count not in counts:
            self.fail()
        if kind == "person" and not colour and self.peek() == "in" and self.peek(1) in COLOURS:
            self.at += 1
            colour = self.one_of(COLOURS)
        self.claims.names.append(Name(kind, count, position, colour, size))
        return self.claims.names[-1]

    def place(self):
        """Read a place: (setting, manner, inside, position of its last word), or None."""
        found = self.phrase(_PLACES)
        return found and (*found, self.at - 1)

    def claim_place(self, place, name):
        setting, manner, inside, position = place
        self.claims.places.append((setting, manner, inside, name, position if setting else None))

    def be(self):
        return self.one_of(("is", "are"))

    def phrase(self, table):
        """Read the longest phrase of a table that stands here and return what it means."""
        for length in range(_LONGEST_PHRASE, 0, -1):
            words = self.words[self.at : self.at + length]
            if words in table:
                self.at += len(words)
                return table[words]
        return None

    def one_of(self, words):
        """Read the next word if it is one of these."""
        if self.peek() in words:
            self.at += 1
            return self.words[self.at - 1]
        return None

    def peek(self, ahead=0):
        """A word to come, without reading it; None behind the end."""
        return self.words[self.at + ahead] if self.at + ahead < len(self.words) else None

    def fail(self):
        raise _NoSentence


def _be(names):
    return "is" if sum(name.count for name in names) == 1 else "are"
