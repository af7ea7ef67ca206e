"""The captioner's parameters: their names, in the order in which the layers take them.

All are in one flat dictionary. `chosen(params, START)` gives those of a layer, in its order.
"""

import numpy as np

PAD, START_WORD, STOP_WORD = 0, 1, 2

EMBEDDING = ("decoder.embedding.W",)
KEYS = ("decoder.alignment.W_grid",)
START = tuple(
    f"decoder.initial_state.{name}" for name in ("W_state", "b_state", "W_cell", "b_cell")
)
ALIGNMENT = tuple(f"decoder.alignment.{name}" for name in ("W_state", "b", "v"))
LSTM = tuple(f"decoder.lstm.{name}" for name in ("W_x", "W_state", "b"))
GATE = ("decoder.gate.W", "decoder.gate.b")
DEEP_OUTPUT = tuple(f"decoder.deep_output.{name}" for name in ("W_state", "W_context", "b"))
VOCABULARY = ("decoder.vocabulary.W", "decoder.vocabulary.b")
# What serves every step of the decoder, in the order of `attention_lstm_forward`.
STEP = ALIGNMENT + LSTM + GATE


def chosen(params, names):
    """List some of the parameters.

    Parameters
    ----------
    params : dict from str to ndarray
    names : tuple of str

    Returns
    -------
    arrays : list of ndarray
    """
    return [params[name] for name in names]


def initial_parameters(V, D, A, H, E, random, dtype=np.float32):
    """Draw the first parameters: matrices of variance 1 / fan-in, biases 0, but for these.

    f_att starts with W_grid >= 0 and v >= 0, so that the eye is drawn to locations where much is
    going on; the context's weights start small; the gates for forgetting and for the context
    start open.

    Parameters
    ----------
    V, D, A, H, E : int
        Words, depth of the grid, widths of alignment, state and embedding.
    random : numpy.random.Generator
    dtype : dtype, optional

    Returns
    -------
    params : dict from str to ndarray
    """

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
        "decoder.lstm.W_x": np.concatenate([matrix(E, 4 * H), 0.03 * matrix(D, 4 * H)]),
        "decoder.lstm.W_state": matrix(H, 4 * H),
        "decoder.lstm.b": np.repeat([0.0, 1.0, 0.0, 0.0], H),
        "decoder.vocabulary.W": matrix(E, V),
        "decoder.vocabulary.b": np.zeros(V),
        "decoder.gate.W": np.zeros((H, 1)),
        "decoder.gate.b": np.full(1, 2.0),
        "decoder.deep_output.W_state": matrix(H, E),
        "decoder.deep_output.W_context": 0.3 * matrix(D, E),
        "decoder.deep_output.b": np.zeros(E),
    }
    return {name: value.astype(dtype) for name, value in params.items()}
