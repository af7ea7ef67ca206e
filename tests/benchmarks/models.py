"""The captioners and batches that several benchmarks share."""

import os
from itertools import chain, islice
from pathlib import Path

import numpy as np

from satt.data.batches import training_batches
from satt.data.caption_data import CaptionData
from satt.data.readers import read_listing
from satt.data.vocabulary import Vocabulary
from satt.models.captioner import Captioner, CaptionerSettings

SIZES = {
    "small: B32 T12 L64 D64 H128 V200": {
        "B": 32, "T": 12, "L": 64, "D": 64, "A": 64, "E": 64, "H": 128, "V": 200,
    },
    "L49: B64 T16 D512 H512 V10k": {
        "B": 64, "T": 16, "L": 49, "D": 512, "A": 512, "E": 512, "H": 512, "V": 10_000,
    },
    "L196: B64 T16 D512 H512 V10k": {
        "B": 64, "T": 16, "L": 196, "D": 512, "A": 512, "E": 512, "H": 512, "V": 10_000,
    },
}
FLICKR = {"B": 16, "k": 5, "T": 14, "L": 49, "D": 1280, "A": 256, "E": 256, "H": 512, "V": 2_540}
MINIMUM_COUNT = 5  # so often a word stands in the captions of Flickr8k if the captioner knows it


def decoder(size, seed=0):
    """A captioner of grids, and a batch for it: one caption an image, or `k`."""
    model = Captioner(CaptionerSettings(
        size["V"], encoder="absent", channels=(1, 1, 1, size["D"]), attention_width=size["A"],
        state_width=size["H"], embedding_width=size["E"], context_scale=1.0,
    ), seed)
    random = np.random.default_rng(seed)
    grids = random.standard_normal((size["B"], size["L"], size["D"]), dtype=np.float32)
    return model, {"images": np.maximum(grids, 0), "words": words(random, size)}


def words(random, size):
    """All captions of full length, so that nobody gains by leaving padding out."""
    drawn = random.integers(4, size["V"], (size["B"] * size.get("k", 1), size["T"] + 1))
    drawn[:, 0], drawn[:, -1] = 1, 2
    return drawn


def flickr8k_batches(grids, count=7, seed=0):
    """Some batches of an epoch with the captions of Flickr8k, for the same grids each time.

    Raises
    ------
    KeyError
        If the environment variable SATT_DATA does not say where the folder `flickr8k` is.
    """
    source = read_listing(Path(os.environ["SATT_DATA"]) / "flickr8k")
    captions = [one.captions for one in source.photographs if one.split == "train"]
    vocabulary = Vocabulary.from_captions(chain.from_iterable(captions), MINIMUM_COUNT)
    numbers = np.arange(len(captions), dtype=np.float32)  # in place of 6,000 grids
    data = CaptionData(numbers, captions, [str(number) for number in numbers])
    batches = training_batches(
        data, vocabulary, FLICKR["B"], np.random.default_rng(seed), FLICKR["k"]
    )
    return [{"images": grids, "words": batch["words"]} for batch in islice(batches, count)]


def multiplications(size):
    """Operations of the matrix products of a decoder's training step, forward and backward."""
    B, k, T, L, D, A, E, H, V = (size.get(name, 1) for name in "B k T L D A E H V".split())
    N = B * k
    once = B * L * D * A + 2 * B * D * H
    each = H * A + (E + D + H) * 4 * H + H + L * D + L * A + (H + D) * E + E * V
    return 2 * 3 * (once + N * T * each)
