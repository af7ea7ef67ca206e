import pytest

from satt.data.listing import NO_CAPTION, NO_FILE
from satt.data.readers import read_listing

CAPTIONS = [f"{n}.jpg#{k}\tA {n} picture , number {k} ." for n in "abcd" for k in range(2)]


def make(folder, images="images", texts="."):
    folder.images(images, "a.jpg b.jpg c.jpg d.jpg")
    folder.text(f"{texts}/Flickr8k.token.txt", "\n".join(CAPTIONS) + "\n")
    folder.text(f"{texts}/Flickr_8k.trainImages.txt", "c.jpg\na.jpg\n")
    folder.text(f"{texts}/Flickr_8k.devImages.txt", "b.jpg\r\n\r\n")
    folder.text(f"{texts}/Flickr_8k.testImages.txt", "d.jpg")
    return folder


def test_a_split_is_read_in_its_order(folder):
    listing = make(folder).read()
    assert listing.reader == "flickr8k"
    assert [photo.name for photo in listing.photographs] == ["c.jpg", "a.jpg", "b.jpg", "d.jpg"]
    train = listing.of_split("train")
    assert [photo.name for photo in train] == ["c.jpg", "a.jpg"]
    assert train[1].captions == [["a", "a", "picture", "number", str(k)] for k in range(2)]
    assert train[1].path == folder.path / "images" / "a.jpg"
    assert listing.split_sizes() == {"train": 2, "validation": 1, "test": 1}
    assert not (listing.left_out or listing.unlisted or listing.skipped or listing.notes)
    assert [path.name for path in listing.files] == [
        "Flickr8k.token.txt", "Flickr_8k.trainImages.txt", "Flickr_8k.devImages.txt",
        "Flickr_8k.testImages.txt",
    ]


@pytest.mark.parametrize(("images", "texts"), [
    ("Images", "."),
    ("Flicker8k_Dataset", "Flickr8k_text"),
    ("Flickr8k_Dataset/Flicker8k_Dataset", "Flickr8k_text"),
    ("archive/Flickr8k_Dataset/Flicker8k_Dataset", "archive/Flickr8k_text"),
    (".", "."),
])
def test_the_usual_layouts(folder, images, texts):
    assert len(make(folder, images, texts).read().photographs) == 4


def test_what_a_mac_adds_to_archives_is_passed_over(folder):
    make(folder)
    folder.images("__MACOSX/images", "a.jpg")
    folder.text("images/._a.jpg", "a resource fork")
    folder.text("__MACOSX/._Flickr8k.token.txt", "a resource fork")
    listing = folder.read()
    assert len(listing.photographs) == 4 and not listing.unlisted and not listing.notes


def test_a_list_that_is_missing_is_told(folder):
    make(folder)
    (folder.path / "Flickr_8k.testImages.txt").unlink()
    listing = folder.read()
    assert listing.split_sizes() == {"train": 2, "validation": 1, "test": 0}
    assert "Flickr_8k.testImages.txt is not there, so that there are no test photographs" in (
        listing.notes
    )


def test_what_is_missing_is_named(folder):
    make(folder)
    folder.images("images", "e.jpg f.jpg")
    folder.text("Flickr_8k.trainImages.txt", "a.jpg\ngone.jpg\ne.jpg\n")
    listing = folder.read()
    assert [(lost.name, lost.reason, lost.split) for lost in listing.left_out] == [
        ("gone.jpg", NO_FILE, "train"), ("e.jpg", NO_CAPTION, "train"),
    ]
    assert listing.unlisted == ["images/c.jpg", "images/f.jpg"]
    # Of c.jpg, and of no other, there are captions in spite of its not being in a list.
    assert listing.notes == ["Flickr8k.token.txt has captions of 1 other images, which are in "
                             "none of the lists"]


def test_a_caption_without_words_is_skipped(folder):
    make(folder).text("Flickr8k.token.txt", "\n".join([*CAPTIONS, "a.jpg#2\t . !"]))
    listing = folder.read()
    assert len(listing.of_split("train")[1].captions) == 2
    assert listing.skipped == ["a.jpg: a caption without a word, ' . !'"]


def test_a_file_in_two_splits(folder):
    make(folder).text("Flickr_8k.devImages.txt", "b.jpg\na.jpg\n")
    folder.fails("a.jpg", "in train and in validation", "take one of them out")


def test_a_file_twice_in_a_split(folder):
    make(folder).text("Flickr_8k.devImages.txt", "b.jpg\nb.jpg\n")
    listing = folder.read()
    assert len(listing.of_split("validation")) == 1
    assert listing.skipped == ["b.jpg: is listed twice; the second time is passed over"]


@pytest.mark.parametrize(("line", "about"), [
    ("a.jpg A dog", "line 3: expected 'name.jpg#0', a tab and a caption, got 'a.jpg A dog'"),
    ("a.jpg\tA dog", "line 3: expected"),
    ("a.jpg#0 A dog", "line 3: expected"),
])
def test_a_line_that_is_no_caption(folder, line, about):
    make(folder).text("Flickr8k.token.txt", f"a.jpg#0\tA dog\n\n{line}\n")
    folder.fails("Flickr8k.token.txt", about, "fetch the file again")


def test_other_encodings(folder):
    make(folder).text("Flickr8k.token.txt", "\ufeffa.jpg#0\tA café\n")
    assert folder.read().of_split("train")[0].captions == [["a", "café"]]
    folder.text("Flickr8k.token.txt", "a.jpg#0\tA dog\na.jpg#1\tA café\n", "latin-1")
    folder.fails("line 2", "0xe9", "UTF-8")
    folder.text("Flickr8k.token.txt", "a.jpg#0\tA dog\n", "utf-16")
    folder.fails("line 1", "0xff", "UTF-8")


def test_captions_without_lists_are_not_enough(folder):
    make(folder)
    for part in ("train", "dev", "test"):
        (folder.path / f"Flickr_8k.{part}Images.txt").unlink()
    folder.fails("Flickr_8k.trainImages.txt", "but Flickr8k.token.txt and images: 4")


def test_images_that_are_not_there(folder):
    make(folder)
    for path in (folder.path / "images").iterdir():
        path.unlink()
    folder.fails("none of the photographs", "4 without a file (c.jpg, a.jpg", "holds no images")


def test_empty_lists(folder):
    make(folder)
    for part in ("train", "dev", "test"):
        folder.text(f"Flickr_8k.{part}Images.txt", "\n")
    folder.fails("lists no photographs", "fetch it again")


def test_the_real_thing(real):
    listing = read_listing(real)
    assert listing.reader == "flickr8k"
    sizes = listing.split_sizes()
    assert (sizes["train"], sizes["validation"]) == (6000, 1000)
    assert not listing.left_out and not listing.skipped
    assert all(len(photo.captions) == 5 for photo in listing.photographs)
    first = next(p for p in listing.photographs if p.name == "1000268201_693b08cb0e.jpg")
    assert " ".join(first.captions[1]) == "a girl going into a wooden building"
