# %% [markdown]
# # Solutions of lesson 13
#
# ## Exercise 1: which scores ignore the state?
#
# (a) key_l · W · s: a product of both, so the state weighs the features of the key. It matters.
# (b) key_l · v + s · u: the second term is the same for all locations. The softmax cancels it.
# (c) v · relu(key_l + query): the sum is inside the bend, as in the right f_att. It matters.

# %%
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # for trained.py
from trained import trained_captioner

from satt.data.batches import caption_arrays, to_float
from satt.data.scenes.dataset import draw_scenes
from satt.data.scenes.parser import is_true, parse
from satt.decoding.greedy import greedy
from satt.layers.softmax import softmax_forward
from satt.models.captioner import Captioner, CaptionerSettings
from satt.training.clipping import clip_by_global_norm

draw = np.random.default_rng(0).normal
L, A, H = 5, 4, 3
keys, W, v, u, W_state = draw(size=(L, A)), draw(size=(A, H)), draw(size=A), draw(size=H), draw(
    size=(H, A))
scores_of = {
    "(a) product": lambda state: keys @ W @ state,
    "(b) sum": lambda state: keys @ v + state @ u,
    "(c) relu": lambda state: np.maximum(keys + state @ W_state, 0) @ v,
}
one, other = draw(size=(2, H))
for name, scores in scores_of.items():
    moved = np.abs(softmax_forward(scores(one))[0] - softmax_forward(scores(other))[0]).max()
    print(f"{name:12} the attention moves by {moved:.1e}")
    assert (moved < 1e-12) == (name == "(b) sum")

# %% [markdown]
# ## Exercise 2: pixels on another scale

# %%
model, vocabulary = trained_captioner()
data = draw_scenes("test", 100, model.settings.image_size, progress=False)
right, wrong = to_float(data.images), data.images.astype(np.float32) / 255
figures = []
for name, images in (("-1..1", right), ("0..1", wrong)):
    said = [vocabulary.decode(caption.words) for caption in greedy(model, images)]
    different = len({" ".join(words) for words in said})
    claims = [parse(words) for words in said]
    true = np.mean([c is not None and is_true(c, s)
                    for c, s in zip(claims, data.scenes, strict=True)])
    snow = np.mean(["snow" in words for words in said])
    print(f"pixels in {name:5}: {different:3} different captions of 100, {true:.0%} are true, "
          f"'snow' in {snow:.0%}; e.g. {' '.join(said[0])}, {' '.join(said[1])}")
    figures.append((different, true, -snow))
assert (np.array(figures[1]) < figures[0]).all() and figures[1][1] < figures[0][1] / 2

words = caption_arrays([captions[0] for captions in data.captions], vocabulary)
for name, images in (("-1..1", right), ("0..1", wrong)):
    print(f"pixels in {name:5}: mean {images.mean():.2f}, smallest {images.min():.2f}, "
          f"loss {model.loss({'images': images, 'words': words}):.1f}")
loss = [model.loss({"images": images, "words": words}) for images in (right, wrong)]
assert loss[1] > loss[0] + 5

# %% [markdown]
# No pixel is darker than middle grey now. The captioner that comes with the lessons sees purple
# and snow in most images, and few captions are true. How few are different depends on the
# captioner: those of the demo are less confused than that one. Nothing fails, as shapes and dtype
# are right. Two numbers tell at once: the smallest pixel (0 instead of -1), and the loss of right
# captions under the pixels that you caption with. Print both whenever you caption with another
# program than the one that trained.
#
# ## Exercise 3: clipping each number

# %%
batch = {"images": right[:16], "words": words[:16]}
learner = Captioner(CaptionerSettings(len(vocabulary), image_size=model.settings.image_size))
_, gradients = learner.loss_and_gradients(batch)
true = np.concatenate([gradient.ravel() for gradient in gradients.values()]).astype(float)


def angle(a, b):
    cosine = a @ b / np.linalg.norm(a) / np.linalg.norm(b)
    return np.degrees(np.arccos(min(1.0, cosine)))


low, high = 0.0, np.abs(true).max()
for _ in range(60):  # halve the interval: the norm grows with c
    c = (low + high) / 2
    low, high = (c, high) if np.linalg.norm(np.clip(true, -c, c)) < 1 else (low, c)
each = np.clip(true, -c, c)
clipped, norm = clip_by_global_norm(gradients, 1.0)
whole = np.concatenate([gradient.ravel() for gradient in clipped.values()]).astype(float)
print(f"norm {norm:.2f}; c = {c:.4f}, with it {np.mean(np.abs(true) > c):.1%} of the numbers are "
      f"clipped\nangle to the true gradient: each number {angle(each, true):.1f} degrees, "
      f"global norm {angle(whole, true):.3f} degrees")
assert np.isclose(np.linalg.norm(each), 1, atol=1e-3)
assert np.isclose(np.linalg.norm(whole), 1, atol=1e-3)
assert angle(each, true) > 10 and angle(whole, true) < 0.1

# %% [markdown]
# Both steps have the length 1. The one whose numbers were clipped each goes another way: the large
# numbers, which matter most, lose most. One factor for all keeps the direction.
