"""Folders of captioned photographs, in each format and layout, right and wrong."""

import os
import warnings
from pathlib import Path

import numpy as np
import pytest
from folders import karpathy, make_coco, make_flickr8k, write, write_images, write_json
from PIL import Image

from satt.data.folder import read_listing, read_photographs
from satt.data.image_files import ImageFiles
from satt.data.images import read_image
from satt.data.listing import split_by_checksum
from satt.errors import SattError


def found(folder):
    """Return {split: [(name, captions as texts)]} of what a folder holds."""
    listing = read_listing(folder)
    return {
        split: [(p.name, [" ".join(words) for words in p.captions]) for p in listing.split(split)]
        for split in ("train", "validation", "test") if listing.split(split)
    }


def refused(folder):
    with pytest.raises(SattError) as error:
        read_listing(folder)
    assert "\n" not in str(error.value)
    return str(error.value)


# --- Flickr8k ------------------------------------------------------------------------------------


def test_flickr8k_in_the_order_of_its_lists(tmp_path):
    make_flickr8k(tmp_path)
    listing = read_listing(tmp_path)
    assert listing.format == "Flickr8k" and not listing.left_out
    assert "1 captioned images are in no split" in listing.note
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        data = read_photographs(listing, "train", 12)
    assert data.names == ["c.jpg", "a.jpg"]
    assert data.captions[1] == [["a", "a", "picture", "number", str(k)] for k in range(2)]
    assert data.images.shape == (2, 12, 12, 3) and data.images.dtype == np.uint8
    assert read_photographs(listing, "validation", 7, count=1).names == ["b.jpg"]


@pytest.mark.parametrize(
    ("images", "texts"),
    [
        ("Images", "."),
        ("Flicker8k_Dataset", "Flickr8k_text"),
        ("Flickr8k_Dataset", "Flickr8k_text"),
        ("Flickr8k_Dataset/Flicker8k_Dataset", "text"),
        (".", "."),
        ("a/b/c/d", "e/f/g"),
    ],
)
def test_the_usual_layouts_are_found(tmp_path, images, texts):
    make_flickr8k(tmp_path, images, texts)
    assert [name for name, _ in found(tmp_path)["train"]] == ["c.jpg", "a.jpg"]


def test_flickr30k_has_no_lists(tmp_path):
    names = [f"{number}.jpg" for number in range(40)]
    write_images(tmp_path / "flickr30k-images", names)
    lines = [f"{name}#{k}\tTwo men ." for name in names for k in range(5)]
    write(tmp_path / "results_20130124.token", "\n".join(lines))
    splits = found(tmp_path)
    assert sum(map(len, splits.values())) == 40 and len(splits["train"]) > 25
    assert all(split_by_checksum(name) == "test" for name, _ in splits.get("test", []))
    assert "by a checksum" in read_listing(tmp_path).note


# --- Karpathy ------------------------------------------------------------------------------------


def test_karpathys_splits(tmp_path):
    write_images(tmp_path / "img", ["a.jpg", "b.jpg", "c.jpg", "d.jpg"])
    write_json(tmp_path / "dataset_flickr8k.json", {"dataset": "flickr8k", "images": [
        karpathy("a.jpg", "train", "A dog.", "Dogs!"), karpathy("b.jpg", "val", "A cat"),
        karpathy("c.jpg", "test", "It's red"), karpathy("d.jpg", "restval", "A boat"),
    ]})
    assert found(tmp_path) == {
        "train": [("a.jpg", ["a dog", "dogs"]), ("d.jpg", ["a boat"])],
        "validation": [("b.jpg", ["a cat"])], "test": [("c.jpg", ["it's red"])],
    }
    assert read_listing(tmp_path).format == "Karpathy's splits"


def test_karpathys_coco_has_folders(tmp_path):
    for year in ("train2014", "val2014"):
        write_images(tmp_path / "images" / year, ["1.jpg"])
    write_json(tmp_path / "dataset_coco.json", {"images": [
        karpathy("1.jpg", "train", "One", filepath="train2014"),
        karpathy("1.jpg", "test", "Another", filepath="val2014"),
    ]})
    listing = read_listing(tmp_path)
    places = {p.split: p.path.relative_to(tmp_path).parts for p in listing.photographs}
    assert places == {"train": ("images", "train2014", "1.jpg"),
                      "test": ("images", "val2014", "1.jpg")}


