"""What the block promises beyond its gradients, which `gradcheck` holds."""

import numpy as np
import pytest
from small_grid_net import small_grid_net

from satt.models.mbconv import mbconv_backward, mbconv_forward


@pytest.fixture
def net(random):
    return small_grid_net(random)


def test_a_shortcut_stands_around_what_keeps_its_shape(random, net):
    params, statistics = net
    x = random.normal(size=(2, 6, 5, 6))
    out, cache = mbconv_forward(x, params, statistics, "block3")
    params["block3.project.norm.gamma"] = np.zeros(6)
    params["block3.project.norm.beta"] = np.zeros(6)
    silent, cache = mbconv_forward(x, params, statistics, "block3")
    np.testing.assert_array_equal(silent, x)  # a block that says nothing lets its input through
    dout = random.normal(size=out.shape)
    dx, _ = mbconv_backward(dout, cache)
    np.testing.assert_array_equal(dx, dout)  # and the gradient too


def test_a_stride_halves_and_rounds_up(random, net):
    out, _ = mbconv_forward(random.normal(size=(1, 7, 6, 4)), *net, "block2", stride=2)
    assert out.shape == (1, 4, 3, 6)


def test_a_block_that_does_not_widen_has_no_gradient_for_it(random, net):
    out, cache = mbconv_forward(random.normal(size=(1, 4, 4, 5)), *net, "block1")
    _, gradients = mbconv_backward(out, cache)
    assert gradients.keys() == {name for name in net[0] if name.startswith("block1.")}
    assert not any("expand" in name for name in gradients)


def test_a_pixel_is_seen_as_far_as_the_depthwise_filter_reaches(random, net):
    params, statistics = net
    x = random.normal(size=(1, 11, 11, 6))
    out, _ = mbconv_forward(x, params, statistics, "block3")  # 5x5
    x[0, 5, 5] += 3
    moved = mbconv_forward(x, params, statistics, "block3")[0] != out
    rows, columns = np.nonzero(moved.any(axis=(0, 3)))
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (3, 7, 3, 7)
