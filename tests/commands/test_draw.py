import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from satt.data.scenes.dataset import draw_scenes, scene_at
from satt.data.scenes.drawing import draw_scene


def test_pictures_masks_captions_and_a_sheet(satt, tmp_path):
    out = tmp_path / "new" / "scenes"
    ended = satt("draw", "--out", out, "--count", 3, "--size", 40, "--seed", 5,
                 "--split", "validation")
    assert ended.code == 0
    assert str(out / "sheet.png") in ended.out
    names = [f"validation-5-{n}" for n in range(3)]
    assert {path.name for path in out.iterdir()} == {
        "captions.txt", "sheet.png",
        *(f"{name}{kind}.png" for name in names for kind in ("", "-mask")),
    }
    data = draw_scenes("validation", 3, 40, 5, progress=False)
    for image, name in zip(data.images, names, strict=True):
        np.testing.assert_array_equal(np.asarray(Image.open(out / f"{name}.png")), image)
    lines = (out / "captions.txt").read_text(encoding="utf-8").splitlines()
    expected = [
        f"{name}.png\t{' '.join(words)}"
        for name, several in zip(names, data.captions, strict=True) for words in several
    ]
    assert lines == expected and len(lines) == 15


def test_a_mask_says_who_is_where(satt, tmp_path):
    satt("draw", "--out", tmp_path, "--count", 8, "--size", 48)
    several = next(i for i in range(8) if len(scene_at("train", i)[0].things) > 1)
    scene, _ = scene_at("train", several)
    _, things, setting = draw_scene(scene, 48)
    mask = Image.open(tmp_path / f"train-0-{several}-mask.png")
    who = mask.text["things"].split(", ")
    assert mask.mode == "P"
    assert who[:2] == ["0 sky", f"1 {scene.setting}"]
    numbers = np.asarray(mask)
    np.testing.assert_array_equal(numbers == 1, setting)
    for number, (thing, seen) in enumerate(zip(scene.things, things, strict=True), start=2):
        assert who[number] == f"{number} {thing.colour} {thing.kind} {thing.pose}"
        np.testing.assert_array_equal(numbers == number, seen)


def test_statistics_are_a_table_and_no_files(satt, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ended = satt("draw", "--statistics", "--count", 30)
    assert ended.code == 0
    rows = ended.out.splitlines()
    assert rows[0].split() == ["scenes", "30"]
    assert len({len(row) for row in rows}) == 1  # aligned
    assert any(row.startswith("one thing ") and row.endswith("%") for row in rows)
    assert list(tmp_path.iterdir()) == []


def test_statistics_for_programs(satt):
    figures = json.loads(satt("draw", "--statistics", "--json", "--count", 20).out)
    assert figures["scenes"] == 20
    assert figures["one_thing"] + figures["two_things"] + figures["three_things"] == 1


@pytest.mark.parametrize("arguments, about", [
    (["--count", "-3"], ["--count", "'-3'", "from 1"]),
    (["--count", "0"], ["--count", "'0'"]),
    (["--count", "1e3"], ["--count", "'1e3'"]),
    (["--count", "9" * 5000], ["--count", "whole number"]),
    (["--size", "8"], ["--size", "'8'", "from 16"]),
    (["--size", "100000"], ["--size", "1,024"]),
    (["--seed", "-1"], ["--seed", "'-1'"]),
    (["--split", "dev"], ["--split", "'dev'", "validation"]),
    (["--json"], ["--json", "--statistics"]),
])
def test_wrong_arguments(arguments, about, complains, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    complains("draw", *arguments, about=about)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind, name", [
    (Image.Image, "train-0-0.png"), (Path, "captions.txt"),
])
def test_a_full_disk(kind, name, satt, tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(kind, "save" if kind is Image.Image else "write_text", full)
    ended = satt("draw", "--out", tmp_path, "--count", 1, "--size", 16)
    assert ended.code == 2
    *_, line = ended.err.splitlines()
    assert line.startswith("satt: --out: ") and name in line
    assert "No space left on device; make room" in line


@pytest.mark.parametrize("below", ["", "deeper"])
def test_a_file_is_where_the_folder_should_be(below, complains, tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    complains("draw", "--out", tmp_path / "file" / below,
              about=["--out", "file", "another folder"])
