"""A plain table: file, caption and, if there is a third column, split; a row for each caption.

The first row may name the columns, in any order. The columns are divided by commas, or by whatever
else the first row has: Kaggle's `captions.txt` of Flickr8k is `image,caption`, and its
`results.csv` of Flickr30k is `image_name| comment_number| comment`.
"""

import csv

from satt.data.listing import make_listing
from satt.data.readers.text import read_text
from satt.data.words import tokenise
from satt.errors import SattError

TITLE = "a table"
NAMES = ("captions.csv", "captions.txt", "captions.tsv", "results.csv")  # the likeliest first
DIVIDERS = ",|;\t"
FILE = {"file", "file_name", "filename", "image", "image_name", "image_path", "path", "name"}
CAPTION = {"caption", "comment", "text", "sentence", "description", "title"}
SPLIT = {"split", "set", "subset"}
SPLITS = {"train": "train", "restval": "train", "val": "validation", "valid": "validation",
          "validation": "validation", "dev": "validation", "test": "test"}
IMAGE_ENDINGS = (".jpg", ".jpeg", ".png", ".gif", ".webp", ".bmp", ".tif", ".tiff")


def caption_files(images):
    """The table; where there are several, the one with the likeliest name."""
    tables = images.named(lambda name: name in NAMES or name.endswith(".csv"))
    return sorted(
        tables, key=lambda path: NAMES.index(path.name) if path.name in NAMES else len(NAMES)
    )[:1]


def read(files, images):
    """Read captions and splits.

    Raises
    ------
    SattError
        If the first row neither names the columns nor begins with an image file, a split is
        unknown, or the file is not a table.
    """
    path, = files
    lines = read_text(path).split("\n")
    captions, splits, left_out, rows = {}, {}, {}, None
    try:
        divider, (file, caption, split), has_header = _columns(path, lines[0].rstrip("\r"))
        rows = csv.reader((f"{line}\n" for line in lines), delimiter=divider,
                          skipinitialspace=True)
        for row in rows:
            if not any(row) or (has_header and rows.line_num == 1):
                continue
            if len(row) <= max(file, caption):
                left_out[f"line {rows.line_num}"] = f"has {len(row)} columns: {row[0]!r:.60}"
                continue
            name = row[file].strip()
            captions.setdefault(name, []).append(tokenise(row[caption]))
            if split is not None:
                splits[name] = _split(path, rows.line_num, row, split)
    except csv.Error as error:
        raise SattError(
            f"{path}: line {rows.line_num if rows else 1}: {error}; is a quotation mark left open?"
        ) from error
    return make_listing(
        TITLE, files, images, captions, None if split is None else splits, left_out
    )


def _columns(path, first):
    """Find what divides the columns, which is which, and whether the first row names them."""
    best = []
    for divider in DIVIDERS:
        cells = next(csv.reader([first], delimiter=divider, skipinitialspace=True), [])
        names = [cell.strip().lower() for cell in cells]
        found = [next((n for n, name in enumerate(names) if name in wanted), None)
                 for wanted in (FILE, CAPTION, SPLIT)]
        if None not in found[:2]:
            return divider, found, True
        if len(names) > 1 and names[0].endswith(IMAGE_ENDINGS):
            # A caption may hold commas, so that with another divider there are fewer columns.
            best.append((len(names), divider, names))
    if best:
        _, divider, names = min(best)
        return divider, (0, 1, 2 if names[2:3] and names[2] in SPLITS else None), False
    raise SattError(
        f"{path}: line 1: expected the names of the columns, such as 'file,caption,split', or an "
        f"image file and its caption, got {first!r:.60}; write the names into the first line"
    )


def _split(path, line, row, column):
    name = row[column].strip().lower() if column < len(row) else ""
    if name not in SPLITS:
        raise SattError(
            f"{path}: line {line}: expected train, val or test as the split, got {name!r:.40}; "
            "correct it, or leave the column out"
        )
    return SPLITS[name]
