# %% [markdown]
# # Solutions of lesson 3
#
# ## Exercise 1: one pixel wide
#
# A window of 1x1 is one pixel with its C channels. So "columns" is the image itself, a row for
# each pixel, and the product with W (C, F) is the linear layer.

# %%
import numpy as np

from satt.layers.conv2d import conv2d_backward, conv2d_forward
from satt.layers.linear import linear_backward, linear_forward

random = np.random.default_rng(0)
images, W, dout = (
    random.normal(size=shape) for shape in ((2, 5, 4, 3), (1, 1, 3, 6), (2, 5, 4, 6))
)
by_convolution, cache = conv2d_forward(images, W)
by_linear, linear_cache = linear_forward(images, W[0, 0])
assert np.allclose(by_convolution, by_linear)

dimages, dW, _ = conv2d_backward(dout, cache)
dx, dW_linear, _ = linear_backward(dout, linear_cache)
assert np.allclose(dimages, dx)
assert np.allclose(dW[0, 0], dW_linear)
print("a 1x1 convolution is a linear layer, forward and backward")

# %% [markdown]
# ## Exercise 2: the backward as a convolution
#
# Ask of one pixel: which windows see it? Those that begin up to KH - 1 rows above it and up to
# KW - 1 columns to the left of it. So it looks at dout through a window of the filter's size that
# ends where the pixel is: a rim of KH - 1 zeros lets the first pixel look, too. The window that
# begins *farthest* above sees the pixel with its *last* row of weights; so the filter is flipped.

# %%
images, W = random.normal(size=(2, 6, 5, 3)), random.normal(size=(3, 3, 3, 4))
out, cache = conv2d_forward(images, W)
dout = random.normal(size=out.shape)
dimages, _, _ = conv2d_backward(dout, cache)

flipped = W[::-1, ::-1].transpose(0, 1, 3, 2)  # (KH, KW, F, C)
by_convolution, _ = conv2d_forward(dout, flipped, padding=2)
assert by_convolution.shape == images.shape
assert np.allclose(by_convolution, dimages)
print("the gradient of the image is a convolution of dout with the flipped filters")

# %% [markdown]
# ## Exercise 3: the encoder's sizes
#
# An output costs KH KW C multiplications, and there are OH OW F outputs.

# %%
size, depth, costs = 64, 3, []
blocks = ((4, 2, 32, True), (3, 1, 64, False), (3, 1, 64, True), (3, 1, 128, False))
for number, (kernel, stride, filters, is_pooled) in enumerate(blocks, start=1):
    size = (size + 2 - kernel) // stride + 1
    costs.append(size * size * filters * kernel * kernel * depth)
    out, _ = conv2d_forward(
        np.zeros((1, 64, 64, 3)) if number == 1 else out,
        np.zeros((kernel, kernel, depth, filters)), stride=stride, padding=1,
    )
    assert out.shape == (1, size, size, filters)
    print(f"convolution {number}: output {size}x{size}x{filters}, {costs[-1]:,} multiplications")
    if is_pooled:
        size, out = size // 2, out[:, ::2, ::2]
    depth = filters
assert size == 8  # 64 locations
assert costs == [1_572_864, 4_718_592, 9_437_184, 4_718_592]

# %% [markdown]
# The third is the dearest: as many locations as the second, but twice the depth below it. The
# pooling after it makes the fourth cheaper again, though that has twice the filters.
