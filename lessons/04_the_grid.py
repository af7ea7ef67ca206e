# %% [markdown]
# # Lesson 4: the grid
#
# **What you will see.** A conv net turns an image into a grid: one vector for each place. You will
# draw two images with their grids, measure which pixels one vector has seen, and find out what
# each vector is about by asking which places of other images look the same to it.
#
# **What you need.** Lesson 3 (convolution) and lesson 1 (gradient check).
#
# **How long.** 30 minutes to read, some 10 seconds to run.
#
# In the lecture the grid is written h_{i,j}: row i, column j. Attention will choose between these
# vectors and nothing else. What they cannot tell, no attention can find.

# %%
from showing import ORANGE, show  # before NumPy, see there

# isort: split
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Rectangle
from trained import trained_captioner

from gradcheck import check
from satt.data.batches import to_float
from satt.data.scenes.dataset import draw_scenes
from satt.data.scenes.drawing import draw_scene
from satt.layers.batch_norm_inference import (
    batch_norm_inference_backward,
    batch_norm_inference_forward,
)
from satt.layers.conv2d import conv2d_backward, conv2d_forward
from satt.layers.max_pool import max_pool_backward, max_pool_forward
from satt.layers.relu import relu_backward, relu_forward
from satt.metrics.looking import location_shares
from satt.models.encoder import KERNELS, POOLED, STRIDES, encoder_forward, receptive_field

# %% [markdown]
# ## A grid of four vectors
#
# Start with an image of 4x4 pixels and three filters of 2x2, moved by two pixels (stride 2). Each
# filter answers one question about a window:
#
# * filter 0: how bright is it?
# * filter 1: is the right half brighter than the left?
# * filter 2: is the lower half brighter than the upper?

# %%
image = np.array([[0, 0, 0, 4],
                  [0, 0, 0, 4],
                  [0, 0, 4, 4],
                  [4, 4, 4, 4]], float).reshape(1, 4, 4, 1)
filters = np.array([[[1, 1], [1, 1]],
                    [[-1, 1], [-1, 1]],
                    [[-1, -1], [1, 1]]], float) / 4
W = filters.transpose(1, 2, 0)[:, :, None, :]  # (height, width, channels, filters)
out, _ = conv2d_forward(image, W, stride=2)
print("the output of the convolution:", out.shape)
print(out[0])

# %% [markdown]
# The output has two rows, two columns and three numbers at each place. Usually one reads it as
# *three images of 2x2*: one for each filter. Attention reads it the other way, as *four vectors of
# length 3*: one for each place. These are the same numbers. The only work is a reshape, because in
# satt the channels stand last:
#
#     (N, rows, columns, D)  ->  (N, L, D)          L = rows times columns
#
# A place in the grid is called a **location**. Location number l stands in row i and column j with
# l = i * columns + j: they are counted as one reads a page, from 0.

# %%
grid = out.reshape(1, 4, 3)
for location in range(4):
    i, j = divmod(location, 2)
    print(f"location {location}: row {i}, column {j}, vector {grid[0, location]}")
    assert np.array_equal(grid[0, location], out[0, i, j])

# %% [markdown]
# The top left window is black, so its vector is zero: nothing to report. The top right one is
# bright on its right. The vector says **what** is there. It does not say **where**: the same
# filters serve every place. The place is known only from where the vector stands in the grid.
#
# The gradient goes back the same way. A reshape moves no number to another one's side, so its
# backward is the reshape back. A ReLU after the convolution, and this is a whole encoder.

# %%
def grid_forward(image, W):
    convolved, conv = conv2d_forward(image, W, stride=2)
    activated, relu = relu_forward(convolved)
    N, rows, columns, D = activated.shape
    return activated.reshape(N, rows * columns, D), (conv, relu, activated.shape)


def grid_backward(dgrid, cache):
    conv, relu, shape = cache
    dconvolved = relu_backward(dgrid.reshape(shape), relu)
    dimage, dW, _ = conv2d_backward(dconvolved, conv)
    return dimage, dW


random = np.random.default_rng(4)
inputs = {"image": random.normal(size=(2, 4, 4, 1)), "W": random.normal(size=(2, 2, 1, 3))}
report = check(grid_forward, grid_backward, inputs)
print(report)
assert report.ok, report