@pytest.mark.parametrize("content, message", [
    ([], "expected a list as 'images', got nothing"),
    ({"images": {}}, "expected a list as 'images', got {}"),
    ({"images": [3]}, "image 0: expected a text as 'filename', got nothing"),
    ({"images": [karpathy("a.jpg", "train", "A"), {"filename": 7}]}, "image 1: .* got 7"),
    ({"images": [karpathy("a.jpg", "learn", "A")]}, "expected one of train, .* got 'learn'"),
    ({"images": [karpathy("a.jpg", "train") | {"sentences": "A dog"}]}, "a list as 'sentences'"),
    ({"images": [karpathy("a.jpg", "train") | {"sentences": [{}]}]}, "a text as 'raw'"),
    ({"images": [karpathy("a.jpg", "train", "A", filepath=True)]}, "as 'filepath', got True"),
])
def test_what_is_no_file_of_karpathys(tmp_path, content, message):
    write_images(tmp_path, ["a.jpg"])
    write_json(tmp_path / "dataset_x.json", content)
    with pytest.raises(SattError, match=f"dataset_x.json: .*{message}.*; fetch the file again"):
        read_listing(tmp_path)


# --- COCO ----------------------------------------------------------------------------------------


def test_coco_with_both_splits(tmp_path):
    make_coco(tmp_path)
    assert found(tmp_path) == {
        "train": [(f"train2017/{n}.jpg", [f"a train2017 dog {n}"] * 2) for n in (1, 2)],
        "validation": [("val2017/1.jpg", ["a val2017 dog 1"] * 2)],
    }
    paths = {p.name: p.path.parent.name for p in read_listing(tmp_path).photographs}
    assert paths["val2017/1.jpg"] == "val2017"


def test_coco_with_images_elsewhere_and_captions_of_nothing(tmp_path):
    write_images(tmp_path / "pictures", ["7.jpg"])
    write_json(tmp_path / "captions_val2014.json", {
        "images": [{"id": 7, "file_name": "7.jpg"}, {"id": 8, "file_name": "8.jpg"}],
        "annotations": [{"image_id": 7, "caption": "A dog"}, {"image_id": 9, "caption": "None"}],
    })
    listing = read_listing(tmp_path)
    assert [p.name for p in listing.photographs] == ["7.jpg"]
    assert listing.left_out == {"8.jpg": "has no caption"}
    with pytest.raises(SattError, match="no image of train, only of validation; add captions"):
        read_photographs(listing, "train", 8)


# --- a table -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name, text", [
    ("captions.csv", "file,caption,split\na.jpg,A dog,train\nb.jpg,\"A cat, red\",val\n"),
    ("captions.csv", "\ufefffile,caption,split\r\na.jpg,A dog,train\r\nb.jpg,\"A cat, red\",val"),
    ("some.csv", "Split;Caption;Image\ntrain;A dog;a.jpg\ndev;A cat, red;b.jpg\n"),
    ("captions.tsv", "split\tfilename\tcomment\ntrain\ta.jpg\tA dog\nval\tb.jpg\tA cat, red\n"),
    ("captions.csv", "a.jpg,A dog,train\nb.jpg,\"A cat, red\",validation\n"),
])
def test_a_table_with_splits(tmp_path, name, text):
    write_images(tmp_path / "photos", ["a.jpg", "b.jpg"])
    write(tmp_path / name, text)
    assert found(tmp_path) == {
        "train": [("a.jpg", ["a dog"])], "validation": [("b.jpg", ["a cat red"])],
    }


@pytest.mark.parametrize("name, text", [
    ("captions.txt", "image,caption\na.jpg,A dog .\na.jpg,\"Dogs , two\"\n"),
    ("results.csv", "image_name| comment_number| comment\na.jpg| 0| A dog\na.jpg| 1| Dogs , two"),
    ("captions.csv", "a.jpg|A dog\na.jpg|Dogs, two\n"),
])
def test_a_table_without_splits(tmp_path, name, text):
    write_images(tmp_path, ["a.jpg"])
    write(tmp_path / name, text)
    listing = read_listing(tmp_path)
    assert [p.captions for p in listing.photographs] == [[["a", "dog"], ["dogs", "two"]]]
    assert listing.photographs[0].split == split_by_checksum("a.jpg")
    assert "by a checksum" in listing.note


