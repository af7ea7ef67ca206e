"""From captioned images to the arrays that a training step takes."""

import numpy as np

from satt.data.vocabulary import PAD, START, STOP
from satt.errors import SattError

BATCHES_IN_A_BUCKET = 20


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

    What is float already, such as the grids that another network has made, comes back as it is.
    """
    if np.issubdtype(images.dtype, np.floating):
        return images
    scaled = np.divide(images, np.float32(127.5), dtype=np.float32)
    scaled -= 1
    return scaled


def training_batches(data, vocabulary, batch_size, random, captions_per_image=1):
    """Go once through the images in random order, each with captions drawn at random.

    Captions of like length share a batch: the shuffled images are cut into buckets of about 20
    batches, each bucket is sorted by the longest caption drawn for an image, and the batches of
    all buckets are shuffled. So little padding is computed, and yet every epoch has other batches.

    Parameters
    ----------
    data : CaptionData
    vocabulary : Vocabulary
    batch_size : int
        Images in a batch, M; the last cut of an epoch may be smaller.
    random : numpy.random.Generator
    captions_per_image : int
        How many captions of each image an epoch draws, k; all different as long as there are
        enough, else some are repeated.

    Yields
    ------
    batch : dict
        "images": float32 (M, H, W, 3) in -1..1; "words": int64 (M k, T + 1) as in
        `caption_arrays`, where rows m k to m k + k - 1 belong to image m.

    Raises
    ------
    SattError
        If `batch_size` or `captions_per_image` is not at least 1, or an image has no caption.
    """
    for name, value in (("batch_size", batch_size), ("captions_per_image", captions_per_image)):
        if value < 1:
            raise SattError(f"{name}: expected at least 1, got {value}")
    _check_captions(data)
    drawn = [
        [several[i] for i in np.resize(random.permutation(len(several)), captions_per_image)]
        for several in data.captions
    ]
    longest = np.array([max(map(len, several)) for several in drawn])
    shuffled = random.permutation(len(data))
    batches = []
    bucket_size = BATCHES_IN_A_BUCKET * batch_size
    for begin in range(0, len(shuffled), bucket_size):
        bucket = shuffled[begin : begin + bucket_size]
        bucket = bucket[np.argsort(longest[bucket], kind="stable")]
        batches += [bucket[i : i + batch_size] for i in range(0, len(bucket), batch_size)]
    for number in random.permutation(len(batches)):
        rows = batches[number]
        captions = [caption for row in rows for caption in drawn[row]]
        yield {
            "images": to_float(data.images[rows]),
            "words": caption_arrays(captions, vocabulary),
        }


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
