"""A folder of captioned photographs, in any of the formats that satt reads."""

import warnings

from satt.data.caption_data import CaptionData
from satt.data.image_files import ImageFiles
from satt.data.images import load_images
from satt.data.readers import coco, flickr8k, karpathy, table
from satt.errors import SattError

# Where a folder has several: first the one with the splits that papers use.
READERS = (karpathy, flickr8k, coco, table)
WANTED = (
    "dataset_*.json (Karpathy's splits), Flickr8k.token.txt, captions_*.json (COCO), or a "
    "captions.csv of file, caption[, split]"
)
NAMED = 3


def read_listing(folder):
    """Find the captions in a folder, and the image file to each.

    Parameters
    ----------
    folder : str or Path
        Holds captions in one of the formats of `satt.data.readers` and the image files, there or
        in folders in it. Where there are captions in several, Karpathy's splits come before
        Flickr8k's own, COCO's and a table.

    Returns
    -------
    listing : Listing
        With at least one photograph.

    Raises
    ------
    SattError
        If there is no such folder, it holds no captions, these cannot be understood, or none of
        their images is there.
    """
    images = ImageFiles(folder)
    found = [(reader, reader.caption_files(images)) for reader in READERS]
    found = [(reader, files) for reader, files in found if files]
    if not found:
        raise SattError(f"folder: no captions in {folder}; expected {WANTED}, there or in a "
                        "folder in it")
    reader, files = found[0]
    listing = reader.read(files, images)
    if len(found) > 1:
        others = ", ".join(path.name for _, paths in found[1:] for path in paths[:1])
        listing.note = "; ".join(
            [*([listing.note] if listing.note else []), f"{others} is there too and is not read"]
        )
    if not listing.photographs:
        raise SattError(
            f"folder: none of the images that {files[0]} names can be used: "
            f"{named(listing.left_out)}; unpack the images into {folder}"
        )
    return listing


def read_photographs(listing, split, size, count=None, strict=False, cache=None):
    """Read the images of a split into memory.

    Parameters
    ----------
    listing : Listing
    split : {"train", "validation", "test"}
    size : int
        Height and width of the images in pixels; the shorter side is scaled to it, and what the
        longer side has more is cut off at both ends.
    count : int, optional
        At most so many images.
    strict : bool
        Whether an image that cannot be read is an error.
    cache : str or Path, optional
        As for `load_images`.

    Returns
    -------
    data : CaptionData
        In the order of the data set. Images that cannot be read are left out, with one warning
        that counts them.

    Raises
    ------
    SattError
        If the split has no image that can be read, or under `strict`.
    """
    chosen = listing.split(split)[:count]
    if not chosen:
        there = sorted({photograph.split for photograph in listing.photographs})
        raise SattError(
            f"split: {listing.files[0]} has no image of {split}, only of {', '.join(there)}; "
            "add captions of that split, or choose another one"
        )
    images, kept, reasons = load_images(
        [photograph.path for photograph in chosen], size, strict, cache, f"reading {split}"
    )
    if not kept.any():
        raise SattError(f"split: no image of {split} can be read: {reasons[0]}")
    if reasons:
        texts = list(reasons.values())
        warnings.warn(
            f"{len(reasons)} of the {len(chosen)} images of {split} cannot be read and are left "
            f"out: {', '.join(texts[:NAMED])}{', ...' if len(texts) > NAMED else ''}",
            stacklevel=2,
        )
        images = images[kept]
    chosen = [photograph for photograph, good in zip(chosen, kept, strict=True) if good]
    return CaptionData(
        images, [photograph.captions for photograph in chosen], [p.name for p in chosen]
    )


def named(left_out, most=NAMED):
    """Say what was left out and why, the first few of them.

    Parameters
    ----------
    left_out : dict from str to str
    most : int

    Returns
    -------
    str
        In one line.
    """
    texts = [f"{name:.80} {why}" for name, why in list(left_out.items())[:most]]
    more = len(left_out) - len(texts)
    return ", ".join(texts) + (f" and {more:,} more" if more else "")


