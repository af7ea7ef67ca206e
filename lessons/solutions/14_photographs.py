# %% [markdown]
# # Solutions of lesson 14
#
# ## Exercise 1: places have no address
#
# f_att scores each location by its vector alone, the context is a sum over locations, and s_0 is
# their mean. None of the three knows in which order they came. So a permutation moves the
# attention along, and changes nothing else.

# %%
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # for showing.py and photos.py
from showing import show

# isort: split
import matplotlib.pyplot as plt
import numpy as np
from photos import captioner_of_photographs, photographs

from satt.data.vocabulary import START, STOP, UNKNOWN
from satt.decoding.greedy import greedy
from satt.errors import SattError
from satt.models.efficientnet_lite0 import (
    classify_forward,
    efficientnet_lite0_backward,
    efficientnet_lite0_forward,
    scale_pixels,
)
from satt.models.efficientnet_lite0_weights import load_efficientnet_lite0

names, images, grids = photographs()
model, vocabulary = captioner_of_photographs()
captions = greedy(model, grids, excluded=[UNKNOWN])

order = np.random.default_rng(0).permutation(49)
mirrored = np.arange(49).reshape(7, 7)[:, ::-1].ravel()
for what, places in (("permuted", order), ("mirrored", mirrored)):
    others = greedy(model, grids[:, places], excluded=[UNKNOWN])
    for name, caption, other in zip(names, captions, others, strict=True):
        print(f"{name:14} {what}: {' '.join(vocabulary.decode(other.words))}")
        assert other.words == caption.words
        assert np.allclose(other.attention, caption.attention[:, places], atol=1e-3)

# %% [markdown]
# A mirrored grid is a permuted one, so the caption stays. A mirrored *photograph* is another
# matter: the net makes other vectors of it. If this decoder ever says "left", it has it from
# inside a vector. The paper's captioner and ours share this; those that came later add to each
# vector where it stands.
#
# ## Exercise 2: ten times as loud

# %%
def log_p(grids, captions):
    """What the model thinks of captions, in nats, and without the smoothing of the labels."""
    return np.array([
        -model.loss({"images": grid[None], "words": np.array([[START, *caption.words, STOP]])})
        for grid, caption in zip(grids, captions, strict=True)
    ])


right = dict(model.statistics)
mean, variance = right["grid.mean"], right["grid.variance"]
cases = {
    "as it is": (grids, mean, variance),
    "ten times as loud, the old statistics": (10 * grids, mean, variance),
    "ten times as loud, its own statistics": (10 * grids, 10 * mean, 100 * variance),
    "means 0, variances 1": (grids, np.zeros_like(mean), np.ones_like(variance)),
}
nats = {}
for what, (heard, *statistics) in cases.items():
    model.statistics = dict(zip(("grid.mean", "grid.variance"), statistics, strict=True))
    nats[what] = log_p(heard, captions)
    print(f"\n{what}: log p of the captions {np.round(nats[what], 1)}")
    for name, caption in zip(names, greedy(model, heard, excluded=[UNKNOWN]), strict=True):
        print(f"   {name:14} {' '.join(vocabulary.decode(caption.words))}")
model.statistics = right
before, old, own, _ = nats.values()
assert np.allclose(before, own, atol=1e-2)
assert old.sum() < before.sum()
print(f"\nmeans {mean.min():.2f} to {mean.max():.2f}, "
      f"deviations {np.sqrt(variance.min()):.2f} to {np.sqrt(variance.max()):.2f}")

# %% [markdown]
# Standardised anew, nobody notices the loudness: that is what it is for. Without any standardising
# this decoder speaks on nearly as before, by luck: the net's head ends in a normalisation of its
# own and a relu6, so that its features have means near 0 and deviations near 1 already. The signed
# outputs of the blocks before it have neither.
#
# ## Exercise 3: what the net says, and the gradient of the pixels

# %%
try:
    params, statistics = load_efficientnet_lite0()
except SattError as error:
    print(f"without the rest of the exercise: {error}")
    raise SystemExit(0) from None

logits, _ = classify_forward(grids.reshape(-1, 7, 7, 1280), params)
probabilities = np.exp(logits - logits.max(axis=1, keepdims=True))
probabilities /= probabilities.sum(axis=1, keepdims=True)
for name, number in (("dog", 235), ("polar-bear", 296), ("cow", 345)):
    row = probabilities[names.index(name)]
    print(f"{name:14} class {number} with {row[number]:.2f}")
    assert row.argmax() == number

# %% [markdown]
# Now log p of one word: as the difference of two losses, of captions that end after the word and
# before it. From `model.backward` we have the gradient of the net's grid. In the net it goes in
# where the head's grid came out; the two other grids that the net can give have no gradient.

# %%
number = names.index("dog")
words = np.array([[START, *captions[number].words, STOP]])
pixels = scale_pixels(images[number : number + 1])
net_grids, of_net = efficientnet_lite0_forward(pixels, params, statistics)
grid = net_grids[2].reshape(1, 49, 1280)
assert np.allclose(grid, grids[number], atol=0.02)  # stored in half precision


def loss(grid, end):
    return model.forward({"images": grid, "words": words[:, :end]})


def pixel_slopes(t):
    """How log p of word t, from 1, changes with each pixel."""
    after, before = (model.backward(loss(grid, end)[1])[0] for end in (t + 2, t + 1))
    dgrids = [np.zeros_like(each) for each in net_grids[:2]] + [
        (before - after).reshape(net_grids[2].shape)]
    return efficientnet_lite0_backward(dgrids, of_net)[0][0]


said = vocabulary.decode(captions[number].words)
first, last = 1, len(said) - 1
slopes = [pixel_slopes(t) for t in (first, last)]

# Is it a gradient? One small step along it, and what log p gains by it.
step = 1e-3 / np.sqrt((slopes[0] ** 2).sum())
moved = efficientnet_lite0_forward(pixels + step * slopes[0], params, statistics)[0][2]
moved = moved.reshape(grid.shape)
gained = (loss(grid, first + 2)[0] - loss(grid, first + 1)[0]
          - loss(moved, first + 2)[0] + loss(moved, first + 1)[0])
print(f"gained {gained:.2e}, promised {step * (slopes[0] ** 2).sum():.2e}")
assert 0 < gained

figure, axes = plt.subplots(1, 3, figsize=(12, 4.4))
axes[0].imshow(images[number])
axes[0].set_title(names[number])
for panel, word, slope in zip(axes[1:], (said[first], said[last]), slopes, strict=True):
    size = np.abs(slope).max(axis=2)
    panel.imshow(size, cmap="inferno", vmax=np.quantile(size, 0.995))
    panel.set_title(f"pixels behind {word!r}")
for panel in axes:
    panel.set_axis_off()
show(figure, "14_pixels")

# %% [markdown]
# It is finer: 224x224 instead of 7x7. But it is no clearer. The slope of a pixel tells what a tiny
# change of this one pixel would do, all others staying as they are, and such changes never happen.
# The votes of the 7x7 places are coarse, but each is about something that one can name.
