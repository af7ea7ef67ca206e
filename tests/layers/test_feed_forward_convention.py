"""What all feed-forward layers promise: pure functions, and a dtype that follows the data."""

import numpy as np
import pytest

from satt.layers.average_pool import average_pool_backward, average_pool_forward
from satt.layers.batch_norm import batch_norm_backward, batch_norm_forward
from satt.layers.batch_norm_inference import (
    batch_norm_inference_backward,
    batch_norm_inference_forward,
)
from satt.layers.conv2d import conv2d_backward, conv2d_forward
from satt.layers.depthwise_conv2d import (
    depthwise_conv2d_backward,
    depthwise_conv2d_forward,
)
from satt.layers.dropout import dropout_backward, dropout_forward
from satt.layers.embedding import embedding_backward, embedding_forward
from satt.layers.label_smoothing import label_smoothing_backward, label_smoothing_forward
from satt.layers.linear import linear_backward, linear_forward
from satt.layers.max_pool import max_pool_backward, max_pool_forward
from satt.layers.policy_gradient import policy_gradient_backward, policy_gradient_forward
from satt.layers.relu import relu_backward, relu_forward
from satt.layers.relu6 import relu6_backward, relu6_forward
from satt.layers.same_padding import same_padding_backward, same_padding_forward
from satt.layers.sequence_cross_entropy import (
    sequence_cross_entropy_backward,
    sequence_cross_entropy_forward,
)
from satt.layers.sigmoid import sigmoid_backward, sigmoid_forward
from satt.layers.softmax import softmax_backward, softmax_forward
from satt.layers.tanh import tanh_backward, tanh_forward

IMAGES = (2, 5, 7, 3)
WORDS = np.array([[2, 0, 2, 1], [1, 1, 0, 2]])
MASK = np.array([[1, 1, 1, 0], [1, 1, 0, 0]])

# forward, backward, shapes of the arrays that are differentiated, integers and masks before and
# after them, options
LAYERS = {
    "linear": (linear_forward, linear_backward, [(2, 3, 4), (4, 5), (5,)]),
    "conv2d": (conv2d_forward, conv2d_backward, [IMAGES, (3, 2, 3, 4), (4,)]),
    "conv2d padded": (conv2d_forward, conv2d_backward, [IMAGES, (3, 2, 3, 4), (4,)], (), (2, 1)),
    "conv2d 1x1": (conv2d_forward, conv2d_backward, [IMAGES, (1, 1, 3, 4), (4,)]),
    "depthwise_conv2d": (
        depthwise_conv2d_forward, depthwise_conv2d_backward, [IMAGES, (3, 3, 3)]
    ),
    "relu6": (relu6_forward, relu6_backward, [IMAGES]),
    "same_padding": (same_padding_forward, same_padding_backward, [IMAGES], (), (3, 2)),
    "max_pool": (max_pool_forward, max_pool_backward, [IMAGES]),
    "average_pool": (average_pool_forward, average_pool_backward, [IMAGES]),
    "relu": (relu_forward, relu_backward, [IMAGES]),
    "tanh": (tanh_forward, tanh_backward, [(3, 4)]),
    "sigmoid": (sigmoid_forward, sigmoid_backward, [(3, 4)]),
    "dropout": (dropout_forward, dropout_backward, [(2, 4)], (), (2 * MASK.astype(np.float32),)),
    "batch_norm": (batch_norm_forward, batch_norm_backward, [IMAGES, (3,), (3,)]),
    "batch_norm_inference": (
        batch_norm_inference_forward,
        batch_norm_inference_backward,
        [IMAGES, (3,), (3,)],
        (),
        (np.ones(3, np.float32), np.full(3, 2, np.float32)),
    ),
    "embedding": (embedding_forward, embedding_backward, [(3, 5)], (WORDS,)),
    "softmax": (softmax_forward, softmax_backward, [(2, 4)]),
    "softmax masked": (softmax_forward, softmax_backward, [(2, 4)], (), (-1, MASK)),
    "sequence_cross_entropy": (
        sequence_cross_entropy_forward,
        sequence_cross_entropy_backward,
        [(2, 4, 3)],
        (),
        (WORDS, MASK),
    ),
    "label_smoothing": (
        label_smoothing_forward, label_smoothing_backward, [(2, 4, 3)], (), (WORDS, MASK)
    ),
    "policy_gradient": (
        policy_gradient_forward, policy_gradient_backward, [(2, 4, 3)], (),
        (WORDS, MASK, np.array([0.5, -2.0])),
    ),
}


def draw(random, name, dtype):
    forward, backward, shapes, before, after = (*LAYERS[name], (), ())[:5]
    arrays = [random.normal(size=shape).astype(dtype) for shape in shapes]
    return forward, backward, arrays, before, after


def arrays_in(something):
    if isinstance(something, np.ndarray):
        yield something
    elif isinstance(something, tuple | list):
        for part in something:
            yield from arrays_in(part)


@pytest.mark.parametrize("name", LAYERS)
def test_nothing_is_mutated_and_backward_twice_gives_the_same(random, name):
    forward, backward, arrays, before, after = draw(random, name, np.float64)
    for array in arrays:
        array.flags.writeable = False
    out, cache = forward(*before, *arrays, *after)
    again, _ = forward(*before, *arrays, *after)
    np.testing.assert_array_equal(out, again)

    dout = np.asarray(random.normal(size=np.shape(out)))
    for array in (*arrays_in(cache), dout):
        array.flags.writeable = False
    first = [array.copy() for array in arrays_in(backward(dout, cache))]
    second = list(arrays_in(backward(dout, cache)))
    assert len(first) == len(second) == len(arrays)
    for one, two, array in zip(first, second, arrays, strict=True):
        np.testing.assert_array_equal(one, two)
        assert one.shape == array.shape
        assert np.count_nonzero(one) > 0


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
@pytest.mark.parametrize("name", LAYERS)
def test_the_dtype_follows_the_data(random, name, dtype):
    forward, backward, arrays, before, after = draw(random, name, dtype)
    out, cache = forward(*before, *arrays, *after)
    assert out.dtype == dtype
    for gradient in arrays_in(backward(random.normal(size=np.shape(out)).astype(dtype), cache)):
        assert gradient.dtype == dtype


@pytest.mark.parametrize("name", LAYERS)
def test_backward_is_the_complex_step_along_a_random_direction(random, name):
    forward, backward, arrays, before, after = draw(random, name, np.float64)
    out, cache = forward(*before, *arrays, *after)
    dout = random.normal(size=np.shape(out))
    gradients = list(arrays_in(backward(dout, cache)))
    for place, gradient in enumerate(gradients):
        direction = random.normal(size=gradient.shape)
        moved = list(arrays)
        moved[place] = arrays[place] + 1e-30j * direction
        slope = forward(*before, *moved, *after)[0].imag / 1e-30
        assert np.isclose((gradient * direction).sum(), (dout * slope).sum(), 1e-10, 1e-13)
