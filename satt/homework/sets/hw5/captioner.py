"""Show, Attend and Tell, put together from its layers.

    keys          keys = grid W_grid                           once an image
    start         s_0 = tanh(mean of the grid W + b), and the cell likewise
    at each step  attention from the keys and s_{t-1}, context through its gate, then the LSTM
    words         p(y_t) = softmax(L_o tanh(E y_{t-1} + L_h s_t + L_z c_t))
    loss          -log p(y) + penalty sum_l (T/L - sum_t a_{t,l})^2

In training the words that the decoder reads are the right ones. So all embeddings are looked up
before the time loop, and the vocabulary's scores are computed at once after it.
"""

from satt.homework.sets.hw5.parameters import (
    DEEP_OUTPUT,
    EMBEDDING,
    KEYS,
    PAD,
    START,
    STEP,
    VOCABULARY,
    chosen,
)
from satt.layers.attention_lstm import attention_lstm_backward, attention_lstm_forward
from satt.layers.attention_lstm_step import attention_lstm_step_forward
from satt.layers.deep_output import deep_output_backward, deep_output_forward
from satt.layers.doubly_stochastic import (
    doubly_stochastic_backward,
    doubly_stochastic_forward,
)
from satt.layers.embedding import embedding_backward, embedding_forward
from satt.layers.initial_state import initial_state_backward, initial_state_forward
from satt.layers.linear import linear_backward, linear_forward
from satt.layers.sequence_cross_entropy import (
    sequence_cross_entropy_backward,
    sequence_cross_entropy_forward,
)


def captioner_forward(grid, words, params, penalty=0.0, context_scale=0.1):
    """Take the loss of a batch of captions.

    Parameters
    ----------
    grid : ndarray, shape (N, L, D)
    words : ndarray of int, shape (N, T + 1)
        Each row start, y_1 .. y_T, filled up with PAD. The decoder reads all but the last, and is
        asked for all but the first; a target that is PAD does not count.
    params : dict from str to ndarray
        Their names, and the tuples of names that the layers want, are in `given/parameters.py`.
    penalty : float, optional
        Weight of the doubly stochastic penalty, whose target is "T/L".
    context_scale : float, optional
        Handed to the decoder.

    Returns
    -------
    loss : scalar
        Nats per caption, and the weighted penalty.
    cache : tuple
        What `captioner_backward` needs.
    """
    targets = words[:, 1:]
    mask = targets != PAD
    keys, keys_cache = linear_forward(grid, *chosen(params, KEYS))
    (state, cell), start_cache = initial_state_forward(grid, *chosen(params, START))
    embedded, embedding_cache = embedding_forward(words[:, :-1], *chosen(params, EMBEDDING))
    (states, contexts, attention), decoder_cache = attention_lstm_forward(
        embedded, state, cell, grid, keys, *chosen(params, STEP), context_scale=context_scale
    )
    hidden, output_cache = deep_output_forward(
        embedded, states, contexts, *chosen(params, DEEP_OUTPUT)
    )
    logits, vocabulary_cache = linear_forward(hidden, *chosen(params, VOCABULARY))
    surprise, surprise_cache = sequence_cross_entropy_forward(logits, targets, mask)
    unevenness, penalty_cache = doubly_stochastic_forward(attention, mask, "T/L")
    cache = (
        keys_cache, start_cache, embedding_cache, decoder_cache, output_cache, vocabulary_cache,
        surprise_cache, penalty_cache, penalty,
    )
    return surprise + penalty * unevenness, cache


def captioner_backward(dloss, cache):
    """Send the gradient of the loss back through words, time and the uses of the grid.

    Layer by layer in reverse. What was used more than once gets a sum:

        dembedded = (from the output layer) + (from the decoder)
        dgrid     = (as what is averaged) + (as keys) + (as the start)

    The loss is a sum itself, so both terms get dloss, the second times `penalty`. What the output
    layer says of states and contexts, and the penalty of the attention, enters the decoder
    together.

    Returns
    -------
    dgrid : ndarray, shape (N, L, D)
    gradients : dict from str to ndarray
        One for each parameter, under its name.
    """
    (
        keys_cache, start_cache, embedding_cache, decoder_cache, output_cache, vocabulary_cache,
        surprise_cache, penalty_cache, penalty,
    ) = cache
    gradients = {}

    def keep(names, values):
        gradients.update(zip(names, values, strict=True))

    dlogits = sequence_cross_entropy_backward(dloss, surprise_cache)
    dattention = doubly_stochastic_backward(dloss * penalty, penalty_cache)
    dhidden, *dvocabulary = linear_backward(dlogits, vocabulary_cache)
    keep(VOCABULARY, dvocabulary)
    dembedded_in_output, dstates, dcontexts, *doutput = deep_output_backward(dhidden, output_cache)
    keep(DEEP_OUTPUT, doutput)
    dembedded, dstate, dcell, dgrid_as_value, dkeys, *dstep = attention_lstm_backward(
        (dstates, dcontexts, dattention), decoder_cache
    )
    keep(STEP, dstep)
    keep(EMBEDDING, [embedding_backward(dembedded + dembedded_in_output, embedding_cache)])
    dgrid_as_start, *dstart = initial_state_backward((dstate, dcell), start_cache)
    keep(START, dstart)
    dgrid_as_keys, dW_grid, _ = linear_backward(dkeys, keys_cache)
    keep(KEYS, [dW_grid])
    return dgrid_as_value + dgrid_as_keys + dgrid_as_start, gradients


def captioner_start(grid, params):
    """Look at the images for the first time, before any word.

    Parameters
    ----------
    grid : ndarray, shape (N, L, D)
    params : dict from str to ndarray

    Returns
    -------
    memory : tuple (grid, keys)
        What stays the same while a caption is written: (N, L, D) and (N, L, A).
    state : tuple (state, cell)
        Both (N, H).
    """
    keys, _ = linear_forward(grid, *chosen(params, KEYS))
    state_and_cell, _ = initial_state_forward(grid, *chosen(params, START))
    return (grid, keys), state_and_cell


def captioner_step(words, memory, state, params, context_scale=0.1):
    """Read one word, look, and score the next.

    Parameters
    ----------
    words : ndarray of int, shape (N,)
        The words said last.
    memory, state : tuple of ndarray
        From `captioner_start`, or the state of the step before.
    params : dict from str to ndarray
    context_scale : float, optional
        Handed to the decoder.

    Returns
    -------
    logits : ndarray, shape (N, V)
    attention : ndarray, shape (N, L)
    state : tuple (state, cell)
    """
    embedded, _ = embedding_forward(words, *chosen(params, EMBEDDING))
    (new_state, new_cell, context, attention), _ = attention_lstm_step_forward(
        embedded, *state, *memory, *chosen(params, STEP), context_scale=context_scale
    )
    hidden, _ = deep_output_forward(embedded, new_state, context, *chosen(params, DEEP_OUTPUT))
    logits, _ = linear_forward(hidden, *chosen(params, VOCABULARY))
    return logits, attention, (new_state, new_cell)
