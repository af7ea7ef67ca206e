# %% [markdown]
# # Lesson 3: convolution
#
# **What you will see.** A small filter slides over an image. First with seven loops, then with
# every window laid out as a row, then as one matrix product; each is timed. Then the way back,
# which is a picture: every window stamps its filter onto the image. In the end, how to get by with
# fewer multiplications.
#
# **What you need.** Lesson 2 (forward and backward).
#
# **How long.** 45 minutes to read, some 5 seconds to run.
#
# Where this stands: lecture 7 (convolutional networks). In captioning, a conv net turns the image
# into the grid that attention chooses from. That is lesson 4; here is one layer of it.

# %%
from showing import BLUE, ORANGE, RED, SKY, show  # before NumPy, see there

# isort: split
import time

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.patches import Rectangle
from numpy.lib.stride_tricks import sliding_window_view
from trained import trained_captioner

from gradcheck import check
from satt.data.batches import to_float
from satt.data.scenes.dataset import draw_scenes
from satt.kernels.conv2d import conv2d_forward as fast_conv2d_forward
from satt.layers.conv2d import conv2d_backward, conv2d_forward

# %% [markdown]
# ## 1. One filter on one image
#
# An image of 4x4 pixels, dark (0) on the left and light (1) on the right. A **filter** of 2x2
# weights: -1 on the left, +1 on the right. Lay the filter on the top left corner. Multiply each
# pixel by the weight that lies on it, and add the four products. Move on by one pixel, and again.
#
#     out[y, x] = sum_ij image[y + i, x + j] W[i, j]
#
# The place where the filter lies is called a **window**.

# %%
image = np.array([
    [0.0, 0.0, 1.0, 1.0],
    [0.0, 0.0, 1.0, 1.0],
    [0.0, 0.0, 1.0, 1.0],
    [0.0, 1.0, 1.0, 1.0],
])
W = np.array([[-1.0, 1.0], [-1.0, 1.0]])

out = np.zeros((3, 3))
for y in range(3):
    for x in range(3):
        window = image[y : y + 2, x : x + 2]
        out[y, x] = (window * W).sum()
print(out)
assert np.array_equal(out, [[0, 2, 0], [0, 2, 0], [1, 1, 0]])


# %%
def draw_numbers(panel, table, title, size=13):
    panel.imshow(table, cmap="cividis", vmin=-2, vmax=2.5)
    for (row, column), value in np.ndenumerate(table):
        colour = "black" if value > 0.5 else "white"
        panel.text(column, row, f"{value:g}", ha="center", va="center", color=colour, size=size)
    panel.set(title=title, xticks=[], yticks=[])


def outline(panel, y, x, height, width, colour):
    panel.add_patch(Rectangle((x - 0.45, y - 0.45), width - 0.1, height - 0.1, fill=False,
                              edgecolor=colour, lw=4))


figure, panels = plt.subplots(1, 3, figsize=(9, 3.6), width_ratios=(4, 2, 3))
tables = (image, W, out)
titles = ("image: dark, then light", "filter W", "out: where is an edge?")
for panel, table, title in zip(panels, tables, titles, strict=True):
    draw_numbers(panel, table, title)
for y, x, colour in ((0, 1, ORANGE), (2, 0, SKY)):
    outline(panels[0], y, x, 2, 2, colour)
    outline(panels[2], y, x, 1, 1, colour)
show(figure, "03_one_filter")

# %% [markdown]
# The output is large where dark meets light, and 0 where nothing changes. A filter is a question,
# asked at every place alike. (In mathematics a convolution flips the filter first. Nobody in this
# field does; strictly it is a *correlation*.)
#
# ## 2. Loops
#
# Real images have C channels (red, green, blue), a layer has F filters, a batch has N images. A
# **stride** s moves the window by s pixels, and a rim of zeros, the **padding** p, lets it reach
# over the border. Images are (N, H, W, C), filters (KH, KW, C, F). The output has
#
#     OH = (H + 2 p - KH) // s + 1          rows, and OW columns likewise.