# %% [markdown]
# ## The encoder of the captioner
#
# The real encoder has four such blocks: convolution, batch normalisation (here with fixed means
# and variances), in two blocks a max-pool, and ReLU. Here it is, from the plain layers.

# %%
model, vocabulary = trained_captioner()


def encode(images):
    x, caches, shapes = images, [], []
    for block, (stride, pooled) in enumerate(zip(STRIDES, POOLED, strict=True), start=1):
        x, conv = conv2d_forward(x, model.params[f"encoder.conv{block}.W"], None, stride, 1)
        gamma, beta = (model.params[f"encoder.norm{block}.{p}"] for p in ("gamma", "beta"))
        mean, variance = (
            model.statistics[f"encoder.norm{block}.{s}"] for s in ("mean", "variance")
        )
        x, norm = batch_norm_inference_forward(x, gamma, beta, mean, variance)
        x, pool = max_pool_forward(x) if pooled else (x, None)
        x, relu = relu_forward(x)
        caches.append((conv, norm, pool, relu))
        shapes.append(x.shape[1:])
    N, rows, columns, D = x.shape
    return x.reshape(N, rows * columns, D), caches, shapes


world = draw_scenes("test", 600, progress=False)
grids, caches, shapes = encode(to_float(world.images[:40]))
for block, shape in enumerate(shapes, start=1):
    print(f"after block {block}: {shape[0]} x {shape[1]} places, {shape[2]} numbers at each")
print("as a grid:", grids.shape, "(images, locations, depth)")

same, _ = encoder_forward(to_float(world.images[:40]), model.params, model.statistics)
assert np.allclose(grids, same, atol=1e-3)  # satt's own encoder, with faster convolutions

# %% [markdown]
# ## Two images, two grids
#
# As in the lecture, the cat comes first. The second image shows a bird over water. On the left is
# the image, cut into the 8x8 places. In the middle is its grid: every tile is one vector, and each
# point of a tile is one of its numbers. On the right is the length of each vector.

# %%
def find(kind, setting=None, pose=None):
    """Number of the first scene with this one thing in it."""
    for number, scene in enumerate(world.scenes):
        first = scene.things[0]
        if len(scene.things) == 1 and first.kind == kind:
            if setting in (None, scene.setting) and pose in (None, first.pose):
                return number
    raise LookupError(kind)


cat, bird = find("cat", "grass", "sitting"), find("bird", "water", "flying")
side = 8  # rows and columns
all_grids, _ = encoder_forward(to_float(world.images), model.params, model.statistics)
lengths = np.linalg.norm(all_grids, axis=2)


def tiles(grid):
    """Lay each vector out as a tile, 8 points high, and join the tiles."""
    tile = grid.reshape(side, side, 8, -1)
    return tile.transpose(0, 2, 1, 3).reshape(side * 8, -1)


figure, axes = plt.subplots(2, 3, figsize=(13, 8.6))
for row, number in zip(axes, (cat, bird), strict=True):
    row[0].imshow(world.images[number], extent=(0, side, side, 0))
    row[1].imshow(tiles(all_grids[number]) ** 0.4, cmap="viridis", extent=(0, side, side, 0),
                  interpolation="nearest")
    shown = row[2].imshow(lengths[number].reshape(side, side), cmap="cividis",
                          extent=(0, side, side, 0))
    figure.colorbar(shown, ax=row[2], shrink=0.85)
    for panel in row:
        panel.set_xticks(np.arange(side) + 0.5, range(side))
        panel.set_yticks(np.arange(side) + 0.5, range(side))
        panel.tick_params(length=0)
        for line in range(1, side):
            panel.axhline(line, color="white", linewidth=1)
            panel.axvline(line, color="white", linewidth=1)
    row[0].set_ylabel("row i")
axes[0, 0].set_title("the image, cut into 8x8 places")
axes[0, 1].set_title(f"its grid: each tile is a vector of {all_grids.shape[2]}")
axes[0, 2].set_title("how long each vector is")
for panel in axes[1]:
    panel.set_xlabel("column j")
figure.suptitle("Two images, two grids: where there is something to tell, the vectors light up")
show(figure, "04_two_grids")

