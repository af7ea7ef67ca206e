import json
import os
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from satt.commands import inspect


@pytest.fixture
def broken(flickr8k, tmp_path):
    """A copy in which a training image is damaged, one is missing and one is not listed."""
    folder = shutil.copytree(flickr8k, tmp_path / "broken")
    (folder / "Images" / "train0.jpg").write_bytes(b"no image")
    (folder / "Images" / "train1.jpg").unlink()
    Image.new("RGB", (9, 9)).save(folder / "Images" / "more.jpg")
    return folder


def test_figures_and_a_picture(satt, flickr8k, tmp_path):
    ended = satt("inspect", flickr8k, "--out", tmp_path / "look.png")
    assert (ended.code, ended.err) == (0, "")
    assert "flickr8k, by Flickr8k.token.txt, Flickr_8k.trainImages.txt" in ended.out
    for name, figure in (("images", 18), ("captions", 36), ("distinct words", 9), ("  train", 6),
                         ("  validation", 6), ("  test", 6)):
        assert re.search(f"^{name} +{figure}$", ended.out, re.MULTILINE), name
    assert "left out, listed but of no use: none" in ended.out
    assert str(tmp_path / "look.png") in ended.out
    picture = Image.open(tmp_path / "look.png")
    # Four columns and three rows of 256 pixels and their captions.
    assert picture.width > 4 * 256 and picture.height > 3 * 300


def test_the_same_for_programs(satt, flickr8k, tmp_path):
    ended = satt("inspect", flickr8k, "--out", tmp_path / "look.png", "--json")
    found = json.loads(ended.out)
    assert (found["format"], found["images"], found["captions"]) == ("flickr8k", 18, 36)
    assert found["captions_per_image"] == {"fewest": 2, "mean": 2, "most": 2}
    assert found["caption_length"] == {"median": 5, "longest": 5}
    # Every word is there six times in the six training images, and the article twelve times.
    assert [row["words"] for row in found["vocabulary"]] == [9, 9, 9, 1]
    assert found["vocabulary"][3]["share"] == pytest.approx(12 / 60)
    assert found["image_sizes"]["width"] == {"smallest": 50, "median": 50, "largest": 50}
    assert found["left_out"] == found["unlisted"] == found["skipped"] == found["notes"] == []
    assert Path(found["figure"]).is_file()


