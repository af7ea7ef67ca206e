"""A captioner so small that every test can afford it, with every axis of another size."""

import numpy as np

from satt.models.captioner import Captioner, CaptionerSettings

M, L, D, A, H, E, V = 3, 8, 6, 4, 5, 7, 11
IMAGE_SIZE = 16
PAD, START, STOP = 0, 1, 2


def tiny_captioner(seed=0, dtype=np.float64, **settings):
    """Make a captioner whose parameters are all drawn at random, whatever training starts with."""
    sizes = {"vocabulary_size": V, "image_size": IMAGE_SIZE, "channels": (3, 4, 5, D)}
    sizes |= {"attention_width": A, "state_width": H, "embedding_width": E}
    model = Captioner(CaptionerSettings(**sizes | settings), seed, dtype)
    random = np.random.default_rng([seed, 1])
    for name, value in model.params.items():
        # Large enough that every path through the model shows.
        scale = 2 / np.sqrt(np.prod(value.shape[:-1])) if value.ndim > 1 else 0.5
        drawn = random.normal(size=value.shape) * scale + name.endswith("gamma")
        model.params[name] = drawn.astype(dtype)
    return model


def tiny_batch(model, lengths=(4, 2, 3), seed=0):
    """Draw M images, or grids, and a caption for each length, the stop word counted."""
    random = np.random.default_rng([seed, 2])
    dtype = model.params["decoder.embedding.W"].dtype
    if model.settings.encoder == "absent":
        images = random.normal(size=(M, L, D))
    else:
        images = random.uniform(-1, 1, (M, IMAGE_SIZE, IMAGE_SIZE, 3))
    words = np.full((len(lengths), max(lengths) + 1), PAD)
    for row, length in zip(words, lengths, strict=True):
        row[0], row[length] = START, STOP
        row[1:length] = random.integers(STOP + 1, V, length - 1)
    return {"images": images.astype(dtype), "words": words}


def read_along(model, images, words):
    """Step through given words as a caption is written: logits (N, T, V), attention (N, T, L)."""
    memory, state = model.start(images)
    all_logits, all_attention = [], []
    for t in range(words.shape[1] - 1):
        logits, attention, state = model.step(words[:, t], memory, state)
        all_logits.append(logits)
        all_attention.append(attention)
    return np.stack(all_logits, axis=1), np.stack(all_attention, axis=1)


def assert_same_gradients(one, other, rtol=0, atol=1e-12):
    """Compare two dictionaries of gradients, name by name."""
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_allclose(one[name], other[name], rtol, atol, err_msg=name)