def test_a_row_that_lacks_a_column_is_left_out(tmp_path):
    write_images(tmp_path, ["a.jpg"])
    write(tmp_path / "results.csv", "image_name| comment_number| comment\na.jpg| 4   A dog\n"
                                    "\na.jpg| 1| A cat\n")
    listing = read_listing(tmp_path)
    assert listing.left_out == {"line 2": "has 2 columns: 'a.jpg'"}
    assert listing.photographs[0].captions == [["a", "cat"]]


@pytest.mark.parametrize("text, message", [
    ("", "line 1: expected the names of the columns, such as 'file,caption,split'.*got ''"),
    ("one,two\na.jpg,A dog\n", "line 1: expected the names of the columns.*got 'one,two'"),
    ("file,caption,split\na.jpg,A dog,learn\n", "line 2: expected train, .* got 'learn'; correct"),
    ("file,caption,split\na.jpg,A dog\n", "line 2: expected train, val or test .* got ''"),
])
def test_what_is_no_table(tmp_path, text, message):
    write_images(tmp_path, ["a.jpg"])
    write(tmp_path / "captions.csv", text)
    with pytest.raises(SattError, match=f"captions.csv: {message}"):
        read_listing(tmp_path)


def test_a_quotation_mark_left_open(tmp_path):
    write_images(tmp_path, ["a.jpg"])
    write(tmp_path / "captions.csv", "file,caption\na.jpg,\"A dog\n" + "b.jpg,A cat\n" * 20_000)
    assert "is a quotation mark left open?" in refused(tmp_path)


# --- what is wrong -------------------------------------------------------------------------------


def test_of_several_formats_one_is_read_and_the_others_are_named(tmp_path):
    make_flickr8k(tmp_path)
    write(tmp_path / "captions.txt", "image,caption\na.jpg,A dog\n")
    listing = read_listing(tmp_path)
    assert listing.format == "Flickr8k" and "captions.txt is there too" in listing.note
    write_json(tmp_path / "dataset.json", {"images": [karpathy("a.jpg", "train", "A")]})
    listing = read_listing(tmp_path)
    assert listing.format == "Karpathy's splits" and "Flickr8k.token.txt" in listing.note


def test_missing_and_uncaptioned_images_are_named(tmp_path):
    make_flickr8k(tmp_path)
    write(tmp_path / "Flickr_8k.trainImages.txt", "a.jpg\ngone.jpg\ne.jpg\n")
    with (tmp_path / "Flickr8k.token.txt").open("a", encoding="utf-8") as file:
        file.write("gone.jpg#0\tA ghost\ne.jpg#0\t...\n")
    listing = read_listing(tmp_path)
    assert listing.left_out == {"gone.jpg": "is not in the folder", "e.jpg": "has no caption"}
    assert [p.name for p in listing.split("train")] == ["a.jpg"]


def test_damaged_images_are_counted_once_and_left_out(tmp_path):
    make_flickr8k(tmp_path)
    write(tmp_path / "images" / "c.jpg", "not a picture")
    listing = read_listing(tmp_path)
    with pytest.warns(UserWarning, match="1 of the 2 images of train cannot be read") as caught:
        data = read_photographs(listing, "train", 12)
    assert len(caught) == 1 and "c.jpg" in str(caught[0].message)
    assert data.names == ["a.jpg"] and len(data.images) == len(data.captions) == 1
    assert data.images[0].max() > 200
    with pytest.raises(SattError, match="c.jpg"):
        read_photographs(listing, "train", 12, strict=True)
    write(tmp_path / "images" / "a.jpg", "neither")
    with pytest.raises(SattError, match="no image of train can be read: .*c.jpg"):
        read_photographs(listing, "train", 12)


def test_errors_say_what_to_do(tmp_path):
    assert "there is no folder" in refused(tmp_path / "nowhere")
    assert "no captions in" in refused(tmp_path) and "captions.csv" in refused(tmp_path)
    make_flickr8k(tmp_path)
    write(tmp_path / "Flickr8k.token.txt", "a.jpg#0\tA dog\n\na.jpg A dog\n")
    assert "line 3: expected 'name.jpg#0', a tab" in refused(tmp_path)
    (tmp_path / "Flickr8k.token.txt").write_bytes(b"a.jpg#0\tA dog\nb.jpg#0\tA \xff\n")
    message = refused(tmp_path)
    assert "line 2: expected UTF-8, got the byte 0xff; save the file as UTF-8" in message
    make_flickr8k(tmp_path / "bare")
    for path in (tmp_path / "bare" / "images").iterdir():
        path.unlink()
    message = refused(tmp_path / "bare")
    assert "none of the images" in message and "c.jpg is not in the folder" in message
    assert "unpack the images into" in message


