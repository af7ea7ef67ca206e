"""Flickr8k as its authors give it: 8,000 photographs (Hodosh, Young and Hockenmaier 2013)."""

from satt.data.readers.gathering import Record, gather
from satt.data.readers.text_file import read_text
from satt.errors import SattError

NAME = "flickr8k"
EXPECTS = "Flickr8k.token.txt with Flickr_8k.trainImages.txt (and devImages, testImages)"

CAPTION_FILE = "Flickr8k.token.txt"
SPLIT_FILES = {
    "train": "Flickr_8k.trainImages.txt",
    "validation": "Flickr_8k.devImages.txt",
    "test": "Flickr_8k.testImages.txt",
}


def find(tree):
    """Return the file of the captions and the lists of the splits, or nothing."""
    lists = [path for name in SPLIT_FILES.values() for path in tree.matching(name)[:1]]
    captions = tree.matching(CAPTION_FILE)[:1]
    return captions + lists if captions and lists else []


def read(tree, found):
    """List the photographs of Flickr8k, in the order of its lists.

    Parameters
    ----------
    tree : Tree
    found : list of str
        From `find`.

    Returns
    -------
    listing : Listing

    Raises
    ------
    SattError
        If a line of the captions cannot be understood.
    """
    captions_file, *lists = found
    captions = _read_captions(tree.path(captions_file))
    records = []
    for split, name in SPLIT_FILES.items():
        for path in lists:
            if path.endswith(name):
                names = map(str.strip, read_text(tree.path(path)).split("\n"))
                records += [Record(n, captions.get(n, []), split) for n in names if n]
    others = len(captions.keys() - {record.name for record in records})
    notes = [f"{CAPTION_FILE} has captions of {others:,} other images, which are in none of the "
             "lists"] if others else []
    there = [path.rpartition("/")[2] for path in lists]
    notes += [f"{name} is not there, so that there are no {split} photographs"
              for split, name in SPLIT_FILES.items() if name not in there]
    return gather(
        tree, NAME, found, records, f"the lists {', '.join(SPLIT_FILES.values())}", (), notes
    )


def _read_captions(path):
    """Return the dict from an image's name to its list of captions."""
    captions = {}
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if not line.strip():
            continue
        key, tab, text = line.partition("\t")
        name, hash_sign, _ = key.rpartition("#")
        if not tab or not hash_sign:
            raise SattError(
                f"{path}: line {number:,}: expected 'name.jpg#0', a tab and a caption, "
                f"got {line!r:.60}; fetch the file again"
            )
        captions.setdefault(name.strip(), []).append(text)
    return captions
