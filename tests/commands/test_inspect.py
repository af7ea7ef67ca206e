import json
import shutil

from PIL import Image


def test_what_a_folder_holds_and_a_picture_of_it(satt, flickr8k, tmp_path):
    ended = satt("inspect", flickr8k, "--out", tmp_path / "look.png")
    assert ended.code == 0, ended.err
    for what in ("Flickr8k.token.txt", "train", "validation", "5 times", "100.0%", "look.png",
                 "satt train --data"):
        assert what in ended.out
    assert "left out" not in ended.out
    with Image.open(tmp_path / "look.png") as picture:
        assert picture.size[0] > 900 and len(picture.convert("RGB").getcolors(10**7)) > 1000


def test_the_figures(satt, flickr8k, tmp_path):
    less = shutil.copytree(flickr8k, tmp_path / "less")
    (less / "Images" / "dev2.jpg").unlink()
    figures = json.loads(satt("inspect", less, "--json").out)
    assert figures["format"] == "Flickr8k" and figures["images"] == 17
    assert figures["captions"] == 34 and figures["words"] == 9
    assert figures["splits"] == {
        "train": {"images": 6, "captions": 12}, "validation": {"images": 5, "captions": 10},
        "test": {"images": 6, "captions": 12},
    }
    assert (figures["median_length"], figures["longest"]) == (5, 5)
    assert figures["left_out"] == {"dev2.jpg": "is not in the folder"}
    counts = {row["minimum_count"]: row for row in figures["vocabularies"]}
    assert counts[1] == {"minimum_count": 1, "words": 9, "share": 1.0}
    # 17 captions of "a dog on the grass" and 17 of "two cats in a room"; nothing is rarer.
    assert counts[10]["words"] == 9


def test_what_is_left_out_is_named(satt, flickr8k, tmp_path):
    less = shutil.copytree(flickr8k, tmp_path / "less")
    for number in range(6):
        (less / "Images" / f"dev{number}.jpg").unlink()
    ended = satt("inspect", less, "--out", tmp_path / "look.png")
    assert "left out: 6\n  dev0.jpg is not in the folder\n" in ended.out
    assert "all of them: --json" in ended.out


def test_the_seed_chooses_the_samples(satt, flickr8k, tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        satt("inspect", flickr8k, "--out", tmp_path / f"{name}.png", "--seed", seed)
    a, b, c = (Image.open(tmp_path / f"{name}.png").tobytes() for name in "abc")
    assert a == b != c


def test_hangul_is_drawn_or_romanised(satt, flickr8k, tmp_path):
    korean = shutil.copytree(flickr8k, tmp_path / "korean")
    path = korean / "Flickr8k.token.txt"
    text = path.read_text(encoding="utf-8").replace("A dog on the grass", "잔디 위의 개")
    path.write_text(text, encoding="utf-8")
    ended = satt("inspect", korean, "--out", tmp_path / "look.png")
    assert ended.code == 0 and (tmp_path / "look.png").is_file()


def test_what_is_no_data_set(complains, photos, flickr8k, tmp_path):
    complains("inspect", tmp_path / "nowhere", about=["there is no folder", "nowhere"])
    complains("inspect", photos[0].parent, about=["no captions in", "captions.csv"])
    complains("inspect", flickr8k, "--out", tmp_path / "look.jpg", about=["--out", ".png"])
    complains("inspect", about=["FOLDER"])
