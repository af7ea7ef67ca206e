"""Flickr8k as its authors hand it out (Hodosh, Young and Hockenmaier 2013), and Flickr30k so too.

A token file holds `name.jpg#0`, a tab and a caption in each line, five lines for an image.
Flickr8k has its splits in three lists of names; Flickr30k (Young et al. 2014) came without.
"""

import re

from satt.data.listing import make_listing
from satt.data.readers.text import read_text
from satt.data.words import tokenise
from satt.errors import SattError

TITLE = "Flickr8k"
TOKENS = re.compile(r"Flickr8k\.token\.txt|results_\d+\.token")
SPLIT_FILES = {
    "Flickr_8k.trainImages.txt": "train",
    "Flickr_8k.devImages.txt": "validation",
    "Flickr_8k.testImages.txt": "test",
}


def caption_files(images):
    """The token file, and the lists of the splits that are there."""
    tokens = images.named(TOKENS.fullmatch)[:1]
    lists = [images.named(name.__eq__)[:1] for name in SPLIT_FILES]
    return [*tokens, *(path for paths in lists for path in paths)] if tokens else []


def read(files, images):
    """Read captions and splits.

    Raises
    ------
    SattError
        If a line of the captions cannot be understood.
    """
    tokens, *lists = files
    splits = {
        name: SPLIT_FILES[path.name] for path in lists for name in read_text(path).split()
    }
    captions = _read_captions(tokens)
    return make_listing(TITLE, files, images, captions, splits if lists else None)


def _read_captions(path):
    captions = {}
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if not line.strip():
            continue
        key, tab, text = line.partition("\t")
        name, hash_sign, _ = key.rpartition("#")
        if not tab or not hash_sign:
            raise SattError(
                f"{path}: line {number}: expected 'name.jpg#0', a tab and a caption, "
                f"got {line!r:.60}; fetch the file again"
            )
        captions.setdefault(name, []).append(tokenise(text))
    return captions
