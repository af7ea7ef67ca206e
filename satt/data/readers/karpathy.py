"""The files `dataset_*.json` of Karpathy and Fei-Fei (2015): Flickr8k, Flickr30k and COCO alike.

One object with a list "images"; each image has "filename" (for COCO also "filepath", its folder),
"split" and "sentences", and each sentence has "raw", the caption. Nearly all papers on COCO use
these splits; "restval", images of COCO's validation that they do not validate with, is for
training.
"""

import re

from satt.data.listing import make_listing
from satt.data.readers.text import field_of, read_json
from satt.data.words import tokenise
from satt.errors import SattError

TITLE = "Karpathy's splits"
NAME = re.compile(r"dataset(_\w+)?\.json")
SPLITS = {"train": "train", "restval": "train", "val": "validation", "test": "test"}


def caption_files(images):
    """The file of the splits; of several the first."""
    return images.named(NAME.fullmatch)[:1]


def read(files, images):
    """Read captions and splits.

    Raises
    ------
    SattError
        If the file is not what it should be; the message names the image by its place, from 0.
    """
    path, = files
    captions, splits = {}, {}
    for number, image in enumerate(field_of(read_json(path), "images", list, path)):
        where = f"{path}: image {number}"
        name = field_of(image, "filename", str, where)
        if "filepath" in image:
            name = f"{field_of(image, 'filepath', str, where)}/{name}"
        split = field_of(image, "split", str, where)
        if split not in SPLITS:
            raise SattError(
                f"{where}: expected one of {', '.join(SPLITS)} as 'split', got {split!r:.40}; "
                "fetch the file again"
            )
        splits[name] = SPLITS[split]
        captions[name] = [
            tokenise(field_of(sentence, "raw", str, f"{where}, a sentence"))
            for sentence in field_of(image, "sentences", list, where)
        ]
    return make_listing(TITLE, files, images, captions, splits)
