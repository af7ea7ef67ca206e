"""The shape of every parameter of a captioner, told without making one."""

from satt.models.captioner_parameters import (
    ALIGNMENT_PARAMS,
    DEEP_OUTPUT_PARAMS,
    GATE_PARAMS,
    LSTM_PARAMS,
    START_PARAMS,
    VOCABULARY_PARAMS,
)
from satt.models.encoder import KERNELS


def captioner_shapes(settings):
    """Tell what shapes the parameters have that settings ask for.

    Parameters
    ----------
    settings : CaptionerSettings

    Returns
    -------
    shapes : dict of tuple of int
        Under the keys of `Captioner.params`.
    """
    V, A, H = settings.vocabulary_size, settings.attention_width, settings.state_width
    E, D = settings.embedding_width, settings.seen_depth
    shapes = {"decoder.embedding.W": (V, E), "decoder.alignment.W_grid": (D, A)}
    groups = [
        (START_PARAMS, [(D, H), (H,), (D, H), (H,)]),
        (ALIGNMENT_PARAMS, [(H, A), (A,), (A,)]),
        (LSTM_PARAMS, [(E + D, 4 * H), (H, 4 * H), (4 * H,)]),
        (VOCABULARY_PARAMS, [(E if settings.deep_output else H, V), (V,)]),
    ]
    if settings.gate:
        groups.append((GATE_PARAMS, [(H, 1), (1,)]))
    if settings.deep_output:
        groups.append((DEEP_OUTPUT_PARAMS, [(H, E), (D, E), (E,)]))
    for names, several in groups:
        shapes.update(zip(names, several, strict=True))
    if settings.projection:
        shapes |= {"projection.W": (settings.grid_depth, D), "projection.b": (D,)}
    if settings.encoder != "absent":
        depth = 3
        for block, (kernel, filters) in enumerate(
            zip(KERNELS, settings.channels, strict=True), start=1
        ):
            shapes[f"encoder.conv{block}.W"] = (kernel, kernel, depth, filters)
            shapes[f"encoder.norm{block}.gamma"] = shapes[f"encoder.norm{block}.beta"] = (filters,)
            depth = filters
    return shapes
