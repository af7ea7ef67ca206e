"""Readers of captioned photographs, a file for each format in which people download them.

Each offers NAME, EXPECTS (what should be in the folder, in a few words) and two functions:
`find(tree) -> files`, which looks at names and is empty if the format is not there, and
`read(tree, files) -> Listing`.
"""

from satt.data.listing import name_first, name_reasons
from satt.data.readers import coco, flickr8k, karpathy, table
from satt.data.readers.tree import Tree
from satt.errors import SattError

# In this order: what says more of the splits comes first.
READERS = (flickr8k, karpathy, coco, table)
TEXT_ENDINGS = r"(?i).+\.(txt|json|jsonl|csv|tsv|token|parquet|zip|tar|gz|tgz)"


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
    texts = tree.matching(TEXT_ENDINGS)
    there = name_first(texts) if texts else "no text files"
    expected = "; ".join(reader.EXPECTS for reader in READERS)
    why_not = table.say_why_not(tree)
    return (
        f"{tree.folder} holds no captions of a format that is known; expected one of: {expected}; "
        f"got {there} and {tree.count_images():,} images{why_not and f' ({why_not})'}; put the "
        "captions there, or name another folder"
    )


def _no_photographs(tree, listing):
    files = name_first(file.name for file in listing.files)
    if not listing.left_out:
        because = f": {listing.skipped[0]}" if listing.skipped else ""
        return f"{listing.files[0]} lists no photographs{because}; fetch it again"
    reasons = name_reasons((photo.name, photo.reason) for photo in listing.left_out)
    notes = "".join(f"; {note}" for note in tree.notes)
    return (
        f"none of the {len(listing.left_out):,} photographs in {files} can be used: {reasons}; "
        f"{tree.folder} holds {tree.count_images():,} images: put theirs there, in a folder of "
        f"any name{notes}"
    )
