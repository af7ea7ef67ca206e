"""`--data FOLDER`, `--strict` and `--cache`, as `train` and `evaluate` have them."""

import json
import shutil
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from satt.commands import memory, train
from satt.commands.sources import open_source, read_data
from satt.data.images import load_images
from satt.training.keeping import load_captioner

QUICK = ("--size", 16, "--epochs", 1, "--evaluations", 1, "--batch-size", 10, "--minimum-count", 1,
         "--state-width", 9, "--embedding-width", 6, "--attention-width", 5)
NAMES = {"train": "a.jpg b.jpg c.jpg", "val": "d.jpg e.jpg", "test": "f.jpg"}


@pytest.fixture(autouse=True)
def no_pictures(monkeypatch):
    monkeypatch.setattr(train, "PICTURES", 0)


@pytest.fixture
def pictures(tmp_path):
    """A folder with pictures, and nothing yet that says what they are."""
    folder, random = tmp_path / "photos", np.random.default_rng(0)
    (folder / "images").mkdir(parents=True)
    for name in " ".join(NAMES.values()).split():
        pixels = random.integers(0, 256, (30, 20, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / "images" / name)
    return folder


def write(folder, kind):
    """Say what the pictures are in one of the formats."""
    names = {split: several.split() for split, several in NAMES.items()}
    if kind == "karpathy":
        content = {"images": [
            {"filename": name, "split": split, "sentences": [{"raw": "A dog runs."}]}
            for split, several in names.items() for name in several]}
        (folder / "dataset_flickr8k.json").write_text(json.dumps(content), encoding="utf-8")
    if kind == "coco":
        for split in ("train", "val"):
            numbered = list(enumerate(names[split]))
            content = {
                "images": [{"id": n, "file_name": name} for n, name in numbered],
                "annotations": [{"image_id": n, "caption": "A dog runs."} for n, _ in numbered]}
            path = folder / f"captions_{split}2017.json"
            path.write_text(json.dumps(content), encoding="utf-8")
    if kind == "table":
        rows = [f"{name},A dog runs.,{split}\n"
                for split, several in names.items() for name in several]
        (folder / "captions.csv").write_text(
            "image,caption,split\n" + "".join(rows), encoding="utf-8")


@pytest.mark.parametrize("kind", ["karpathy", "coco", "table"])
def test_every_format_can_be_trained_on_and_measured(satt, pictures, tmp_path, kind):
    write(pictures, kind)
    out = tmp_path / "run"
    ended = satt("train", "--data", pictures, *QUICK, "--out", out)
    assert ended.code == 0, ended.err
    assert f"{pictures}: {kind}, by " in ended.out
    assert "3 images to learn from, 2 to validate with" in ended.out
    _, vocabulary, about = load_captioner(out / "checkpoint.npz")
    assert about["data"] == kind and set(vocabulary.words) == {"a", "dog", "runs"}
    ended = satt("evaluate", "--data", pictures, "--checkpoint", out / "checkpoint.npz",
                 "--split", "validation")
    assert ended.code == 0 and "2 images" in ended.out and f": {kind}, by" in ended.out


def test_coco_has_no_test_captions(complains, checkpoint, pictures):
    write(pictures, "coco")
    complains("evaluate", "--data", pictures, "--checkpoint", checkpoint,
              about=["no test photographs", "train 3, validation 2", "no captions of its test"])


def test_what_is_left_out_is_counted_in_one_line(satt, flickr8k, tmp_path):
    folder = shutil.copytree(flickr8k, tmp_path / "broken")
    (folder / "Images" / "train0.jpg").write_bytes(b"no image")
    (folder / "Images" / "train1.jpg").unlink()
    (folder / "Images" / "dev5.jpg").unlink()
    with open(folder / "Flickr_8k.trainImages.txt", "a", encoding="utf-8") as file:
        file.write("../train2.jpg\n")
    ended = satt("train", "--data", folder, *QUICK, "--out", tmp_path / "run")
    assert ended.code == 0
    assert "4 images to learn from, 5 to validate with" in ended.out
    of_train, of_validation = [line for line in ended.err.splitlines() if "left out" in line]
    assert of_train.startswith("satt: flickr8k: 3 of the 7 train photographs are left out: ")
    for what in ("1 without a file (train1.jpg)", "leads out of the folder (../train2.jpg)",
                 "1 that cannot be read (train0.jpg)"):
        assert what in of_train
    assert of_validation.endswith(
        "1 of the 6 validation photographs are left out: 1 without a file (dev5.jpg)")


def test_each_that_cannot_be_read_is_named_with_what_is_wrong(satt, flickr8k, tmp_path):
    folder = shutil.copytree(flickr8k, tmp_path / "broken")
    photos = [folder / "Images" / f"train{number}.jpg" for number in range(6)]
    kept = load_images([photos[1], photos[5]], 32, label=None)[0]
    for number in (0, 2, 3, 4):
        photos[number].write_bytes(photos[number].read_bytes()[:100 * (number % 3)])
    options = SimpleNamespace(data=str(folder), strict=False, cache="off", seed=0)
    with pytest.warns() as said:
        data = read_data(open_source(options, "train"), options, "train", None, 32)
    lines = [str(warning.message) for warning in said]
    assert len(lines) == 5 and "4 of the 6 train photographs are left out" in lines[-1]
    for line, number in zip(lines, (0, 2, 3, 4), strict=False):
        assert line.startswith(f"image: {photos[number]} ")
    assert data.names == ["train1.jpg", "train5.jpg"]
    assert np.array_equal(data.images, kept)


@pytest.mark.parametrize("command", ["train", "evaluate"])
@pytest.mark.parametrize("data", ["scenes", "photographs"])
def test_more_than_fits_into_memory(
    complains, checkpoint, flickr8k, tmp_path, monkeypatch, command, data
):
    monkeypatch.setattr(memory, "physical_memory", lambda: 8_000)
    monkeypatch.chdir(tmp_path)
    options = {"train": ("--size", 32), "evaluate": ("--checkpoint", checkpoint)}[command]
    complains(command, "--data", flickr8k if data == "photographs" else data, *options,
              about=["--data: ", f" {data} of 32 x 32 pixels take", "fewer or smaller"])


def test_a_captioner_that_does_not_fit_into_memory(complains, satt, flickr8k, tmp_path,
                                                   monkeypatch):
    monkeypatch.setattr(memory, "physical_memory", lambda: 10_000_000)
    out = ("--out", tmp_path / "a")
    ended = satt("train", "--data", flickr8k, *QUICK, "--state-width", 900, *out)
    assert ended.code == 2
    line = ended.err.splitlines()[-1]  # below the bars
    assert line.startswith("satt: --state-width: ") and "0.0 GB" in line and "; choose" in line
    assert not any((tmp_path / "a").iterdir())
    assert satt("train", "--data", flickr8k, *QUICK, *out).code == 0


def test_strict(satt, complains, flickr8k, tmp_path):
    folder = shutil.copytree(flickr8k, tmp_path / "broken")
    options = ("train", "--data", folder, *QUICK, "--strict", "--out", tmp_path / "run")
    photo = folder / "Images" / "train3.jpg"
    photo.write_bytes(b"no image")
    complains(*options, about=["train3.jpg", "not an image"])
    photo.unlink()
    complains(*options, about=["--strict", "1 without a file (train3.jpg)"])
    shutil.copy(flickr8k / "Images" / "train3.jpg", photo)
    assert satt(*options).code == 0


def test_nothing_that_can_be_read(complains, checkpoint, flickr8k, tmp_path):
    folder = shutil.copytree(flickr8k, tmp_path / "broken")
    for path in (folder / "Images").glob("test*"):
        path.write_bytes(b"")
    complains("evaluate", "--data", folder, "--checkpoint", checkpoint,
              about=["none of the 6 test photographs", "test0.jpg is empty"])


def test_a_cache_of_ones_own(satt, checkpoint, flickr8k, tmp_path, monkeypatch):
    options = ("evaluate", "--data", flickr8k, "--checkpoint", checkpoint, "--count", 2, "--json")
    assert satt(*options, "--cache", tmp_path / "mine").code == 0
    assert list((tmp_path / "mine").iterdir())
    monkeypatch.setenv("SATT_CACHE", str(tmp_path / "by-variable"))
    assert satt(*options, "--cache", "off").code == 0
    assert not (tmp_path / "by-variable").exists()
    assert satt(*options).code == 0
    assert list((tmp_path / "by-variable").iterdir())


@pytest.mark.parametrize("option", [["--strict"], ["--cache", "somewhere"]])
def test_scenes_are_not_read(complains, checkpoint, option):
    complains("evaluate", "--data", "scenes", "--checkpoint", checkpoint, *option,
              about=[option[0], "scenes are drawn", "leave"])


def test_an_archive_instead_of_a_folder(complains, checkpoint, tmp_path):
    (tmp_path / "flickr8k.zip").write_bytes(b"PK")
    complains("evaluate", "--data", tmp_path / "flickr8k.zip", "--checkpoint", checkpoint,
              about=["--data", "is a file", "unpacked"])
