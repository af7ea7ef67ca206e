"""A few drawn scenes and a captioner small enough to train in a test."""

import pytest

from satt.data.scenes.dataset import draw_scenes
from satt.data.vocabulary import Vocabulary
from satt.models.captioner import Captioner, CaptionerSettings

SIZE = 16
TINY = {"image_size": SIZE, "channels": (4, 6, 8, 10), "attention_width": 7, "state_width": 12,
        "embedding_width": 9}


@pytest.fixture(scope="session")
def drawn():
    """Fourteen scenes to learn from, six to validate with, five unseen."""
    return tuple(
        draw_scenes(split, count, SIZE, progress=False)
        for split, count in (("train", 14), ("validation", 6), ("unseen", 5))
    )


@pytest.fixture(scope="session")
def vocabulary(drawn):
    """All the words of the drawn captions, so that none becomes unknown."""
    images = (several for part in drawn for several in part.captions)
    return Vocabulary.from_captions(caption for several in images for caption in several)


@pytest.fixture
def build(vocabulary):
    """Make an untrained captioner: build(seed=3, dropout=0.5)."""

    def make(seed=0, **settings):
        settings = {"vocabulary_size": len(vocabulary)} | TINY | settings
        return Captioner(CaptionerSettings(**settings), seed)

    return make
