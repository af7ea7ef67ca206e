"""A case for every layer of satt, and for every variant of one that takes another path."""

import numpy as np

from gradcheck.case import Case
from satt.layers.alignment import alignment_backward, alignment_forward
from satt.layers.attention_lstm import attention_lstm_backward, attention_lstm_forward
from satt.layers.attention_lstm_step import (
    attention_lstm_step_backward,
    attention_lstm_step_forward,
)
from satt.layers.average_pool import average_pool_backward, average_pool_forward
from satt.layers.batch_norm import batch_norm_backward, batch_norm_forward
from satt.layers.batch_norm_inference import (
    batch_norm_inference_backward,
    batch_norm_inference_forward,
)
from satt.layers.context_gate import context_gate_backward, context_gate_forward
from satt.layers.conv2d import conv2d_backward, conv2d_forward
from satt.layers.deep_output import deep_output_backward, deep_output_forward
from satt.layers.depthwise_conv2d import (
    depthwise_conv2d_backward,
    depthwise_conv2d_forward,
)
from satt.layers.dot_product_score import dot_product_score_backward, dot_product_score_forward
from satt.layers.doubly_stochastic import doubly_stochastic_backward, doubly_stochastic_forward
from satt.layers.dropout import dropout_backward, dropout_forward, dropout_mask
from satt.layers.embedding import embedding_backward, embedding_forward
from satt.layers.gru import gru_backward, gru_forward
from satt.layers.gru_step import gru_step_backward, gru_step_forward
from satt.layers.initial_state import initial_state_backward, initial_state_forward
from satt.layers.label_smoothing import label_smoothing_backward, label_smoothing_forward
from satt.layers.linear import linear_backward, linear_forward
from satt.layers.lstm import lstm_backward, lstm_forward
from satt.layers.lstm_step import lstm_step_backward, lstm_step_forward
from satt.layers.max_pool import max_pool_backward, max_pool_forward
from satt.layers.policy_gradient import policy_gradient_backward, policy_gradient_forward
from satt.layers.relu import relu_backward, relu_forward
from satt.layers.relu6 import relu6_backward, relu6_forward
from satt.layers.rnn import rnn_backward, rnn_forward
from satt.layers.rnn_step import rnn_step_backward, rnn_step_forward
from satt.layers.same_padding import same_padding_backward, same_padding_forward
from satt.layers.sequence_cross_entropy import (
    sequence_cross_entropy_backward,
    sequence_cross_entropy_forward,
)
from satt.layers.sigmoid import sigmoid_backward, sigmoid_forward
from satt.layers.softmax import softmax_backward, softmax_forward
from satt.layers.tanh import tanh_backward, tanh_forward
from satt.layers.weighted_sum import weighted_sum_backward, weighted_sum_forward

# The letters of the notation; within one array, every axis has another size.
N, T, L, D, A, H, E, V = 2, 4, 6, 7, 3, 5, 3, 8

# The first caption has a gap, which no caption has: it tells a state that is copied on from one
# that is left out, in the middle as well as at the end.
MASK = np.array([[True, False, True, False], [True, True, True, True]])


