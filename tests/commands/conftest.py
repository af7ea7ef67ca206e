"""The command as its user meets it: what it printed, what it ended with, tiny models and data."""

from typing import NamedTuple

import numpy as np
import pytest
from PIL import Image

from gradcheck.cli import main as gradcheck_main
from satt.cli import main
from satt.data.batches import to_float
from satt.data.scenes.dataset import draw_scenes
from satt.data.vocabulary import Vocabulary
from satt.models.captioner import Captioner, CaptionerSettings
from satt.training.keeping import save_captioner

TINY = {"image_size": 32, "channels": (4, 6, 8, 8), "attention_width": 5, "state_width": 7,
        "embedding_width": 6}


class Ended(NamedTuple):
    """How a command ended: its exit code, and what it wrote."""

    code: int
    out: str
    err: str


def runner(main, capsys):
    """Make a function that runs a command in this process, and returns how it ended."""

    def run(*arguments):
        capsys.readouterr()
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as ended:
            code = ended.code
        return Ended(code, *capsys.readouterr())

    return run


@pytest.fixture
def satt(capsys):
    """Run `satt` in this process: satt("draw", "--count", 3) -> Ended."""
    return runner(main, capsys)


@pytest.fixture
def gradcheck(capsys):
    """Run `gradcheck` in this process, likewise."""
    return runner(gradcheck_main, capsys)


@pytest.fixture
def complains(satt):
    """Run `satt` wrongly: it must end with 2 and say in one line what is wrong."""

    def run(*arguments, about):
        ended = satt(*arguments)
        assert ended.code == 2, ended
        assert ended.out == ""
        lines = ended.err.splitlines()
        assert len(lines) == 1 and lines[0].startswith("satt: "), ended.err
        for what in about:
            assert what in lines[0]
        return lines[0]

    return run


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory):
    """An untrained captioner of 32x32 scenes that knows all their words."""
    data = draw_scenes("train", 60, 32, progress=False)
    captions = (caption for several in data.captions for caption in several)
    vocabulary = Vocabulary.from_captions(captions)
    model = Captioner(CaptionerSettings(len(vocabulary), **TINY), seed=1)
    model.calibrate(to_float(data.images))
    path = tmp_path_factory.mktemp("trained") / "checkpoint.npz"
    save_captioner(path, model, vocabulary, {"data": "scenes", "seed": 0})
    return path


@pytest.fixture(scope="session")
def flickr8k(tmp_path_factory):
    """A folder like Flickr8k's: six photographs for each split, two captions each."""
    folder = tmp_path_factory.mktemp("flickr8k")
    (folder / "Images").mkdir()
    random, lines = np.random.default_rng(0), []
    for split in ("train", "dev", "test"):
        names = [f"{split}{n}.jpg" for n in range(6)]
        for name in names:
            pixels = random.integers(0, 256, (40, 50, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / "Images" / name)
            lines += [f"{name}#0\tA dog on the grass .", f"{name}#1\tTwo cats in a room !"]
        listed = folder / f"Flickr_8k.{split}Images.txt"
        listed.write_text("\n".join(names) + "\n", encoding="utf-8")
    (folder / "Flickr8k.token.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


@pytest.fixture
def photos(tmp_path):
    """Three image files of different kinds and sizes."""
    random, paths = np.random.default_rng(1), []
    for name, shape in (("one.png", (50, 70, 3)), ("two.jpg", (33, 20, 3)), ("grey.gif", (9, 12))):
        paths.append(tmp_path / name)
        Image.fromarray(random.integers(0, 256, shape, dtype=np.uint8)).save(paths[-1])
    return paths
