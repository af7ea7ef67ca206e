"""The decoder in jax: the same equations as in `torch_captioner`, its loop a scan."""

import jax
from jax import numpy as jnp


def loss(p, grid, words):
    """Nats per caption; one caption an image, and a context as loud as it is."""
    A, E = p["decoder.alignment.b"].size, p["decoder.embedding.W"].shape[1]
    mean = grid.mean(axis=1)
    state = jnp.tanh(mean @ p["decoder.initial_state.W_state"]
                     + p["decoder.initial_state.b_state"])
    cell = jnp.tanh(mean @ p["decoder.initial_state.W_cell"] + p["decoder.initial_state.b_cell"])
    keys = grid @ p["decoder.alignment.W_grid"]
    W_asked = jnp.concatenate([
        p["decoder.alignment.W_state"], p["decoder.lstm.W_state"], p["decoder.gate.W"]
    ], axis=1)
    embedded = p["decoder.embedding.W"][words[:, :-1].T]
    shares = embedded @ p["decoder.lstm.W_x"][:E] + p["decoder.lstm.b"]

    def step(carry, share):
        state, cell = carry
        answers = state @ W_asked
        query = answers[:, :A] + p["decoder.alignment.b"]
        scores = jnp.tanh(keys + query[:, None]) @ p["decoder.alignment.v"]
        attention = jax.nn.softmax(scores, axis=1)
        context = jnp.einsum("nl,nld->nd", attention, grid)
        context = jax.nn.sigmoid(answers[:, -1:] + p["decoder.gate.b"]) * context
        gates = share + answers[:, A:-1] + context @ p["decoder.lstm.W_x"][E:]
        i, f, o, g = jnp.split(gates, 4, axis=1)
        cell = jax.nn.sigmoid(f) * cell + jax.nn.sigmoid(i) * jnp.tanh(g)
        state = jax.nn.sigmoid(o) * jnp.tanh(cell)
        return (state, cell), (state, context)

    _, (states, contexts) = jax.lax.scan(step, (state, cell), shares)
    hidden = jnp.tanh(
        embedded + states @ p["decoder.deep_output.W_state"]
        + contexts @ p["decoder.deep_output.W_context"] + p["decoder.deep_output.b"]
    )
    logits = hidden @ p["decoder.vocabulary.W"] + p["decoder.vocabulary.b"]
    right = jnp.take_along_axis(logits, words[:, 1:].T[..., None], axis=2)[..., 0]
    return (jax.nn.logsumexp(logits, axis=2) - right).sum() / len(words)
