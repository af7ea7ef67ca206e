import numpy as np
import pytest

from satt.data.batches import (
    caption_arrays,
    captioning_batches,
    count_batches,
    to_float,
    training_batches,
)
from satt.data.caption_data import CaptionData
from satt.data.vocabulary import START, STOP, Vocabulary
from satt.errors import SattError


def made_up(count, several=3, seed=0):
    """Each image is one flat colour, its number; its captions name the number, then fill up."""
    random = np.random.default_rng(seed)
    images = np.broadcast_to(
        np.arange(count, dtype=np.uint8)[:, None, None, None], (count, 3, 2, 3)
    )
    captions = [
        [[f"i{n}", f"c{c}"] + ["x"] * random.integers(0, 9) for c in range(several)]
        for n in range(count)
    ]
    data = CaptionData(images.copy(), captions, [f"{n}.jpg" for n in range(count)])
    return data, Vocabulary.from_captions(c for several in captions for c in several)


def image_numbers(images):
    return np.rint((images[:, 0, 0, 0] + 1) * 127.5).astype(int)


def read_back(batches, vocabulary):
    """Return [(image number, caption)] of batches, in their order."""
    found = []
    for batch in batches:
        numbers = image_numbers(batch["images"])
        assert len(batch["words"]) % len(numbers) == 0
        numbers = np.repeat(numbers, len(batch["words"]) // len(numbers))
        captions = [vocabulary.decode(row) for row in batch["words"]]
        found += list(zip(numbers.tolist(), captions, strict=True))
    return found


def test_caption_arrays():
    vocabulary = Vocabulary(["a", "dog", "runs"])
    words = caption_arrays([["a", "dog", "runs"], ["a"], [], ["cat", "runs"]], vocabulary)
    assert words.dtype == np.int64
    assert words.tolist() == [
        [1, 4, 5, 6, 2],
        [1, 4, 2, 0, 0],
        [1, 2, 0, 0, 0],
        [1, 3, 6, 2, 0],
    ]
    assert caption_arrays([], vocabulary).shape == (0, 2)


def test_to_float_spans_minus_one_to_one_in_float32():
    images = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
    scaled = to_float(images)
    assert scaled.dtype == np.float32 and scaled.shape == images.shape
    assert scaled.min() == -1 and scaled.max() == 1
    np.testing.assert_allclose(scaled, images / 127.5 - 1, atol=1e-6)
    assert images.reshape(-1)[7] == 7


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_to_float_leaves_floats_alone(random, dtype):
    grids = random.standard_normal((2, 6, 5)).astype(dtype)
    assert to_float(grids) is grids


def test_an_epoch_shows_every_image_once_with_one_of_its_captions():
    data, vocabulary = made_up(53)
    batches = list(training_batches(data, vocabulary, 5, np.random.default_rng(1)))
    found = read_back(batches, vocabulary)
    assert sorted(number for number, _ in found) == list(range(53))
    assert all(caption in data.captions[number] for number, caption in found)
    assert sorted(len(batch["words"]) for batch in batches) == [3] + [5] * 10
    for batch in batches:
        assert batch["images"].dtype == np.float32 and batch["words"].dtype == np.int64
        assert (batch["words"][:, 0] == START).all()
        assert ((batch["words"] == STOP).sum(axis=1) == 1).all()
        # No batch is wider than its longest caption.
        assert (batch["words"][:, -1] == STOP).any()


def test_several_captions_share_an_image():
    data, vocabulary = made_up(11)
    batches = list(training_batches(data, vocabulary, 4, np.random.default_rng(1), 2))
    assert sorted(len(batch["images"]) for batch in batches) == [3, 4, 4]
    assert all(len(batch["words"]) == 2 * len(batch["images"]) for batch in batches)
    found = read_back(batches, vocabulary)
    assert sorted(number for number, _ in found) == sorted(2 * list(range(11)))
    assert all(caption in data.captions[number] for number, caption in found)
    assert len({tuple(caption) for _, caption in found}) == 22


def test_too_few_captions_are_repeated_evenly():
    data, vocabulary = made_up(5)
    data.captions[3] = data.captions[3][:1]
    found = read_back(
        training_batches(data, vocabulary, 2, np.random.default_rng(1), 4), vocabulary
    )
    for number, several in enumerate(data.captions):
        drawn = [caption for n, caption in found if n == number]
        assert len(drawn) == 4
        counts = [drawn.count(caption) for caption in several]
        assert sum(counts) == 4 and min(counts) >= 4 // len(several)


def test_epochs_differ_and_seeds_repeat():
    data, vocabulary = made_up(40)
    random = np.random.default_rng(1)
    first = read_back(training_batches(data, vocabulary, 4, random), vocabulary)
    second = read_back(training_batches(data, vocabulary, 4, random), vocabulary)
    again = read_back(
        training_batches(data, vocabulary, 4, np.random.default_rng(1)), vocabulary
    )
    assert first == again
    assert [n for n, _ in first] != [n for n, _ in second]
    assert sorted(first) != sorted(second)


def test_over_many_epochs_every_caption_has_its_turn():
    data, vocabulary = made_up(2)
    random = np.random.default_rng(3)
    seen = []
    for _ in range(300):
        seen += [c[1] for _, c in read_back(training_batches(data, vocabulary, 2, random),
                                            vocabulary)]
    counts = [seen.count(name) for name in ("c0", "c1", "c2")]
    assert min(counts) > 150 and sum(counts) == 600


def test_like_lengths_share_a_batch_but_batches_do_not_come_by_length():
    data, vocabulary = made_up(200)
    batches = list(training_batches(data, vocabulary, 10, np.random.default_rng(1)))
    padding = np.mean(np.concatenate([(b["words"] == 0).ravel() for b in batches]))
    assert padding < 0.06
    widths = [batch["words"].shape[1] for batch in batches]
    assert widths != sorted(widths) and widths != sorted(widths, reverse=True)


@pytest.mark.parametrize("one", [False, True])
def test_short_captions_may_come_first_but_only_loosely(one):
    data, vocabulary = made_up(400)

    def epoch(seed, short_first):
        return list(training_batches(
            data, vocabulary, 4, np.random.default_rng(seed), 2, one, short_first
        ))

    batches, shuffled = epoch(1, True), epoch(1, False)
    found, others = (sorted(read_back(each, vocabulary)) for each in (batches, shuffled))
    assert found == others  # the same captions in the same batches, in another order
    lengths, mixed = (
        [np.count_nonzero(batch["words"]) / len(batch["words"]) for batch in each]
        for each in (batches, shuffled)
    )
    assert sorted(lengths) == sorted(mixed)
    places = np.arange(len(lengths))
    assert np.corrcoef(places, lengths)[0, 1] > 0.8 > 0.4 > abs(np.corrcoef(places, mixed)[0, 1])
    assert lengths != sorted(lengths)
    assert read_back(epoch(1, True), vocabulary) == read_back(batches, vocabulary)
    assert read_back(epoch(2, True), vocabulary) != read_back(batches, vocabulary)


def one_length(data, vocabulary, batch_size, random, captions_per_image=1):
    return list(training_batches(
        data, vocabulary, batch_size, random, captions_per_image, one_length=True
    ))


@pytest.mark.parametrize("several", [1, 2, 3])
def test_nothing_is_padded_in_batches_of_one_length(several):
    data, vocabulary = made_up(120)
    for batch in one_length(data, vocabulary, 10, np.random.default_rng(1), several):
        words = batch["words"]
        assert (words[:, 0] == START).all() and (words[:, -1] == STOP).all()
        assert (words != 0).all() and (words[:, :-1] != STOP).all()
        numbers = image_numbers(batch["images"])
        assert len(set(numbers)) == len(numbers) <= 10


def test_an_epoch_of_one_length_shows_every_image_once():
    data, vocabulary = made_up(120)
    batches = one_length(data, vocabulary, 10, np.random.default_rng(1))
    found = read_back(batches, vocabulary)
    assert sorted(number for number, _ in found) == list(range(120))
    assert all(caption in data.captions[number] for number, caption in found)
    # Only the last batch of a length is smaller.
    lengths = [batch["words"].shape[1] for batch in batches]
    sizes = {length: [len(batch["images"]) for batch, other in zip(batches, lengths, strict=True)
                      if other == length] for length in lengths}
    assert len(sizes) > 3
    assert all(sum(size < 10 for size in of_length) <= 1 for of_length in sizes.values())
    assert lengths != sorted(lengths) and lengths != sorted(lengths, reverse=True)


def test_captions_of_one_image_and_one_length_share_it():
    data, vocabulary = made_up(60)
    for several in data.captions[:30]:
        several[2] = [*several[0][:1], "again", *several[0][2:]]
    batches = one_length(data, vocabulary, 7, np.random.default_rng(1), 3)
    counts = [len(batch["words"]) // len(batch["images"]) for batch in batches]
    assert set(counts) == {1, 2, 3}
    found = read_back(batches, vocabulary)
    for number, several in enumerate(data.captions):
        assert sorted(c for n, c in found if n == number) == sorted(
            vocabulary.decode(vocabulary.encode(caption)) for caption in several
        )
    # An image comes once for each length of its captions.
    shown = np.concatenate([image_numbers(batch["images"]) for batch in batches])
    for number, several in enumerate(data.captions):
        assert (shown == number).sum() == len(set(map(len, several)))


def test_epochs_of_one_length_differ_and_seeds_repeat():
    data, vocabulary = made_up(40)
    random = np.random.default_rng(1)
    first = read_back(one_length(data, vocabulary, 4, random), vocabulary)
    second = read_back(one_length(data, vocabulary, 4, random), vocabulary)
    assert first == read_back(
        one_length(data, vocabulary, 4, np.random.default_rng(1)), vocabulary
    )
    assert first != second


@pytest.mark.parametrize("several", [1, 2])
@pytest.mark.parametrize("one", [False, True])
@pytest.mark.parametrize("short_first", [False, True])
def test_batches_are_counted_before_they_are_made(several, one, short_first):
    data, vocabulary = made_up(83)
    random, epochs = np.random.default_rng(5), 4
    made = [
        len(list(training_batches(
            data, vocabulary, 6, random, several, one, short_first and not epoch
        ))) for epoch in range(epochs)
    ]
    assert count_batches(
        data, 6, np.random.default_rng(5), several, one, short_first, epochs
    ) == sum(made)
    assert one == (len(set(made)) > 1)


@pytest.mark.parametrize("wrong", [{"batch_size": 0}, {"captions_per_image": 0}])
def test_nothing_at_a_time_is_refused(wrong):
    data, vocabulary = made_up(3)
    options = {"batch_size": 2, "random": np.random.default_rng(0)} | wrong
    with pytest.raises(SattError, match="expected at least 1, got 0"):
        next(training_batches(data, vocabulary, **options))
    with pytest.raises(SattError, match="expected at least 1, got 0"):
        count_batches(data, **options)


def test_an_image_without_captions_is_refused():
    data, vocabulary = made_up(3)
    data.captions[1] = []
    with pytest.raises(SattError, match="image 1.jpg has none; leave it out"):
        next(training_batches(data, vocabulary, 2, np.random.default_rng(0)))
    with pytest.raises(SattError, match="image 1.jpg has none; leave it out"):
        next(captioning_batches(data, vocabulary, 2))


def test_grids_of_another_network_are_batched_as_they_are(random):
    data, vocabulary = made_up(7)
    data.images = random.standard_normal((7, 6, 5)).astype(np.float32)
    rows = np.concatenate([b["images"] for b in training_batches(data, vocabulary, 3, random)])
    assert rows.dtype == np.float32
    assert sorted(rows.tolist()) == sorted(data.images.tolist())
    for begin, (images, _) in zip((0, 3, 6), captioning_batches(data, vocabulary, 3), strict=True):
        np.testing.assert_array_equal(images, data.images[begin : begin + 3])


def test_captioning_batches_show_every_caption_of_the_images_in_order():
    data, vocabulary = made_up(11)
    for image in (1, 2, 9):
        data.captions[image] = data.captions[image][:1]
    numbers, found, sizes = [], [], []
    for images, batches in captioning_batches(data, vocabulary, 4):
        numbers += image_numbers(images).tolist()
        sizes.append([batch["words"].shape[0] for batch in batches])
        these = read_back(batches, vocabulary)
        assert {number for number, _ in these} == set(image_numbers(images).tolist())
        found += these
    assert numbers == list(range(11))
    assert sizes == [[2, 6], [12], [1, 6]]
    expected = [(n, caption) for n, several in enumerate(data.captions) for caption in several]
    assert sorted(found) == sorted(expected)


def test_captioning_no_image_at_a_time_is_refused():
    data, vocabulary = made_up(3)
    with pytest.raises(SattError, match="batch_size: expected at least 1, got 0"):
        next(captioning_batches(data, vocabulary, 0))
