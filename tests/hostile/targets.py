"""What is corrupted, how it is read, and when what was read is right.

A target writes good files to a folder of its own, names the one that is spoilt, and judges what a
reader made of it: `judge` raises an AssertionError for a wrong result, and lets through what the
reader raises.
"""

import contextlib
import csv
import io
import json
import os
import re
import signal
import unicodedata
from pathlib import Path

import numpy as np
from PIL import Image

from satt.cli import main as satt
from satt.commands import train
from satt.data.batches import to_float
from satt.data.folder import read_listing, read_photographs
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
CAPTIONS = {
    "red.jpg": ["A red bird's nest .", "Two birds , one nest !"],
    "green.jpg": ["Grass under a (blue) sky", "the t-shirt -- on the grass"],
    "blue one.jpg": ["바다 위의 새", "Water , water and 3 boats ."],
}
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


def words_of(text):
    """The words of a caption, found in another way than satt finds them."""
    text = unicodedata.normalize("NFC", text.lower())
    text = text.translate({0x2019: "'", 0x2010: "-", 0x2011: "-"})
    text = "".join(c if c in "'-" or unicodedata.category(c)[0] in "LMN" else " " for c in text)
    runs = (run.strip("'-") for chunk in text.split() for run in re.split("['-]{2,}", chunk))
    return [run for run in runs if run]


class Folder:
    """A folder of three photographs with captions in one format; outside it lies one more."""

    def __init__(self, folder):
        self.folder = folder / "data"
        (self.folder / "images").mkdir(parents=True)
        for name, colour in COLOURS.items():
            picture(colour).save(self.folder / "images" / name, quality=95)
        picture(0).save(folder / "outside.jpg")
        self.paths = {}
        for part, (name, text) in self.files().items():
            self.paths[part] = self.folder / name
            self.paths[part].write_bytes(text.encode())
        self.path = self.paths[self.part]
        self.data = self.path.read_bytes()

    def judge(self):
        data = read_photographs(read_listing(self.folder), "train", SIZE, cache=False)
        captions = self.captions(self.paths[self.captions_in].read_bytes().decode("utf-8-sig"))
        assert len(data) > 0
        for name, image, several in zip(data.names, data.images, data.captions, strict=True):
            colour = COLOURS[name.replace("\\", "/").rpartition("/")[2]]
            assert image[..., colour].mean() > image.mean() + 50
            assert several == [words for words in map(words_of, captions[name]) if words]

    def command(self, checkpoint):
        return ["evaluate", "--data", self.folder, "--split", "train", "--checkpoint", checkpoint]


class Flickr8k(Folder):
    kind, captions_in = "text", "captions"

    def files(self):
        lines = [f"{name}#{n}\t{text}\n" for name, texts in CAPTIONS.items()
                 for n, text in enumerate(texts)]
        # A split lists names without a blank in them: those in Flickr8k have none.
        names = [name for name in CAPTIONS if " " not in name]
        return {"captions": ("Flickr8k.token.txt", "".join(lines)),
                "split": ("Flickr_8k.trainImages.txt", "\n".join(names))}

    @staticmethod
    def captions(text):
        """Read Flickr8k's captions once more, in the plainest way."""
        captions = {}
        for line in text.split("\n"):
            found = re.fullmatch(r"([^\t]*)#[^\t#]*\t(.*)", line, re.DOTALL)
            if found:
                captions.setdefault(found[1], []).append(found[2])
        return captions


class Captions(Flickr8k):
    part = "captions"


class Split(Flickr8k):
    part = "split"


class Karpathy(Folder):
    """One file for all; a sentence has words of its own too, which are not read."""

    kind, part, captions_in = "json", "all", "all"

    def files(self):
        images = [
            {"filename": name, "split": "train", "imgid": number,
             "sentences": [{"raw": text, "tokens": text.split()} for text in texts]}
            for number, (name, texts) in enumerate(CAPTIONS.items())
        ]
        return {"all": ("dataset_flickr8k.json", json.dumps({"images": images}))}

    @staticmethod
    def captions(text):
        found = {}
        for image in json.loads(text)["images"]:
            name = "/".join([*([image["filepath"]] if "filepath" in image else []),
                             image["filename"]])
            found[name] = [sentence["raw"] for sentence in image["sentences"]]
        return found


class Coco(Folder):
    """Images and captions in two lists that refer to each other by numbers."""

    kind, part, captions_in = "json", "all", "all"

    def files(self):
        images = [{"id": number, "file_name": name} for number, name in enumerate(CAPTIONS)]
        records = [{"image_id": number, "id": 10 * number + n, "caption": text}
                   for number, texts in enumerate(CAPTIONS.values())
                   for n, text in enumerate(texts)]
        text = json.dumps({"images": images, "annotations": records})
        return {"all": ("captions_train2014.json", text)}

    @staticmethod
    def captions(text):
        content, found = json.loads(text), {}
        names = {image["id"]: image["file_name"] for image in content["images"]}
        for name in names.values():
            found[name] = []
        for record in content["annotations"]:
            if record["image_id"] in names:
                found[names[record["image_id"]]].append(record["caption"])
        return found


class Table(Folder):
    kind, part, captions_in = "text", "all", "all"

    def files(self):
        rows = io.StringIO()
        writer = csv.writer(rows)
        writer.writerow(["file", "caption", "split"])
        writer.writerows(
            [name, text, "train"] for name, texts in CAPTIONS.items() for text in texts
        )
        return {"all": ("captions.csv", rows.getvalue())}

    @staticmethod
    def captions(text):
        rows = csv.reader(io.StringIO(text, newline=""), skipinitialspace=True)
        rows, found = list(rows), {}
        columns = [cell.strip().lower() for cell in rows[0]]
        # Without names, the file comes first and the caption after it.
        file, caption = (
            (columns.index("file"), columns.index("caption")) if "file" in columns else (0, 1)
        )
        for row in rows:
            if len(row) > max(file, caption):
                found.setdefault(row[file].strip(), []).append(row[caption])
        return found


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


# How many corruptions each gets.
TARGETS = {
    "captions": (Captions, 1000),
    "split": (Split, 500),
    "karpathy": (Karpathy, 800),
    "coco": (Coco, 700),
    "table": (Table, 500),
    "png": (picture_of("PNG"), 600),
    "png-palette": (picture_of("PNG", "P"), 300),
    "jpeg": (picture_of("JPEG"), 700),
    "jpeg-progressive": (picture_of("JPEG", progressive=True), 300),
    "gif": (picture_of("GIF"), 500),
    "bmp": (picture_of("BMP"), 300),
    "webp": (picture_of("WEBP"), 300),
    "tiff": (picture_of("TIFF", compression="tiff_lzw"), 300),
    "ppm": (picture_of("PPM"), 200),
    "checkpoint": (Checkpoint, 2600),
    "run": (SavedRun, 400),
}


def place(path, data):
    """Write a file in place of another, whatever that is."""
    temporary = Path(f"{path}.new")
    temporary.write_bytes(data)
    os.replace(temporary, path)
