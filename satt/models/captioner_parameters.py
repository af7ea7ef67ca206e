"""The captioner's parameters: their names, in the order the layers take them, and first values."""

import numpy as np

from satt.models.encoder import initialise_encoder

# Of the initial weights on the context, where it is remembered and where it is said, see below.
LSTM_CONTEXT, OUTPUT_CONTEXT = 0.03, 0.3

START_PARAMS = tuple(
    f"decoder.initial_state.{name}" for name in ("W_state", "b_state", "W_cell", "b_cell")
)
ALIGNMENT_PARAMS = tuple(f"decoder.alignment.{name}" for name in ("W_state", "b", "v"))
GATE_PARAMS = ("decoder.gate.W", "decoder.gate.b")
LSTM_PARAMS = tuple(f"decoder.lstm.{name}" for name in ("W_x", "W_state", "b"))
DEEP_OUTPUT_PARAMS = tuple(f"decoder.deep_output.{name}" for name in ("W_state", "W_context", "b"))
VOCABULARY_PARAMS = ("decoder.vocabulary.W", "decoder.vocabulary.b")


def initialise(settings, random, dtype=np.float32):
    """Draw the initial parameters: matrices of variance 1 / fan-in, biases 0, but for these.

    The eye is drawn to what stands out, and so is this one before it has learned anything. The
    grid's features are silent but where they stand out (see the encoder), and f_att starts with
    W_grid >= 0 and v >= 0: the more features speak at a location, the higher its score. Untrained,
    the peak of the attention is on a thing in five drawn scenes out of six. From uniform attention
    the model would first learn to do without looking.

    b starts at +-0.66, where the tanh bends most. Around 0 it is nearly a straight line, on which
    the state adds the same to the scores of all locations, and the softmax cancels that.

    The context's weights start small. Then a context is worth the more the sharper the attention
    is; with large ones the average of everything already says enough. They are smaller still in
    the LSTM than in the deep output, so that what is seen now speaks for the word that is said
    now. If the state learned first to remember contexts, it would look at a thing while it says
    "a", and at nothing while it says "cat". (`context_scale` keeps it so for longer.)

    All this is for the grid of an encoder of ours. In one that another net has made
    (`settings.grid`) every feature speaks at every location, and what stands out there is for the
    net to know, not for us: there the weights of f_att and of the context are matrices like the
    others, b is 0, and the embeddings are small, so that they do not drown what is seen.

    The LSTM's forget gate and the context's gate start open (bias 1 and 2).

    Parameters
    ----------
    settings : CaptionerSettings
    random : numpy.random.Generator
    dtype : dtype

    Returns
    -------
    params : dict of ndarray
    """
    V, A, H = settings.vocabulary_size, settings.attention_width, settings.state_width
    E, D = settings.embedding_width, settings.seen_depth

    def matrix(rows, columns):
        return random.uniform(-1, 1, (rows, columns)) * np.sqrt(3 / rows)

    params = {
        "decoder.embedding.W": random.standard_normal((V, E)) * 0.5,
        "decoder.initial_state.W_state": matrix(D, H),
        "decoder.initial_state.b_state": np.zeros(H),
        "decoder.initial_state.W_cell": matrix(D, H),
        "decoder.initial_state.b_cell": np.zeros(H),
        "decoder.alignment.W_grid": 0.3 * np.abs(matrix(D, A)),
        "decoder.alignment.W_state": 2 * matrix(H, A),
        "decoder.alignment.b": random.choice([-0.66, 0.66], A),
        "decoder.alignment.v": 2 * np.abs(matrix(A, 1)[:, 0]),
        "decoder.lstm.W_x": np.concatenate([matrix(E, 4 * H), LSTM_CONTEXT * matrix(D, 4 * H)]),
        "decoder.lstm.W_state": matrix(H, 4 * H),
        "decoder.lstm.b": np.repeat([0.0, 1.0, 0.0, 0.0], H),
        "decoder.vocabulary.W": matrix(E if settings.deep_output else H, V),
        "decoder.vocabulary.b": np.zeros(V),
    }
    if settings.gate:
        params["decoder.gate.W"] = np.zeros((H, 1))
        params["decoder.gate.b"] = np.full(1, 2.0)
    if settings.deep_output:
        params["decoder.deep_output.W_state"] = matrix(H, E)
        params["decoder.deep_output.W_context"] = OUTPUT_CONTEXT * matrix(D, E)
        params["decoder.deep_output.b"] = np.zeros(E)
    if settings.grid:
        params |= {
            "decoder.embedding.W": random.standard_normal((V, E)) * 0.1,
            "decoder.alignment.W_grid": matrix(D, A),
            "decoder.alignment.W_state": matrix(H, A),
            "decoder.alignment.b": np.zeros(A),
            "decoder.alignment.v": matrix(A, 1)[:, 0],
            "decoder.lstm.W_x": matrix(E + D, 4 * H),
        }
        if settings.deep_output:
            params["decoder.deep_output.W_context"] = matrix(D, E)
    if settings.projection:
        params["projection.W"] = matrix(settings.grid_depth, D)
        params["projection.b"] = np.zeros(D)
    params = {name: value.astype(dtype) for name, value in params.items()}
    if settings.encoder != "absent":
        params |= initialise_encoder(settings.channels, random, dtype)
    return params
