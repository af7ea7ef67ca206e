import json
import os
import shlex
import shutil

import pytest
from PIL import Image

from satt.commands import train
from satt.commands.memory import peak_memory
from satt.training.keeping import load_captioner

QUICK = ("--size", 16, "--epochs", 2, "--validation", 5, "--evaluations", 2, "--batch-size", 10,
         "--state-width", 9, "--embedding-width", 6, "--attention-width", 5)
SCENES = ("--data", "scenes", "--scenes", 40, *QUICK)


@pytest.fixture(autouse=True)
def one_picture(monkeypatch):
    """Pictures take most of the time, and one is enough to see that they come."""
    monkeypatch.setattr(train, "PICTURES", 1)


@pytest.fixture
def no_pictures(monkeypatch, one_picture):
    monkeypatch.setattr(train, "PICTURES", 0)


def records_of(folder):
    lines = (folder / "log.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_a_run_on_scenes(satt, tmp_path):
    out = tmp_path / "run"
    ended = satt("train", *SCENES, "--out", out, "--dropout", 0.2, "--penalty", 0.1,
                 "--penalty-target", 1, "--optimiser", "rmsprop", "--seed", 4)
    assert ended.code == 0, ended.err
    assert [record["step"] for record in records_of(out)] == list(range(1, 9))
    model, vocabulary, about = load_captioner(out / "checkpoint.npz")
    chosen = model.settings
    assert (chosen.image_size, chosen.state_width, chosen.embedding_width) == (16, 9, 6)
    assert (chosen.dropout, chosen.penalty, chosen.penalty_target) == (0.2, 0.1, 1.0)
    assert (about["data"], about["seed"]) == ("scenes", 4)
    assert "person" in vocabulary.words
    for name in ("learning-curve.png", "attention-1.png"):
        assert Image.open(out / name).width > 300
    for what in ("validation loss", "perplexity", "BLEU-4", "within 20 words", "satt evaluate"):
        assert what in ended.out
    assert "training" in ended.err  # the bar


def test_a_run_on_flickr8k(satt, flickr8k, tmp_path, no_pictures):
    ended = satt("train", "--data", flickr8k, *QUICK, "--out", tmp_path)
    assert ended.code == 0, ended.err
    _, vocabulary, about = load_captioner(tmp_path / "checkpoint.npz")
    assert about["data"] == "flickr8k"
    # Every word of the captions is there six times.
    assert set(vocabulary.words) == set("a dog on the grass two cats in room".split())


def test_batches_of_one_length(satt, complains, tmp_path, no_pictures):
    ended = satt("train", *SCENES, "--batches", "one-length", "--out", tmp_path)
    assert ended.code == 0, ended.err
    # More than four an epoch: the captions have many lengths.
    assert len(records_of(tmp_path)) > 8
    complains("train", *SCENES, "--batches", "unpadded", about=["--batches", "one-length"])


def test_words_can_be_too_rare(complains, flickr8k, tmp_path):
    complains("train", "--data", flickr8k, *QUICK, "--out", tmp_path, "--minimum-count", 50,
              about=["--minimum-count", "50"])


def test_the_same_seed_learns_the_same(satt, tmp_path, no_pictures):
    for name in ("a", "b"):
        assert satt("train", *SCENES, "--out", tmp_path / name).code == 0
    losses = [[r["loss"] for r in records_of(tmp_path / name)] for name in ("a", "b")]
    assert losses[0] == losses[1]


def test_a_run_is_not_overwritten_by_accident(satt, complains, tmp_path, no_pictures):
    (tmp_path / "log.jsonl").write_text('{"step": 1}\n', encoding="utf-8")
    complains("train", *SCENES, "--out", tmp_path, about=["--out", str(tmp_path), "--overwrite"])
    assert records_of(tmp_path) == [{"step": 1}]
    assert satt("train", *SCENES, "--out", tmp_path, "--overwrite").code == 0
    assert records_of(tmp_path)[-1]["step"] == 8


def test_control_c_keeps_what_was_learned(satt, tmp_path, monkeypatch):
    from satt.training import log

    def append(path, record, append=log.append_log):
        append(path, record)
        if record["step"] == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(log, "append_log", append)
    ended = satt("train", *SCENES, "--out", tmp_path)
    assert ended.code == 130
    assert "saved" in ended.out
    assert len(records_of(tmp_path)) == 3
    assert (tmp_path / "learning-curve.png").exists()
    assert satt("caption", tmp_path / "attention-1.png", "--checkpoint",
                tmp_path / "checkpoint.npz").code == 0


@pytest.mark.skipif(os.name == "nt", reason="the shell is a POSIX one")
def test_what_to_do_next_can_be_typed_as_it_is(satt, tmp_path):
    folder = tmp_path / "새 run's"
    ended = satt("train", *SCENES, *QUICK, "--out", folder)
    assert ended.code == 0, ended.err
    lines = [line for line in ended.out.splitlines() if "--checkpoint" in line]
    assert len(lines) == 2
    for line in lines:
        words = shlex.split(line.partition("satt ")[2])
        assert words[words.index("--checkpoint") + 1] == str(folder / "checkpoint.npz")


def test_control_c_before_the_training_leaves_nothing(satt, tmp_path, monkeypatch):
    def draw(*given, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("satt.data.scenes.dataset.draw_scenes", draw)
    assert satt("train", *SCENES, "--out", tmp_path).code == 130
    assert list(tmp_path.iterdir()) == []


def test_peak_memory_is_in_bytes():
    assert peak_memory() is None or 10e6 < peak_memory() < 1e12


@pytest.mark.parametrize("arguments, about", [
    (["--epochs", "0"], ["--epochs", "'0'"]),
    (["--epochs", "-1"], ["--epochs", "'-1'"]),
    (["--size", "60"], ["--size", "multiple of 8", "60"]),
    (["--size", "0"], ["--size", "'0'"]),
    (["--scenes", "many"], ["--scenes", "'many'"]),
    (["--batch-size", "1000000"], ["--batch-size", "4,096"]),
    (["--captions-per-image", "0"], ["--captions-per-image"]),
    (["--learning-rate", "0"], ["--learning-rate", "'0'", "above 0"]),
    (["--learning-rate", "inf"], ["--learning-rate", "'inf'"]),
    (["--optimiser", "adagrad"], ["--optimiser", "'adagrad'", "rmsprop"]),
    (["--dropout", "1"], ["--dropout", "'1'"]),
    (["--penalty", "-1"], ["--penalty", "'-1'"]),
    (["--penalty-target", "T"], ["--penalty-target", "'T'", "T/L"]),
    (["--state-width", "99999999999"], ["--state-width", "10,000"]),
    (["--minimum-count", "0"], ["--minimum-count"]),
    (["--seed", "-2"], ["--seed", "'-2'"]),
])
def test_wrong_arguments(arguments, about, complains, tmp_path):
    complains("train", *SCENES, "--out", tmp_path / "run", *arguments, about=about)
    assert not (tmp_path / "run").exists()


def test_folders_that_are_no_dataset(complains, flickr8k, tmp_path):
    out = ("--out", tmp_path / "run")
    complains("train", "--data", "nowhere", *out, about=["--data", "nowhere", "scenes"])
    complains("train", "--data", tmp_path, *out,
              about=["--data", str(tmp_path), "Flickr8k.token.txt", "Flickr_8k.trainImages.txt"])
    half = shutil.copytree(flickr8k, tmp_path / "half")
    (half / "Flickr_8k.devImages.txt").unlink()
    ended = complains("train", "--data", half, "--scenes", 5, *out, about=["--scenes"])
    assert "folder" in ended


def test_a_split_that_is_missing(complains, flickr8k, tmp_path):
    half = shutil.copytree(flickr8k, tmp_path / "half")
    (half / "Flickr_8k.devImages.txt").unlink()
    complains("train", "--data", half, *QUICK, "--out", tmp_path / "run",
              about=["no validation photographs", "train 6, test 6", "Flickr_8k.devImages.txt"])
    assert not (tmp_path / "run").exists()


def test_learning_from_own_captions(satt, complains, tmp_path, no_pictures):
    out = tmp_path / "run"
    chosen = "--self-critical", 0.5, "--captions-per-image"
    ended = satt("train", *SCENES, "--out", out, *chosen, 3)
    assert ended.code == 0, ended.err
    records = records_of(out)
    half = len(records) // 2
    assert all("loss" in record for record in records[:half])
    assert all(0 <= record["reward"] <= 1 for record in records[half:])
    # The encoder has to be as in captioning before any evaluation has brought that about.
    ended = satt("train", *SCENES, "--out", tmp_path / "once", *chosen, 2, "--evaluations", 1)
    assert ended.code == 0, ended.err
    complains("train", *SCENES, "--out", tmp_path / "one", *chosen, 1,
              about=["--self-critical", "--captions-per-image is 1; make it 2 or more"])
    complains("train", *SCENES, "--out", tmp_path / "one", *chosen, 2, "--batches", "one-length",
              about=["--self-critical", "choose --batches padded"])
