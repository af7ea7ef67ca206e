"""What a folder of captioned photographs holds, before any photograph is read."""

import zlib
from dataclasses import dataclass, field
from pathlib import Path

SPLITS = ("train", "validation", "test")
BY_CHECKSUM = (
    "no split is given: by a checksum of their names, a tenth of the images validate, a tenth "
    "test, and the rest are learned from"
)


@dataclass(frozen=True)
class Photograph:
    """An image file with its captions.

    Attributes
    ----------
    path : Path
    name : str
        As the data set calls it.
    captions : list of list of str
        At least one, each of at least one word.
    split : {"train", "validation", "test"}
    """

    path: Path
    name: str
    captions: list
    split: str


@dataclass
class Listing:
    """The photographs of a folder.

    Attributes
    ----------
    format : str
        Of the captions, for people.
    files : list of Path
        From which they were read.
    photographs : list of Photograph
    left_out : dict from str to str
        What was left out, an image's name or a line of a file, and why.
    note : str
        What else should be known, or nothing.
    """

    format: str
    files: list
    photographs: list = field(default_factory=list)
    left_out: dict = field(default_factory=dict)
    note: str = ""

    def split(self, name):
        """List the photographs of a split, in the order of the data set."""
        return [photograph for photograph in self.photographs if photograph.split == name]


def make_listing(format_name, files, images, captions, splits, left_out=None):
    """Bring names, captions, splits and files together.

    Parameters
    ----------
    format_name : str
    files : list of Path
    images : ImageFiles
    captions : dict from str to list of list of str
        By the image's name; its key may hold a folder, as "val2014/0001.jpg".
    splits : dict from str to str, or None
        By the same names, in the order of the split; an image without one is not used. None where
        the data set has no splits.
    left_out : dict from str to str, optional
        What the reader has left out already.

    Returns
    -------
    Listing
    """
    listing = Listing(format_name, list(files), [], dict(left_out or {}))
    if splits is None:
        listing.note = BY_CHECKSUM
        splits = {name: split_by_checksum(name) for name in captions}
    unused = sum(name not in splits for name in captions)
    if unused:
        listing.note = f"{unused:,} captioned images are in no split"
    for name, split in splits.items():
        path, why_not = images.find(name)
        several = [words for words in captions.get(name, ()) if words]
        if not several:
            why_not = "has no caption"
        if why_not:
            listing.left_out[name] = why_not
        else:
            listing.photographs.append(Photograph(path, name, several, split))
    return listing


def split_by_checksum(name):
    """Assign an image to a split by its name, the same on every machine."""
    tenth = zlib.crc32(name.encode("utf-8", "surrogatepass")) % 10
    return {0: "validation", 1: "test"}.get(tenth, "train")
