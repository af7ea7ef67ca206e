import numpy as np
import pytest

from satt.data.scenes.dataset import scene_at
from satt.data.scenes.drawing import draw_scene
from satt.data.scenes.world import Scene, Thing
from satt.metrics.looking import location_shares
from satt.metrics.scene_report import Judgement, Look, judge, report

SIZE, GRID = 64, (8, 4)
CAT = Thing("cat", "red", "sitting", x=0.2, y=0.7, scale=1.0)
BIRD = Thing("bird", "white", "flying", x=0.75, y=0.2, scale=1.0)
SCENE = Scene("grass", (CAT, BIRD), horizon=0.5, look=3)
_, (CAT_MASK, BIRD_MASK), GRASS_MASK = draw_scene(SCENE, SIZE)


def looking_at(*masks):
    """Attention that is, word for word, wholly on the location that the mask fills most."""
    attention = np.zeros((len(masks), GRID[0] * GRID[1]))
    for row, mask in zip(attention, masks, strict=True):
        row[np.argmax(location_shares(mask, GRID))] = 1
    return attention


def judged(sentence, *masks):
    words = sentence.split()
    attention = looking_at(*masks) if masks else uniform(len(words))
    return judge(words, attention, SCENE, SIZE, GRID)


def uniform(length):
    return np.full((length, GRID[0] * GRID[1]), 1 / (GRID[0] * GRID[1]))


# Judging one caption


def test_perfect_caption():
    sentence = "a cat on the grass with a bird"
    judgement = judged(sentence, *[CAT_MASK] * 2, *[GRASS_MASK] * 4, *[BIRD_MASK] * 2)
    assert judgement[:3] == (True, True, True)
    looks = sorted(judgement.looks)
    assert [(look.position, look.is_setting) for look in looks] == [
        (1, False), (4, True), (7, False)
    ]
    assert all(look.points for look in looks)
    assert [look.mass for look in looks] == pytest.approx([1, 1, 1])


def test_attention_is_read_at_the_word():
    """The cat is looked at while the bird is named, and the other way round."""
    sentence = "a cat on the grass with a bird"
    judgement = judged(sentence, *[BIRD_MASK] * 4, *[GRASS_MASK] * 2, *[CAT_MASK] * 2)
    cat, grass, bird = sorted(judgement.looks)
    assert judgement.is_true
    assert not cat.points and not bird.points and grass.points
    assert cat.mass == bird.mass == 0


def test_uniform_attention():
    (cat,) = judged("a cat is sitting outside").looks
    shares = location_shares(CAT_MASK, GRID)
    assert cat.mass == pytest.approx(cat.uniform_mass)
    assert cat.uniform_mass == pytest.approx(shares.mean() / shares.max())


def test_true_but_not_complete():
    assert judged("a cat is sitting on the grass")[:3] == (True, True, False)


@pytest.mark.parametrize("sentence", ["a cat is", "grass", "cat cat cat", ""])
def test_no_sentence(sentence):
    assert judged(sentence) == Judgement(False, False, False, [])


def test_absent_thing_is_a_miss():
    judgement = judged("a dog is sitting on the grass", *[CAT_MASK] * 7)
    assert judgement[:3] == (True, False, False)
    dog, grass = sorted(judgement.looks)
    assert dog == Look(1, False, False, 0.0, 0.0)
    assert grass.uniform_mass > 0


def test_absent_setting_is_a_miss():
    judgement = judged("a cat is sitting on the beach", *[GRASS_MASK] * 7)
    cat, beach = sorted(judgement.looks)
    assert not judgement.is_true
    assert beach == Look(6, True, False, 0.0, 0.0)
    assert cat.uniform_mass > 0


def test_wrong_colour_still_finds_the_thing():
    judgement = judged("a blue cat is sitting outside", *[CAT_MASK] * 6)
    assert not judgement.is_true
    assert judgement.looks[0].points and judgement.looks[0].mass == pytest.approx(1)


def test_outside_is_no_place_to_look_at():
    assert [look.is_setting for look in judged("a cat is sitting outside").looks] == [False]


def test_plural_is_all_of_them():
    cats = Scene("grass", (CAT, Thing("cat", "red", "sitting", 0.8, 0.7, 1.0)), 0.5, 3)
    masks = draw_scene(cats, SIZE)[1]
    for mask in masks:
        words = "two cats outside".split()
        (look,) = judge(words, looking_at(*[mask] * 3), cats, SIZE, GRID).looks
        assert look.points and look.mass > 0.7
    shares = location_shares(masks.any(axis=0), GRID)
    assert look.uniform_mass == pytest.approx(shares.mean() / shares.max())


def test_written_captions_with_the_right_looks_get_full_marks():
    judgements = []
    for index in range(30):
        scene, captions = scene_at("test", index)
        masks = draw_scene(scene, SIZE)[1]
        for words in captions:
            at = looking_at(*[masks.any(axis=0)] * len(words))
            judgements.append(judge(words, at, scene, SIZE, GRID))
    figures = report(judgements)
    assert figures["true_captions"] == figures["complete_captions"] == 1
    assert figures["pointing"] > 0.5  # there may be several things, and one place is looked at


# Summing up


def look(is_setting=False, points=False, mass=0.0, uniform_mass=0.0):
    return Look(0, is_setting, points, mass, uniform_mass)


def test_shares_of_captions():
    judgements = [
        Judgement(True, True, True, []),
        Judgement(True, True, False, []),
        Judgement(True, False, False, []),
        Judgement(False, False, False, []),
    ]
    figures = report(judgements)
    assert figures["true_captions"] == 0.5
    assert figures["complete_captions"] == 0.25


def test_means_are_over_words_not_captions():
    judgements = [
        Judgement(True, True, True, [look(points=True, mass=0.8), look(points=True, mass=0.6)]),
        Judgement(True, False, False, [look(mass=0.1), look(True, True, 0.5, 0.25)]),
    ]
    figures = report(judgements)
    assert figures["pointing"] == pytest.approx(2 / 3)
    assert figures["mass_on_things"] == pytest.approx(0.5)


def test_setting_gap():
    """(0.7 - 0.4) / (1 - 0.4), of the means over the settings' words alone."""
    looks = [look(True, True, 0.9, 0.5), look(True, False, 0.5, 0.3), look(mass=0.2)]
    figures = report([Judgement(True, True, True, looks)])
    assert figures["setting_gap_closed"] == pytest.approx(0.5)


def test_setting_gap_of_uniform_and_of_perfect_attention():
    for mass, gap in ((0.4, 0), (1.0, 1), (0.1, -0.5)):
        judgement = Judgement(True, True, True, [look(True, False, mass, 0.4)])
        assert report([judgement])["setting_gap_closed"] == pytest.approx(gap)


def test_no_looks_no_figures():
    figures = report([Judgement(False, False, False, [])])
    assert figures == {
        "true_captions": 0.0,
        "complete_captions": 0.0,
        "pointing": None,
        "mass_on_things": None,
        "setting_gap_closed": None,
    }


def test_no_captions_no_figures():
    assert set(report([]).values()) == {None}
