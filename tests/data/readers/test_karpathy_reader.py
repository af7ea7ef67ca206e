import pytest

from satt.data.listing import NO_CAPTION, NO_FILE


def image(name, split, *raws, **more):
    """A record as in the published files, ids and all."""
    sentences = [{"tokens": raw.lower().split(), "raw": raw, "imgid": 0, "sentid": n}
                 for n, raw in enumerate(raws)]
    return {"sentids": list(range(len(raws))), "imgid": 0, "sentences": sentences,
            "split": split, "filename": name, **more}


FLICKR = {"dataset": "flickr8k", "images": [
    image("a.jpg", "train", "A dog runs.", "Two dogs"), image("b.jpg", "val", "A cat"),
    image("c.jpg", "test", "A hat"),
]}


def test_flickr(folder):
    folder.images("Images", "a.jpg b.jpg c.jpg")
    folder.json("dataset_flickr8k.json", FLICKR)
    listing = folder.read()
    assert listing.reader == "karpathy"
    assert listing.files == [folder.path / "dataset_flickr8k.json"]
    assert listing.split_sizes() == {"train": 1, "validation": 1, "test": 1}
    assert listing.photographs[0].captions == [["a", "dog", "runs"], ["two", "dogs"]]


def test_coco(folder):
    folder.images("train2014", "COCO_train2014_1.jpg")
    folder.images("val2014", "COCO_val2014_2.jpg COCO_val2014_3.jpg COCO_val2014_4.jpg")
    folder.json("caption_datasets/dataset_coco.json", {"dataset": "coco", "images": [
        image("COCO_train2014_1.jpg", "train", "One", filepath="train2014", cocoid=1),
        image("COCO_val2014_2.jpg", "restval", "Two", filepath="val2014", cocoid=2),
        image("COCO_val2014_3.jpg", "val", "Three", filepath="val2014", cocoid=3),
        image("COCO_val2014_4.jpg", "test", "Four", filepath="val2014", cocoid=4),
    ]})
    listing = folder.read()
    assert listing.split_sizes() == {"train": 2, "validation": 1, "test": 1}
    assert listing.photographs[1].path == folder.path / "val2014" / "COCO_val2014_2.jpg"


def test_the_folder_of_a_record_decides_between_equal_names(folder):
    folder.images("a", "1.jpg")
    folder.images("z/val2014", "1.jpg")
    folder.json("dataset_mine.json", {"images": [
        image("1.jpg", "val", "Deep", filepath="val2014"), image("1.jpg", "train", "Flat"),
    ]})
    validation, train = folder.read().photographs
    assert validation.path == folder.path / "z" / "val2014" / "1.jpg"
    assert train.path == folder.path / "a" / "1.jpg"


def test_of_three_files_the_one_whose_images_are_there(folder):
    """As caption_datasets.zip unpacks."""
    folder.images("Images", "x1.jpg")
    other = {"images": [image("x1.jpg", "train", "A dog")] + [
        image(f"{n}.jpg", "val", "Something else") for n in range(9)]}
    folder.json("dataset_flickr8k.json", FLICKR)
    folder.json("dataset_flickr30k.json", other)
    folder.json("dataset_coco.json", {"images": other["images"] * 3})
    listing = folder.read()
    assert [path.name for path in listing.files] == ["dataset_flickr30k.json"]
    assert "dataset_coco.json" in listing.notes[0] and "dataset_flickr8k.json" in listing.notes[0]


def test_what_is_missing(folder):
    folder.images("Images", "a.jpg b.jpg d.jpg")
    folder.json("dataset_flickr8k.json", {"images": [
        *FLICKR["images"][:1], image("b.jpg", "val"), image("c.jpg", "test", "A hat")]})
    listing = folder.read()
    assert [(lost.name, lost.reason) for lost in listing.left_out] == [
        ("b.jpg", NO_CAPTION), ("c.jpg", NO_FILE)]
    assert listing.unlisted == ["Images/d.jpg"]


def test_tokens_do_where_the_raw_text_is_missing(folder):
    folder.images("Images", "a.jpg")
    record = image("a.jpg", "train")
    record["sentences"] = [{"tokens": ["A", "dog"]}]
    folder.json("dataset_mine.json", {"images": [record]})
    assert folder.read().photographs[0].captions == [["a", "dog"]]


def test_hugging_faces_notes_are_no_data_set(folder):
    folder.images("Images", "a.jpg")
    folder.json("dataset_info.json", {"images": 3})
    folder.json("dataset_infos.json", {"images": 3})
    folder.json("dataset_dict.json", {"splits": ["train"]})
    folder.fails("no captions of a format that is known")


@pytest.mark.parametrize(("change", "about"), [
    ({"filename": None}, ["images[0].filename", "expected a text, got NoneType"]),
    ({"filename": ["a.jpg"]}, ["images[0].filename", "got list"]),
    ({"split": "validate"}, ["images[0].split", "restval", "got 'validate'"]),
    ({"split": True}, ["images[0].split", "got True"]),
    ({"filepath": 3}, ["images[0].filepath", "got 3"]),
    ({"sentences": "A dog"}, ["images[0].sentences", "expected a list, got 'A dog'"]),
    ({"sentences": ["A dog"]}, ["images[0].sentences[0]", "expected an object"]),
    ({"sentences": [{"raw": 7}]}, ["images[0].sentences[0].raw", "got 7"]),
    ({"sentences": [{}]}, ["images[0].sentences[0].raw", "the key 'raw' is missing"]),
    ({"sentences": [{"tokens": {}}]}, ["images[0].sentences[0].tokens", "got dict"]),
])
def test_records_that_are_wrong(folder, change, about):
    folder.images("Images", "a.jpg")
    folder.json("dataset_flickr8k.json", {"images": [{**FLICKR["images"][0], **change}]})
    folder.fails("dataset_flickr8k.json", *about)


@pytest.mark.parametrize(("content", "about"), [
    ({}, ["images: expected a list", "the key 'images' is missing"]),
    ({"images": {}}, ["images: expected a list, got dict"]),
    ({"images": [3]}, ["images[0]: expected an object {...}, got 3"]),
    ({"images": []}, ["lists no photographs"]),
    ([], ["the whole: expected an object {...}, got list"]),
])
def test_files_that_are_wrong(folder, content, about):
    folder.images("Images", "a.jpg")
    folder.json("dataset_flickr8k.json", content)
    folder.fails("dataset_flickr8k.json", *about)