# %% [markdown]
# Nearly everything is dark. After the last ReLU most numbers are exactly zero, and the vectors of
# plain sky are short or zero: nothing to report. On a thing they are long. Of the ground, in these
# two images the lowest row speaks for the rest, each of its places with the same few numbers. We
# know where the things are, because the program drew them, so we can measure all this.

# %%
kinds, on_thing, share = [], [], []
for scene in world.scenes:
    _, thing_masks, setting_mask = draw_scene(scene, 64)
    shares = [location_shares(mask, (side, side)) for mask in [*thing_masks, setting_mask]]
    shares.append(1 - np.sum(shares, axis=0))  # what is left is sky
    names = np.array([*(thing.kind for thing in scene.things), scene.setting, "sky"])
    owner = np.argmax(shares, axis=0)
    kinds.append(names[owner])
    on_thing.append(owner < len(scene.things))
    share.append(np.max(shares, axis=0))
# One row an image, one column a location.
kinds, on_thing, share = np.array(kinds), np.array(on_thing), np.array(share)

zeros = (all_grids == 0).mean()
on, off = np.median(lengths[on_thing & (share > 0.9)]), np.median(lengths[kinds == "sky"])
print(f"{zeros:.0%} of all numbers are zero")
print(f"length of a vector (median): {on:.1f} on a thing, {off:.1f} in the sky")
assert zeros > 0.8
assert on > 3 * off

# %% [markdown]
# ## What one location can see: computed
#
# A number in the output of the first convolution was made from a window of 4x4 pixels. A number in
# that of the second was made from 3x3 numbers of the layer before, so it depends on more pixels.
# The square of pixels on which a location depends is its **receptive field**. It grows from layer
# to layer:
#
# * two neighbours of a layer lie a certain *distance* apart, counted in pixels of the image;
# * a window of k neighbours, a pool's too, reaches (k - 1) * distance pixels further than one;
# * after a stride s, neighbours lie s times as far apart.

# %%
field, distance = 1, 1
for block, (kernel, stride, pooled) in enumerate(zip(KERNELS, STRIDES, POOLED, strict=True), 1):
    field, distance = field + (kernel - 1) * distance, distance * stride
    print(f"convolution {block}: {kernel}x{kernel}, stride {stride}: sees {field}x{field} pixels")
    if pooled:
        field, distance = field + (2 - 1) * distance, distance * 2
        print(f"max-pool      : 2x2, stride 2: sees {field}x{field} pixels")
print(f"neighbouring locations lie {distance} pixels apart, each sees {field}x{field} pixels")
assert field == receptive_field() == 42 and distance == 8

# %% [markdown]
# So a location has 8x8 pixels to itself, but sees 42x42: its neighbours share most of its view.
#
# ## What one location can see: measured
#
# A computed size can be wrong, and a pixel that *may* count need not count for much. Backward
# tells both. The gradient of a pixel says how much the grid changes when the pixel does. So send
# back a gradient that is zero everywhere except at one location, and look which pixels get any:
#
#     dgrid_l = random numbers if l is the location (3, 4), else 0          and back to dimage
#
# Random numbers, not ones: with ones, positive and negative slopes could cancel. In a single image
# many ReLUs are shut, so we average the size |dimage| over 40 images and the three colours.

# %%
def pixels_behind(location, caches, random):
    N, D = len(grids), grids.shape[2]
    dgrid = np.zeros((N, side * side, D), np.float32)
    dgrid[:, location] = random.standard_normal((N, D))
    dx = dgrid.reshape(N, side, side, D)
    for conv, norm, pool, relu in reversed(caches):
        dx = relu_backward(dx, relu)
        dx = dx if pool is None else max_pool_backward(dx, pool)
        dx, _, _ = batch_norm_inference_backward(dx, norm)
        dx, _, _ = conv2d_backward(dx, conv)
    return np.abs(dx).mean(axis=(0, 3))