def test_twelve_drawn_by_seed_with_their_captions(satt, flickr8k, tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr("satt.figures.draw_samples",
                        lambda path, images, titles: drawn.append((images, titles)))
    for seed in (0, 0, 1):
        assert satt("inspect", flickr8k, "--out", tmp_path / "x.png", "--seed", seed).code == 0
    (images, titles), again, other = drawn
    assert images.shape == (12, 256, 256, 3) and len(set(titles)) == 12
    assert titles == again[1] and titles != other[1]
    name, *captions = titles[0].splitlines()
    assert captions == ["- a dog on the grass", "- two cats in a room"]
    file, split = name.split()
    assert split.strip("()") in file.replace("dev", "validation")
    from satt.data.images import read_image

    np.testing.assert_array_equal(images[0], read_image(flickr8k / "Images" / file, 256))


def test_captions_that_are_many_or_long_are_cut(tmp_path):
    from satt.data.listing import Photograph

    captions = [["word"] * 1000, ["b"], ["c"], ["d"], ["e"]]
    lines = inspect._title(Photograph(tmp_path, "a/x.jpg", captions, "test")).splitlines()
    assert lines[0] == "x.jpg (test)" and lines[2:] == ["- b", "- c", "and 2 more"]
    assert len(lines[1]) < 200


def test_hangul(satt, tmp_path):
    (tmp_path / "사진").mkdir()
    Image.new("RGB", (40, 30)).save(tmp_path / "사진" / "개.png")
    text = "image,caption\n개.png,\"개 두 마리가 눈밭에서 뛰어논다, 정말로 오랫동안 즐겁게\"\n"
    (tmp_path / "captions.txt").write_text(text, encoding="utf-8")
    ended = satt("inspect", tmp_path, "--out", tmp_path / "look.png")
    assert ended.code == 0 and "table, by captions.txt" in ended.out
    ink = (np.asarray(Image.open(tmp_path / "look.png").convert("L")) < 128).any(axis=1)
    # Below the picture (256 pixels high, a margin above it) the caption takes several lines.
    lines = np.diff(ink[24 + 256:].astype(int)) == 1
    assert lines.sum() >= 3


def test_what_is_wrong_is_named(satt, broken, tmp_path):
    ended = satt("inspect", broken, "--out", tmp_path / "look.png")
    assert ended.code == 0
    assert "1 without a file (train1.jpg)" in ended.out
    assert "of which nothing is said: 1\n  Images/more.jpg" in ended.out
    assert "no images: 1\n" in ended.out and "train0.jpg" in ended.out
    found = json.loads(satt("inspect", broken, "--out", tmp_path / "look.png", "--json").out)
    assert found["left_out"] == [
        {"name": "train1.jpg", "reason": "without a file", "split": "train"}]
    assert found["unlisted"] == ["Images/more.jpg"]
    assert [Path(path).name for path in found["image_sizes"]["not_images"]] == ["train0.jpg"]


def test_strict_checks_every_image(satt, complains, flickr8k, broken, tmp_path, monkeypatch):
    monkeypatch.setattr(inspect, "SAMPLES", 1)
    monkeypatch.setattr(inspect, "CHECKED_AT_A_TIME", 4)
    strict = ("--out", tmp_path / "look.png", "--strict")
    complains("inspect", broken, *strict, about=["--strict", "1 without a file (train1.jpg)"])
    shutil.copy(flickr8k / "Images" / "train1.jpg", broken / "Images")
    complains("inspect", broken, *strict, about=["train0.jpg", "fetch it again"])
    shutil.copy(flickr8k / "Images" / "train0.jpg", broken / "Images")
    (broken / "Images" / "test5.jpg").write_bytes(b"")
    complains("inspect", broken, *strict, about=["test5.jpg", "is empty"])
    shutil.copy(flickr8k / "Images" / "test5.jpg", broken / "Images")
    assert satt("inspect", broken, *strict).code == 0


def test_no_image_that_can_be_read(satt, flickr8k, tmp_path):
    folder = shutil.copytree(flickr8k, tmp_path / "broken")
    for path in (folder / "Images").iterdir():
        path.write_bytes(b"no image")
    ended = satt("inspect", folder, "--out", tmp_path / "look.png")
    assert ended.code == 0 and "none of the photographs drawn could be read" in ended.out
    assert not (tmp_path / "look.png").exists()


def test_names_do_the_terminal_no_harm(satt, tmp_path):
    Image.new("RGB", (40, 30)).save(tmp_path / "a.png")
    images = [{"filename": name, "split": "train", "sentences": [{"raw": "A dog"}]}
              for name in ("a.png", "\x1b[2J.png", "\ud800.png")]
    (tmp_path / "dataset_mine.json").write_text(json.dumps({"images": images}), encoding="utf-8")
    ended = satt("inspect", tmp_path, "--out", tmp_path / "look.png")
    assert ended.code == 0 and "\x1b" not in ended.out and "\\x1b[2J.png" in ended.out


def test_a_cache_is_filled_and_used(satt, flickr8k, tmp_path):
    options = ("inspect", flickr8k, "--out", tmp_path / "look.png", "--cache", tmp_path / "cache")
    assert satt(*options).code == 0
    assert list((tmp_path / "cache").iterdir())
    assert satt(*options).code == 0


@pytest.mark.parametrize("arguments, about", [
    (["nowhere"], ["FOLDER", "no folder nowhere"]),
    ([], ["FOLDER", "satt inspect --help"]),
    ([".", "--out", "look.jpg.exe"], ["--out", ".png", "look.jpg.exe"]),
    ([".", "--seed", "-1"], ["--seed", "'-1'"]),
])
def test_wrong_arguments(arguments, about, complains, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    complains("inspect", *arguments, about=about)
    assert list(tmp_path.iterdir()) == []


def test_the_picture_does_not_take_the_place_of_a_photograph(satt, complains, tmp_path):
    folder = tmp_path / "photos"
    (folder / "Images").mkdir(parents=True)
    Image.new("RGB", (20, 20)).save(folder / "Images" / "one.png")
    (folder / "captions.csv").write_text("image,caption\none.png,a square\n", encoding="utf-8")
    content = (folder / "Images" / "one.png").read_bytes()
    complains("inspect", folder, "--out", folder / "Images" / "one.png",
              about=["--out", "one.png", "overwritten"])
    assert (folder / "Images" / "one.png").read_bytes() == content
    for _ in range(2):
        assert satt("inspect", folder, "--out", folder / "inspect.png").code == 0


def test_a_folder_that_is_no_data_set(complains, tmp_path):
    (tmp_path / "labels.csv").write_text("image,label\na.jpg,cat\n", encoding="utf-8")
    complains("inspect", tmp_path, "--out", tmp_path / "look.png",
              about=["FOLDER", "Flickr8k.token.txt", "but labels.csv and no images"])


@pytest.mark.slow
@pytest.mark.skipif("SATT_DATA" not in os.environ, reason="needs SATT_DATA, a folder of data sets")
def test_the_real_thing(satt, tmp_path):
    folder = Path(os.environ["SATT_DATA"]) / "flickr8k"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there")
    found = json.loads(satt("inspect", folder, "--out", tmp_path / "look.png", "--json").out)
    assert found["splits"]["train"] == 6000
    assert found["captions"] == 5 * found["images"]
    assert 10 <= found["caption_length"]["median"] <= 12
    assert [row["words"] for row in found["vocabulary"]] == sorted(
        {row["words"] for row in found["vocabulary"]}, reverse=True)
    assert found["vocabulary"][2]["share"] > 0.95
