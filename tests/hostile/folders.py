"""Folders of captioned photographs in every format, and when what is read of them is right."""

import csv
import io
import json
import re
import unicodedata

from targets import COLOURS, picture

from satt.data.images import read_image
from satt.data.readers import read_listing

CAPTIONS = {
    "red.jpg": ["A red bird's nest .", "Two birds , one nest !"],
    "green.jpg": ["Grass under a (blue) sky", "the t-shirt -- on the grass"],
    "blue one.jpg": ["바다 위의 새", "Water , water and 3 boats ."],
}
SPLITS = {"red.jpg": "train", "green.jpg": "val", "blue one.jpg": "test"}
SPLIT_OF = {"val": "validation", "restval": "train"}


def words_of(text):
    """The words of a caption, found in another way than satt finds them."""
    text = unicodedata.normalize("NFC", text.lower())
    text = text.translate({0x2019: "'", 0x2010: "-", 0x2011: "-"})
    text = "".join(c if c in "'-" or unicodedata.category(c)[0] in "LMN" else " " for c in text)
    runs = (run.strip("'-") for chunk in text.split() for run in re.split("['-]{2,}", chunk))
    return [run for run in runs if run]


def said_by(texts):
    """Captions as lists of words, without those that have none."""
    return [words for text in texts if (words := words_of(text))]


class Folder:
    """Three photographs, and a file that says what is on them; outside lies one more."""

    kind = "json"
    images = "images"

    def __init__(self, folder):
        self.folder = folder / "data"
        (self.folder / self.images).mkdir(parents=True)
        for name, colour in COLOURS.items():
            picture(colour).save(self.folder / self.images / name, quality=95)
        picture(0).save(folder / "outside.jpg")
        self.figure = folder / "inspect.png"
        self.path = self.folder / self.file
        self.data = self.content().encode("utf-8")
        self.path.write_bytes(self.data)

    def judge(self):
        listing = read_listing(self.folder)
        assert listing.photographs
        for photograph in listing.photographs:
            assert photograph.path.resolve().parent == (self.folder / self.images).resolve()
            assert photograph.captions and all(photograph.captions)
            self.check(photograph, self.path.read_bytes().decode("utf-8-sig"))
            image = read_image(photograph.path, 8)
            assert image[..., COLOURS[photograph.path.name]].mean() > image.mean() + 50

    def command(self, checkpoint):
        return ["inspect", self.folder, "--json", "--out", self.figure]


class Flickr8k(Folder):
    """What its authors give, with one of the lists of the splits."""

    kind = "text"

    def __init__(self, folder):
        (folder / "data").mkdir()
        self.texts = {
            "Flickr8k.token.txt": "".join(
                f"{name}#{number}\t{text}\n" for name, texts in CAPTIONS.items()
                for number, text in enumerate(texts)
            ),
            "Flickr_8k.trainImages.txt": "red.jpg\nblue one.jpg\n",
        }
        for name, text in self.texts.items():
            (folder / "data" / name).write_text(text, encoding="utf-8", newline="")
        super().__init__(folder)

    def content(self):
        return self.texts[self.file]

    def check(self, photograph, text):
        captions, listed = (
            self.path.with_name(name).read_bytes().decode("utf-8-sig") for name in self.texts
        )
        assert photograph.split == "train"
        assert photograph.name in {line.strip() for line in listed.splitlines()}
        assert photograph.captions == captions_in(captions, photograph.name)


class Captions(Flickr8k):
    file = "Flickr8k.token.txt"


class Split(Flickr8k):
    file = "Flickr_8k.trainImages.txt"


def captions_in(text, name):
    """Read the captions of one photograph of Flickr8k once more, in the plainest way."""
    found = (re.fullmatch(r"([^\t]*)#[^\t#]*\t(.*)", line, re.DOTALL) for line in text.split("\n"))
    return said_by(line[2] for line in found if line and line[1].strip() == name)


class InJson(Folder):
    def check(self, photograph, text):
        said = [
            (SPLIT_OF.get(split, split), said_by(texts))
            for name, split, texts in self.said(json.loads(text)) if name == photograph.name
        ]
        assert (photograph.split, photograph.captions) in said


class Karpathy(InJson):
    """The splits of Karpathy and Li."""

    file = "dataset_flickr8k.json"

    def content(self):
        images = [
            {"filename": name, "imgid": number, "split": SPLITS[name],
             "sentences": [{"raw": text, "tokens": words_of(text)} for text in texts]}
            for number, (name, texts) in enumerate(CAPTIONS.items())
        ]
        return json.dumps({"images": images, "dataset": "flickr8k"}, ensure_ascii=False)

    def said(self, content):
        for image in content["images"]:
            yield image["filename"], image["split"], [
                sentence["raw"] if "raw" in sentence
                else " ".join(token for token in sentence["tokens"] if isinstance(token, str))
                for sentence in image["sentences"]
            ]


class Coco(InJson):
    """COCO's captions."""

    file, images = "captions_train2017.json", "train2017"

    def content(self):
        images = [{"id": number, "file_name": name} for number, name in enumerate(CAPTIONS)]
        annotations = [
            {"image_id": number, "id": 10 * number + n, "caption": text}
            for number, texts in enumerate(CAPTIONS.values()) for n, text in enumerate(texts)
        ]
        whole = {"info": {"year": 2017}, "images": images, "annotations": annotations}
        return json.dumps(whole, ensure_ascii=False)

    def said(self, content):
        for image in content["images"]:
            key = json.dumps(image["id"])  # 1 is not "1", nor is it true
            yield image["file_name"], "train", [
                annotation["caption"] for annotation in content["annotations"]
                if json.dumps(annotation["image_id"]) == key
            ]


class Table(Folder):
    """A table with commas, as a spreadsheet saves it."""

    kind, file = "text", "captions.csv"

    def content(self):
        file = io.StringIO()
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["image", "caption", "split"])
        for name, texts in CAPTIONS.items():
            writer.writerows([name, text, SPLITS[name]] for text in texts)
        return file.getvalue()

    def check(self, photograph, text):
        said = f" {' '.join(words_of(text))} "
        assert all(f" {' '.join(caption)} " in said for caption in photograph.captions)
        assert photograph.split in ("train", "validation", "test")
