"""From captioned images to the arrays that a training step takes."""

from itertools import groupby

import numpy as np

from satt.data.vocabulary import PAD, START, STOP
from satt.errors import SattError

BATCHES_IN_A_BUCKET = 20
LOOSELY = 0.3  # so much chance, in shares of an epoch, is added to a batch's place by length


def caption_arrays(captions, vocabulary):
    """Write captions as one array of ids: `<start> w1 .. wn <stop> <pad> ..` in each row.

    Parameters
    ----------
    captions : list of lists of str
        N captions, the longest of T - 1 words.
    vocabulary : Vocabulary

    Returns
    -------
    words : ndarray of int64, shape (N, T + 1)
        `words[:, :-1]` is what the decoder reads, `words[:, 1:]` what it should say.
    """
    longest = max((len(caption) for caption in captions), default=0)
    words = np.full((len(captions), longest + 2), PAD, dtype=np.int64)
    for row, caption in zip(words, captions, strict=True):
        row[: len(caption) + 2] = [START, *vocabulary.encode(caption), STOP]
    return words


def to_float(images):
    """Scale images of bytes 0..255 to float32 -1..1, any shape.

    What is float already, such as the grids that another network has made, comes back as it is;
    grids that lie in a file are read.
    """
    if np.issubdtype(images.dtype, np.floating):
        return np.asarray(images)
    scaled = np.divide(images, np.float32(127.5), dtype=np.float32)
    scaled -= 1
    return scaled


def training_batches(
    data, vocabulary, batch_size, random, captions_per_image=1, one_length=False, short_first=False
):
    """Go once through the images in random order, each with captions drawn at random.

    Padded batches: captions of like length share a batch. The shuffled images are cut into buckets
    of about 20 batches, each bucket is sorted by the longest caption drawn for an image, and the
    batches of all buckets are shuffled. So little padding is computed, and yet every epoch has
    other batches.

    Batches of one length, as in the paper: all captions of a batch have exactly as many words, and
    nothing is padded. What is left over of a length makes a smaller batch, and because the loss is
    a mean over a batch, rare lengths count for more. The captions of one image rarely have one
    length. So with several of them an image comes in one batch for each of their lengths, and an
    epoch has up to k times as many batches; together in a batch are only images with the same
    number of captions of its length.

    Parameters
    ----------
    data : CaptionData
    vocabulary : Vocabulary
    batch_size : int
        Images in a batch, M, at most.
    random : numpy.random.Generator
    captions_per_image : int
        How many captions of each image an epoch draws, k; all different as long as there are
        enough, else some are repeated.
    one_length : bool
        Whether the captions of a batch have exactly one length.
    short_first : bool
        Whether batches come by length, short captions first, if only loosely: so a learner meets
        words in captions of one thing before those of three (Bengio et al. 2009, "Curriculum
        learning"). Otherwise the batches are shuffled.

    Yields
    ------
    batch : dict
        "images": float32 (M, H, W, 3) in -1..1; "words": int64 (M c, T + 1) as in
        `caption_arrays`, where rows m c to m c + c - 1 belong to image m. In padded batches c is
        k; in those of one length it is from 1 to k.

    Raises
    ------
    SattError
        If `batch_size` or `captions_per_image` is not at least 1, or an image has no caption.
    """
    plan = _plan(data, batch_size, random, captions_per_image, one_length, short_first)
    for batch in plan:
        captions = [caption for _, several in batch for caption in several]
        yield {
            "images": to_float(data.images[[row for row, _ in batch]]),
            "words": caption_arrays(captions, vocabulary),
        }


