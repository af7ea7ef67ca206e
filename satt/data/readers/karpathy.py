"""The splits of Karpathy and Li (2015), on which most captioners are measured.

One JSON file for each of Flickr8k, Flickr30k and COCO, with the captions; the images are fetched
from elsewhere. Of COCO, "restval" is the part of the validation images that is left to learn from.
"""

from satt.data.listing import name_first
from satt.data.readers.gathering import SPLIT_OF, Record, first_with_photographs, gather
from satt.data.readers.json_file import member, read_json
from satt.errors import SattError

NAME = "karpathy"
EXPECTS = "Karpathy's dataset_flickr8k.json, dataset_flickr30k.json or dataset_coco.json"

# What Hugging Face puts beside a data set is something else.
PATTERN = r"dataset_(?!infos?\.|dict\.).+\.json"


def find(tree):
    """Return the files called dataset_*.json, the smallest first."""
    return sorted(tree.matching(PATTERN), key=lambda path: tree.path(path).stat().st_size)


def read(tree, found):
    """List the photographs of the first file of which images are there.

    The three files come in one archive: the smallest is tried first, which is Flickr8k's.

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
        If a file that is read is not as expected.
    """
    listing = first_with_photographs(_read_one(tree, file) for file in found)
    others = [file for file in found if tree.path(file) not in listing.files]
    if others:
        listing.notes.append(f"of several such files, these are not used: {name_first(others)}")
    return listing


def _read_one(tree, file):
    path = tree.path(file)
    records = [
        _record(path, f"images[{number}]", image)
        for number, image in enumerate(member(path, "", read_json(path), "images", list))
    ]
    return gather(tree, NAME, [file], records, f"\"split\" in {path.name}; restval is train")


def _record(path, where, image):
    name = member(path, where, image, "filename", str)
    split = member(path, where, image, "split", str)
    if split not in SPLIT_OF:
        raise SattError(
            f"{path}: {where}.split: expected train, restval, val or test, got {split!r:.60}; "
            "put one of these there"
        )
    within = member(path, where, image, "filepath", str) if "filepath" in image else ""
    sentences = member(path, where, image, "sentences", list)
    captions = [_caption(path, f"{where}.sentences[{n}]", s) for n, s in enumerate(sentences)]
    return Record(name, captions, SPLIT_OF[split], within)


def _caption(path, where, sentence):
    """What somebody wrote; where a file lacks that, the words that were made of it."""
    if isinstance(sentence, dict) and "raw" not in sentence and "tokens" in sentence:
        tokens = member(path, where, sentence, "tokens", list)
        return " ".join(token for token in tokens if isinstance(token, str))
    return member(path, where, sentence, "raw", str)
