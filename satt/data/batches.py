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
    """Scale images of bytes 0..255 to float32 -1..1, any shape."""
    scaled = np.divide(images, np.float32(127.5), dtype=np.float32)
    scaled -= 1
    return scaled


def training_batches(data, vocabulary, batch_size, random, captions_per_image=1):
    """Go once through the images in random order, each with captions drawn at random.

    Captions of like length share a batch: the shuffled captions are cut into buckets of about 20
    batches, each bucket is sorted by length, and the batches of all buckets are shuffled. So
    little padding is computed, and yet every epoch has other batches.

    Parameters
    ----------
    data : CaptionData
    vocabulary : Vocabulary
    batch_size : int
        Captions in a batch, N; the last cut of an epoch may be smaller.
    random : numpy.random.Generator
    captions_per_image : int
        How many captions of each image an epoch draws, none of them twice; all of them if an
        image has no more.

    Yields
    ------
    batch : dict
        "images": float32 (N, H, W, 3) in -1..1; "words": int64 (N, T + 1) as in `caption_arrays`.

    Raises
    ------
    SattError
        If `batch_size` or `captions_per_image` is not at least 1.
    """
    for name, value in (("batch_size", batch_size), ("captions_per_image", captions_per_image)):
        if value < 1:
            raise SattError(f"{name}: expected at least 1, got {value}")
    pairs = [
        (image, data.captions[image][drawn])
        for image in range(len(data))
        for drawn in random.permutation(len(data.captions[image]))[:captions_per_image]
    ]
    shuffled = random.permutation(len(pairs))
    lengths = np.array([len(caption) for _, caption in pairs])
    batches = []
    bucket_size = BATCHES_IN_A_BUCKET * batch_size
    for begin in range(0, len(pairs), bucket_size):
        bucket = shuffled[begin : begin + bucket_size]
        bucket = bucket[np.argsort(lengths[bucket], kind="stable")]
        batches += [bucket[i : i + batch_size] for i in range(0, len(bucket), batch_size)]
    for number in random.permutation(len(batches)):
        images, captions = zip(*(pairs[i] for i in batches[number]), strict=True)
        yield {
            "images": to_float(data.images[list(images)]),
            "words": caption_arrays(captions, vocabulary),
        }
