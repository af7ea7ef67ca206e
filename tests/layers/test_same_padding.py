import numpy as np
import pytest

from satt.layers.conv2d import conv2d_forward
from satt.layers.same_padding import same_padding_backward, same_padding_forward, same_rim


@pytest.mark.parametrize("length, size, stride, rim", [
    (224, 3, 2, (0, 1)),  # odd: the extra pixel comes after
    (225, 3, 2, (1, 1)),
    (112, 3, 1, (1, 1)),
    (56, 5, 2, (1, 2)),
    (28, 5, 1, (2, 2)),
    (7, 1, 1, (0, 0)),
    (8, 1, 2, (0, 0)),  # windows further apart than they are wide: nothing is cut off
    (5, 4, 1, (1, 2)),
])
def test_the_rim_is_that_of_tensorflow(length, size, stride, rim):
    assert same_rim(length, size, stride) == rim


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_a_convolution_then_gives_a_pixel_for_every_stride(random, size, stride):
    for height, width in ((7, 8), (9, 6), (1, 2)):
        x = random.normal(size=(1, height, width, 2))
        padded, _ = same_padding_forward(x, size, stride)
        out, _ = conv2d_forward(padded, random.normal(size=(size, size, 2, 3)), stride=stride)
        assert out.shape == (1, -(-height // stride), -(-width // stride), 3)


def test_the_image_stands_in_zeros_and_the_gradient_is_cut_out_of_it(random):
    x = random.normal(size=(2, 4, 5, 3))
    out, cache = same_padding_forward(x, 3, 2)
    assert out.shape == (2, 5, 7, 3)
    np.testing.assert_array_equal(out[:, :4, 1:6], x)
    assert np.count_nonzero(out) == x.size
    dout = random.normal(size=out.shape)
    np.testing.assert_array_equal(same_padding_backward(dout, cache), dout[:, :4, 1:6])


def test_the_gradient_belongs_to_the_caller(random):
    _, cache = same_padding_forward(random.normal(size=(1, 4, 4, 2)), 3)
    dout = random.normal(size=(1, 6, 6, 2))
    before = dout.copy()
    same_padding_backward(dout, cache)[:] = 0
    np.testing.assert_array_equal(dout, before)
