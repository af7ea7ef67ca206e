import json
import shutil

import numpy as np
import pytest

from satt.commands.arguments import BEAM_SIZE
from satt.commands.evaluate import KEYS, LISTED, OF_PHOTOGRAPHS, perplexity
from satt.data.caption_data import CaptionData
from satt.data.images import load_images
from satt.data.readers import read_listing
from satt.data.scenes.dataset import draw_scenes
from satt.data.vocabulary import Vocabulary
from satt.training.evaluation import evaluate_captions, evaluate_scenes
from satt.training.keeping import load_captioner


def test_figures_of_scenes(satt, checkpoint):
    ended = satt("evaluate", "--checkpoint", checkpoint, "--data", "scenes", "--count", 9,
                 "--split", "dev", "--seed", 3, "--json")
    assert ended.code == 0
    figures = json.loads(ended.out)
    assert list(figures) == [*KEYS, *LISTED]
    model, vocabulary, _ = load_captioner(checkpoint)
    expected, _, _ = evaluate_scenes(
        model, vocabulary, draw_scenes("validation", 9, 32, 3, progress=False),
        draw_scenes("unseen", 5, 32, 3, progress=False), BEAM_SIZE, seed=3, progress=False,
    )
    assert figures.pop("seconds") > 0
    assert figures == {name: expected[name] for name in figures}
    assert len(figures["bleu"]) == len(figures["bleu_without_brevity"]) == 4


def test_a_table_of_scenes(satt, checkpoint):
    ended = satt("evaluate", "--checkpoint", checkpoint, "--data", "scenes", "--count", 4)
    assert ended.code == 0
    assert "4 images" in ended.out
    assert "true captions" in ended.out and "BLEU-4" in ended.out
    assert "captioning" in ended.err


def test_figures_of_flickr8k(satt, checkpoint, flickr8k):
    ended = satt("evaluate", "--checkpoint", checkpoint, "--data", flickr8k, "--count", 4,
                 "--beam", 2, "--json")
    assert ended.code == 0
    figures = json.loads(ended.out)
    assert list(figures) == [*KEYS, *LISTED, *OF_PHOTOGRAPHS]
    of_scenes = set(KEYS) - {"bleu4", "seconds"}
    assert all(figures[name] is None for name in of_scenes)
    model, vocabulary, _ = load_captioner(checkpoint)
    photographs = read_listing(flickr8k).of_split("test")[:4]
    images, _, _ = load_images([photo.path for photo in photographs], 32, label=None)
    data = CaptionData(
        images, [photo.captions for photo in photographs], [photo.name for photo in photographs]
    )
    expected = evaluate_captions(model, vocabulary, data, beam_size=2, progress=False)
    assert figures["bleu"] == expected["bleu"]
    assert figures["length_ratio"] == expected["length_ratio"]


def test_data_of_another_kind_are_noticed(satt, checkpoint, flickr8k, tmp_path):
    # Then 5 of 8 words are known: of "a skier jumps" the first, of the others all but "cats".
    options = ("evaluate", "--checkpoint", checkpoint, "--data")
    assert "satt:" not in satt(*options, flickr8k).err
    folder = shutil.copytree(flickr8k, tmp_path / "others")
    captions = folder / "Flickr8k.token.txt"
    text = captions.read_text(encoding="utf-8").replace("dog on the grass", "skier jumps")
    captions.write_text(text, encoding="utf-8")
    ended = satt(*options, folder)
    assert ended.code == 0
    (line,) = [line for line in ended.err.splitlines() if line.startswith("satt:")]
    assert f"{checkpoint} knows only 62% of the words" in line and str(folder) in line


@pytest.mark.parametrize("nats", [1e6, float("inf"), float("nan")])
def test_a_perplexity_that_no_number_holds_is_none(nats):
    data = CaptionData(np.zeros((2, 8, 8, 3), np.uint8), [[["a"]], [["a"]]], ["1", "2"])
    model = type("Model", (), {"loss": lambda self, batch: nats})()
    assert perplexity(model, Vocabulary(["a"]), data) is None


def test_an_untrained_model_wavers_between_all_words(satt, checkpoint, flickr8k):
    ended = satt("evaluate", "--checkpoint", checkpoint, "--data", flickr8k, "--split",
                 "validation", "--json")
    _, vocabulary, _ = load_captioner(checkpoint)
    perplexity = json.loads(ended.out)["perplexity"]
    assert len(vocabulary) / 2 < perplexity < 2 * len(vocabulary)


def test_a_table_of_flickr8k_leaves_out_what_it_cannot_know(satt, checkpoint, flickr8k):
    out = satt("evaluate", "--checkpoint", checkpoint, "--data", flickr8k).out
    assert "perplexity" in out and "true captions" not in out
    assert "vocabulary used" in out and "novel captions" in out
    assert "with brevity penalty" in out and "without (as Xu et al.)" in out


def test_what_is_new_in_captions(satt, checkpoint, flickr8k, tmp_path, monkeypatch):
    said = iter([["a", "dog"], ["a", "dog"], ["a", "cat"], ["two", "dogs"], [], ["a", "dog"]])
    monkeypatch.setattr(Vocabulary, "decode", lambda *_: next(said))
    data = CaptionData(np.zeros((6, 32, 32, 3), np.uint8), [[["a", "dog"]]] * 6, list("abcdef"))
    model, vocabulary, _ = load_captioner(checkpoint)
    found = evaluate_captions(
        model, vocabulary, data, progress=False, learned_from=[["a", "dog"], ["two", "cats"]]
    )
    assert found["vocabulary_used"] == 5
    assert found["novel_captions"] == 0.5


def test_without_training_captions_nobody_knows_what_is_new(satt, checkpoint, flickr8k, tmp_path):
    half = shutil.copytree(flickr8k, tmp_path / "half")
    arguments = ("evaluate", "--checkpoint", checkpoint, "--json", "--data")
    assert json.loads(satt(*arguments, half).out)["novel_captions"] == 1.0
    (half / "Flickr_8k.trainImages.txt").unlink()
    assert json.loads(satt(*arguments, half).out)["novel_captions"] is None


@pytest.mark.parametrize("arguments, about", [
    (["--split", "unseen"], ["--split", "'unseen'", "test"]),
    (["--count", "-5"], ["--count", "'-5'"]),
    (["--beam", "0"], ["--beam", "'0'"]),
    (["--data", "nowhere"], ["--data", "nowhere", "scenes"]),
    (["--checkpoint", "nowhere.npz"], ["nowhere.npz"]),
])
def test_wrong_arguments(arguments, about, complains, checkpoint):
    complains("evaluate", "--checkpoint", checkpoint, "--data", "scenes", *arguments, about=about)


def test_a_folder_that_is_no_dataset(complains, checkpoint, tmp_path):
    complains("evaluate", "--checkpoint", checkpoint, "--data", tmp_path,
              about=["--data", str(tmp_path), "Flickr8k.token.txt", "no images"])


def test_a_split_that_a_folder_lacks(complains, checkpoint, flickr8k, tmp_path):
    half = shutil.copytree(flickr8k, tmp_path / "half")
    (half / "Flickr_8k.testImages.txt").unlink()
    complains("evaluate", "--checkpoint", checkpoint, "--data", half,
              about=["no test photographs", "train 6, validation 6", "Flickr_8k.testImages.txt"])


def test_without_data(complains, checkpoint):
    complains("evaluate", "--checkpoint", checkpoint, about=["--data"])
