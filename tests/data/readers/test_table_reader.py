import hashlib

import pytest

from satt.data.listing import NO_FILE
from satt.data.readers.table import split_by_name
from satt.data.words import tokenise

ROWS = "a.jpg,A dog runs .\na.jpg,Two dogs .\nb.jpg,\"A cat , asleep .\"\n"


def captions_of(listing):
    return {photo.name: [" ".join(words) for words in photo.captions]
            for photo in listing.photographs}


EXPECTED = {"a.jpg": ["a dog runs", "two dogs"], "b.jpg": ["a cat asleep"]}


def test_flickr8k_of_kaggle(table):
    listing = table("image,caption\n" + ROWS)
    assert (listing.reader, [path.name for path in listing.files]) == ("table", ["captions.txt"])
    assert captions_of(listing) == EXPECTED
    assert listing.unlisted == ["Images/c.jpg"]
    assert "hash" in listing.splits_from and "80 %" in listing.splits_from


def test_flickr30k_of_kaggle(folder):
    """Its results.csv lacks a delimiter in one line, and the images are there twice."""
    inner = "flickr30k_images/flickr30k_images"
    folder.images(inner, "1.jpg 2199200615.jpg")
    folder.images(f"{inner}/flickr30k_images", "1.jpg 2199200615.jpg")
    folder.text("flickr30k_images/results.csv", (
        "image_name| comment_number| comment\n"
        "1.jpg| 0| Two young guys , \"brothers\" , talk .\n"
        "1.jpg| 1| \"Two men\n"
        "2199200615.jpg| 3| A dog .\n"
        "2199200615.jpg| 4   A dog runs across the grass .\n"
    ))
    listing = folder.read()
    assert captions_of(listing) == {
        "1.jpg": ["two young guys brothers talk", "two men"], "2199200615.jpg": ["a dog"]}
    assert listing.photographs[0].path == folder.path / inner / "1.jpg"
    assert len(listing.skipped) == 1
    assert listing.skipped[0].startswith("results.csv: line 5: no caption in 2199200615.jpg|4  ")
    assert len(listing.notes) == 1 and "2 files have the name of another one" in listing.notes[0]


def test_flickr30k_of_its_authors(table):
    listing = table("a.jpg#0\tA dog runs .\na.jpg#1\tTwo \"dogs\" .\nb.jpg#0\t\"A cat , asleep\n",
                    "results_20130124.token")
    assert captions_of(listing) == EXPECTED


def test_flickr30k_of_hugging_face(table):
    """A list in JSON in a cell, and the splits of Karpathy."""
    listing = table(
        "raw,sentids,split,filename,img_id\n"
        "\"[\"\"A dog runs.\"\", \"\"Two \\\"\"dogs\\\"\".\"\"]\",\"[0, 1]\",train,a.jpg,0\n"
        "\"[\"\"A cat, asleep.\"\", \"\"\"\"]\",\"[5]\",val,b.jpg,1\n",
        "flickr_annotations_30k.csv",
    )
    assert captions_of(listing) == EXPECTED
    assert listing.split_sizes() == {"train": 1, "validation": 1, "test": 0}
    assert not listing.skipped


@pytest.mark.parametrize("caption", ["[\"a]", "[\"a\", 3]", "[a dog]", "[\"a\" b\"]"])
def test_what_only_looks_like_a_list_is_a_caption(table, caption):
    listing = table(f"image\tcaption\na.jpg\t{caption}\n")
    assert captions_of(listing) == {"a.jpg": [" ".join(tokenise(caption))]}


@pytest.mark.parametrize("text", [
    "image_id,Caption\n" + ROWS,
    "\ufeffimage,caption\n" + ROWS,
    "\n\nimage,caption\n\n" + ROWS + "\n\n",
    "image,caption\n" + ROWS.replace("\"", ""),
    ("image,caption\n" + ROWS).replace("\n", "\r\n"),
    ("image,caption\n" + ROWS).replace("\n", "\r"),
    "number,image,caption\n0," + ROWS[:-1].replace("\n", "\n1,"),
    "caption;file\nA dog runs;a.jpg\nTwo dogs;a.jpg\nA cat , asleep;b.jpg",
    "path\tdescription\nImages/a.jpg\tA dog runs\nImages/a.jpg\tTwo dogs\nb.jpg\tA cat, asleep",
    "file_name,caption_0,caption_1\na.jpg,A dog runs,Two dogs\nb.jpg,\"A cat, asleep\",\n",
    "file_name,image_id,text\na.jpg,7,A dog runs\na.jpg,7,Two dogs\nb.jpg,8,\"A cat, asleep\"",
    ROWS,
    ROWS.replace("\"", ""),
    ROWS.replace(",", "\t", 1).replace("a.jpg,", "a.jpg\t").replace("b.jpg,", "b.jpg\t"),
    "image , caption\n" + ROWS.replace("jpg,", "jpg , "),
], ids=range(15))
def test_other_ways_to_write_it(table, text):
    listing = table(text)
    found = captions_of(listing).items()
    assert {name.removeprefix("Images/"): captions for name, captions in found} == EXPECTED
    assert not listing.left_out and not listing.skipped


