import json
import sys

import numpy as np
import pytest
from PIL import Image

from satt.data.images import read_image
from satt.training.evaluation import caption_images
from satt.training.keeping import load_captioner


def captions_of(checkpoint, paths, beam_size=3, **options):
    model, vocabulary, _ = load_captioner(checkpoint)
    images = np.stack([read_image(path, 32) for path in paths])
    decoded = caption_images(model, images, beam_size, **options)
    return [" ".join(vocabulary.decode(caption.words)) for caption in decoded], decoded


def test_a_line_for_each_image(satt, checkpoint, photos):
    ended = satt("caption", *photos, "--checkpoint", checkpoint)
    captions, _ = captions_of(checkpoint, photos)
    assert ended.code == 0 and ended.err == ""
    expected = [f"{path}\t{text}" for path, text in zip(photos, captions, strict=True)]
    assert ended.out.splitlines() == expected
    assert any(captions)


def test_beam_and_length(satt, checkpoint, photos):
    ended = satt("caption", photos[0], "--checkpoint", checkpoint, "--beam", 4, "--max-length", 5)
    (text,), _ = captions_of(checkpoint, photos[:1], beam_size=4, max_length=5)
    assert ended.out == f"{photos[0]}\t{text}\n"
    assert len(text.split()) <= 5


def test_drawn_words_depend_on_the_seed_alone(satt, checkpoint, photos):
    def said(*more):
        return satt("caption", photos[0], "--checkpoint", checkpoint, *more).out

    first = said("--temperature", 1, "--seed", 7)
    assert first == said("--temperature", 1, "--seed", 7)
    assert len({said("--temperature", 1, "--seed", seed) for seed in range(5)}) > 1
    assert said("--temperature", 0) == said("--beam", 1)


def test_json(satt, checkpoint, photos):
    objects = json.loads(satt("caption", *photos, "--checkpoint", checkpoint, "--json").out)
    captions, decoded = captions_of(checkpoint, photos)
    assert [o["image"] for o in objects] == [str(path) for path in photos]
    assert [o["caption"] for o in objects] == captions
    for found, expected in zip(objects, decoded, strict=True):
        assert found["words"] == found["caption"].split()
        assert found["finished"] == expected.finished
        assert found["log_probability"] == pytest.approx(expected.log_probability)
        assert found["grid_shape"] == [4, 4]
        np.testing.assert_allclose(found["attention"], expected.attention, atol=1e-4)


