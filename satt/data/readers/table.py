"""Captions in a table: a file's name and a caption in each line, perhaps a split.

The `captions.txt` of Flickr8k on Kaggle is such a table, and so are the `results.csv` of Flickr30k
there, the `.token` file of its authors, its `flickr_annotations_30k.csv` on Hugging Face (a list
of captions in a cell), what `satt draw` writes, and what people make by hand.
"""

import csv
import hashlib
import io
import json
import re
from dataclasses import dataclass

from satt.data.listing import name_first, printable
from satt.data.readers.gathering import SPLIT_OF, Record, gather
from satt.data.readers.text_file import read_text
from satt.data.readers.tree import is_image
from satt.errors import SattError

NAME = "table"
EXPECTS = "captions.txt or a .csv file with the columns image, caption (and perhaps split)"

PATTERN = r"(?i)captions\.txt|.+\.(csv|tsv|token)"
# Where a table has several of these columns, the first of this list is meant.
FILE_HEADERS = ("file_name", "filename", "file_path", "filepath", "path", "image_file",
                "image_name", "image_path", "file", "image", "img", "image_id")
CAPTION_HEADERS = r"(caption|text|comment|sentence|description)s?_?\d*|raw"
SPLIT_HEADERS = ("split", "set", "subset")
DELIMITERS = "\t|;,"
LIKELY = r"(?i)(captions?|results)\b.*\.(txt|csv|tsv)"
GLANCE = 10_000  # letters
MOST_TABLES = 20  # to look into: there may be thousands that are something else
HASHED = (
    "a hash of each file's name, for want of a column `split` (80 % train, 10 % validation, 10 % "
    "test)"
)


@dataclass(frozen=True)
class Columns:
    """How a table is laid out.

    Attributes
    ----------
    delimiter : str
    file : int
        The number of the column with the file's name.
    captions : list of int
    split : int or None
    count : int
        How many columns there are.
    has_header : bool
    """

    delimiter: str
    file: int
    captions: list
    split: int | None
    count: int
    has_header: bool


def find(tree):
    """Return the tables that are understood: captions.* before others, then as the tree has them.

    Only the first 20 that may be tables are looked into: there may be thousands of other things.
    """
    found = [path for path in tree.matching(PATTERN)[:MOST_TABLES]
             if _columns_of(_glance(tree.path(path)))]
    return sorted(found, key=lambda path: "/caption" not in f"/{path.lower()}")


def refuse_unlike(tree):
    """Raise a SattError if a file is called like a table of captions but does not look so."""
    for path in tree.matching(LIKELY)[:1]:
        first = _glance(tree.path(path))
        advice = "save it in UTF-8" if "\ufffd" in first else "add such a line at the top"
        raise SattError(
            f"{tree.path(path)}: line 1: expected a line that names the columns, such as "
            "`image,caption` or `image,caption,split`, or the name of an image's file and a "
            f"caption, got {first!r:.60}; {advice}"
        )


def read(tree, found):
    """List the photographs of a table, in the order in which it first names them.

    Without a column for it, the split of a photograph is made of a hash of its file's name: the
    same one everywhere, however many other photographs there are.

    Parameters
    ----------
    tree : Tree
    found : list of str
        From `find`; the first is read.

    Returns
    -------
    listing : Listing

    Raises
    ------
    SattError
        If its columns are not understood, its quotes are not closed, or a split is not known.
    """
    file, *others = found
    path = tree.path(file)
    text = read_text(path)
    columns = _columns_of(_first_line(text))
    if columns is None:
        raise SattError(
            f"{path}: line 1: expected a line of at most {GLANCE:,} letters, got a longer one; is "
            "this another file? Then take it out of the folder"
        )
    records, skipped = _read_rows(path, text, columns)
    splits_from = HASHED if columns.split is None else f"a column of {path.name}"
    notes = [
        f"these tables are not used: {name_first(others)}; to use all, make them one table, with "
        "a column `split`"
    ] if others else []
    return gather(tree, NAME, [file], records, splits_from, skipped, notes)


def split_by_name(name):
    """Choose a split by a file's name alone: 8 of 10 train, 1 validation, 1 test.

    The folders before the name do not count.
    """
    name = name.replace("\\", "/").rpartition("/")[2]
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()
    of_ten = int.from_bytes(digest[:8], "big") % 10
    return "train" if of_ten < 8 else ("validation", "test")[of_ten - 8]


def _glance(path):
    """The first line of a file that may be anything; what is wrong with it is told later."""
    try:
        with open(path, encoding="utf-8-sig", errors="replace") as file:
            return _first_line(file.read(GLANCE))
    except OSError:
        return ""


