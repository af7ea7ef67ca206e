"""A case for every kernel of satt, and for every path through one."""

import numpy as np

from gradcheck.case import Case
from satt.kernels.attention_lstm import attention_lstm_backward, attention_lstm_forward
from satt.kernels.attention_lstm_step import (
    attention_lstm_step_backward,
    attention_lstm_step_forward,
)
from satt.kernels.batch_norm import batch_norm_backward, batch_norm_forward
from satt.kernels.batch_norm_inference import (
    batch_norm_inference_backward,
    batch_norm_inference_forward,
)
from satt.kernels.columns import columns_backward, columns_forward
from satt.kernels.conv2d import conv2d_backward, conv2d_forward
from satt.kernels.embedding import A_CALL, embedding_backward
from satt.kernels.linear import linear_forward
from satt.kernels.max_pool import max_pool_backward, max_pool_forward
from satt.kernels.sequence_cross_entropy import (
    sequence_cross_entropy_backward,
    sequence_cross_entropy_forward,
)
from satt.kernels.winograd import winograd_backward, winograd_forward
from satt.layers.embedding import embedding_forward
from satt.layers.linear import linear_backward

M, T, L, D, A, H, E = 2, 3, 5, 4, 3, 4, 2  # k captions to each of M images
U = 3  # words that differ
LOUD = 25  # so large are keys whose exponentials had better not be multiplied


