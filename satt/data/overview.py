"""A data set in figures, before anything is learned from it."""

from collections import Counter

import numpy as np
from PIL import Image

from satt.data.quiet_pillow import quiet_pillow
from satt.data.vocabulary import SPECIAL
from satt.errors import SattError

MINIMUM_COUNTS = (1, 2, 5, 10)


def describe_captions(listing):
    """Count images, captions and words.

    Parameters
    ----------
    listing : Listing

    Returns
    -------
    dict
        name -> figure. "captions_per_image" has "fewest", "mean", "most"; "caption_length", in
        words, has "median" and "longest"; "splits" how many images each has.
    """
    photographs = listing.photographs
    per_image = [len(photograph.captions) for photograph in photographs]
    lengths = [len(caption) for photograph in photographs for caption in photograph.captions]
    distinct = set()
    for photograph in photographs:
        distinct.update(*photograph.captions)
    return {
        "images": len(photographs),
        "captions": len(lengths),
        "distinct_words": len(distinct),
        "captions_per_image": {
            "fewest": min(per_image), "mean": float(np.mean(per_image)), "most": max(per_image),
        },
        "caption_length": {"median": float(np.median(lengths)), "longest": max(lengths)},
        "splits": listing.split_sizes(),
    }


def describe_vocabulary(listing, minimum_counts=MINIMUM_COUNTS):
    """Say how large a vocabulary is for some minimum counts, and how much of the text it covers.

    Its words are those of the training captions, as in training; without a training split, of all.

    Parameters
    ----------
    listing : Listing
    minimum_counts : sequence of int

    Returns
    -------
    list of dict
        "minimum_count"; "words", without the four special ones; "share", of all words of these
        captions, that are not read as `<unknown>`.
    """
    counts = Counter()
    for photograph in listing.of_split("train") or listing.photographs:
        for caption in photograph.captions:
            counts.update(caption)
    total = sum(counts.values())
    sizes = []
    for minimum in minimum_counts:
        known = [count for word, count in counts.items()
                 if count >= minimum and word not in SPECIAL]
        sizes.append({"minimum_count": minimum, "words": len(known), "share": sum(known) / total})
    return sizes


def describe_image_sizes(paths):
    """Look at the headers of image files for their sizes; nothing is decoded.

    Parameters
    ----------
    paths : list of Path

    Returns
    -------
    dict
        "looked_at"; "width" and "height", in pixels as stored, each with "smallest", "median",
        "largest", or None where no file says; "not_images": the files that are none.
    """
    sizes, not_images = [], []
    with quiet_pillow():
        for path in paths:
            try:
                with Image.open(path) as image:
                    sizes.append(image.size)
            except Exception:
                # What a damaged file makes Pillow's plugins raise has no common class.
                not_images.append(str(path))
    found = {"looked_at": len(paths), "width": None, "height": None, "not_images": not_images}
    for name, values in zip(("width", "height"), zip(*sizes, strict=True), strict=bool(sizes)):
        found[name] = {
            "smallest": min(values), "median": float(np.median(values)), "largest": max(values)
        }
    return found


def draw_at_random(photographs, count, seed):
    """Choose some photographs, each at most once, in random order.

    Raises
    ------
    SattError
        If `count` is negative.
    """
    if count < 0:
        raise SattError(f"count: expected at least 0, got {count}")
    order = np.random.default_rng(seed).permutation(len(photographs))
    return [photographs[n] for n in order[:count]]