def _first_line(text):
    return text.lstrip("\r\n").partition("\n")[0].rstrip("\r")


def _columns_of(line):
    """Find out what the columns of a table are from its first line; None if that says nothing."""
    for delimiter in DELIMITERS:
        cells = _cells(line, delimiter)
        names = [cell.lower() for cell in cells]
        file = next((names.index(header) for header in FILE_HEADERS if header in names), None)
        captions = [n for n, name in enumerate(names) if re.fullmatch(CAPTION_HEADERS, name)]
        if file is not None and captions:
            split = next((n for n, name in enumerate(names) if name in SPLIT_HEADERS), None)
            return Columns(delimiter, file, captions, split, len(cells), True)
    for delimiter in DELIMITERS:
        cells = _cells(line, delimiter)
        if len(cells) > 1 and is_image(_file_name(cells[0])):
            has_split = len(cells) == 3 and cells[2].lower() in SPLIT_OF
            # Without a split, what is more than two cells is a caption with commas.
            return Columns(
                delimiter, 0, [1], 2 if has_split else None, 3 if has_split else 2, False
            )
    return None


def _cells(line, delimiter):
    """The cells of a first line, or none if it is not to be cut up like this."""
    try:
        return [cell.strip() for cell in next(_reader(line, delimiter), [])]
    except csv.Error:
        return []


def _reader(text, delimiter):
    # Where no comma has to be hidden, a quote is a part of the caption.
    quoting = csv.QUOTE_NONE if delimiter in "\t|" else csv.QUOTE_MINIMAL
    return csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter, quoting=quoting, strict=True
    )


def _numbered_rows(path, text, delimiter):
    """Yield the number of the line that a row begins in, and its cells."""
    reader, number = _reader(text, delimiter), 1
    try:
        for row in reader:
            yield number, [cell.strip() for cell in row]
            number = reader.line_num + 1
    except csv.Error as error:
        raise SattError(
            f"{path}: line {number:,}: expected a row of cells, got one that cannot be cut up "
            f"({error}); close every quote, and write one inside a caption twice: \"\""
        ) from error


def _read_rows(path, text, columns):
    """Return a record for each file, and what is said of the rows that cannot be used."""
    captions, splits, skipped = {}, {}, []
    rows = ((n, cells) for n, cells in _numbered_rows(path, text, columns.delimiter) if any(cells))
    if columns.has_header:
        next(rows)
    for number, cells in rows:
        where = f"{path.name}: line {number:,}"
        cells = _whole_caption(cells, columns)
        if cells is None:
            skipped.append(f"{where}: more cells than columns; put quotes around a caption")
            continue
        name = _file_name(cells[columns.file]) if columns.file < len(cells) else ""
        texts = [text for n in columns.captions if n < len(cells) and cells[n]
                 for text in _texts(cells[n])]
        if not name or not texts:
            what = "caption" if name else "file"
            skipped.append(f"{where}: no {what} in {printable(columns.delimiter.join(cells), 60)}")
            continue
        split = _split(f"{path}: line {number:,}", name, cells, columns)
        captions.setdefault(name, []).extend(texts)
        if splits.setdefault(name, split) != split:
            raise SattError(
                f"{path}: line {number:,}: expected one split for each file, got {split} for "
                f"{printable(name)}, which was in {splits[name]} before; put the same one there"
            )
    return [Record(name, texts, splits[name]) for name, texts in captions.items()], skipped


def _whole_caption(cells, columns):
    """Join a last caption that was cut at its own commas; None if one in the middle was."""
    if len(cells) <= columns.count:
        return cells
    if columns.captions != [columns.count - 1]:
        return None
    return cells[:columns.count - 1] + [columns.delimiter.join(cells[columns.count - 1:])]


def _texts(cell):
    """A caption, or the captions of a list in JSON."""
    if cell.startswith('["') and cell.endswith('"]') and len(cell) < GLANCE:
        try:
            found = json.loads(cell)
        except ValueError:
            return [cell]
        if all(isinstance(text, str) for text in found):
            return [text for text in found if text.strip()]
    return [cell]


def _split(where, name, cells, columns):
    if columns.split is None:
        return split_by_name(name)
    found = cells[columns.split] if columns.split < len(cells) else ""
    if found.lower() not in SPLIT_OF:
        raise SattError(
            f"{where}: expected train, validation or test in the column of the split, got "
            f"{found!r:.60}; put one of these there"
        )
    return SPLIT_OF[found.lower()]


def _file_name(cell):
    """The name of a file, without the number that Flickr's files have for each caption."""
    return re.sub(r"#\d+$", "", cell)
