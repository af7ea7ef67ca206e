"""A case for every form of the captioner, from the images and all parameters to the loss.

The model is one function here. What the layers' own cases cannot see is checked by these: that
every fan-out is added up, that no use of a parameter is forgotten, that time runs backwards.
"""

import numpy as np

from gradcheck.model import model_case
from satt.models.captioner import Captioner, CaptionerSettings
from satt.models.encoder import encoder_forward, encoder_statistics

# The letters of the notation; every one another number. L is that of the grids without encoder.
M, L, D, A, H, E, V = 2, 8, 6, 4, 5, 7, 11
IMAGE_SIZE = 16
CHANNELS = (3, 4, 5, D)
START, STOP = 1, 2
LENGTHS = (3, 2)  # the words of each caption, the stop word counted: the second one is padded

# How far every unit stays from the kinks of ReLU and max-pool. The numerical slopes move an input
# by 0.001, and a unit, which is of size 1, by about as much.
CLEARANCE = 0.01


def model_cases(seed=0):
    """List the cases of all models.

    Parameters
    ----------
    seed : int, optional
        Of the inputs.

    Returns
    -------
    cases : list of Case
    """
    random = np.random.default_rng(seed)
    return [
        _with_encoder(random, "captioner", M, LENGTHS),
        _with_encoder(random, "captioner-frozen", 1, (2, 1), encoder="frozen"),
        _without_encoder(random, "captioner-absent", LENGTHS),
        _without_encoder(random, "captioner-plain", LENGTHS, gate=False, deep_output=False),
        _without_encoder(random, "captioner-penalty-1", LENGTHS, penalty=0.7, penalty_target=1.0),
        _without_encoder(random, "captioner-penalty-T/L", LENGTHS, penalty=0.7),
        _without_encoder(random, "captioner-dropout", LENGTHS, dropout=0.4),
        _without_encoder(random, "captioner-three-captions", (2, 3, 2, 1, 2, 3)),
        # As in training, where nobody asks for the gradient of the pixels; captions of one word.
        _with_encoder(random, "captioner-training", M, (1, 1), to_images=False),
        _with_encoder(
            random, "captioner-training-frozen", 1, (2, 1), to_images=False, encoder="frozen"
        ),
    ]


def _with_encoder(random, name, count, lengths, to_images=True, **settings):
    model = _model(random, image_size=IMAGE_SIZE, **settings)
    images = _clear_of_kinks(random, count, model.params)
    model.statistics = encoder_statistics(images, model.params)  # with others, other kinks
    return _case(random, name, model, images, lengths, to_images)


def _without_encoder(random, name, lengths, **settings):
    model = _model(random, encoder="absent", **settings)
    return _case(random, name, model, random.normal(size=(M, L, D)), lengths)


def _model(random, **settings):
    """Draw a model: all its parameters, as the zeros that training starts with hide mistakes."""
    settings = CaptionerSettings(
        V,
        channels=CHANNELS,
        attention_width=A,
        state_width=H,
        embedding_width=E,
        **settings,
    )
    model = Captioner(settings, dtype=np.float64)
    for name, value in model.params.items():
        if name.endswith("gamma"):
            drawn = random.uniform(0.5, 1.5, value.shape) * random.choice([-1, 1], value.shape)
        else:
            fan_in = np.prod(value.shape[:-1]) if value.ndim > 1 else 4
            drawn = random.normal(size=value.shape) / np.sqrt(fan_in)
        model.params[name] = drawn
    return model


def _case(random, name, model, images, lengths, to_images=True):
    return model_case(
        model, {"images": images, "words": _captions(random, lengths)}, name, to_images
    )


def _captions(random, lengths):
    """Draw a caption for each length; what is left of a row is padding."""
    words = np.zeros((len(lengths), max(lengths) + 1), dtype=np.int64)
    for row, length in zip(words, lengths, strict=True):
        row[0], row[length] = START, STOP
        row[1:length] = random.integers(STOP + 1, V, size=length - 1)
    return words


def _clear_of_kinks(random, count, params):
    """Draw images, and set every beta, so that no unit is close to a kink.

    With some hundred units after a ReLU, some would cross it in nearly every difference quotient.
    The normalisation stands before it, so that beta can put the kink into a gap: between two of a
    channel's values, somewhere in the middle, where they are furthest apart. Images for which
    that is not enough, or in which two entries of a max-pool's window are close, are drawn anew.
    """
    while True:
        images = random.uniform(-1, 1, (count, IMAGE_SIZE, IMAGE_SIZE, 3))
        clear = True
        for block in range(len(CHANNELS)):
            _, (caches, *_) = encoder_forward(images, params)
            _, (normalised, _, gamma), pool, _ = caches[block]
            values = np.sort(normalised.reshape(-1, normalised.shape[-1]), axis=0)
            values = values[len(values) // 4 : -(len(values) // 4)]
            gaps = np.diff(values, axis=0)
            widest = gaps.argmax(axis=0), np.arange(len(gamma))
            params[f"encoder.norm{block + 1}.beta"] = -gamma * (values[widest] + gaps[widest] / 2)
            clear = clear and gaps[widest].min() / 2 > CLEARANCE
            if pool is not None:
                clear = clear and _lead_of_winners(gamma * normalised) > CLEARANCE
        if clear:
            return images


def _lead_of_winners(x):
    """Take the smallest distance, in any 2x2 window, from the largest entry to the next."""
    N, rows, columns, C = x.shape
    windows = x.reshape(N, rows // 2, 2, columns // 2, 2, C).transpose(0, 1, 3, 5, 2, 4)
    ordered = np.sort(windows.reshape(-1, 4), axis=1)
    return (ordered[:, 3] - ordered[:, 2]).min()
