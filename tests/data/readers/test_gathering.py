"""What all readers share: names from a data set that want more than they may."""

import pytest

from satt.data.listing import NO_FILE, OUTSIDE
from satt.data.readers import read_listing
from satt.errors import SattError

HOSTILE = ["../secret.jpg", "/etc/passwd", "C:\\boot.ini", "..\\..\\secret.jpg",
           "a/../../secret.jpg"]


def as_karpathy(folder, names):
    folder.json("dataset_mine.json", {"images": [
        {"filename": n, "split": "train", "sentences": [{"raw": "A dog"}]} for n in names]})


def as_coco(folder, names):
    folder.json("captions_train2017.json", {
        "images": [{"id": k, "file_name": name} for k, name in enumerate(names)],
        "annotations": [{"image_id": k, "caption": "A dog"} for k in range(len(names))]})


def as_flickr8k(folder, names):
    folder.text("Flickr8k.token.txt", "".join(f"{name}#0\tA dog\n" for name in names))
    folder.text("Flickr_8k.trainImages.txt", "\n".join(names))


def as_table(folder, names):
    rows = "".join(f"{name},A dog,train\n" for name in names)
    folder.text("captions.csv", f"image,caption,split\n{rows}")


@pytest.mark.parametrize("write", [as_karpathy, as_coco, as_flickr8k, as_table])
def test_no_format_reaches_outside(folder, tmp_path, write):
    (tmp_path / "secret.jpg").write_bytes(b"secret")
    folder.images("images", "a.jpg")
    write(folder, ["a.jpg", *HOSTILE, "gone.jpg"])
    listing = folder.read()
    assert [photo.path for photo in listing.photographs] == [folder.path / "images" / "a.jpg"]
    assert [(lost.name, lost.reason) for lost in listing.left_out] == [
        *((name, OUTSIDE) for name in HOSTILE), ("gone.jpg", NO_FILE)]


@pytest.mark.parametrize("write", [as_karpathy, as_coco, as_flickr8k, as_table])
def test_nothing_but_names_that_lead_outside(folder, write):
    folder.images("images", "a.jpg")
    write(folder, HOSTILE)
    folder.fails("none of the photographs", "../secret.jpg", "without the folders before them")


def test_half_characters_and_nuls_in_json(folder):
    folder.images("images", "a.jpg")
    folder.text("dataset_mine.json", (
        '{"images": [{"filename": "a.jpg", "split": "train", "sentences": [{"raw": "A \\ud800dog '
        '\\u0000runs"}]}, {"filename": "\\ud800\\u0000.jpg", "split": "train", "sentences": []}]}'
    ))
    listing = folder.read()
    assert listing.photographs[0].captions == [["a", "dog", "runs"]]
    assert [lost.reason for lost in listing.left_out] == [NO_FILE]


def test_the_order_of_the_formats(folder):
    folder.images("images", "a.jpg")
    notes = []
    for name, write in (("table", as_table), ("coco", as_coco), ("karpathy", as_karpathy),
                        ("flickr8k", as_flickr8k)):
        write(folder, ["a.jpg"])
        listing = folder.read()
        assert listing.reader == name
        notes = [note for note in listing.notes if note.startswith("read as")]
    assert [note.split(":")[0] for note in notes] == [
        f"read as flickr8k, which comes before {other}" for other in ("karpathy", "coco", "table")]
    assert notes[2].endswith(": captions.csv not used")


def test_links_in_place_of_images(folder, tmp_path):
    """COCO is large, and people link to it."""
    folder.images("../elsewhere", "a.jpg b.jpg")
    as_coco(folder, ["a.jpg", "b.jpg"])
    try:
        (folder.path / "train2017").symlink_to(tmp_path / "elsewhere")
    except OSError:
        pytest.skip("this system lets nobody make links")
    folder.fails("2 without a file", "links lead out of the folder", "train2017", "copy there")


def test_a_folder_without_captions(folder):
    folder.images("images", "a.jpg b.jpg")
    folder.text("instances_train2017.json", "{}")
    message = folder.fails("no captions that are understood",
                           "but instances_train2017.json and images: 2 (images/a.jpg, images/b")
    for expected in ("Flickr8k.token.txt", "dataset_coco.json", "captions_train2017.json",
                     "captions.txt"):
        assert expected in message


def test_an_archive_that_is_not_unpacked(folder):
    folder.text("archive.zip", "PK")
    folder.fails("unpack archive.zip first")


def test_a_folder_that_may_not_be_looked_into(folder, monkeypatch):
    folder.images("images", "a.jpg")

    def scandir(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("os.scandir", scandir)
    with pytest.raises(SattError, match="cannot be looked into: Permission denied"):
        read_listing(folder.path)
