from pathlib import Path

import numpy as np

from satt.data.batches import to_float
from satt.data.scenes.dataset import draw_scenes
from satt.homework.trained import grids_of, trained_parameters
from satt.training.keeping import load_captioner

LESSONS = Path(__file__).resolve().parents[2] / "lessons"


def test_what_homework_looks_with_is_the_captioner_of_the_lessons():
    model, vocabulary, _ = load_captioner(LESSONS / "captioner.npz")
    images = draw_scenes("test", 4, 64, progress=False).images
    theirs, _ = model.encode(to_float(images))
    # Half precision: a part in a thousand, more where numbers cancel.
    assert np.abs(grids_of(images) - theirs).max() < 0.01 * theirs.max()
    params, _, words = trained_parameters()
    assert words[4:] == vocabulary.words
    assert {name: array.shape for name, array in params.items()} == {
        name: array.shape for name, array in model.params.items()
    }
