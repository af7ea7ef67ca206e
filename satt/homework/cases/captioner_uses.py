"""The parts of the captioner's gradients, one for each use, so that a forgotten one is named.

The grid is used as start, as keys and as values; the embeddings by the output layer and by the
decoder; everything that moves the attention by the words and by the penalty.
"""

from gradcheck.numerical import complex_step, slopes
from satt.homework.sets.hw5 import captioner, parameters as names
from satt.layers.attention_lstm import attention_lstm_forward
from satt.layers.deep_output import deep_output_forward
from satt.layers.doubly_stochastic import doubly_stochastic_forward
from satt.layers.embedding import embedding_forward
from satt.layers.initial_state import initial_state_forward
from satt.layers.linear import linear_forward
from satt.layers.sequence_cross_entropy import sequence_cross_entropy_forward

GRID_USES = ("start", "key", "value")
EMBEDDING = names.EMBEDDING[0]
EMBEDDING_USES = ("in the output layer", "in the decoder")


def captioner_uses(grid, words, params, options):
    """Name the parts of the gradients.

    Parameters
    ----------
    grid : ndarray, shape (N, L, D)
    words : ndarray of int, shape (N, T + 1)
    params : dict from str to ndarray
    options : dict
        Of `captioner_forward`.

    Returns
    -------
    partials : dict
        As `gradcheck.check` takes them; each is computed only when it is asked for.
    """

    def of_grid(use):
        def loss(moved):
            grids = [moved if use == other else grid for other in GRID_USES]
            return (_loss(grids, [params[EMBEDDING]] * 2, words, params, **options),)

        return lambda dloss: slopes(complex_step, loss, grid, (dloss,), None).gradient

    def of_embedding(use):
        def loss(moved):
            both = [moved if use == other else params[EMBEDDING] for other in EMBEDDING_USES]
            return (_loss([grid] * 3, both, words, params, **options),)

        return lambda dloss: slopes(complex_step, loss, params[EMBEDDING], (dloss,), None).gradient

    def through(name, is_penalty):
        def part(dloss):
            whole, without = (
                captioner.captioner_backward(dloss, captioner.captioner_forward(
                    grid, words, params, **options | more)[1])[1][name]
                for more in ({}, {"penalty": 0.0})
            )
            return whole - without if is_penalty else without

        return part

    partials = {f"grid as {use}": ("grid", of_grid(use)) for use in GRID_USES}
    partials |= {f"{EMBEDDING} {use}": (EMBEDDING, of_embedding(use)) for use in EMBEDDING_USES}
    if options.get("penalty"):
        for name in params:
            if name in names.ALIGNMENT + names.KEYS + names.LSTM + names.START:
                partials[f"{name} through the penalty"] = name, through(name, True)
                partials[f"{name} through the words"] = name, through(name, False)
    return partials


def _loss(grids, embeddings, words, params, penalty=0.0, context_scale=0.1):
    """The captioner's forward, in which every use has its own copy."""
    targets = words[:, 1:]
    mask = targets != names.PAD
    start, key, value = grids
    in_output, in_decoder = (embedding_forward(words[:, :-1], W)[0] for W in embeddings)
    keys, _ = linear_forward(key, *names.chosen(params, names.KEYS))
    (state, cell), _ = initial_state_forward(start, *names.chosen(params, names.START))
    (states, contexts, attention), _ = attention_lstm_forward(
        in_decoder, state, cell, value, keys, *names.chosen(params, names.STEP),
        context_scale=context_scale,
    )
    hidden, _ = deep_output_forward(
        in_output, states, contexts, *names.chosen(params, names.DEEP_OUTPUT)
    )
    logits, _ = linear_forward(hidden, *names.chosen(params, names.VOCABULARY))
    surprise, _ = sequence_cross_entropy_forward(logits, targets, mask)
    unevenness, _ = doubly_stochastic_forward(attention, mask, "T/L")
    return surprise + penalty * unevenness
