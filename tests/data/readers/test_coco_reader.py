import pytest

from satt.data.listing import NO_CAPTION, NO_FILE


def captions(names, texts, first=0):
    """A file of captions as published, with what nobody needs."""
    return {
        "info": {"year": 2017}, "licenses": [{"id": 1}],
        "images": [{"id": first + n, "file_name": name, "license": 1, "height": 4, "width": 6}
                   for n, name in enumerate(names)],
        "annotations": [{"id": n, "image_id": first + owner, "caption": text}
                        for n, (owner, text) in enumerate(texts)],
    }


TRAIN = captions(["000009.jpg", "000025.jpg"], [(1, "A giraffe."), (0, "Food"), (0, "A meal")])
VAL = captions(["000139.jpg"], [(0, "A room")], first=100)


def make(folder, images="", texts="annotations/", year="2017"):
    folder.images(f"{images}train{year}", "000009.jpg 000025.jpg")
    folder.images(f"{images}val{year}", "000139.jpg")
    folder.json(f"{texts}captions_train{year}.json", TRAIN)
    folder.json(f"{texts}captions_val{year}.json", VAL)
    folder.json(f"{texts}instances_train{year}.json", {"images": "boxes, of no use here"})
    return folder


@pytest.mark.parametrize(("images", "texts", "year"), [
    ("", "annotations/", "2017"),
    ("images/", "annotations/", "2017"),
    ("coco2017/", "coco2017/annotations/", "2017"),
    ("train2014.zip/", "annotations_trainval2014/annotations/", "2014"),
    ("", "", "2014"),
])
def test_the_usual_layouts(folder, images, texts, year):
    listing = make(folder, images, texts, year).read()
    assert listing.reader == "coco"
    assert [(photo.name, photo.split) for photo in listing.photographs] == [
        ("000009.jpg", "train"), ("000025.jpg", "train"), ("000139.jpg", "validation"),
    ]
    assert listing.photographs[0].captions == [["food"], ["a", "meal"]]
    assert not (listing.left_out or listing.unlisted or listing.skipped or listing.notes)


def test_the_images_of_one_part_will_do(folder):
    """Many fetch val2017 alone, as it is small."""
    make(folder)
    for path in (folder.path / "train2017").iterdir():
        path.unlink()
    listing = folder.read()
    assert listing.split_sizes() == {"train": 0, "validation": 1, "test": 0}
    assert [lost.reason for lost in listing.left_out] == [NO_FILE] * 2


def test_all_images_in_one_folder(folder):
    folder.images("images", "000009.jpg 000025.jpg 000139.jpg 000140.jpg")
    folder.json("captions_train2017.json", TRAIN)
    folder.json("captions_val2017.json", VAL)
    listing = folder.read()
    assert len(listing.photographs) == 3 and listing.unlisted == ["images/000140.jpg"]


def test_the_same_name_in_both_parts(folder):
    for part in ("train", "val"):
        folder.images(f"{part}2017", "1.jpg")
        folder.json(f"captions_{part}2017.json", captions(["1.jpg"], [(0, part)]))
    assert [(p.path.parent.name, p.captions) for p in folder.read().photographs] == [
        ("train2017", [["train"]]), ("val2017", [["val"]])]


def test_only_the_newest_year_that_has_images_is_read(folder):
    make(folder, year="2014")
    folder.json("annotations/captions_train2017.json", captions(["other.jpg"], [(0, "A dog")]))
    listing = folder.read()
    assert {path.name for path in listing.files} == {"captions_train2014.json",
                                                     "captions_val2014.json"}
    assert "captions_train2017.json" in listing.notes[0]
    folder.images("train2017", "other.jpg")
    listing = folder.read()
    assert [photo.name for photo in listing.photographs] == ["other.jpg"]
    assert "captions_train2014.json" in listing.notes[0]


def test_captions_and_images_without_each_other(folder):
    make(folder)
    folder.json("annotations/captions_val2017.json", captions(
        ["000139.jpg"], [(5, "Of nothing")], first=100))
    listing = folder.read()
    assert [(lost.name, lost.reason, lost.split) for lost in listing.left_out] == [
        ("000139.jpg", NO_CAPTION, "validation")]
    assert listing.skipped == ["captions_val2017.json: annotations[0]: no image has the id 105"]


def test_results_in_cocos_format_are_not_captions(folder):
    make(folder).json("results/captions_val2014_fakecap_results.json", [{"image_id": 1}])
    assert len(folder.read().photographs) == 3


@pytest.mark.parametrize(("content", "about"), [
    ({"images": []}, ["annotations: expected a list", "is missing"]),
    ({"images": [{"id": 1.5, "file_name": "a"}]}, ["images[0].id", "a whole number, got 1.5"]),
    ({"images": [{"id": True, "file_name": "a"}]}, ["images[0].id", "got True"]),
    ({"images": [{"id": [], "file_name": "a"}]}, ["images[0].id", "got list"]),
    ({"images": [{"id": 1, "file_name": 1}]}, ["images[0].file_name", "a text, got 1"]),
    ({"images": [{"id": 1, "file_name": "a"}] * 2}, ["images[1].id", "got 1 a second time"]),
    ({"images": [], "annotations": [{"image_id": 1}]}, ["annotations[0].caption", "missing"]),
    ({"images": [], "annotations": [None]}, ["annotations[0]", "expected an object"]),
    ({"images": [], "annotations": []}, ["lists no photographs"]),
])
def test_files_that_are_wrong(folder, content, about):
    folder.json("captions_val2017.json", content)
    folder.fails("captions_val2017.json", *about)