i, j = 3, 4  # on the cat
influence = pixels_behind(i * side + j, caches, np.random.default_rng(0))
rows, columns = np.flatnonzero(influence.any(axis=1)), np.flatnonzero(influence.any(axis=0))
print(f"rows {rows[0]} to {rows[-1]}, columns {columns[0]} to {columns[-1]} get a gradient")
assert rows[-1] - rows[0] + 1 == columns[-1] - columns[0] + 1 == receptive_field()
# In the middle of the field lie the location's own 8x8 pixels.
assert (rows[0], columns[0]) == (8 * i + 4 - field // 2, 8 * j + 4 - field // 2)
assert (influence > 0).sum() == receptive_field() ** 2  # every pixel inside, none outside

# %% [markdown]
# Exactly 42x42: measured and computed agree to the pixel. But the middle counts for more. A pixel
# in the middle reaches the location by many paths through the layers, one at the rim by only one.
# How wide is the square in the middle that holds half of all influence?

# %%
top, left = rows[0], columns[0]
for rim in range(field // 2):
    inner = influence[top + rim : top + field - rim, left + rim : left + field - rim]
    if inner.sum() < 0.5 * influence.sum():
        break
half = field - 2 * (rim - 1)
print(f"half of the influence lies in the middle {half}x{half} pixels, "
      f"which are {half**2 / field**2:.0%} of the field")
assert half**2 < 0.5 * field**2

corner = pixels_behind(0, caches, np.random.default_rng(0))
corner_height = np.flatnonzero(corner.any(axis=1))[-1] + 1
print(f"the location in the corner sees {corner_height}x{corner_height} pixels of the image")
assert corner_height**2 < 0.5 * field**2  # the rest lies outside, where padding put zeros

# %%
figure, axes = plt.subplots(1, 3, figsize=(14, 5.4))
for panel, heat in zip(axes, (np.zeros((64, 64)), influence, corner), strict=True):
    panel.imshow(world.images[cat])
    if heat.any():
        panel.imshow(heat, cmap="inferno", alpha=0.35 + 0.6 * heat / heat.max())
for panel, row, column in zip(axes, (i, i, 0), (j, j, 0), strict=True):
    corner_of_field = column * 8 + 3.5 - field / 2, row * 8 + 3.5 - field / 2
    panel.add_patch(Rectangle(corner_of_field, field, field, fill=False, edgecolor=ORANGE,
                              linewidth=3))
    panel.add_patch(Rectangle((column * 8 - 0.5, row * 8 - 0.5), 8, 8, fill=False,
                              edgecolor="white", linewidth=3))
    panel.set_xticks(range(0, 65, 16))
    panel.set_yticks(range(0, 65, 16))
axes[2].set(xlim=(-19, 63.5), ylim=(63.5, -19))
axes[0].set_title(f"location ({i}, {j}): its 8x8 pixels\n"
                  f"(white), its {field}x{field} field (orange)")
axes[1].set_title("how much each pixel counts,\nmeasured: bright is much")
axes[2].set_title("location (0, 0): most of its field\nlies outside the image")
figure.suptitle("The receptive field of one location: computed (orange) and measured (colour)")
show(figure, "04_receptive_field")

# %% [markdown]
# The rim of the measured field is nearly dark. So a location knows best what is in its middle.
# That is what attention needs: if it looks at the place of the cat, it should get the cat.
#
# ## What each location sees
#
# Is a vector about "cat", or about "something dark"? Ask it for its **nearest neighbours**: the
# locations in *other* images whose vectors point in the most similar direction. The measure is the
# cosine, the product of two vectors divided by their lengths. If the five nearest neighbours of a
# place on a cat lie on cats, then the vector means something like "cat".

# %%
vectors = all_grids.reshape(-1, all_grids.shape[2])
directions = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)
image_of = np.repeat(np.arange(len(world)), side * side)
kind_of, thing_at, share_of = kinds.ravel(), on_thing.ravel(), share.ravel()


def neighbours(queries, count=5):
    """For each query the `count` most similar locations of other images, the nearest first."""
    cosines = directions[queries] @ directions.T
    cosines[image_of[queries][:, None] == image_of] = -1  # not from its own image
    return np.argsort(-cosines, axis=1)[:, :count]


def best_place(number):
    """The location of a scene that its first thing fills most."""
    return number * side * side + np.argmax(on_thing[number] * share[number])


chosen = [best_place(number) for number in (cat, bird, find("house"), find("ball"))]
inside = np.pad(np.ones((6, 6)), 1).ravel()  # away from the rim
water = inside * (kinds[bird] == "water")
chosen.append(bird * side * side + np.argmax(water * lengths[bird]))
found = neighbours(np.array(chosen))


def draw_place(panel, location):
    """The field of a location cut out of its image, black where the field leaves the image."""
    number, place = divmod(location, side * side)
    row, column = divmod(place, side)
    rim = (field - 8) // 2
    padded = np.pad(world.images[number], ((rim, rim), (rim, rim), (0, 0)))
    panel.imshow(padded[row * 8 : row * 8 + field, column * 8 : column * 8 + field])
    panel.add_patch(Rectangle((rim - 0.5, rim - 0.5), 8, 8, fill=False, edgecolor="white",
                              linewidth=2))
    panel.set_xticks([])
    panel.set_yticks([])
    panel.set_xlabel(kind_of[location], fontsize=13)


figure, axes = plt.subplots(len(chosen), 6, figsize=(11, 10.4))
for row, query, nearest in zip(axes, chosen, found, strict=True):
    for panel, location in zip(row, [query, *nearest], strict=True):
        draw_place(panel, location)
    row[0].spines[:].set(visible=True, edgecolor=ORANGE, linewidth=5)
axes[0, 0].set_title("asked")
for number, panel in enumerate(axes[0, 1:], start=1):
    panel.set_title(f"neighbour {number}")
figure.suptitle("What each location sees: its five nearest neighbours in other images")
show(figure, "04_neighbours")

# %% [markdown]
# Where a neighbour is of another kind, look what it shares with the place that asked: the colour,
# the pose, a slanting edge. A vector tells several things at once.
#
# Five examples prove little. So ask for 400 places that a thing fills, and 400 places of settings
# (water, grass, ...) and sky. How many of the neighbours lie on the same? And how many would, if
# neighbours were drawn by lot?

# %%
def measure(candidates):
    queries = np.random.default_rng(0).choice(np.flatnonzero(candidates), 400, replace=False)
    nearest = neighbours(queries)
    same = (kind_of[nearest] == kind_of[queries][:, None]).mean()
    chance = np.mean([(kind_of == kind).mean() for kind in kind_of[queries]])
    return same, chance, thing_at[nearest].mean()


filled = share_of >= 0.9
speaks = lengths.ravel() > 0  # a vector of zeros points nowhere and has no neighbours
on_things = measure(thing_at & filled & speaks)
off_things = measure(~thing_at & filled & speaks)
for name, (same, chance, things) in (("things", on_things), ("settings, sky", off_things)):
    print(f"{name:14}: {same:.0%} of the neighbours lie on the same, by lot {chance:.0%}; "
          f"{things:.0%} lie on a thing")

assert on_things[0] > 0.5 and on_things[0] > 10 * on_things[1]
assert off_things[0] > 2 * off_things[1]
assert on_things[2] > 0.75 and off_things[2] < 0.1

# %% [markdown]
# A vector on a thing tells which kind of thing it is. Nobody told the encoder to do that: it was
# never given a label for a place. It learned from images and captions alone, because a decoder
# that looks at a place needs a vector from which it can say the word.
#
# Vectors of settings are told apart from things nearly always, but less well from one another. A
# patch of plain sky and one of the wall of a room look much the same.
#
# ## Exercises
#
# 1. The paper takes its grid from a VGG net: sixteen convolutions of 3x3 at stride 1, in groups of
#    2, 2, 4, 4, 4, with a max-pool of 2x2 between the groups. For an image of 224x224 pixels the
#    grid has 14x14 locations of depth 512. How large is the receptive field of a location there,
#    and how far apart are neighbours? Why is "it looks at the dog" a bolder claim there than here?
# 2. Move the image by 4 pixels instead of 8. Does the grid move by half a place? Measure it and
#    explain which layers are to blame.
# 3. Is the kind of a thing written in a vector so plainly that a linear map can read it? Fit one
#    by least squares on half of the places, test it on the other half. Then read the colour.
#
# Solutions: `solutions/04_the_grid.py`.
#
# ## Where to read on
#
# * Xu et al. 2015, *Show, Attend and Tell*, section 3.1.1: why the features come from a lower
#   layer of the conv net, before the places are lost.
# * Luo et al. 2016, *Understanding the Effective Receptive Field in Deep Convolutional Neural
#   Networks*: why the middle counts for more.
# * `satt/models/encoder.py`: the same encoder with its backward, and why its field is kept small.
