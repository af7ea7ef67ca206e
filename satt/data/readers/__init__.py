"""Readers of captioned photographs, a file for each format in which people download them.

Each offers NAME, EXPECTS (what should be in the folder, in a few words) and two functions:
`find(tree) -> files`, which looks at names and is empty if the format is not there, and
`read(tree, files) -> Listing`.
"""

from satt.data.listing import NO_CAPTION, NO_FILE, OUTSIDE, name_first, name_reasons
from satt.data.readers import coco, flickr8k, karpathy, table
from satt.data.readers.tree import Tree
from satt.errors import SattError

# In this order: what says more of the splits comes first.
READERS = (flickr8k, karpathy, coco, table)
TEXT_ENDINGS = r"(?i).+\.(txt|json|jsonl|csv|tsv|token|xls|xlsx|parquet|zip|tar|gz|tgz)"
ARCHIVE_ENDINGS = r"(?i).+\.(zip|tar|gz|tgz)"
ADVICE = {
    NO_FILE: "put theirs there, in a folder of any name, with exactly these names and endings",
    OUTSIDE: "write the names without the folders before them",
    NO_CAPTION: "see that captions and images belong to each other",
}


def read_listing(folder):
    """Say what a folder holds, by the first of the readers that knows its format.

    Parameters
    ----------
    folder : str or Path
        Everything may lie there or in folders below, in whatever order archives are unpacked.

    Returns
    -------
    listing : Listing
        With at least one photograph.

    Raises
    ------
    SattError
        If there is no such folder, no format that is known, none of the photographs, or a file is
        not as its format has it.
    """
    tree = Tree(folder)
    matching = [(reader, found) for reader in READERS if (found := reader.find(tree))]
    if not matching:
        table.refuse_unlike(tree)
        raise SattError(f"folder: {_nothing_known(tree)}")
    (reader, found), *others = matching
    listing = reader.read(tree, found)
    if not listing.photographs:
        raise SattError(f"folder: {_no_photographs(tree, listing)}")
    for other, files in others:
        listing.notes.append(
            f"read as {reader.NAME}, which comes before {other.NAME}: {name_first(files)} not used"
        )
    return listing


def _nothing_known(tree):
    there = name_first(tree.matching(TEXT_ENDINGS)) or "no text files"
    archives = tree.matching(ARCHIVE_ENDINGS)
    advice = f"unpack {name_first(archives)} first" if archives else "put the captions there"
    expected = "; ".join(reader.EXPECTS for reader in READERS)
    return (
        f"{tree.folder} holds no captions that are understood, but {there} and {_images(tree)}; "
        f"expected one of: {expected}: {advice}, or name another folder"
    )


def _no_photographs(tree, listing):
    if not listing.left_out:
        because = f": {listing.skipped[0]}" if listing.skipped else ""
        return f"{listing.files[0]} lists no photographs{because}; fetch it again"
    reasons = {photo.reason for photo in listing.left_out}
    advice = [text for reason, text in ADVICE.items() if reason in reasons]
    return (
        f"none of the photographs in {name_first(file.name for file in listing.files)} can be "
        f"used: {name_reasons((photo.name, photo.reason) for photo in listing.left_out)}; "
        f"{tree.folder} holds {_images(tree)}; {'; '.join([*advice, *tree.notes])}"
    )


def _images(tree):
    """images: 3 (Images/a.jpg, Images/b.jpg, ...)"""
    images = tree.images()
    return f"images: {len(images):,} ({name_first(images, 2)})" if images else "no images"