def count_batches(
    data, batch_size, random, captions_per_image=1, one_length=False, short_first=False, epochs=1
):
    """Count the batches that `training_batches` will give, epoch after epoch.

    How many images share a length depends on the captions that are drawn. So the same are drawn
    here, without an array being made.

    Parameters
    ----------
    data, batch_size, captions_per_image, one_length
        As for `training_batches`.
    short_first : bool
        As for `training_batches`, in the first epoch; the later ones are shuffled.
    random : numpy.random.Generator
        In the state in which the first epoch will find its own.
    epochs : int

    Returns
    -------
    count : int

    Raises
    ------
    SattError
        As from `training_batches`.
    """
    _check_numbers(batch_size, captions_per_image)
    if not one_length:
        return epochs * -(-len(data) // batch_size)
    return sum(
        len(_plan(data, batch_size, random, captions_per_image, True, short_first and not epoch))
        for epoch in range(epochs)
    )


def _plan(data, batch_size, random, captions_per_image, one_length, short_first):
    """The batches of an epoch; each is a list of pairs (row of an image, some captions of it)."""
    _check_numbers(batch_size, captions_per_image)
    _check_captions(data)
    drawn = [
        [several[i] for i in np.resize(random.permutation(len(several)), captions_per_image)]
        for several in data.captions
    ]
    shuffled = [(row, drawn[row]) for row in random.permutation(len(data))]
    if one_length:
        groups = _same_lengths(shuffled)
    else:
        groups = _like_lengths(shuffled, BATCHES_IN_A_BUCKET * batch_size)
    batches = [
        group[begin : begin + batch_size]
        for group in groups for begin in range(0, len(group), batch_size)
    ]
    batches = [batches[number] for number in random.permutation(len(batches))]
    return _loosely_by_length(batches, random) if short_first else batches


def _check_numbers(batch_size, captions_per_image):
    for name, value in (("batch_size", batch_size), ("captions_per_image", captions_per_image)):
        if value < 1:
            raise SattError(f"{name}: expected at least 1, got {value}")


def _like_lengths(pairs, bucket_size):
    buckets = [pairs[i : i + bucket_size] for i in range(0, len(pairs), bucket_size)]
    return [sorted(bucket, key=lambda pair: max(map(len, pair[1]))) for bucket in buckets]


def _loosely_by_length(batches, random):
    lengths = [
        np.mean([len(caption) for _, captions in batch for caption in captions])
        for batch in batches
    ]
    # Many batches are equally long: the same ones come first with any processor.
    places = np.argsort(np.argsort(lengths, kind="stable")) / len(batches)
    return [batches[n] for n in np.argsort(places + LOOSELY * random.random(len(batches)))]


def _same_lengths(pairs):
    groups = {}
    for row, captions in pairs:
        for length, same in groupby(sorted(captions, key=len), key=len):
            same = list(same)
            groups.setdefault((length, len(same)), []).append((row, same))
    return groups.values()


def captioning_batches(data, vocabulary, batch_size):
    """Go through the images in their order, each with all of its captions.

    Parameters
    ----------
    data : CaptionData
    vocabulary : Vocabulary
    batch_size : int
        Images at a time, M; the last time there may be fewer.

    Yields
    ------
    images : ndarray of float32, shape (M, H, W, 3)
        To be captioned.
    batches : list of dict
        The same images with their captions, as `training_batches` gives them. In a batch every
        image has the same number of captions, so that there are several if the images differ.

    Raises
    ------
    SattError
        If `batch_size` is not at least 1, or an image has no caption.
    """
    if batch_size < 1:
        raise SattError(f"batch_size: expected at least 1, got {batch_size}")
    _check_captions(data)
    counts = np.array([len(several) for several in data.captions])
    for begin in range(0, len(data), batch_size):
        images = to_float(data.images[begin : begin + batch_size])
        batches = []
        for count in np.unique(counts[begin : begin + batch_size]):
            rows = np.flatnonzero(counts[begin : begin + batch_size] == count)
            captions = [caption for row in rows for caption in data.captions[begin + row]]
            words = caption_arrays(captions, vocabulary)
            batches.append({"images": images[rows], "words": words})
        yield images, batches


def _check_captions(data):
    for name, several in zip(data.names, data.captions, strict=True):
        if not several:
            raise SattError(f"captions: image {name} has none; leave it out")