@pytest.mark.parametrize("text, message", [
    ("{", "line 1: .* which is not JSON"), ("", "which is not JSON"),
    ("[" * 100_000, "nested too deeply"), ('{"images": NaN}', "expected a number, got NaN"),
    ('{"images": ' + "9" * 5000 + "}", "digits"), ("\x00", "which is not JSON"),
])
def test_hostile_json(tmp_path, text, message):
    write(tmp_path / "dataset_x.json", text)
    with pytest.raises(SattError, match=f"dataset_x.json: .*{message}.*; fetch the file again"):
        read_listing(tmp_path)


# --- no way out ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [
    "../secret.jpg", "/etc/passwd", "..\\secret.jpg", "C:\\secret.jpg", "a/../../secret.jpg",
    "images/../../secret.jpg", "", ".", "..", "a\0b.jpg", "\ud800.jpg", "x" * 5000,
])
def test_no_name_leads_out_of_the_folder(tmp_path, name):
    write_images(tmp_path, ["secret.jpg"])
    write_images(tmp_path / "data", ["a.jpg"])
    path, why_not = ImageFiles(tmp_path / "data").find(name)
    assert path is None and why_not


def test_no_link_leads_out_of_the_folder(tmp_path):
    write_images(tmp_path, ["secret.jpg"])
    write_images(tmp_path / "outside", ["b.jpg"])
    write_images(tmp_path / "data" / "inside", ["a.jpg"])
    try:
        (tmp_path / "data" / "link.jpg").symlink_to(tmp_path / "secret.jpg")
        (tmp_path / "data" / "images").symlink_to(tmp_path / "outside")
        (tmp_path / "data" / "again.jpg").symlink_to(tmp_path / "data" / "inside" / "a.jpg")
        (tmp_path / "linked").symlink_to(tmp_path / "data")
    except OSError:
        pytest.skip("this system lets nobody make links")
    for folder in ("data", "linked"):  # that the folder itself is a link is the user's choice
        files = ImageFiles(tmp_path / folder)
        assert files.find("link.jpg") == (None, "is a link that leads out of the folder")
        assert files.find("images/b.jpg") == (None, "is a link that leads out of the folder")
        assert files.find("again.jpg")[0].name == "again.jpg"


def test_names_are_found_however_they_are_composed(tmp_path):
    write_images(tmp_path / "사진", ["caf\u00e9.jpg"])
    files = ImageFiles(tmp_path)
    assert files.find("cafe\u0301.jpg")[0].name == "caf\u00e9.jpg"
    assert files.find("\u1109\u1161\u110c\u1175\u11ab/caf\u00e9.jpg")[0] is not None
    assert files.find("./사진\\café.jpg")[0] is not None
    assert files.find("other/café.jpg") == (None, "is not in the folder")


# --- images --------------------------------------------------------------------------------------


def test_the_centre_is_cut_out(tmp_path):
    listing = read_listing(make_flickr8k(tmp_path))
    image = read_photographs(listing, "train", 12).images[0].astype(int)
    # The middle square of 30 pixels: 5 red columns, 20 green and 5 blue of the 60.
    assert (image[:, 3:9].argmax(axis=2) == 1).all()
    assert (image[:, 0].argmax(axis=1) == 0).all() and (image[:, -1].argmax(axis=1) == 2).all()


def test_tall_grey_and_turned_images(tmp_path):
    pixels = np.zeros((40, 20), dtype=np.uint8)
    pixels[:8] = 200
    Image.fromarray(pixels).save(tmp_path / "grey.png")
    assert np.array_equal(read_image(tmp_path / "grey.png", 10), np.zeros((10, 10, 3)))
    exif = Image.Exif()
    exif[0x0112] = 3
    pixels[:20] = 200
    Image.fromarray(pixels).save(tmp_path / "turned.png", exif=exif)
    turned = read_image(tmp_path / "turned.png", 10)
    assert turned[0].max() == 0 and turned[-1].min() == 200


@pytest.mark.skipif("SATT_DATA" not in os.environ, reason="SATT_DATA is not set")
def test_the_real_thing():
    listing = read_listing(Path(os.environ["SATT_DATA"]) / "flickr8k")
    data = read_photographs(listing, "validation", 32)
    assert len(data) == 1000
    assert all(len(captions) == 5 for captions in data.captions)
    assert 80 < data.images.mean() < 150
