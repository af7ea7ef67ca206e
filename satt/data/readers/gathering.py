"""From what a data set says to what there is: names become files, captions become words."""

from dataclasses import dataclass

from tqdm import tqdm

from satt.data.listing import NO_CAPTION, LeftOut, Listing, Photograph, printable
from satt.data.words import tokenise
from satt.errors import SattError

# What data sets call the three splits.
SPLIT_OF = {
    "train": "train", "training": "train", "restval": "train",
    "validation": "validation", "val": "validation", "valid": "validation", "dev": "validation",
    "test": "test", "testing": "test",
}


@dataclass(frozen=True)
class Record:
    """What a data set says of one photograph.

    Attributes
    ----------
    name : str
        Of its file, with folders or without.
    captions : list of str
    split : {"train", "validation", "test"}
    within : str
        The name of the folder that the file should be in; "" for any.
    """

    name: str
    captions: list
    split: str
    within: str = ""


def gather(tree, reader, files, records, splits_from, skipped=(), notes=()):
    """Make a listing of records: find their files, split their captions into words.

    Parameters
    ----------
    tree : Tree
    reader : str
        The name of the format.
    files : list of str
        Of the tree, in which the records stand.
    records : list of Record
    splits_from : str
    skipped, notes : sequences of str
        What the reader has to say, as for `Listing`.

    Returns
    -------
    listing : Listing
        May be without photographs.

    Raises
    ------
    SattError
        If a file is in two splits: what is learned from must not be measured on.
    """
    photographs, left_out, split_of, one_copy = [], [], {}, {}
    skipped, copies = list(skipped), []
    # A short one is over before the bar would show.
    for record in tqdm(records, f"{reader} captions", unit="image", disable=None, delay=1):
        name = printable(record.name)
        captions = []
        for text in record.captions:
            words = tokenise(text)
            if words:
                # One object a word, not one for each time it is said: a quarter of the memory.
                captions.append([one_copy.setdefault(word, word) for word in words])
            else:
                skipped.append(f"{name}: a caption without a word, {text!r:.40}")
        paths, reason = tree.find(record.name, record.within)
        path = paths[0] if paths else None
        if path in split_of:
            if split_of[path] != record.split:
                raise SattError(
                    f"{tree.path(files[0])}: {name} is listed twice, in {split_of[path]} and in "
                    f"{record.split}; expected one split for each file: take one of them out"
                )
            skipped.append(f"{name}: is listed twice; the second time is passed over")
            continue
        if path is not None:
            split_of[path] = record.split
            copies += paths[1:]
        if reason is None and not captions:
            reason = NO_CAPTION
        if reason is None:
            photographs.append(Photograph(tree.path(path), record.name, captions, record.split))
        else:
            left_out.append(LeftOut(record.name, reason, record.split))
    unlisted = tree.images_beside(split_of)
    notes = [*tree.notes, *notes]
    if copies:
        notes.append(
            f"{len(copies):,} files have the name of another one in another folder and are not "
            f"used, such as {printable(copies[0])}: the one in the fewest folders is"
        )
    return Listing(
        tree.folder, reader, [tree.path(file) for file in files], photographs, left_out,
        splits_from, unlisted, skipped, notes,
    )


def first_with_photographs(listings):
    """Return the first listing that has photographs, else the first of all.

    Parameters
    ----------
    listings : iterable of Listing
        At least one; what comes after the one wanted is not read.
    """
    first = None
    for listing in listings:
        if listing.photographs:
            return listing
        first = first or listing
    return first