def test_many_have_a_bar(satt, checkpoint, photos, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    ended = satt("caption", *(4 * photos), "--checkpoint", checkpoint)
    assert len(ended.out.splitlines()) == 12
    assert "reading" in ended.err and "12/12" in ended.err


def test_a_figure_of_one(satt, checkpoint, photos, tmp_path):
    target = tmp_path / "new" / "look.png"
    ended = satt("caption", photos[1], "--checkpoint", checkpoint, "--max-length", 3,
                 "--figure", target)
    assert ended.code == 0
    assert Image.open(target).width > 400


def test_figures_of_several(satt, checkpoint, photos, tmp_path):
    same_name = tmp_path / "elsewhere" / "one.jpg"
    same_name.parent.mkdir()
    Image.open(photos[0]).save(same_name)
    satt("caption", *photos, same_name, "--checkpoint", checkpoint, "--max-length", 2,
         "--figure", tmp_path / "look")
    assert {path.name for path in (tmp_path / "look").iterdir()} == {
        "one-attention.png", "two-attention.png", "grey-attention.png", "one-attention-2.png"
    }


def test_a_checkpoint_that_is_missing(complains, photos):
    complains("caption", photos[0], "--checkpoint", "nowhere.npz",
              about=["nowhere.npz", "no file"])


@pytest.mark.parametrize("content", [b"", b"words, words", "arrays"])
def test_a_checkpoint_that_is_none(content, complains, photos, tmp_path):
    path = tmp_path / "other.npz"
    if content == "arrays":
        np.savez(path, weights=np.zeros(3))
    else:
        path.write_bytes(content)
    complains("caption", photos[0], "--checkpoint", path, about=["checkpoint", "other.npz"])


def test_an_image_that_is_missing(complains, checkpoint):
    complains("caption", "nowhere.png", "--checkpoint", checkpoint,
              about=["image", "nowhere.png"])


def test_what_cannot_be_read_is_named_and_left_out(satt, checkpoint, photos, tmp_path):
    (tmp_path / "text.png").write_text("a picture of a cat", encoding="utf-8")
    given = [photos[0], tmp_path / "text.png", photos[1], "nowhere.png", photos[2]]
    arguments = [*given, "--checkpoint", checkpoint, "--max-length", 4]
    ended = satt("caption", *arguments, "--figure", tmp_path / "look")
    assert ended.code == 0
    assert ended.out == satt("caption", *photos, *arguments[5:]).out
    first, second, count = ended.err.splitlines()
    assert first.startswith("satt: image: ") and "text.png is not an image" in first
    assert second == "satt: image: there is no file nowhere.png; correct the path"
    assert count == "satt: 2 of the 5 images could not be read"
    assert {path.name for path in (tmp_path / "look").iterdir()} == {
        "one-attention.png", "two-attention.png", "grey-attention.png"
    }
    found = json.loads(satt("caption", *arguments, "--json").out)
    assert [o["image"] for o in found] == [str(path) for path in photos]


def test_figures_belong_to_their_images(satt, checkpoint, photos, tmp_path):
    for folder, more in (("with", ["nowhere.png"]), ("without", [])):
        satt("caption", *more, *photos[:2], "--checkpoint", checkpoint, "--max-length", 2,
             "--figure", tmp_path / folder)
    for name in ("one-attention.png", "two-attention.png"):
        pictures = [np.asarray(Image.open(tmp_path / f / name)) for f in ("with", "without")]
        assert np.array_equal(*pictures)


def test_strict_stops_at_the_first_that_cannot_be_read(complains, checkpoint, photos):
    complains("caption", photos[0], "nowhere.png", "gone.png", "--strict", "--checkpoint",
              checkpoint, about=["image", "nowhere.png"])


def test_none_can_be_read(satt, checkpoint):
    ended = satt("caption", "nowhere.png", "gone.png", "--checkpoint", checkpoint)
    assert ended.code == 2 and ended.out == ""
    assert ended.err.splitlines() == [
        "satt: image: there is no file nowhere.png; correct the path",
        "satt: image: there is no file gone.png; correct the path",
        "satt: images: none of the 2 could be read; what is wrong with each is said above",
    ]


def test_a_file_that_is_no_image(complains, checkpoint, tmp_path):
    path = tmp_path / "text.png"
    path.write_text("a picture of a cat", encoding="utf-8")
    complains("caption", path, "--checkpoint", checkpoint, about=["image", "text.png"])
    complains("caption", tmp_path, "--checkpoint", checkpoint, about=["image", str(tmp_path)])


@pytest.mark.parametrize("arguments, about", [
    (["--beam", "0"], ["--beam", "'0'"]),
    (["--beam", "1000000"], ["--beam", "100"]),
    (["--max-length", "-1"], ["--max-length", "'-1'"]),
    (["--temperature", "-0.5"], ["--temperature", "'-0.5'"]),
    (["--temperature", "nan"], ["--temperature", "'nan'"]),
    (["--temperature", "hot"], ["--temperature", "'hot'"]),
    (["--temperature", "1", "--beam", "3"], ["--beam", "--temperature"]),
    (["--seed", "3"], ["--seed", "--temperature"]),
    (["--figure", "look.docx"], ["--figure", "look.docx", ".png"]),
])
def test_wrong_arguments(arguments, about, complains, checkpoint, photos):
    complains("caption", photos[0], "--checkpoint", checkpoint, *arguments, about=about)


def test_one_file_for_several_figures(complains, checkpoint, photos, tmp_path):
    complains("caption", *photos, "--checkpoint", checkpoint, "--figure", tmp_path / "all.png",
              about=["--figure", "all.png", "folder"])


def test_a_figure_does_not_take_the_place_of_an_image(
    satt, complains, checkpoint, photos, tmp_path
):
    first, second = tmp_path / "a.png", tmp_path / "a-attention.png"
    for path, photo in ((first, photos[0]), (second, photos[1])):
        Image.open(photo).save(path)
    content = second.read_bytes()
    (tmp_path / "folder").mkdir()
    for images, figure in (
        ([second], second), ([second], tmp_path / "folder" / ".." / second.name),
        ([first, second], tmp_path),
    ):
        complains("caption", *images, "--checkpoint", checkpoint, "--figure", figure,
                  about=["--figure", second.name, "overwritten"])
    assert second.read_bytes() == content
    # What an earlier call has drawn is drawn anew.
    assert satt("caption", first, "--checkpoint", checkpoint, "--figure", second).code == 0
    assert second.read_bytes() != content


def test_a_figure_that_cannot_be_written(complains, checkpoint, photos, tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    complains("caption", photos[0], "--checkpoint", checkpoint, "--figure",
              tmp_path / "file" / "look.png", about=["--figure", "file"])
