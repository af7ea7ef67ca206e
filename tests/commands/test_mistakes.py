"""What is said to be wrong with a caption."""

import pytest

from satt.commands.mistakes import NO_READING, NO_SENTENCE, why_wrong
from satt.data.scenes.dataset import scene_at
from satt.data.scenes.world import Scene, Thing

CAT = Thing("cat", "red", "sitting", x=0.2, y=0.7, scale=1.0)
BALL = Thing("ball", "blue", "lying", x=0.8, y=0.8, scale=1.0)
SCENE = Scene("grass", (CAT, BALL), horizon=0.5, look=0)


@pytest.mark.parametrize("caption, reason", [
    ("a red cat is sitting on the grass with a ball", ""),
    ("cat cat", NO_SENTENCE),
    ("", NO_SENTENCE),
    ("a red cat on the beach", "the setting is grass, not beach"),
    ("a red cat indoors", "the setting is grass"),
    ("a dog on the grass", "there is no dog"),
    ("a green cat on the grass", "the cat is red, not green"),
    ("a big cat on the grass", "the cat is not big"),
    ("two cats on the grass", "there is only one cat"),
    ("a cat is sleeping on the grass", "the cat is sitting, not sleeping"),
    ("a cat above a ball on the grass", NO_READING),
    ("a blue cat and a dog in the snow",
     "the setting is grass, not snow; the cat is red, not blue; there is no dog"),
])
def test_reasons(caption, reason):
    assert why_wrong(caption.split(), SCENE) == reason


def test_true_captions_have_no_reason():
    for index in range(30):
        scene, captions = scene_at("test", index)
        assert [why_wrong(words, scene) for words in captions] == [""] * 5
