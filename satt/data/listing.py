"""What a folder of captioned photographs holds, whichever format it comes in."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

SPLITS = ("train", "validation", "test")

# Why something that is listed is left out; each goes on after a number, "3 without a file".
NO_FILE = "without a file"
NO_CAPTION = "without a caption"
OUTSIDE = "with a name that leads out of the folder"


@dataclass(frozen=True)
class Photograph:
    """A photograph with its captions.

    Attributes
    ----------
    path : Path
        Of its file, which was there when the folder was read.
    name : str
        What the data set calls it.
    captions : list of lists of str
        At least one; each a list of at least one word, as from `tokenise`.
    split : {"train", "validation", "test"}
    """

    path: Path
    name: str
    captions: list
    split: str


@dataclass(frozen=True)
class LeftOut:
    """A photograph that is listed and cannot be used.

    Attributes
    ----------
    name : str
        What the data set calls it: print it with `printable`, it may be anything.
    reason : str
        NO_FILE, NO_CAPTION or OUTSIDE.
    split : {"train", "validation", "test"}
    """

    name: str
    reason: str
    split: str


@dataclass
class Listing:
    """What a folder holds, before any image is decoded.

    Attributes
    ----------
    folder : Path
    reader : str
        The name of the format, such as "flickr8k".
    files : list of Path
        In which the captions and the splits stand.
    photographs : list of Photograph
        In the order of these files, without what is left out.
    left_out : list of LeftOut
    splits_from : str
        What says which photograph belongs to which split, for people to read.
    unlisted : list of str
        Image files beside the photographs of which the data set says nothing.
    skipped : list of str
        Lines or records that could not be used, each with the reason; safe to print.
    notes : list of str
        What else a reader of the folder should know.
    """

    folder: Path
    reader: str
    files: list
    photographs: list
    left_out: list
    splits_from: str
    unlisted: list = field(default_factory=list)
    skipped: list = field(default_factory=list)
    notes: list = field(default_factory=list)

    def of_split(self, split):
        """Return the photographs of a split, in their order."""
        return [photograph for photograph in self.photographs if photograph.split == split]

    def split_sizes(self):
        """Return how many photographs each split has, as a dict."""
        counts = Counter(photograph.split for photograph in self.photographs)
        return {split: counts[split] for split in SPLITS}


def printable(text, most=200):
    """Write a text from a file so that it can do a terminal no harm: escaped, and not endless."""
    text = text if len(text) <= most else text[:most] + "..."
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def name_first(names, most=5):
    """Write the first of some names, whatever they are, in one line: `a.jpg, b.jpg, ...`"""
    names = list(names)
    return ", ".join(map(printable, names[:most])) + (", ..." if len(names) > most else "")


def name_reasons(pairs):
    """Write why things are left out in one line, from pairs of a name and a reason.

    >>> name_reasons([("a.jpg", NO_FILE), ("b.jpg", NO_CAPTION), ("c.jpg", NO_FILE)])
    '2 without a file (a.jpg, c.jpg), 1 without a caption (b.jpg)'
    """
    by_reason = {}
    for name, reason in pairs:
        by_reason.setdefault(reason, []).append(name)
    return ", ".join(
        f"{len(names):,} {reason} ({name_first(names)})" for reason, names in by_reason.items()
    )
