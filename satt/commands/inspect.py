"""`satt inspect`: what a folder of photographs holds, in figures and in a picture."""

import json
import warnings
from pathlib import Path

from satt.commands.arguments import SEED
from satt.commands.output import FIGURE_ENDINGS, prepare_folder, print_table, spare
from satt.commands.sources import add_image_arguments, open_folder, read_images, refuse_left_out
from satt.errors import SattError

NAME = "inspect"
SUMMARY = "look at a folder of photographs with captions"
DESCRIPTION = """\
Say what a folder of photographs with captions holds before anything is learned from it: the
format, how many images, captions and words, the splits, how large a vocabulary is, and what is
missing or not used. A picture shows twelve photographs drawn at random, each as a captioner sees
it (the middle square) with up to three of its captions as it reads them (small letters, no
punctuation).

These formats are known, and tried in this order; the first that is there is read:

  flickr8k   Flickr8k.token.txt with the lists Flickr_8k.trainImages.txt, Flickr_8k.devImages.txt
             and Flickr_8k.testImages.txt, as its authors give it
  karpathy   dataset_flickr8k.json, dataset_flickr30k.json, dataset_coco.json: the splits that
             most papers measure on; of several, the smallest of which images are there
  coco       captions_train2017.json, captions_val2017.json (or 2014; only the newest year)
  table      captions.txt, or a file that ends in .csv, .tsv or .token: a file's name and a
             caption in each line, cut by commas, semicolons, tabs or "|". A first line should
             name the columns: image,caption or image,caption,split. Without a split it is made
             of a hash of the file's name: 80 % train, 10 % validation, 10 % test, the same on
             every machine. `satt draw` writes such a captions.txt.

Captions and images may lie in folders of any name, up to five deep: an archive can stay as it
unpacks. A file outside the folder is never read, whatever the captions say. Text is UTF-8. With
--strict every image is decoded; without it, the twelve that are shown."""
EXAMPLES = """\
examples:
  satt inspect flickr8k                          figures, and inspect.png to look at
  satt inspect coco --out coco.png --seed 1      twelve other photographs
  satt inspect photos --strict                   decode every image: is one missing or damaged?
  satt inspect photos --json > photos.json       for programs: every name, nothing cut short

then:
  satt train --data flickr8k --size 64 --epochs 1"""

SAMPLES = 12
SAMPLE_SIZE = 256
MEASURED = 1000  # images whose size is looked up
CHECKED_SIZE, CHECKED_AT_A_TIME = 64, 1000  # for --strict; the size that `satt train` asks for
SHOWN, LONGEST = 3, 150  # captions under a picture, letters in one
NAMED = 5


def add_arguments(parser):
    """Add what `run` takes."""
    parser.add_argument("folder", metavar="FOLDER", help="holds the photographs and the captions")
    parser.add_argument("--out", default="inspect.png", metavar="FILE",
                        help="the picture: a .png, .pdf or .svg file (default: %(default)s)")
    parser.add_argument("--seed", type=SEED, default=0, metavar="N",
                        help="another seed, other photographs (default: %(default)s)")
    add_image_arguments(parser)
    parser.add_argument("--json", action="store_true", help="print JSON instead of the tables")


def run(options):
    """Inspect."""
    out = Path(options.out)
    if out.suffix.lower() not in FIGURE_ENDINGS:
        raise SattError(
            f"--out: expected a file that ends in {', '.join(FIGURE_ENDINGS)}, got {out}; give "
            "it one of these endings"
        )
    if out.is_dir():
        raise SattError(f"--out: expected a file, got the folder {out}; name a file in it")
    listing = open_folder(options.folder, "FOLDER")
    prepare_folder(out.parent)
    spare((photograph.path for photograph in listing.photographs), [out], "--out")

    from satt.data.overview import (
        describe_captions,
        describe_image_sizes,
        describe_vocabulary,
        draw_at_random,
    )

    if options.strict:
        _check_all(listing, options)
    drawn = draw_at_random(listing.photographs, MEASURED, options.seed)
    found = {
        "folder": str(listing.folder),
        "format": listing.reader,
        "files": [str(path) for path in listing.files],
        **describe_captions(listing),
        "splits_from": listing.splits_from,
        "vocabulary": describe_vocabulary(listing),
        "image_sizes": describe_image_sizes([photograph.path for photograph in drawn]),
        "left_out": [vars(photograph) for photograph in listing.left_out],
        "unlisted": listing.unlisted,
        "skipped": listing.skipped,
        "notes": listing.notes,
        "figure": _draw(out, drawn[:SAMPLES], options),
    }
    if options.json:
        print(json.dumps(found, indent=2))
    else:
        _print(found)
    return 0