@pytest.mark.parametrize("text", [
    "image,caption,split\na.jpg,A dog,train\na.jpg,Two,train\nb.jpg,A cat,val\nc.jpg,A hat,Test\n",
    "split,image,caption\ntraining,a.jpg,A dog\ndev,b.jpg,A cat\ntest,c.jpg,A hat, a red one\n",
    "a.jpg,A dog,train\nb.jpg,A cat,validation\nc.jpg,A hat,test\n",
])
def test_a_column_for_the_split(table, text):
    listing = table(text)
    assert [photo.split for photo in listing.photographs] == ["train", "validation", "test"]
    assert listing.splits_from == "a column of captions.txt"


def test_the_split_by_name_is_the_same_everywhere_and_of_the_stated_shares():
    names = [f"{n}.jpg" for n in range(10_000)]
    splits = [split_by_name(name) for name in names]
    assert splits == [split_by_name(f"data\\Images/{name}") for name in names]
    tenths = [int(hashlib.sha256(name.encode()).hexdigest()[:16], 16) % 10 for name in names]
    assert splits == [{8: "validation", 9: "test"}.get(tenth, "train") for tenth in tenths]
    for split, share in (("train", 0.8), ("validation", 0.1), ("test", 0.1)):
        assert splits.count(split) / len(names) == pytest.approx(share, abs=0.01)


def test_what_satt_draw_writes(tmp_path):
    from satt.cli import main
    from satt.data.readers import read_listing

    assert main(["draw", "--out", str(tmp_path), "--count", "2", "--size", "16"]) == 0
    listing = read_listing(tmp_path)
    assert [photo.name for photo in listing.photographs] == ["train-0-0.png", "train-0-1.png"]
    assert [len(photo.captions) for photo in listing.photographs] == [5, 5]


def test_captions_come_before_other_tables(folder, table):
    folder.text("a.csv", "image,caption\na.jpg,Wrong\n")
    folder.text("labels.csv", "image,label\na.jpg,7\n")
    folder.text("deep/captions.csv", "image,caption\na.jpg,Deep\n")
    listing = table("image,caption\na.jpg,Right\n", "captions.csv")
    assert captions_of(listing) == {"a.jpg": ["right"]}
    assert len(listing.notes) == 1 and "deep/captions.csv, a.csv;" in listing.notes[0]


def test_rows_that_cannot_be_used_are_named(table):
    listing = table(
        "caption,image\nA dog,a.jpg\nA dog, a cat,b.jpg\n,c.jpg\nNobody's,\n. !,b.jpg\n"
    )
    assert captions_of(listing) == {"a.jpg": ["a dog"]}
    assert listing.skipped == [
        "captions.txt: line 3: more cells than columns; put quotes around a caption",
        "captions.txt: line 4: no caption in ,c.jpg",
        "captions.txt: line 5: no file in Nobody's,",
        "b.jpg: a caption without a word, '. !'",
    ]


def test_files_that_are_not_there(table):
    listing = table("image,caption\na.jpg,A dog\nz.jpg,A cat\n")
    assert [(lost.name, lost.reason) for lost in listing.left_out] == [("z.jpg", NO_FILE)]


@pytest.mark.parametrize(("text", "about"), [
    ("name,label\na.jpg,7\n", ["captions.txt: line 1", "`image,caption`", "got 'name,label'"]),
    ("A dog runs.\n", ["line 1", "got 'A dog runs.'"]),
    ("", ["captions.txt: line 1", "got ''"]),
    ("image,caption\n", ["lists no photographs"]),
    ("image,caption\na.jpg,\n", ["lists no photographs", "line 2: no caption"]),
    ("image,caption\na.jpg,A dog\na.jpg,\"A cat\n", ["line 3", "close every quote"]),
    ("image,caption\na.jpg,\"A dog\" runs\n", ["line 2", "close every quote"]),
    ("image,caption\na.jpg," + 200_000 * "a" + "\n", ["line 2", "field limit"]),
    ("image,caption,split\na.jpg,A dog,all\n", ["line 2", "train, validation or test", "'all'"]),
    ("image,caption,split\na.jpg,A dog\n", ["line 2", "train, validation or test", "got ''"]),
    ("image,caption,split\na.jpg,A dog,train\na.jpg,Two,test\n",
     ["line 3", "got test for a.jpg, which was in train before"]),
    ("image,caption\n1000,A dog\n", ["none of the photographs", "1 without a file (1000)",
                                     "images: 3 (Images/a.jpg, Images/b.jpg, ...)", "endings"]),
])
def test_tables_that_are_wrong(folder, text, about):
    folder.images("Images", "a.jpg b.jpg c.jpg")
    folder.text("captions.txt", text)
    folder.fails(*about)


@pytest.mark.parametrize("encoding", ["cp949", "utf-16"])
def test_other_encodings(folder, encoding):
    folder.images("Images", "개.jpg")
    folder.text("captions.txt", "image,caption\n개.jpg,개가 달린다\n", encoding)
    folder.fails("captions.txt", "line", "UTF-8")
    folder.text("captions.txt", "image,caption\n개.jpg,개가 달린다\n")
    assert captions_of(folder.read()) == {"개.jpg": ["개가 달린다"]}


def test_a_nul_is_no_ones_name(folder):
    folder.images("Images", "a.jpg")
    folder.text("captions.txt", "image,caption\na.jpg,A dog\na.jpg\0,A cat\n")
    try:
        listing = folder.read()
    except ValueError:
        folder.fails("line 3", "NUL")  # what Python's csv says of it up to 3.10
    else:
        assert captions_of(listing) == {"a.jpg": ["a dog"]} and len(listing.left_out) == 1
