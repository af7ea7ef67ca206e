"""What is corrupted, how it is read, and when what was read is right.

A target writes good files to a folder of its own, names the one that is spoilt, and judges what a
reader made of it: `judge` raises an AssertionError for a wrong result, and lets through what the
reader raises. `command` is how satt is asked to read it.
"""

import contextlib
import io
import os
import signal
from pathlib import Path

import numpy as np
from PIL import Image

from satt.cli import main as satt
from satt.commands import train
from satt.data.batches import to_float
from satt.data.images import read_image
from satt.data.vocabulary import Vocabulary
from satt.errors import SattError
from satt.models.captioner import Captioner, CaptionerSettings
from satt.models.captioner_shapes import captioner_shapes
from satt.training import log
from satt.training.checkpoint import load_checkpoint
from satt.training.evaluation import caption_images
from satt.training.keeping import load_captioner, save_captioner

SIZE = 16
COLOURS = {"red.jpg": 0, "green.jpg": 1, "blue one.jpg": 2}


def picture(colour):
    """A noisy picture, mostly of one colour."""
    pixels = np.random.default_rng(colour).integers(0, 60, (20, 24, 3), dtype=np.uint8)
    pixels[..., colour] += 150
    return Image.fromarray(pixels)


def tiny_captioner():
    """A captioner of 16x16 images with six words, its statistics taken."""
    vocabulary = Vocabulary(["a", "bird", "on", "grass", "새", "water"])
    model = Captioner(CaptionerSettings(
        len(vocabulary), SIZE, channels=(2, 3, 4, 5), attention_width=4, state_width=6,
        embedding_width=3,
    ), seed=1)
    images = [picture(colour).resize((SIZE, SIZE)) for colour in COLOURS.values()]
    model.calibrate(to_float(np.stack(images)))
    return model, vocabulary


class Picture:
    """An image file of one of the formats that photographs come in."""

    kind = "image"

    def __init__(self, folder):
        self.path, file = folder / "picture", io.BytesIO()
        image = picture(1)
        if self.mode:
            image = image.convert(self.mode)
        image.save(file, self.format, **self.options)
        self.data = file.getvalue()

    def judge(self):
        image = read_image(self.path, SIZE)
        assert image.shape == (SIZE, SIZE, 3) and image.dtype == np.uint8

    def command(self, checkpoint):
        return ["caption", self.path, "--checkpoint", checkpoint]


def picture_of(format, mode=None, **options):
    """A target for one format."""
    return type(format, (Picture,), {"format": format, "mode": mode, "options": options})


class Checkpoint:
    """A captioner in a file."""

    kind = "npz"

    def __init__(self, folder):
        self.path, self.picture = folder / "checkpoint.npz", folder / "picture.png"
        picture(2).save(self.picture)
        save_captioner(self.path, *tiny_captioner(), {"data": "scenes"})
        self.data = self.path.read_bytes()

    def judge(self):
        model, vocabulary, _ = load_captioner(self.path)
        assert {n: a.shape for n, a in model.params.items()} == captioner_shapes(model.settings)
        assert all(np.isfinite(array).all() for array in model.arrays().values())
        assert len(vocabulary) == model.settings.vocabulary_size
        assert all(isinstance(word, str) for word in vocabulary.words)
        images = np.zeros((1, *2 * [model.settings.image_size], 3), dtype=np.uint8)
        with np.errstate(all="ignore"):  # right in form, and yet of any size
            (caption,) = caption_images(model, images, beam_size=2, max_length=4)
        vocabulary.decode(caption.words)

    def command(self, checkpoint):
        return ["caption", self.picture, "--checkpoint", self.path, "--max-length", "4"]


class SavedRun:
    """The state of `satt train` after four of its eight steps."""

    kind = "npz"

    def __init__(self, folder):
        self.folder, self.path = folder / "run", folder / "run" / "resume.npz"
        begin = ["train", "--data", "scenes", "--scenes", "8", "--size", "16", "--epochs", "2",
                 "--validation", "2", "--evaluations", "2", "--batch-size", "2",
                 "--state-width", "5", "--embedding-width", "4", "--attention-width", "3"]
        train.PICTURES = 0  # they take most of the time
        assert quiet_satt(*begin, "--out", folder / "whole") == 0
        self.whole = load_captioner(folder / "whole" / "checkpoint.npz")[0].arrays()
        append_log = log.append_log

        def stop_at_four(path, record):
            append_log(path, record)
            if record["step"] == 4:
                signal.raise_signal(signal.SIGINT)

        log.append_log = stop_at_four
        assert quiet_satt(*begin, "--out", self.folder) == 130
        log.append_log = append_log
        self.data, self.arrays_and_kept = self.path.read_bytes(), load_checkpoint(self.path)
        self.others = {
            path: path.read_bytes() for path in self.folder.iterdir() if path != self.path
        }

    def judge(self):
        data = self.path.read_bytes()
        for path, content in self.others.items():
            place(path, content)
        errors = io.StringIO()
        code = quiet_satt("train", "--resume", "--out", self.folder, errors=errors)
        if code == 2:
            assert "Traceback" not in errors.getvalue()
            # Below what the bars have left.
            raise SattError(errors.getvalue().splitlines()[-1].removeprefix("satt: "))
        assert code == 0
        model, *_ = load_captioner(self.folder / "checkpoint.npz")
        place(self.path, data)
        with contextlib.suppress(SattError):
            arrays, kept = load_checkpoint(self.path)
            if kept == self.arrays_and_kept[1] and arrays.keys() == self.arrays_and_kept[0].keys():
                if all(np.array_equal(arrays[n], a) for n, a in self.arrays_and_kept[0].items()):
                    found = model.arrays()
                    assert all(np.array_equal(found[n], a) for n, a in self.whole.items())

    def command(self, checkpoint):
        return ["train", "--resume", "--out", self.folder]


def quiet_satt(*arguments, errors=None):
    """Run the command without its output; return its exit code."""
    with contextlib.redirect_stdout(io.StringIO()):
        with contextlib.redirect_stderr(errors or io.StringIO()):
            return satt([str(argument) for argument in arguments])


def place(path, data):
    """Write a file in place of another, whatever that is."""
    temporary = Path(f"{path}.new")
    temporary.write_bytes(data)
    os.replace(temporary, path)
