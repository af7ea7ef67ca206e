"""`satt inspect FOLDER`: what a folder of captioned photographs holds, and what is missing."""

import json
from collections import Counter
from pathlib import Path

from satt.commands.arguments import SEED
from satt.commands.output import print_table
from satt.errors import SattError

NAME = "inspect"
SUMMARY = "look at a folder of photographs and captions"
DESCRIPTION = """\
Say what a folder of photographs with captions holds: in which format, how many images, captions
and words, in which splits, and what is missing; and draw twelve of the images with a caption each.
The captions are shown as a captioner gets them: in lower case, without punctuation.

These formats are read. The files may lie in folders of the folder, as archives unpack them:

  dataset_*.json         Karpathy's splits of Flickr8k, Flickr30k and COCO
  Flickr8k.token.txt     Flickr8k, with Flickr_8k.trainImages.txt, devImages and testImages
  results_*.token        Flickr30k
  captions_*.json        COCO, with the images in train2014/, val2014/ or of another year
  captions.csv           a table: file, caption[, split]; or captions.txt, results.csv, *.csv

Where there are several, the first of this list is read. A data set without splits gets some: by a
checksum of their names, a tenth of the images validate, a tenth test."""
EXAMPLES = """\
examples:
  satt inspect flickr8k                     figures, and the picture satt-inspect.png
  satt inspect coco --out coco.png --seed 1
  satt inspect flickr8k --json              for programs: figures only, no picture

then:
  satt train --data flickr8k --size 64 --epochs 1"""

SAMPLES, SIZE = 12, 224
MINIMUM_COUNTS = (1, 2, 5, 10)
NAMED = 5


def add_arguments(parser):
    """Add what `run` takes."""
    parser.add_argument("folder", metavar="FOLDER", help="where the photographs and captions are")
    parser.add_argument("--out", default="satt-inspect.png", metavar="PICTURE",
                        help="where the picture goes (default: %(default)s)")
    parser.add_argument("--seed", type=SEED, default=0, metavar="N",
                        help="of the choice of samples (default: %(default)s)")
    parser.add_argument("--json", action="store_true",
                        help="print JSON instead of the tables, and draw nothing")


def run(options):
    """Inspect."""
    from satt.data.folder import read_listing

    if Path(options.out).suffix.lower() != ".png":
        raise SattError(f"--out: expected a name that ends in .png, got {options.out}")
    listing = read_listing(options.folder)
    figures = figures_of(listing)
    if options.json:
        print(json.dumps(figures, indent=2))
        return 0
    _print(listing, figures)
    path = _draw(listing, options.out, options.seed)
    print(f"\nlook at {path}" if path else "\nnone of the samples can be read as an image")
    print(f"next:   satt train --data {options.folder} --size 64 --epochs 1")
    return 0


def figures_of(listing):
    """Count what a listing holds.

    Returns
    -------
    dict
        What JSON can hold.
    """
    from satt.data.listing import SPLITS

    lengths, words = [], Counter()
    for photograph in listing.photographs:
        for caption in photograph.captions:
            lengths.append(len(caption))
            words.update(caption)
    lengths.sort()
    splits = {}
    for name in SPLITS:
        chosen = listing.split(name)
        splits[name] = {
            "images": len(chosen),
            "captions": sum(len(photograph.captions) for photograph in chosen),
        }
    vocabularies = []
    for minimum in MINIMUM_COUNTS:
        known = [count for count in words.values() if count >= minimum]
        share = sum(known) / words.total()
        vocabularies.append({"minimum_count": minimum, "words": len(known), "share": share})
    return {
        "format": listing.format,
        "files": [str(path) for path in listing.files],
        "note": listing.note,
        "images": len(listing.photographs),
        "captions": len(lengths),
        "words": len(words),
        "median_length": lengths[len(lengths) // 2],
        "longest": lengths[-1],
        "splits": splits,
        "vocabularies": vocabularies,
        "left_out": listing.left_out,
    }


def _print(listing, figures):
    print(f"{figures['format']}, from {', '.join(path.name for path in listing.files)} in "
          f"{listing.files[0].parent}")
    if listing.note:
        print(listing.note)
    print()
    rows = [("", "images", "captions")]
    rows += [(name, f"{split['images']:,}", f"{split['captions']:,}")
             for name, split in figures["splits"].items()]
    print_table([*rows, ("all", f"{figures['images']:,}", f"{figures['captions']:,}")])
    print(f"\na caption has {figures['median_length']} words (the median), the longest "
          f"{figures['longest']}; different words: {figures['words']:,}\n")
    print_table([("words that occur at least", "words", "of all that is said")] + [
        (f"{row['minimum_count']} times", f"{row['words']:,}", f"{row['share']:.1%}")
        for row in figures["vocabularies"]
    ])
    left_out = figures["left_out"]
    if left_out:
        print(f"\nleft out: {len(left_out):,}")
        for name, why in list(left_out.items())[:NAMED]:
            print(f"  {name:.80} {why}")
        if len(left_out) > NAMED:
            print("  ... (all of them: --json)")


def _draw(listing, out, seed):
    """Draw some photographs with a caption each; None if none of them can be read."""
    import numpy as np

    from satt.data.images import load_images
    from satt.figures import draw_samples

    random = np.random.default_rng(seed)
    count = min(SAMPLES, len(listing.photographs))
    chosen = [listing.photographs[n] for n in random.choice(
        len(listing.photographs), count, replace=False
    )]
    captions = [p.captions[random.integers(len(p.captions))] for p in chosen]
    images, kept, reasons = load_images([p.path for p in chosen], SIZE, cache=False, label=None)
    for reason in reasons.values():
        print(reason)
    if not kept.any():
        return None
    titles = [f"{' '.join(caption)}\n{photograph.name} ({photograph.split})"
              for photograph, caption in zip(chosen, captions, strict=True)]
    return draw_samples(out, images[kept], [t for t, k in zip(titles, kept, strict=True) if k])