def kernel_cases(seed=0):
    """List the cases of all kernels.

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
        _convolution(random, "kernel-winograd", (2, 6, 5, 3, 2), padding=1),
        _convolution(random, "kernel-winograd-without-padding", (1, 7, 8, 2, 3)),
        _convolution(random, "kernel-columns", (2, 5, 6, 3, 2), padding=1),
        _convolution(random, "kernel-columns-kept", (2, 7, 8, 3, 2), stride=2, padding=1),
        _convolution(random, "kernel-columns-overlapping", (1, 6, 6, 2, 3), size=4, stride=3),
        _convolution(random, "kernel-conv2d", (2, 5, 4, 2, 3), padding=1),
        _batch_norm(random, "kernel-batch_norm", (2, 4, 3, 5)),
        _batch_norm(random, "kernel-batch_norm-far", (2, 4, 3, 5), mean=30),
        _batch_norm_inference(random, "kernel-batch_norm_inference"),
        _batch_norm_inference(random, "kernel-batch_norm_inference-far", mean=30),
        _max_pool(random, "kernel-max_pool"),
        _max_pool(random, "kernel-max_pool-overlapping", size=3, stride=2),
        _sequence_cross_entropy(random, "kernel-sequence_cross_entropy", [[1, 1, 1], [1, 1, 1]]),
        _sequence_cross_entropy(
            random, "kernel-sequence_cross_entropy-masked", [[1, 0, 1], [1, 1, 0]]
        ),
        _attention_lstm(random, "kernel-attention_lstm", k=2),
        _attention_lstm(random, "kernel-attention_lstm-without-gate", k=1, gated=False),
        _attention_lstm(random, "kernel-attention_lstm-loud", k=1, loud=True),
        _attention_lstm(random, "kernel-attention_lstm-many-looks", k=3, D=20),
        _attention_lstm(
            random, "kernel-attention_lstm-lengths", k=2, lengths=np.array([2, 2, 3, 1])
        ),
        _attention_lstm(
            random, "kernel-attention_lstm-words", k=2, words=random.integers(U, size=(2 * M, T))
        ),
        _attention_lstm_step(random, "kernel-attention_lstm_step"),
        _attention_lstm_step(random, "kernel-attention_lstm_step-without-gate", gated=False),
        _embedding(random, "kernel-embedding"),
        _linear(random, "kernel-linear"),
    ]


def _convolution(random, name, shape, size=3, **options):
    kind = name.split("-")[1]
    pairs = {
        "winograd": (winograd_forward, winograd_backward),
        "columns": (columns_forward, columns_backward),
        "conv2d": (conv2d_forward, conv2d_backward),
    }
    images, height, width, C, F = shape
    inputs = {
        "x": random.normal(size=(images, height, width, C)),
        "W": random.normal(size=(size, size, C, F)),
    }
    if kind == "conv2d":
        inputs["b"] = random.normal(size=F)
    return Case(name, *pairs[kind], inputs, options)


def _batch_norm(random, name, shape, mean=2):
    inputs = {
        "x": random.normal(mean, 3, size=shape),
        "gamma": random.normal(size=shape[-1]),
        "beta": random.normal(size=shape[-1]),
    }
    return Case(name, batch_norm_forward, batch_norm_backward, inputs)


def _batch_norm_inference(random, name, mean=2):
    inputs = {
        "x": random.normal(mean, 3, size=(2, 4, 3, 5)),
        "gamma": random.normal(size=5),
        "beta": random.normal(size=5),
    }
    statistics = {"mean": random.normal(mean, size=5), "variance": random.uniform(4, 9, size=5)}
    return Case(
        name, batch_norm_inference_forward, batch_norm_inference_backward, inputs, statistics
    )


def _max_pool(random, name, **options):
    # The plain layer takes complex numbers for it: central differences see the kernel itself.
    x = random.permutation(2 * 4 * 6 * 3).reshape(2, 4, 6, 3) / 10  # no two are near each other
    return Case(name, max_pool_forward, max_pool_backward, {"x": x}, options, complex_step=False)


def _sequence_cross_entropy(random, name, mask):
    inputs = {"logits": random.normal(size=(2, 3, 5)), "targets": random.integers(5, size=(2, 3))}
    return Case(
        name, sequence_cross_entropy_forward, sequence_cross_entropy_backward, inputs,
        {"mask": np.array(mask, bool)},
    )


def _embedding(random, name):  # so wide that each word's rows are added by a call
    words = random.integers(U, size=(2, 10))
    return Case(name, embedding_forward, embedding_backward, {
        "words": words, "W": random.normal(size=(U, A_CALL * U // words.size)),
    })


def _linear(random, name):  # the way of small matrices; of large ones a test holds it equal
    inputs = {
        "x": random.normal(size=(3, 4)), "W": random.normal(size=(4, 5)),
        "b": random.normal(size=5),
    }
    return Case(name, linear_forward, linear_backward, inputs)


def _attention_lstm_step(random, name, gated=True):  # small, as above
    shapes = {"x": (M, E), "state": (M, H), "cell": (M, H), **_decoder_shapes(D, gated)}
    inputs = {argument: random.normal(size=shape) for argument, shape in shapes.items()}
    return Case(
        name, attention_lstm_step_forward, attention_lstm_step_backward, inputs,
        {"context_scale": 0.3},
    )


def _attention_lstm(random, name, k, gated=True, loud=False, D=D, **options):
    N = M * k
    shapes = {
        "x": (U, E) if "words" in options else (N, T, E),
        "initial_state": (N, H), "initial_cell": (N, H),
        **_decoder_shapes(D, gated),
    }
    inputs = {name: random.normal(size=shape) for name, shape in shapes.items()}
    if loud:  # what the query takes away again
        inputs["keys"] += LOUD
        inputs["b_query"] -= LOUD
    options["context_scale"] = 0.3
    return Case(name, attention_lstm_forward, attention_lstm_backward, inputs, options)


def _decoder_shapes(D, gated):
    """What serves every step, in the order of the arguments."""
    shapes = {
        "grid": (M, L, D), "keys": (M, L, A), "W_query": (H, A), "b_query": (A,), "v": (A,),
        "W_x": (E + D, 4 * H), "W_state": (H, 4 * H), "b": (4 * H,),
    }
    return shapes | ({"W_gate": (H, 1), "b_gate": (1,)} if gated else {})
