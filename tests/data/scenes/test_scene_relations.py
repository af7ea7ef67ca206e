import pytest
from scene_builder import make_thing, sampled

from satt.data.scenes.lexicon import RELATIONS
from satt.data.scenes.relations import holds

PAIRS = [
    (a, b) for scene, _ in sampled() for a in scene.things for b in scene.things if a is not b
]


def test_next_to():
    cat, dog = make_thing("cat", x=0.3), make_thing("dog", x=0.65, base=0.85)
    assert holds("next to", cat, dog, plainly=True) and holds("next to", dog, cat, plainly=True)
    assert not holds("next to", cat, make_thing("dog", x=0.95))
    assert not holds("next to", cat, make_thing("kite", x=0.3))


def test_next_to_a_close_call():
    cat, dog = make_thing("cat", x=0.2), make_thing("dog", x=0.7)
    assert holds("next to", cat, dog)
    assert not holds("next to", cat, dog, plainly=True)


def test_above():
    bird, boat = make_thing("bird", x=0.4), make_thing("boat", x=0.5)
    assert holds("above", bird, boat, plainly=True)
    assert not holds("above", boat, bird)
    assert not holds("above", bird, make_thing("boat", x=0.95))
    assert not holds("above", bird, make_thing("kite", x=0.4))
    assert not holds("above", make_thing("cat", base=0.5), make_thing("dog", base=0.9))


def test_in_front_of_and_behind():
    ball, house = make_thing("ball", base=0.9), make_thing("house", x=0.55, base=0.75)
    assert holds("in front of", ball, house, plainly=True)
    assert holds("behind", house, ball, plainly=True)
    assert not holds("in front of", house, ball)
    assert not holds("behind", ball, house)
    assert not holds("in front of", make_thing("ball", x=0.1, base=0.9), house)
    assert not holds("in front of", make_thing("kite"), house)


def test_what_holds_plainly_holds():
    for relation in RELATIONS:
        plain = [pair for pair in PAIRS if holds(relation, *pair, plainly=True)]
        assert len(plain) > 5
        assert all(holds(relation, *pair) for pair in plain)
        assert len(plain) < sum(holds(relation, *pair) for pair in PAIRS)


def test_behind_is_in_front_the_other_way_round():
    for a, b in PAIRS:
        for plainly in (False, True):
            assert holds("behind", a, b, plainly) == holds("in front of", b, a, plainly)


def test_unknown_relation():
    with pytest.raises(ValueError, match="relation: expected next to, .*, got 'under'"):
        holds("under", make_thing("cat"), make_thing("dog"))
