# %% [markdown]
# # Lesson 4, solutions: the grid
#
# Runs on its own, in some 10 seconds.

# %%
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # where showing and trained lie

import matplotlib.pyplot as plt
import numpy as np
from showing import BLUE, ORANGE, show
from trained import trained_captioner

from satt.data.batches import to_float
from satt.data.scenes.dataset import draw_scenes
from satt.data.scenes.drawing import draw_scene
from satt.data.scenes.world import COLOURS, KINDS
from satt.metrics.looking import location_shares
from satt.models.encoder import encoder_forward

model, vocabulary = trained_captioner()
world = draw_scenes("test", 600, progress=False)


def encode(images):
    grids, _ = encoder_forward(to_float(images), model.params, model.statistics)
    return grids  # (N, 64, D)


# %% [markdown]
# ## 1. The receptive field of the paper's net
#
# The rule of the lesson, with other layers: each convolution adds (3 - 1) distances, each max-pool
# adds one distance and then doubles it. There is no pool after the last group.

# %%
field, distance = 1, 1
for group, convolutions in enumerate((2, 2, 4, 4, 4)):
    if group > 0:
        field, distance = field + distance, 2 * distance
    field += convolutions * 2 * distance
    print(f"after group {group + 1}: sees {field}x{field}, neighbours {distance} pixels apart")
assert (field, distance) == (252, 16)
assert 224 // distance == 14

# %% [markdown]
# A field of 252 pixels is wider than the whole image of 224. Every location can see every pixel.
# "It looks at the dog" then means only that the weight is on the vector in the dog's place. That
# vector might describe the whole image. The middle of the field counts for more, so mostly it does
# not. But nothing in the net forbids it, and that is why satt's encoder keeps its field small.

# %% [markdown]
# ## 2. Half a place
#
# Compare the moved grid with the unmoved one, and with the mean of both neighbours, which would be
# half a place. The error is measured against the size of the vectors.

# %%
images = world.images[:100]
before = encode(images).reshape(len(images), 8, 8, -1)
errors = {}
for pixels in (4, 8):
    after = encode(np.roll(images, pixels, axis=2)).reshape(before.shape)
    here, there = before[:, :, 3], after[:, :, 4]  # the middle, where no padding is seen
    if pixels == 4:
        here = (before[:, :, 3] + before[:, :, 4]) / 2
    errors[pixels] = np.linalg.norm(there - here) / np.linalg.norm(there)
    print(f"moved by {pixels} pixels: error {errors[pixels]:.1%} of the length of the vectors")
assert errors[8] < 0.001
assert errors[4] > 0.3

# %% [markdown]
# For a move by 4 the last max-pool is to blame. Before it, neighbours lie 4 pixels apart, so that
# the move is one whole place there, and everything moves along exactly. But the windows of the
# pool begin at every second place only: after the move they meet other pairs, and a maximum does
# not average between the two. After a move by 8 each window meets exactly the pixels that its
# neighbour met before.

# %% [markdown]
# ## 3. Read the kind, read the colour
#
# One row of X for each place that a thing fills, and one column of Y for each class: 1 in the
# column of the right class, else 0. Least squares finds the map; the largest column is the answer.

# %%
vectors, kinds, colours, scene_of = [], [], [], []
grids = encode(world.images)
for number, scene in enumerate(world.scenes):
    _, masks, _ = draw_scene(scene, 64)
    for thing, mask in zip(scene.things, masks, strict=True):
        for location in np.flatnonzero(location_shares(mask, (8, 8)) >= 0.75):
            vectors.append(grids[number, location])
            kinds.append(KINDS.index(thing.kind))
            colours.append(list(COLOURS).index(thing.colour))
            scene_of.append(number)
X = np.column_stack([vectors, np.ones(len(vectors))])
is_training = np.array(scene_of) < 300  # whole scenes: no image is on both sides


def read(classes):
    classes = np.array(classes)
    Y = np.eye(classes.max() + 1)[classes]
    solution, *_ = np.linalg.lstsq(X[is_training], Y[is_training], rcond=None)
    answers = (X[~is_training] @ solution).argmax(axis=1)
    right = (answers == classes[~is_training]).mean()
    return right, np.bincount(classes[~is_training]).max() / (~is_training).sum()


shares = {"kind": read(kinds), "colour": read(colours)}
for name, (right, by_lot) in shares.items():
    print(f"{name:6}: {right:.0%} right; always the most frequent answer: {by_lot:.0%}")
assert shares["kind"][0] > 0.6 and shares["kind"][0] > 2 * shares["kind"][1]
assert shares["colour"][0] > 0.6 and shares["colour"][0] > 2 * shares["colour"][1]

# %%
figure, axes = plt.subplots(figsize=(7, 4.5))
positions = np.arange(2)
axes.bar(positions - 0.18, [s[0] for s in shares.values()], 0.34, color=BLUE,
         label="read by a linear map")
axes.bar(positions + 0.18, [s[1] for s in shares.values()], 0.34, color=ORANGE, hatch="//",
         label="most frequent answer")
axes.set(xticks=positions, xticklabels=["the kind", "the colour"], ylim=(0, 1.25),
         ylabel="share of right answers", title="What a linear map reads off one grid vector")
axes.legend(loc="upper center", ncols=2)
show(figure, "04_solution_read_off")

# %% [markdown]
# Both can be read from a single vector, with nothing but a matrix. This is what the rest of the
# captioner is made of: `W_grid` of the attention, and the LSTM's product with the context, are
# linear maps of just these vectors.
