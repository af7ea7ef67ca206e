from itertools import combinations as pairs

import pytest
from scene_builder import make_thing

from satt.data.scenes import lexicon
from satt.data.scenes.world import (
    COLOURS,
    HALF_SIZES,
    KINDS,
    POSES,
    SETTINGS,
    combinations,
    is_held_out,
)

KIND_POSES = {(kind, pose) for kind, poses in POSES.items() for pose in poses}


def test_world_is_large_enough():
    assert len(KINDS) >= 10
    assert len(SETTINGS) >= 6
    assert set(KINDS) == {kind for kinds in SETTINGS.values() for kind in kinds}


def test_every_pose_has_a_size_and_a_verb():
    assert set(HALF_SIZES) == KIND_POSES
    assert set(lexicon.VERBS) == KIND_POSES


def test_every_kind_and_setting_has_words():
    assert set(lexicon.NOUNS) == set(KINDS)
    assert set(lexicon.PLACES) == set(SETTINGS)
    assert all(set(manners) == {lexicon.ON, lexicon.OVER} for manners in lexicon.PLACES.values())


def test_language_has_about_a_hundred_words():
    words = lexicon.all_words()
    assert 80 <= len(words) <= 150
    assert words == sorted(set(words))


def test_a_noun_is_of_one_kind():
    forms = [form for nouns in lexicon.NOUNS.values() for noun in nouns for form in set(noun)]
    assert len(forms) == len(set(forms))


def test_a_noun_knows_its_counts():
    forms = lexicon.noun_forms()
    assert forms["kitten"] == ("cat", {1})
    assert forms["people"] == ("person", {2, 3})
    assert forms["fish"] == ("fish", {1, 2, 3})


def test_a_place_is_of_one_setting():
    texts = [t for m in lexicon.PLACES.values() for places in m.values() for t in places]
    assert len(texts) == len(set(texts))
    assert lexicon.place_phrases()[("on", "the", "floor")] == ("room", lexicon.ON, True)
    assert lexicon.place_phrases()[("outside",)] == (None, None, False)


def test_thing_stands_on_its_base():
    cat = make_thing("cat", base=0.8, scale=1.2)
    assert cat.base == pytest.approx(0.8)
    assert cat.half_width == pytest.approx(1.2 * HALF_SIZES["cat", "sitting"][0])
    assert not cat.flies
    assert make_thing("kite").flies


def test_a_tenth_of_the_combinations_is_held_out():
    held_out = [c for c in combinations() if is_held_out(*c)]
    assert len(combinations()) == len(COLOURS) * sum(map(len, SETTINGS.values()))
    assert 0.08 < len(held_out) / len(combinations()) < 0.13


@pytest.mark.parametrize("a, b", [*pairs(range(3), 2)])
def test_parts_of_what_is_held_out_are_seen_together_elsewhere(a, b):
    """Colour and kind, colour and setting, kind and setting."""
    everything = {(c[a], c[b]) for c in combinations()}
    seen = {(c[a], c[b]) for c in combinations() if not is_held_out(*c)}
    assert seen == everything
