"""A case for every form of the captioner, from the images and all parameters to the loss.

The model is one function here. What the layers' own cases cannot see is checked by these: that
every fan-out is added up, that no use of a parameter is forgotten, that time runs backwards.
"""

from dataclasses import replace

import numpy as np

from gradcheck.cases.grid_uses import grid_uses
from gradcheck.model import model_case
from satt.models.captioner import Captioner, CaptionerSettings
from satt.models.encoder import encoder_statistics

# The letters of the notation; every one another number. L is that of the grids without encoder.
M, L, D, A, H, E, V = 2, 8, 6, 4, 5, 7, 11
P = 3  # D of a grid that is projected
IMAGE_SIZE = 16
CHANNELS = (3, 4, 5, D)
START, STOP = 1, 2
GRID = f"another:2x{L // 2}x{D}"
LENGTHS = (3, 2)  # the words of each caption, the stop word counted: the second one is padded


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
        _without_encoder(random, "captioner-dropout", LENGTHS, dropout=0.4, state_dropout=0.3),
        _without_encoder(random, "captioner-three-captions", (2, 3, 2, 1, 2, 3)),
        # As in training, where nobody asks for the gradient of the pixels; captions of one word.
        _with_encoder(random, "captioner-training", M, (1, 1), to_images=False),
        _with_encoder(
            random, "captioner-training-frozen", 1, (2, 1), to_images=False, encoder="frozen"
        ),
        _without_encoder(random, "captioner-grid", LENGTHS, grid=GRID),
        _without_encoder(random, "captioner-training-grid", (2, 1), to_images=False, grid=GRID),
        _without_encoder(random, "captioner-training-absent", (2, 1), to_images=False),
        _without_encoder(random, "captioner-label-smoothing", LENGTHS, label_smoothing=0.2),
        _without_encoder(random, "captioner-projection", LENGTHS, grid=GRID, projection=P),
        _without_encoder(
            random, "captioner-training-projection", (2, 3, 2, 1), to_images=False, grid=GRID,
            projection=P, grid_dropout=0.3, dropout=0.4, label_smoothing=0.2, penalty=0.7,
        ),
        _without_encoder(
            random, "captioner-grid-dropout", LENGTHS, grid=GRID, projection=P, grid_dropout=0.3,
            dropout=0.4, label_smoothing=0.2,
        ),
        _with_encoder(random, "captioner-settled", M, (2, 1), settled=2),
        _with_encoder(random, "captioner-training-settled", M, (2, 1), False, settled=2),
        _without_encoder(
            random, "captioner-own-captions", LENGTHS, advantages=True, label_smoothing=0.2
        ),
    ]


def _with_encoder(random, name, count, lengths, to_images=True, settled=0, **settings):
    model = _model(random, image_size=IMAGE_SIZE, **settings)
    model.settled = settled
    images = random.uniform(-1, 1, (count, IMAGE_SIZE, IMAGE_SIZE, 3))
    model.statistics = encoder_statistics(images, model.params)
    return _case(random, name, model, images, lengths, to_images)


def _without_encoder(random, name, lengths, to_images=True, advantages=False, **settings):
    model = _model(random, encoder="absent", **settings)
    if model.settings.grid:
        model.statistics = {
            "grid.mean": random.normal(size=D), "grid.variance": random.uniform(0.5, 2, size=D)
        }
    grids = random.normal(size=(M, L, D))
    case = _case(random, name, model, grids, lengths, to_images, advantages)
    # The parts would have to share the dropout's mask, to have the grid as it came, and to know of
    # the smoothed labels.
    settings = model.settings
    if settings.dropout or settings.grid or settings.label_smoothing or not to_images:
        return case
    grid, words = case.inputs["images"], case.inputs["words"]
    return replace(case, partials=grid_uses(model, grid, words))


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


def _case(random, name, model, images, lengths, to_images=True, advantages=False):
    batch = {"images": images, "words": _captions(random, lengths)}
    if advantages:
        batch["advantages"] = random.normal(size=len(lengths))
        batch["excluded"] = np.array([0, START])
    return model_case(model, batch, name, to_images)


def _captions(random, lengths):
    """Draw a caption for each length; what is left of a row is padding."""
    words = np.zeros((len(lengths), max(lengths) + 1), dtype=np.int64)
    for row, length in zip(words, lengths, strict=True):
        row[0], row[length] = START, STOP
        row[1:length] = random.integers(STOP + 1, V, size=length - 1)
    return words
