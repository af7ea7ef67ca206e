from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from satt.data.listing import Listing, Photograph
from satt.data.overview import (
    describe_captions,
    describe_image_sizes,
    describe_vocabulary,
    draw_at_random,
)
from satt.data.vocabulary import Vocabulary


@pytest.fixture
def listing(random):
    """Words by Zipf's law, so that some are frequent and most are rare."""
    photographs = []
    for n in range(60):
        captions = [
            [f"w{word}" for word in random.zipf(1.5, size=random.integers(1, 9))]
            for _ in range(random.integers(1, 6))
        ]
        split = "validation" if n % 3 == 0 else "train"
        photographs.append(Photograph(Path(f"{n}.jpg"), f"{n}.jpg", captions, split))
    return Listing(Path("."), "table", [], photographs, [], "nobody")


def test_counts(listing):
    found = describe_captions(listing)
    captions = [caption for photo in listing.photographs for caption in photo.captions]
    assert (found["images"], found["captions"]) == (60, len(captions))
    assert found["distinct_words"] == len({word for caption in captions for word in caption})
    assert found["captions_per_image"] == {"fewest": 1, "mean": len(captions) / 60, "most": 5}
    lengths = np.array(list(map(len, captions)))
    assert found["caption_length"] == {"median": np.median(lengths), "longest": lengths.max()}
    assert found["splits"] == {"train": 40, "validation": 20, "test": 0}


def test_the_vocabulary_is_that_of_a_training(listing):
    captions = [caption for photo in listing.of_split("train") for caption in photo.captions]
    words = [word for caption in captions for word in caption]
    for row in describe_vocabulary(listing):
        vocabulary = Vocabulary.from_captions(captions, row["minimum_count"])
        assert row["words"] == len(vocabulary.words)
        known = sum(word in vocabulary.words for word in words)
        assert row["share"] == known / len(words)
    assert [row["minimum_count"] for row in describe_vocabulary(listing)] == [1, 2, 5, 10]
    assert describe_vocabulary(listing)[0]["share"] == 1
    assert describe_vocabulary(listing)[3]["words"] < describe_vocabulary(listing)[2]["words"]


def test_without_a_training_split_all_captions_count(listing):
    listing.photographs = listing.of_split("validation")
    counts = Counter(w for photo in listing.photographs for c in photo.captions for w in c)
    assert describe_vocabulary(listing, [1])[0]["words"] == len(counts)


def test_image_sizes(tmp_path):
    paths = [tmp_path / f"{n}.png" for n in range(4)]
    for path, size in zip(paths, [(10, 4), (30, 5), (20, 9)], strict=False):
        Image.new("L", size).save(path)
    paths[3].write_bytes(b"no image")
    assert describe_image_sizes(paths) == {
        "looked_at": 4,
        "width": {"smallest": 10, "median": 20, "largest": 30},
        "height": {"smallest": 4, "median": 5, "largest": 9},
        "not_images": [str(paths[3])],
    }
    nothing = describe_image_sizes([paths[3], tmp_path / "gone.png"])
    assert nothing["width"] is None and len(nothing["not_images"]) == 2


def test_some_at_random():
    drawn = draw_at_random(range(100), 12, seed=3)
    assert len(set(drawn)) == 12 and drawn != sorted(drawn)
    assert drawn == draw_at_random(range(100), 12, seed=3) != draw_at_random(range(100), 12, 4)
    assert sorted(draw_at_random(range(5), 12, 0)) == list(range(5))