def layer_cases(seed=0):
    """List the cases of all layers.

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
        _linear(random, "linear", random.normal(size=5)),
        _linear(random, "linear-without-bias", None),
        _conv2d(random, "conv2d", (3, 3)),
        _conv2d(random, "conv2d-stride-2-padding-1", (3, 3), stride=2, padding=1),
        _conv2d(random, "conv2d-rectangular", (3, 2), stride=2),
        _conv2d(random, "conv2d-1x1", (1, 1)),
        _conv2d(random, "conv2d-without-bias", (2, 2), has_bias=False),
        _relu(random),
        _max_pool(random, "max_pool"),
        _max_pool(random, "max_pool-overlapping", size=3, stride=2),
        _average_pool(random, "average_pool"),
        _average_pool(random, "average_pool-overlapping", size=3, stride=2),
        _batch_norm(random, "batch_norm"),
        _batch_norm_inference(random),
        _alignment(random),
        _dot_product_score(random, "dot_product_score"),
        _dot_product_score(random, "dot_product_score-scaled", scale=1 / np.sqrt(A)),
        _softmax(random, "softmax"),
        _softmax(random, "softmax-middle-axis", axis=1),
        _softmax(random, "softmax-masked", mask=MASK[:, :, None], axis=1),
        _weighted_sum(random),
        _context_gate(random),
        _doubly_stochastic(random, "doubly_stochastic"),
        _doubly_stochastic(random, "doubly_stochastic-masked", mask=MASK),
        _doubly_stochastic(random, "doubly_stochastic-T/L", mask=MASK, target="T/L"),
        _doubly_stochastic(random, "doubly_stochastic-sum", reduction="sum"),
        _initial_state(random),
        _embedding(random),
        _rnn_step(random),
        _rnn(random, "rnn"),
        _rnn(random, "rnn-masked", mask=MASK),
        _gru_step(random),
        _gru(random, "gru"),
        _gru(random, "gru-masked", mask=MASK),
        _lstm_step(random),
        _lstm(random, "lstm"),
        _lstm(random, "lstm-masked", mask=MASK),
        _deep_output(random, "deep_output", (N,)),
        _deep_output(random, "deep_output-identity", (N, T), activation="identity"),
        _sequence_cross_entropy(random),
        _tanh(random),
        _sigmoid(random),
        _dropout(random),
        # Where an axis has length 1, or windows move by 1: what else would be right by chance.
        _average_pool(random, "average_pool-stride-1", size=3, stride=1),
        _batch_norm(random, "batch_norm-one-channel", channels=1),
        _rnn(random, "rnn-one-step", steps=1),
        _gru(random, "gru-one-step", steps=1),
        _attention_lstm_step(random, "attention_lstm_step"),
        _attention_lstm_step(random, "attention_lstm_step-without-gate", gated=False),
        _attention_lstm_step(random, "attention_lstm_step-context-scale", context_scale=0.3),
        _attention_lstm(random, "attention_lstm", images=N, context_scale=0.3),
        _attention_lstm(random, "attention_lstm-shared-grid", images=1),
        _attention_lstm(random, "attention_lstm-without-gate", images=N, gated=False),
        _attention_lstm(
            random, "attention_lstm-lengths", images=1, lengths=np.array([T, T - 2])
        ),
        _attention_lstm(
            random, "attention_lstm-words", images=1, words=np.array([[2, 0, 1, 0], [2, 2, 0, 1]])
        ),
        _depthwise_conv2d(random, "depthwise_conv2d", 3),
        _depthwise_conv2d(random, "depthwise_conv2d-stride-2", 2, stride=2),
        _relu6(random),
        _same_padding(random, "same_padding", size=3),
        _same_padding(random, "same_padding-stride-2", size=5, stride=2),
        _label_smoothing(random),
        _policy_gradient(random),
    ]


def _linear(random, name, b):
    inputs = {"x": random.normal(size=(N, T, 3)), "W": random.normal(size=(3, 5)), "b": b}
    return Case(name, linear_forward, linear_backward, inputs)


def _conv2d(random, name, kernel, has_bias=True, **options):
    inputs = {
        "x": random.normal(size=(2, 6, 5, 3)),
        "W": random.normal(size=(*kernel, 3, 4)),
        "b": random.normal(size=4) if has_bias else None,
    }
    return Case(name, conv2d_forward, conv2d_backward, inputs, options)


def _depthwise_conv2d(random, name, size, **options):
    inputs = {"x": random.normal(size=(2, 6, 5, 3)), "W": random.normal(size=(size, size, 3))}
    return Case(name, depthwise_conv2d_forward, depthwise_conv2d_backward, inputs, options)


def _relu(random):
    return Case("relu", relu_forward, relu_backward, {"x": random.normal(size=(2, 4, 3))})


def _relu6(random):
    inputs = {"x": random.normal(3, 4, size=(2, 4, 3))}  # some below 0, some above 6
    return Case("relu6", relu6_forward, relu6_backward, inputs)


def _same_padding(random, name, **options):
    # At stride 2 the rim of the even axis is wider at the end, that of the odd one is not.
    inputs = {"x": random.normal(size=(2, 4, 5, 3))}
    return Case(name, same_padding_forward, same_padding_backward, inputs, options)


def _max_pool(random, name, **options):
    inputs = {"x": random.normal(size=(2, 7, 5, 3))}
    return Case(name, max_pool_forward, max_pool_backward, inputs, options)


def _average_pool(random, name, **options):
    inputs = {"x": random.normal(size=(2, 7, 5, 3))}
    return Case(name, average_pool_forward, average_pool_backward, inputs, options)


def _batch_norm(random, name, channels=5):
    inputs = _normalised(random, channels)
    return Case(name, batch_norm_forward, batch_norm_backward, inputs)


def _batch_norm_inference(random):
    return Case(
        "batch_norm_inference",
        batch_norm_inference_forward,
        batch_norm_inference_backward,
        _normalised(random, channels=5),
        {"mean": random.normal(size=5), "variance": random.uniform(0.5, 2, size=5)},
    )


def _alignment(random):
    inputs = {
        "keys": random.normal(size=(N, L, A)),
        "state": random.normal(size=(N, H)),
        "W_state": random.normal(size=(H, A)),
        "b": random.normal(size=A),
        "v": random.normal(size=A),
    }
    return Case("alignment", alignment_forward, alignment_backward, inputs)


def _dot_product_score(random, name, **options):
    inputs = {"keys": random.normal(size=(N, L, A)), "query": random.normal(size=(N, A))}
    return Case(name, dot_product_score_forward, dot_product_score_backward, inputs, options)


def _softmax(random, name, **options):
    inputs = {"scores": random.normal(size=(N, T, L))}
    return Case(name, softmax_forward, softmax_backward, inputs, options)


def _weighted_sum(random):
    inputs = {"attention": random.normal(size=(N, L)), "grid": random.normal(size=(N, L, D))}
    return Case("weighted_sum", weighted_sum_forward, weighted_sum_backward, inputs)


def _context_gate(random):
    inputs = {
        "context": random.normal(size=(N, D)),
        "state": random.normal(size=(N, H)),
        "W": random.normal(size=(H, 1)),
        "b": random.normal(size=1),
    }
    return Case("context_gate", context_gate_forward, context_gate_backward, inputs)


def _doubly_stochastic(random, name, **options):
    inputs = {"attention": random.dirichlet(np.ones(L), size=(N, T))}
    return Case(name, doubly_stochastic_forward, doubly_stochastic_backward, inputs, options)


def _initial_state(random):
    inputs = {
        "grid": random.normal(size=(N, L, D)),
        "W_state": random.normal(size=(D, H)),
        "b_state": random.normal(size=H),
        "W_cell": random.normal(size=(D, H)),
        "b_cell": random.normal(size=H),
    }
    return Case("initial_state", initial_state_forward, initial_state_backward, inputs)


def _embedding(random):
    # Word 2 stands three times, in both captions; words 3, 6 and 7 do not occur.
    words = np.array([[2, 0, 2, 4], [1, 5, 0, 2]])
    inputs = {"words": words, "W": random.normal(size=(V, E))}
    return Case("embedding", embedding_forward, embedding_backward, inputs)


def _rnn_step(random):
    inputs = {"x": random.normal(size=(N, E)), **_recurrent(random, ["state"], gates=1)}
    return Case("rnn_step", rnn_step_forward, rnn_step_backward, inputs)


def _rnn(random, name, steps=T, **options):
    x = random.normal(size=(N, steps, E))
    inputs = {"x": x, **_recurrent(random, ["initial_state"], gates=1)}
    return Case(name, rnn_forward, rnn_backward, inputs, options)


def _gru_step(random):
    inputs = {"x": random.normal(size=(N, E)), **_recurrent(random, ["state"], gates=3)}
    return Case("gru_step", gru_step_forward, gru_step_backward, inputs)


def _gru(random, name, steps=T, **options):
    x = random.normal(size=(N, steps, E))
    inputs = {"x": x, **_recurrent(random, ["initial_state"], gates=3)}
    return Case(name, gru_forward, gru_backward, inputs, options)


def _lstm_step(random):
    inputs = {"x": random.normal(size=(N, E)), **_recurrent(random, ["state", "cell"], gates=4)}
    return Case("lstm_step", lstm_step_forward, lstm_step_backward, inputs)


def _lstm(random, name, **options):
    before = ["initial_state", "initial_cell"]
    inputs = {"x": random.normal(size=(N, T, E)), **_recurrent(random, before, gates=4)}
    return Case(name, lstm_forward, lstm_backward, inputs, options)


def _attention_lstm_step(random, name, gated=True, **options):
    inputs = {
        "x": random.normal(size=(N, E)),
        "state": random.normal(size=(N, H)),
        "cell": random.normal(size=(N, H)),
        **_attending(random, N, gated),
    }
    return Case(name, attention_lstm_step_forward, attention_lstm_step_backward, inputs, options)


def _attention_lstm(random, name, images, gated=True, **options):
    inputs = {
        "x": random.normal(size=(4, E) if "words" in options else (N, T, E)),
        "initial_state": random.normal(size=(N, H)),
        "initial_cell": random.normal(size=(N, H)),
        **_attending(random, images, gated),
    }
    return Case(name, attention_lstm_forward, attention_lstm_backward, inputs, options)


def _deep_output(random, name, leading, **options):
    inputs = {
        "embedded": random.normal(size=(*leading, E)),
        "state": random.normal(size=(*leading, H)),
        "context": random.normal(size=(*leading, D)),
        "W_state": random.normal(size=(H, E)),
        "W_context": random.normal(size=(D, E)),
        "b": random.normal(size=E),
    }
    return Case(name, deep_output_forward, deep_output_backward, inputs, options)


def _sequence_cross_entropy(random):
    return Case(
        "sequence_cross_entropy",
        sequence_cross_entropy_forward,
        sequence_cross_entropy_backward,
        {"logits": random.normal(size=(N, T, V)), "targets": random.integers(V, size=(N, T))},
        {"mask": MASK},
    )


def _label_smoothing(random):
    inputs = {"logits": random.normal(size=(N, T, V)), "targets": random.integers(V, size=(N, T))}
    return Case(
        "label_smoothing", label_smoothing_forward, label_smoothing_backward, inputs,
        {"mask": MASK},
    )


def _policy_gradient(random):
    words = random.integers(1, V, size=(N, T))
    return Case(
        "policy_gradient", policy_gradient_forward, policy_gradient_backward,
        {"logits": random.normal(size=(N, T, V)), "words": words},
        {"mask": MASK, "advantages": random.normal(size=N), "excluded": [0]},
    )


def _tanh(random):
    return Case("tanh", tanh_forward, tanh_backward, {"x": random.normal(size=(2, 4, 3))})


def _sigmoid(random):
    return Case("sigmoid", sigmoid_forward, sigmoid_backward, {"x": random.normal(size=(2, 4, 3))})


def _dropout(random):
    inputs = {"x": random.normal(size=(N, T, E))}
    options = {"mask": dropout_mask((N, 1, E), 0.4, random, np.float64)}
    return Case("dropout", dropout_forward, dropout_backward, inputs, options)


def _normalised(random, channels):
    """Draw what both forms of batch normalisation take."""
    return {
        "x": random.normal(2, 3, size=(2, 4, 3, channels)),
        "gamma": random.normal(size=channels),
        "beta": random.normal(size=channels),
    }


def _recurrent(random, before, gates):
    """Draw what every recurrent net takes after `x`."""
    return {
        **{name: random.normal(size=(N, H)) for name in before},
        "W_x": random.normal(size=(E, gates * H)),
        "W_state": random.normal(size=(H, gates * H)),
        "b": random.normal(size=gates * H),
    }


def _attending(random, images, gated):
    """Draw what the decoder takes after the states."""
    gate = {"W_gate": random.normal(size=(H, 1)), "b_gate": random.normal(size=1)}
    return {
        "grid": random.normal(size=(images, L, D)),
        "keys": random.normal(size=(images, L, A)),
        "W_query": random.normal(size=(H, A)),
        "b_query": random.normal(size=A),
        "v": random.normal(size=A),
        "W_x": random.normal(size=(E + D, 4 * H)),
        "W_state": random.normal(size=(H, 4 * H)),
        "b": random.normal(size=4 * H),
        **(gate if gated else {}),
    }
