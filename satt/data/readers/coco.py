"""COCO's captions as its authors give them (Lin et al. 2014, Chen et al. 2015)."""

import re

from satt.data.listing import name_first
from satt.data.readers.gathering import SPLIT_OF, Record, first_with_photographs, gather
from satt.data.readers.json_file import member, read_json
from satt.errors import SattError

NAME = "coco"
EXPECTS = "COCO's captions_train2017.json and captions_val2017.json (or 2014)"

PATTERN = r"captions_(train|val|test)(\d*)\.json"


def find(tree):
    """Return the files of captions, the newest year first, train before val."""
    found, years = {}, {}
    for path in tree.matching(PATTERN):
        name = path.rpartition("/")[2]
        found.setdefault(name, path)  # the one with the fewest folders
        years[path] = _year(path)
    return sorted(found.values(), key=lambda path: (-int(years[path] or 0), path))


def read(tree, found):
    """List the photographs of the newest year of which images are there.

    The years share images, learned from in one and validated with in the other, so that only one
    of them is read.

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
    years = dict.fromkeys(map(_year, found))
    listing = first_with_photographs(
        _read_year(tree, [file for file in found if _year(file) == year]) for year in years
    )
    others = [file for file in found if tree.path(file) not in listing.files]
    if others:
        listing.notes.append(
            f"these are of another year, share its images and are not used: {name_first(others)}"
        )
    return listing


def _read_year(tree, files):
    records, skipped = [], []
    for file in files:
        more, lost = _read_file(tree.path(file))
        records += more
        skipped += lost
    return gather(
        tree, NAME, files, records,
        "the names of the files captions_train*.json and captions_val*.json; COCO gives no "
        "captions of its test images", skipped,
    )


def _read_file(path):
    """Return the records of a file, and what is said of the captions that belong to none."""
    part, year = re.fullmatch(PATTERN, path.name).groups()
    content = read_json(path)
    names, captions = {}, {}
    for number, image in enumerate(member(path, "", content, "images", list)):
        where = f"images[{number}]"
        key = _key(path, where, image, "id")
        if key in names:
            raise SattError(
                f"{path}: {where}.id: expected another for each image, got {key!r} a second "
                "time; fetch the file again"
            )
        names[key], captions[key] = member(path, where, image, "file_name", str), []
    skipped = []
    for number, annotation in enumerate(member(path, "", content, "annotations", list)):
        where = f"annotations[{number}]"
        key = _key(path, where, annotation, "image_id")
        text = member(path, where, annotation, "caption", str)
        if key in captions:
            captions[key].append(text)
        else:
            skipped.append(f"{path.name}: {where}: no image has the id {key!r:.60}")
    split, within = SPLIT_OF[part], part + year
    return [Record(name, captions[key], split, within) for key, name in names.items()], skipped


def _key(path, where, record, key):
    """COCO numbers its images; others who use its format may name them."""
    named = isinstance(record, dict) and isinstance(record.get(key), str)
    return member(path, where, record, key, str if named else int)


def _year(path):
    return re.fullmatch(PATTERN, path.rpartition("/")[2])[2]