# %%
def with_loops(image, W, stride=1, padding=0):
    padded = np.pad(image, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    N, H, width, C = padded.shape
    KH, KW, _, F = W.shape
    out = np.zeros((N, (H - KH) // stride + 1, (width - KW) // stride + 1, F))
    for n, y, x, f in np.ndindex(out.shape):
        for i, j, c in np.ndindex(KH, KW, C):
            out[n, y, x, f] += padded[n, y * stride + i, x * stride + j, c] * W[i, j, c, f]
    return out


random = np.random.default_rng(0)
images, filters = random.normal(size=(2, 7, 6, 3)), random.normal(size=(3, 3, 3, 4))
for stride, padding, shape in ((1, 0, (2, 5, 4, 4)), (1, 1, (2, 7, 6, 4)), (2, 1, (2, 4, 3, 4))):
    mine = with_loops(images, filters, stride, padding)
    satts, _ = conv2d_forward(images, filters, stride=stride, padding=padding)
    assert mine.shape == shape
    assert np.allclose(mine, satts)

# %% [markdown]
# Seven nested loops (`np.ndindex` runs four and three of them). Right, and slow: Python spends its
# time on the loops, not on the products.
#
# ## 3. Columns
#
# Lay each window out as one row, KH KW C numbers long. All rows together are a matrix. (Its usual
# name is *columns*, from im2col, because some programs store it the other way round.) For the
# small image: 9 windows, 4 numbers each.

# %%
columns = np.array([
    image[y : y + 2, x : x + 2].reshape(4) for y in range(3) for x in range(3)
])
print(columns)
assert np.allclose(columns @ W.reshape(4), out.reshape(9))

# %% [markdown]
# The window is a row, the filter is a column of weights: their product is one output. And all
# outputs are **one matrix product**. A convolution is a linear layer on windows. Where did the
# pixel in row 1, column 1 go? It lies in four windows, so it is in four rows, each time in another
# place:

# %%
where = np.zeros((4, 4))
where[1, 1] = 1
copies = np.array([where[y : y + 2, x : x + 2].reshape(4) for y in range(3) for x in range(3)])
assert copies.sum() == 4
figure, panels = plt.subplots(1, 2, figsize=(8, 5.2), width_ratios=(4, 4))
draw_numbers(panels[0], image, "image, one pixel marked")
outline(panels[0], 1, 1, 1, 1, RED)
draw_numbers(panels[1], columns, "columns: 9 windows,\nthe pixel is in four of them", 11)
panels[1].set_aspect("auto")
panels[1].set(ylabel="window begins at (row, column)", xlabel="place in the filter (row, column)",
              yticks=range(9), xticks=range(4))
panels[1].set_yticklabels([f"({y}, {x})" for y in range(3) for x in range(3)])
panels[1].set_xticklabels([f"({i}, {j})" for i in range(2) for j in range(2)])
for row, column in np.argwhere(copies):
    outline(panels[1], row, column, 1, 1, RED)
show(figure, "03_columns")

# %% [markdown]
# ## 4. Each timed
#
# Three ways, the same result: loops over everything; a loop over the windows, with a product for
# each; and one product for all windows. `sliding_window_view` makes the windows without a loop.
# `satt/layers/conv2d.py` is the third way.


# %%
def window_by_window(image, W):
    KH, KW, C, F = W.shape
    N, H, width, _ = image.shape
    out = np.zeros((N, H - KH + 1, width - KW + 1, F))
    for n, y, x in np.ndindex(out.shape[:3]):
        row = image[n, y : y + KH, x : x + KW].reshape(KH * KW * C)
        out[n, y, x] = row @ W.reshape(KH * KW * C, F)
    return out


def one_product(image, W):
    KH, KW, C, F = W.shape
    windows = sliding_window_view(image, (KH, KW), axis=(1, 2))  # (N, OH, OW, C, KH, KW)
    columns = windows.transpose(0, 1, 2, 4, 5, 3).reshape(-1, KH * KW * C)
    return (columns @ W.reshape(KH * KW * C, F)).reshape(*windows.shape[:3], F)


image_32, filters_16 = random.normal(size=(1, 34, 34, 3)), random.normal(size=(3, 3, 3, 16))
products = 32 * 32 * 16 * 3 * 3 * 3
assert one_product(image_32, filters_16).size * 27 == products == 442_368

results, seconds = [], {}
ways = {"loops": with_loops, "a product\na window": window_by_window, "one product": one_product}
for name, way in ways.items():
    begin = time.perf_counter()
    results.append(way(image_32, filters_16))
    seconds[name] = time.perf_counter() - begin
    label = name.replace("\n", " ")
    print(f"{label:18} {1000 * seconds[name]:8.2f} ms")
assert np.allclose(results[0], results[1]) and np.allclose(results[0], results[2])

# %%
figure, axes = plt.subplots(figsize=(8, 4))
drawn = axes.barh(list(seconds), [1000 * value for value in seconds.values()], color=BLUE)
axes.bar_label(drawn, [f"{1000 * value:,.2f} ms" for value in seconds.values()], padding=5)
axes.invert_yaxis()
axes.set(xscale="log", xlabel="milliseconds (each line is 10 times the one before)",
         title=f"The same {products:,} multiplications, three ways")
axes.margins(x=0.2)
axes.grid(axis="x", alpha=0.4)
show(figure, "03_timed")

# %% [markdown]
# Your times will be others, but hardly their order. The multiplications are the same each time.
# One large product saves the steps of Python, and the processor gets its numbers in order, many at
# once. The price is memory: each pixel is stored nine times.
#
# ## 5. The way back
#
# Lesson 2 has the backward of a linear layer. With columns in the place of x:
#
#     dW = columnsᵀ dout                    each weight was used in every window
#     dcolumns = dout Wᵀ                    a row for each window: its message to its pixels
#
# One thing is left: the rows must go back to the pixels they came from. A pixel was *copied* into
# several windows, so the messages of all of them are *added*. Window (y, x) sends to its pixels
# the filter itself, multiplied by dout[y, x]. **It stamps the filter onto the image.**


# %%
def stamp(dout, W, shape):
    dimage = np.zeros(shape)
    for y, x in np.ndindex(dout.shape):
        dimage[y : y + W.shape[0], x : x + W.shape[1]] += dout[y, x] * W
    return dimage


one, two, everywhere = np.zeros((3, 5, 5))
one[1, 1] = 1
two[1, 1] = two[2, 2] = 1
everywhere[:] = 1
W3 = np.array([[0.0, 1.0, 0.0], [1.0, 2.0, 1.0], [0.0, 1.0, 0.0]])
figure, panels = plt.subplots(2, 3, figsize=(11, 7.5))
titles = ("one window speaks", "two windows", "all windows")
answers = ("its stamp", "where they overlap, they add", "the sum of all stamps")
rows = zip(panels.T, (one, two, everywhere), titles, answers, strict=True)
for column, dout, title, answer in rows:
    dimage = stamp(dout, W3, (7, 7))
    names = f"dout: {title}", f"dimage: {answer}"
    for panel, table, name in zip(column, (dout, dimage), names, strict=True):
        panel.imshow(table, cmap="viridis", vmin=0, vmax=6)
        for (y, x), value in np.ndenumerate(table):
            colour = "black" if value > 3 else "white"
            panel.text(x, y, f"{value:g}", ha="center", va="center", color=colour)
        panel.set(title=name, xticks=[], yticks=[])
    for y, x in np.argwhere(dout)[:2] if dout is not everywhere else []:
        outline(column[1], y, x, 3, 3, ORANGE)
show(figure, "03_backward")
assert np.array_equal(stamp(one, W3, (7, 7))[1:4, 1:4], W3)
assert stamp(everywhere, W3, (7, 7))[3, 3] == W3.sum()
assert stamp(everywhere, W3, (7, 7))[0, 0] == W3[0, 0]

# %% [markdown]
# In the middle of the last picture every pixel hears from nine windows, so it gets the sum of all
# weights: 6. A corner hears from one. Without padding, pixels at the border count for less.
#
# Now with channels and filters: a loop over the places (i, j) of the filter, as in satt. A product
# does the rest.


# %%
def my_forward(images, W):
    return one_product(images, W), (images, W)


def my_backward(dout, cache):
    images, W = cache
    KH, KW, C, F = W.shape
    N, OH, OW, _ = dout.shape
    windows = sliding_window_view(images, (KH, KW), axis=(1, 2))
    columns = windows.transpose(0, 1, 2, 4, 5, 3).reshape(-1, KH * KW * C)
    dW = (columns.T @ dout.reshape(-1, F)).reshape(W.shape)
    dimages = np.zeros_like(images)
    for i in range(KH):
        for j in range(KW):
            dimages[:, i : i + OH, j : j + OW] += dout @ W[i, j].T
    return dimages, dW


inputs = {"images": random.normal(size=(2, 5, 4, 3)), "W": random.normal(size=(3, 2, 3, 4))}
report = check(my_forward, my_backward, inputs)
print(report)
assert report.ok

_, cache = conv2d_forward(inputs["images"], inputs["W"])
dout = random.normal(size=(2, 3, 3, 4))
dx, dW, _ = conv2d_backward(dout, cache)
assert np.allclose(my_backward(dout, (inputs["images"], inputs["W"]))[0], dx)
assert np.allclose(my_backward(dout, (inputs["images"], inputs["W"]))[1], dW)


# %% [markdown]
# A mistake to look at: write `=` where `+=` belongs. The last window to speak wins.


# %%
def overwriting_backward(dout, cache):
    images, W = cache
    _, dW = my_backward(dout, cache)
    dimages = np.zeros_like(images)
    OH, OW = dout.shape[1:3]
    for i, j in np.ndindex(W.shape[:2]):
        dimages[:, i : i + OH, j : j + OW] = dout @ W[i, j].T
    return dimages, dW


report = check(my_forward, overwriting_backward, inputs)
print(report)
assert report.gradients["W"].ok and not report.gradients["images"].ok

# %% [markdown]
# dW is right. In training, nobody needs the gradient of the pixels, the input of the *first*
# layer. So a net of one convolution would not suffer from the mistake. In a net of two, the first
# layer would learn from a wrong gradient.
#
# ## 6. On the real model
#
# The first layer of the captioner has filters of 4x4 pixels, three channels, stride 2. Those of
# the captioner that comes with the lessons were drawn at random, and then learned from captions
# alone. `satt demo` finds its own before it has read a word: they are the directions in which
# patches of images differ most, each beside its opposite (`satt/models/whitening.py`). It learns
# faster with them, since the layers above have something to see from the first step on. Here they
# are as small pictures, each brought to its full range, and what five of them answer to a scene.

# %%
model, _ = trained_captioner()
learned = model.params["encoder.conv1.W"]  # (4, 4, 3, F)
world = draw_scenes("test", 1, model.settings.image_size, progress=False)
answers, _ = conv2d_forward(to_float(world.images), learned, stride=2, padding=1)
size = model.settings.image_size
assert answers.shape == (1, size // 2, size // 2, learned.shape[3])

as_pictures = learned.transpose(3, 0, 1, 2)
low, high = (f(as_pictures, axis=(1, 2, 3), keepdims=True) for f in (np.min, np.max))
as_pictures = (as_pictures - low) / (high - low)

# %%
figure = plt.figure(figsize=(12, 6))
left, right = figure.subfigures(1, 2)
left.suptitle("The filters of the first layer")
for panel, picture in zip(left.subplots(6, 6).flat, as_pictures, strict=False):
    panel.imshow(picture)
for panel in left.axes:
    panel.set_axis_off()
right.suptitle("A scene, and five filters that answer\nvery differently from place to place")
panels = right.subplots(2, 3).flatten()
panels[0].imshow(world.images[0])
panels[0].set(title="scene")
busiest = np.argsort(-answers[0].std(axis=(0, 1)))[:5]
for panel, number in zip(panels[1:], busiest, strict=True):
    panel.imshow(answers[0, :, :, number], cmap="cividis")
    panel.set(title=f"filter {number}")
for panel in panels:
    panel.set_axis_off()
show(figure, "03_real_model")

# %% [markdown]
# Some filters ask for a colour, such as that of the sky, some for an edge, many for both, whether
# they were learned or computed. After four such layers a place knows more than an edge: that is
# the grid of lesson 4.
#
# ## 7. With fewer multiplications
#
# Nothing can be saved on one window. On two neighbours something can: they share pixels. Take a
# row of six pixels, (1, 2, 3, 4, 5, 6), and a filter of three weights, g = (1, 2, 3). The first
# two answers take six products:
#
#     out0 = d0 g0 + d1 g1 + d2 g2 = 1*1 + 2*2 + 3*3 = 14
#     out1 = d1 g0 + d2 g1 + d3 g2 = 2*1 + 3*2 + 4*3 = 20
#
# The inner pixels, d1 and d2, meet all three weights. Take their sum and their difference:
#
#     s = (d1 + d2)/2 (g0 + g1 + g2)        t = (d2 - d1)/2 (g0 - g1 + g2)
#
# Multiply out, with G = g0 + g2: s + t = d2 G + d1 g1 and s - t = d1 G + d2 g1. Each is nearly an
# answer. The first has a d2 g0 too much and lacks d0 g0; the second has a d1 g2 too much and lacks
# d3 g2. So
#
#     out0 = (s + t) + (d0 - d2) g0         out1 = (s - t) + (d3 - d1) g2
#
# Four products instead of six. The sums of weights are made once for the whole image, the halves
# with them. This is Winograd's algorithm, F(2, 3): two answers, three weights.

# %%
d, g = np.array([1.0, 2, 3, 4, 5, 6]), np.array([1.0, 2, 3])
of_filter = np.array([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]])
of_pixels = np.array([[1.0, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, -1, 0, 1]])
of_products = np.array([[1.0, 1, 1, 0], [0, 1, -1, 1]])

answers = []
for first in (0, 2):  # two tiles of four pixels; they overlap by two
    tile = d[first : first + 4]
    four_products = (of_filter @ g) * (of_pixels @ tile)
    print(f"pixels {tile} -> products {four_products} -> {of_products @ four_products}")
    answers.extend(of_products @ four_products)
assert answers == [14, 20, 26, 32]
assert np.array_equal(answers, [d[x : x + 3] @ g for x in range(4)])


# %% [markdown]
# An image has two directions. Do the same down and then across: a tile of 4x4 pixels gives 2x2
# answers with 4 * 4 = 16 products instead of 36. "Down and then across" is one matrix, the
# *Kronecker product* of the small one with itself. With channels, each of the 16 products becomes
# a sum over channels for all tiles and filters, so a matrix product: 16 of them.


# %%
def few_products(images, W):
    N, C, F = len(images), *W.shape[2:]
    tiles = sliding_window_view(images, (4, 4), axis=(1, 2))[:, ::2, ::2]
    rows, columns = tiles.shape[1:3]
    tiles = tiles.transpose(4, 5, 0, 1, 2, 3).reshape(16, -1)
    V = (np.kron(of_pixels, of_pixels).astype(W.dtype) @ tiles).reshape(16, -1, C)
    U = (np.kron(of_filter, of_filter).astype(W.dtype) @ W.reshape(9, -1)).reshape(16, C, F)
    out = np.kron(of_products, of_products).astype(W.dtype) @ (V @ U).reshape(16, -1)
    out = out.reshape(2, 2, N, rows, columns, F).transpose(2, 3, 0, 4, 1, 5)
    return out.reshape(N, 2 * rows, 2 * columns, F)


images = random.normal(size=(8, 34, 34, 64)).astype(np.float32)
W = random.normal(size=(3, 3, 64, 64)).astype(np.float32)
ways = {
    "one matrix product": lambda: conv2d_forward(images, W)[0],
    "F(2, 3), as above": lambda: few_products(images, W),
    "F(4, 3), in pieces": lambda: fast_conv2d_forward(images, W)[0],
}
direct = ways["one matrix product"]()
seconds = {name: [] for name in ways}
for _ in range(5):
    for name, way in ways.items():
        start = time.perf_counter()
        out = way()
        seconds[name].append(time.perf_counter() - start)
        assert np.allclose(out, direct, atol=1e-3 * np.abs(direct).max())
shares = {"one matrix product": 1, "F(2, 3), as above": 16 / 36, "F(4, 3), in pieces": 36 / 144}
for name, times in seconds.items():
    print(f"{name:20} {1000 * np.median(times):6.1f} ms with {shares[name]:4.0%} of the products")

# %% [markdown]
# The products are fewer than half, the time hardly is: the sums cost time too, and the 16
# products of all tiles fall out of the processor's cache before they are used. The last line is
# what satt itself takes. Its tiles have 6x6 pixels and give 4x4 answers with 36 products instead
# of 144, a quarter, and it goes through a few images at a time, so that all stays in the cache.
# `satt/kernels/README.md` tells where the rest of the time goes.
#
# ## What to remember
#
# * A convolution is a linear layer, applied to every window alike.
# * Windows as rows: one matrix product, and no loop.
# * Backward: dW adds over all windows, dimage adds the stamps of all windows that saw a pixel.
# * Neighbouring windows share pixels, and so can share multiplications.
#
# ## Exercises
#
# **1.** A filter of 1x1 pixels sees no neighbours. Show that such a convolution *is* the linear
# layer of lesson 2, on every pixel. (f_att uses this: the grid's projection.)
#
# **2.** dimage can be had by a convolution, too: put a rim of zeros round dout, flip the filters
# upside down and left to right, and swap C with F. How wide is the rim? Write it with
# `conv2d_forward` and compare with `conv2d_backward`.
#
# **3.** The encoder of satt has filters of 4, 3, 3, 3 pixels, strides 2, 1, 1, 1, padding 1, and
# max-pools of 2x2 after the first and the third. Follow an image of 64x64 pixels: how large is
# each output, and how many multiplications does each layer take? (Filters: 32, 64, 64, 128; the
# demo's last block has 96.) Which layer is the dearest?
#
# Solutions: `solutions/03_convolution.py`.
#
# ## Where to read on
#
# * `satt/layers/conv2d.py`: this lesson as a file.
# * `satt/kernels/winograd_transforms.py`: where the three small matrices come from.
# * Xu et al. (2015), section 3.1.1: the output of a convolution as annotation vectors. Lesson 4.