def _check_all(listing, options):
    """See that nothing is left out and every image can be decoded."""
    if listing.left_out:
        refuse_left_out([(photo.name, photo.reason) for photo in listing.left_out])
    paths = [photograph.path for photograph in listing.photographs]
    for begin in range(0, len(paths), CHECKED_AT_A_TIME):
        some = paths[begin:begin + CHECKED_AT_A_TIME]
        label = f"images {begin + 1:,} to {begin + len(some):,} of {len(paths):,}"
        read_images(some, CHECKED_SIZE, options, label)


def _draw(out, photographs, options):
    """Draw the photographs that can be read; return where, or None if none can."""
    from satt.figures import draw_samples

    images, kept, reasons = read_images(
        [photograph.path for photograph in photographs], SAMPLE_SIZE, options, None
    )
    for reason in reasons.values():
        warnings.warn(reason, stacklevel=2)
    if not kept.any():
        return None
    titles = [_title(photo) for photo, good in zip(photographs, kept, strict=True) if good]
    draw_samples(out, images[kept], titles)
    return str(out)


def _title(photograph):
    """Name and split, and the first captions."""
    texts = [" ".join(caption) for caption in photograph.captions]
    lines = [text if len(text) <= LONGEST else f"{text[:LONGEST]} ..." for text in texts[:SHOWN]]
    name = f"{Path(photograph.name).name} ({photograph.split})"
    more = f"\nand {len(texts) - SHOWN} more" if len(texts) > SHOWN else ""
    return "\n- ".join([name, *lines]) + more


# --- for people ----------------------------------------------------------------------------------


def _print(found):
    from satt.data.listing import name_reasons

    files = ", ".join(Path(path).name for path in found["files"])
    print(f"{found['folder']}: {found['format']}, by {files}\n")
    per_image, length = found["captions_per_image"], found["caption_length"]
    print_table([
        ("images", f"{found['images']:,}"),
        ("captions", f"{found['captions']:,}"),
        ("captions an image, fewest", f"{per_image['fewest']:,}"),
        ("captions an image, mean", f"{per_image['mean']:.1f}"),
        ("captions an image, most", f"{per_image['most']:,}"),
        ("words in a caption, median", f"{length['median']:g}"),
        ("words in a caption, most", f"{length['longest']:,}"),
        ("distinct words", f"{found['distinct_words']:,}"),
    ])
    print("\nsplit")
    print_table([(f"  {split}", f"{size:,}") for split, size in found["splits"].items()])
    print(f"  told by {found['splits_from']}")
    print("\nvocabulary of the training captions, without four special words")
    print_table([("  --minimum-count", "words", "share of the text that it knows")] + [
        (f"  {row['minimum_count']}", f"{row['words']:,}", f"{row['share']:.2%}")
        for row in found["vocabulary"]
    ])
    _print_sizes(found["image_sizes"])
    print("\nleft out, listed but of no use:",
          name_reasons((photo["name"], photo["reason"]) for photo in found["left_out"]) or "none")
    _print_list("image files beside them of which nothing is said", found["unlisted"])
    _print_list("lines and captions that could not be used", found["skipped"])
    for note in found["notes"]:
        print(f"note: {note}")
    if found["figure"]:
        print(f"\nlook at {found['figure']}")
    else:
        print("\nno picture: none of the photographs drawn could be read")


def _print_sizes(sizes):
    if sizes["width"]:
        print(f"\npixels of {sizes['looked_at'] - len(sizes['not_images']):,} images")
        print_table([("", "smallest", "median", "largest")] + [
            (f"  {side}", *(f"{figure:g}" for figure in sizes[side].values()))
            for side in ("width", "height")
        ])
    if sizes["not_images"]:
        print()
        _print_list(f"of {sizes['looked_at']:,} files looked at, no images", sizes["not_images"])


def _print_list(what, lines):
    from satt.data.listing import printable

    if not lines:
        print(f"{what}: none")
        return
    print(f"{what}: {len(lines):,}")
    for line in lines[:NAMED]:
        print(f"  {printable(line)}")
    if len(lines) > NAMED:
        print("  ...")
