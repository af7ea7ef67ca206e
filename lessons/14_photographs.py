# %% [markdown]
# # Lesson 14: real photographs
#
# **What you will see.** A net that has seen a million photographs makes the grid, and a decoder
# that has read 30,000 captions says what is there: of a dog, a photographer, a bear, and of a
# photograph of your own. You will send the score of one word back through the whole decoder to
# the places that spoke for it, find which features the decoder has learned to listen to, and see
# why it takes a cow for a dog.
#
# **What you need.** Lessons 4 (the grid), 7 (one step by hand) and 12 (decoding). The photographs
# of this lesson come with their grids; for your own, `pip install 'satt[photos]'`.
#
# **How long.** 40 minutes to read, some 10 seconds to run.
#
# Your own photographs: name them after the script, `python lessons/14_photographs.py mine.jpg`, or
# write their names into the list below.

# %%
from showing import BLUE, ORANGE, RED, show  # before NumPy, see there

# isort: split
import sys
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
from photos import captioner_of_photographs, photographs

from gradcheck import check
from satt.data.vocabulary import PAD, START, STOP, UNKNOWN
from satt.decoding.beam_search import beam_search
from satt.figures.overlay import lay_over, upsample_attention
from satt.layers.attention_lstm import attention_lstm_backward, attention_lstm_forward
from satt.layers.deep_output import deep_output_backward, deep_output_forward
from satt.layers.embedding import embedding_forward
from satt.layers.initial_state import initial_state_backward, initial_state_forward
from satt.layers.label_smoothing import label_smoothing_backward, label_smoothing_forward
from satt.layers.linear import linear_backward, linear_forward
from satt.layers.sequence_cross_entropy import (
    sequence_cross_entropy_backward,
    sequence_cross_entropy_forward,
)
from satt.layers.softmax import softmax_forward
from satt.models.captioner_parameters import (
    ALIGNMENT_PARAMS,
    DEEP_OUTPUT_PARAMS,
    GATE_PARAMS,
    LSTM_PARAMS,
    START_PARAMS,
    VOCABULARY_PARAMS,
)
from satt.models.efficientnet_lite0 import STAGES
from satt.models.given_grid import given_grid_backward, given_grid_forward

# Or the names of files, such as ["holiday.jpg"]. A notebook has words of its own there.
yours = [word for word in sys.argv[1:] if word[:1] != "-" and not word.endswith(".json")]

# %% [markdown]
# ## Why not learn to see?
#
# The captioner of drawn scenes learned to see from images and captions alone. Its world has
# eleven kinds of things in seven colours, and there were some 20,000 scenes. Of photographs with
# five captions each, Flickr8k (Hodosh, Young and Hockenmaier 2013) has 6,000 to learn from, and
# every dog looks different. Edges, fur, wheels and faces can be learned from other photographs,
# though, those that somebody has already sorted: ImageNet has more than a million, in 1,000
# classes.
#
# So the paper takes the conv net ready-made, cuts off the part that names the class, and keeps the
# last layer that still knows *where*. It took VGG-19, with 14x14 locations of 512 numbers. We take
# EfficientNet-Lite0 (Tan and Le 2019), which is made for phones:
#
#     224 x 224 pixels  ->  112  ->  56  ->  28  ->  14  ->  7      seven groups of blocks
#     the head          ->  7 x 7 locations, 1,280 numbers each     this is our grid
#     (mean, linear)    ->  1,000 classes                           this we leave out
#
# It stands in `satt/models/efficientnet_lite0.py`, written by hand like all else, backward too.

# %%
names, images, grids = photographs(yours)
N, L, D = grids.shape
side = int(np.sqrt(L))
print("photographs:", ", ".join(names))
print("as pixels:", images.shape, " as grids:", grids.shape)
print(f"{(grids == 0).mean():.0%} of the numbers are zero, the largest is {grids.max():g}")
assert (L, D) == (49, 1280)
assert grids.min() == 0 and grids.max() <= 6  # the head ends in relu6: min(max(x, 0), 6)

# How many pixels does one location see? As in lesson 4: a window of k neighbours reaches
# (k - 1) * distance further, and after a stride s neighbours lie s times as far apart.
field, distance = 3, 2  # the first convolution
for blocks, size, first_stride, _, _ in STAGES:
    for block in range(blocks):
        field += (size - 1) * distance
        distance *= first_stride if block == 0 else 1
print(f"locations lie {distance} pixels apart; each may see {field} x {field} pixels")
assert distance == 224 // side
assert field > 2 * 224  # more than there are

# %% [markdown]
# A location has 32 pixels to itself and could see the whole image, from every corner. What it sees
# well is the middle of its field, as in lesson 4. But here "it looked at the dog" means "it looked
# at a vector in whose middle there is a dog". Each vector may have heard of the rest.
#
# ## From somebody else's numbers to ours: tiny
#
# The net was not made for us. What one layer puts out may be a hundred times as loud as what
# another does, some features speak nearly everywhere, and 1,280 are many. Two small steps make a
# grid of them that any decoder can use.
#
# 1. **Standardise**: of each feature, take off its mean and divide by its deviation, both measured
#    over the training images. They are constants from then on.
# 2. **Project**: a linear map to fewer features, then a ReLU. This map is learned.
#
# A grid of 2x2 locations and three features, the first of them far too loud:

# %%
grid = np.array([[42.0, 0.3, 2.0], [42.0, 0.1, 0.0], [38.0, 0.3, 0.0], [38.0, 0.1, 2.0]])[None]
mean, variance = grid.mean(axis=(0, 1)), grid.var(axis=(0, 1))
print("mean", mean, " deviation", np.sqrt(variance))

standardised = (grid - mean) / np.sqrt(variance)
print("standardised:\n", standardised[0].round(2))
assert np.allclose(np.abs(standardised), 1)  # each a deviation up, or one down

W = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])  # feature A: the first two; B: the third
b = np.array([-1.0, 0.0])  # A speaks only if both do
projected = np.maximum(standardised @ W + b, 0)
print("projected:\n", projected[0].round(2))
assert np.allclose(projected[0], [[1, 1], [0, 0], [0, 0], [0, 1]])

statistics = {"grid.mean": mean, "grid.variance": variance}
same, _ = given_grid_forward(grid, {"projection.W": W, "projection.b": b}, statistics)
assert np.allclose(same, projected, atol=1e-2)  # satt adds 1e-5 to the variance: no zero divides

# %% [markdown]
# Feature A is new: "the first *and* the second". Nobody had to ask the net for it.
#
# **Backward.** With z = (x - mean) / deviation, p = z W + b and out = relu(p):
#
#     dp = dout where p > 0, else 0
#     dW = z^T dp      db = sum of dp      over all images and locations
#     dz = dp W^T      dx = dz / deviation
#
# Mean and deviation are constants, so that the last line is all there is to standardising. (In
# batch normalisation they are made of the x themselves; then two more terms come.)

# %%
random = np.random.default_rng(14)
given = {"grid": random.normal(size=(2, 4, 3)), "W": random.normal(size=(3, 2)),
         "b": random.normal(size=2)}


def forward(grid, W, b):
    return given_grid_forward(grid, {"projection.W": W, "projection.b": b}, statistics)


def backward(dout, cache):
    dgrid, gradients = given_grid_backward(dout, cache)
    return dgrid, gradients["projection.W"], gradients["projection.b"]


report = check(forward, backward, given)
print(report)
assert report.ok, report

# %% [markdown]
# In training, nobody asks for dx: the net is not to learn. We shall need it, to ask which part of
# the grid a word came from.
#
# ## The captioner that ships
#
# Its decoder is that of lesson 7, only wider. All of it was trained by satt's own backward passes,
# on Flickr8k; the net was left as it is. At the end it learned from captions of its own, rewarded
# by BLEU (lesson 12, section 6). How well it does, and at what it fails, stands in
# `satt/models/PHOTOGRAPHS.md`.

# %%
model, vocabulary = captioner_of_photographs()
settings = model.settings
print(f"{len(vocabulary):,} words; grid {settings.grid}, projected to {settings.projection}; "
      f"state {settings.state_width}; {sum(p.size for p in model.params.values()):,} parameters")
deviations = np.sqrt(model.statistics["grid.variance"])
print(f"deviations of the net's features: from {deviations.min():.2f} to {deviations.max():.2f}")
assert settings.encoder == "absent" and settings.projection < D

captions = beam_search(model, grids, beam_size=5, excluded=[UNKNOWN])  # as `satt caption` does
said = [vocabulary.decode(caption.words) for caption in captions]
for name, caption, words in zip(names, captions, said, strict=True):
    print(f"{name:14} {' '.join(words)}   (log p {caption.log_probability:.1f})")
assert all(len(words) > 1 for words in said)

# %% [markdown]
# Read them beside the pictures. Then look where it looked: for the first photograph, every word.

# %%
def overlays(image, attention):
    """Each word's weights of the 49 locations, smoothed, as colour over the image in grey."""
    height, width = image.shape[:2]
    maps = [height * width * upsample_attention(weights, (side, side), image.shape)
            for weights in attention]
    return [lay_over(image, each, np.max(maps)) for each in maps]  # one scale for all words


def bare(panel, title="", **more):
    panel.set_xticks([])
    panel.set_yticks([])
    panel.set_title(title, **more)


def panels(rows, columns, size=2.4, head=0.6):
    figure, axes = plt.subplots(
        rows, columns, figsize=(size * columns, (size + 0.35) * rows + head), squeeze=False)
    for panel in axes.ravel():
        panel.set_axis_off()
    return figure, axes


looked = overlays(images[0], captions[0].attention)
rows = -(-(len(said[0]) + 1) // 7)  # at most seven beside each other, and all rows alike
figure, axes = panels(rows, -(-(len(said[0]) + 1) // rows))
bare(axes[0, 0], names[0])
axes[0, 0].imshow(images[0])
for panel, word, picture in zip(axes.ravel()[1:], said[0], looked, strict=False):
    panel.imshow(picture)
    bare(panel, word)
figure.suptitle("Where it looked before each word: bright is much")
show(figure, "14_where_it_looked")

peaks = np.concatenate([caption.attention.max(axis=1) for caption in captions])
print(f"at its peak the attention is {L * peaks.mean():.1f} times as strong as if it looked "
      f"everywhere alike (on average over all words)")
assert L * peaks.mean() > 1.5

# %% [markdown]
# The gaze is wider than in the drawn world. With 7x7 places there is little to choose from, and
# since each vector has heard of its neighbours, there is little need to.
#
# ## What did the picture add?
#
# "in", "a", "the" need no eyes. Which words do? Ask for the probability of each word twice: with
# its photograph, and with the other ones (the mean of their log probabilities). The difference is
# what the picture added, in nats. Each time the decoder reads the same words.
#
# (Why not with a black picture, or with the average one? There are none among the photographs that
# the net or the decoder have seen. What a model says of such a thing is anybody's guess.)
#
# For this, and for what follows, here is the whole decoder again, from the plain layers.

# %%
p = {name: value.astype(float) for name, value in model.params.items()}
statistics = {name: value.astype(float) for name, value in model.statistics.items()}


def taken(several):
    return [p[name] for name in several]


def project(grid):
    return given_grid_forward(grid.astype(float), p, statistics)


def read(projected, words):
    """The scores (N, T, V) of every word, when the right ones are read; and the caches."""
    keys, of_keys = linear_forward(projected, p["decoder.alignment.W_grid"])
    (state, cell), of_start = initial_state_forward(projected, *taken(START_PARAMS))
    embedded, _ = embedding_forward(words[:, :-1], p["decoder.embedding.W"])
    (states, contexts, attention), of_looking = attention_lstm_forward(
        embedded, state, cell, projected, keys,
        *taken(ALIGNMENT_PARAMS + LSTM_PARAMS + GATE_PARAMS),
        context_scale=settings.context_scale)
    hidden, of_hidden = deep_output_forward(
        embedded, states, contexts, *taken(DEEP_OUTPUT_PARAMS))
    logits, of_logits = linear_forward(hidden, *taken(VOCABULARY_PARAMS))
    return logits, (of_keys, of_start, of_looking, of_hidden, of_logits, attention, states, state)


def log_p(logits, words):
    """The log probability of each word (N, T)."""
    top = logits.max(axis=2, keepdims=True)
    normaliser = np.log(np.exp(logits - top).sum(axis=2)) + top[:, :, 0]
    return np.take_along_axis(logits, words[:, 1:, None], axis=2)[:, :, 0] - normaliser


sentences = [np.array([[START, *caption.words, STOP]]) for caption in captions]
projections = [project(grid[None])[0] for grid in grids]
with_it, added = [], []
for number, words in enumerate(sentences):
    each = np.array([log_p(read(grid, words)[0], words)[0] for grid in projections])
    with_it.append(each[number])
    added.append(each[number] - np.delete(each, number, axis=0).mean(axis=0))

figure, axes = plt.subplots(N, 1, figsize=(10, 2.3 * N + 0.6))
for panel, name, words, gains in zip(np.atleast_1d(axes), names, said, added, strict=True):
    bars = panel.bar(range(len(gains)), gains, color=[BLUE if g > 0 else ORANGE for g in gains])
    panel.bar_label(bars, fmt="%.1f", size=11)
    panel.set_xticks(range(len(gains)), [*words, "stop"], rotation=20)
    panel.margins(y=0.25)
    panel.axhline(0, color="black", linewidth=0.8)
    panel.set_ylabel(f"{name}\nnats added")
figure.suptitle("What its photograph added to the log probability of each word")
show(figure, "14_what_the_picture_added")
for name, gains in zip(names, added, strict=True):
    print(f"{name:14} its caption is e^{gains.sum():.1f} times as probable as with the others")
assert min(gains.sum() for gains in added) > 0

# %% [markdown]
# A few words carry the picture: colours, settings, the kind of thing where it is not settled yet.
# The words between them follow from grammar. And if a word that names a thing adds little, ask
# what it would have been for the other photographs: after "a black and white", this decoder says
# "dog" of nearly anything. We come back to that.
#
# ## Which places spoke for a word?
#
# Attention says where the decoder looked before a word. It does not say which places made it say
# *this* word: a word can rest on what was seen three words ago, or in the first glance, s_0. The
# gradient knows. Take one number, log p of word t, and send it back through the decoder. Its slope
# with respect to the scores of that step is
#
#     dlog p_k / dlogits_v = (1 if v = k else 0) - p_v                  lesson 2
#
# and zero at all other steps; the layers do the rest. The grid was used three times, and gets
# three gradients: as what was averaged (**value**), as what was compared (**key**: look elsewhere
# and the word changes), and as what was averaged before the first word (**start**).

# %%
def slopes(caches, logits, words, t):
    """The gradient of log p of word t, from 0, with respect to the projected grid, in 3 parts."""
    of_keys, of_start, of_looking, of_hidden, of_logits, attention, *_ = caches
    dlogits = np.zeros_like(logits)
    dlogits[:, t] = -softmax_forward(logits[:, t])[0]
    dlogits[0, t, words[0, t + 1]] += 1
    dhidden, _, _ = linear_backward(dlogits, of_logits)
    _, dstates, dcontexts, *_ = deep_output_backward(dhidden, of_hidden)
    _, dstate, dcell, as_value, dkeys, *_ = attention_lstm_backward(
        (dstates, dcontexts, np.zeros_like(attention)), of_looking)
    as_key, _, _ = linear_backward(dkeys, of_keys)
    as_start, *_ = initial_state_backward((dstate, dcell), of_start)
    return as_value, as_key, as_start


# %% [markdown]
# Is it right? A slope can always be measured: move the grid a little in a random direction, once
# forwards and once backwards. And satt's own `backward` should agree: the loss of a caption cut
# after word t, minus that of one cut before it, is -log p of word t.

# %%
words, grid = sentences[0], grids[:1].astype(float)
projected, on_the_way = project(grid)
logits, caches = read(projected, words)
t = int(np.argmax(added[0][:-1]))  # the word to which the picture added most
gradient = sum(slopes(caches, logits, words, t))

direction, step = random.normal(size=projected.shape), 1e-5
up, down = (log_p(read(projected + s * direction, words)[0], words)[0, t] for s in (step, -step))
measured, computed = (up - down) / (2 * step), (gradient * direction).sum()
print(f"slope of log p({said[0][t]!r}): measured {measured:.8f}, by backward {computed:.8f}")
assert abs(measured - computed) < 1e-6 * max(1, abs(measured))

model.settings = replace(settings, label_smoothing=0.0, penalty=0.0)
both = []
for end in (t + 2, t + 1):
    if end == 1:  # an empty caption has no loss
        both.append(np.zeros_like(grid))
        continue
    _, cache = model.forward({"images": grids[:1], "words": words[:, :end]})
    both.append(model.backward(cache)[0])
model.settings = settings
dgrid, _ = given_grid_backward(gradient, on_the_way)
assert np.allclose(both[1] - both[0], dgrid, atol=1e-3 * np.abs(dgrid).max())
print("satt's own backward agrees")

# %% [markdown]
# From slopes to votes: **gradient times value**. If a location's vector were made smaller by one
# per cent, log p would change by one per cent of
#
#     vote[l] = sum_d grid[l, d] * dlog p / dgrid[l, d]
#
# Positive: this place spoke for the word. Negative: it spoke against it. We draw the votes for the
# four words of each caption to which the picture added most. Violet spoke for, orange against.

# %%
def votes(grid, words, t):
    logits, caches = read(grid, words)
    return [(grid * part).sum(axis=2)[0] for part in slopes(caches, logits, words, t)]


WORDS = 4
chosen = [np.sort(np.argsort(-gains[:-1])[:WORDS]) for gains in added]
ballots = [[votes(grid, words, t) for t in several]
           for grid, words, several in zip(projections, sentences, chosen, strict=True)]

figure, axes = panels(N, WORDS + 1, 2.6)
for row, image, name, words, several, ballot in zip(
        axes, images, names, said, chosen, ballots, strict=True):
    row[0].imshow(image)
    bare(row[0], name)
    for panel, t, parts in zip(row[1:], several, ballot, strict=False):
        vote = sum(parts)
        panel.imshow(image.mean(axis=2), cmap="gray", vmin=-160, vmax=300,
                     extent=(0, side, side, 0))
        panel.imshow(vote.reshape(side, side), cmap="PuOr", alpha=0.6, extent=(0, side, side, 0),
                     vmin=-np.abs(vote).max(), vmax=np.abs(vote).max(), interpolation="bicubic")
        bare(panel, words[t])
figure.suptitle("Which places spoke for a word (violet) and which against it (orange)")
show(figure, "14_votes")

all_parts = np.array([parts for ballot in ballots for parts in ballot])  # (words, 3, L)
share = np.abs(all_parts).sum(axis=(0, 2)) / np.abs(all_parts).sum()
print("of all votes: as value {:.0%}, as key {:.0%}, as start {:.0%}".format(*share))

# %% [markdown]
# ## Are the votes true?
#
# A slope is about small changes. So try a large one: silence a location altogether, let the
# decoder read the same caption, and see what log p of the word really loses. Each dot is one
# location and one word.

# %%
promised, lost = [], []
for grid, words, several, ballot in zip(projections, sentences, chosen, ballots, strict=True):
    silenced = np.repeat(grid, L, axis=0)
    silenced[np.arange(L), np.arange(L)] = 0  # in copy l, location l is silent
    repeated = np.repeat(words, L, axis=0)
    before = log_p(read(grid, words)[0], words)[0]
    after = log_p(read(silenced, repeated)[0], repeated)
    for t, parts in zip(several, ballot, strict=True):
        promised.append(sum(parts))
        lost.append(before[t] - after[:, t])
promised, lost = np.array(promised), np.array(lost)
agreement = np.corrcoef(promised.ravel(), lost.ravel())[0, 1]
best, any_one = lost[np.arange(len(lost)), promised.argmax(axis=1)].mean(), lost.mean()
print(f"correlation {agreement:.2f}; the place with most votes costs {best:.2f} nats, "
      f"any place {any_one:.2f}")

figure, axes = plt.subplots(figsize=(6.4, 5.2))
axes.axline((0, 0), slope=1, color="0.6", linewidth=1)
axes.plot(promised.ravel(), lost.ravel(), ".", color=BLUE, alpha=0.5)
axes.set(xlabel="votes: gradient times value (nats)",
         ylabel="lost when the location is silent (nats)",
         title=f"Votes and what they are worth: correlation {agreement:.2f}")
show(figure, "14_votes_and_truth")
assert agreement > 0.2
assert best > any_one

# %% [markdown]
# The votes are right in kind, and roughly in size: when one place falls silent, its neighbours,
# which have heard of the same dog, speak on, and the attention looks elsewhere. A picture of a
# gradient answers one precise question. Ask the other question too before you believe it.
#
# ## What the head has learned to see
#
# The 256 projected features are ours: training chose them, for the captions' sake. What does each
# stand for? The shortest way from a feature to a word leads through the context and two linear
# maps, the deep output's L_z and the vocabulary's L_o (lesson 7). Leave out the tanh between them:
#
#     push[d, v] = sum_e L_z[d, e] L_o[e, v]         what feature d says for word v
#
# So each feature has a list of words that it speaks for, and each word a direction in the grid. A
# direction needs no sentence and no attention: multiply it with every location, and see where in
# the photograph the word is *written*.

# %%
push = p["decoder.deep_output.W_context"] @ p["decoder.vocabulary.W"]
all_words = ["<pad>", "<start>", "<stop>", "<unknown>", *vocabulary.words]
push -= push[:, UNKNOWN + 1 :].mean(axis=1, keepdims=True)  # compared with any other word
push[:, : UNKNOWN + 1] = -np.inf


def direction_of(word):
    (number,) = vocabulary.encode([word])
    return push[:, number]


asked = [word for word in ("dog", "man", "grass", "snow", "beach", "camera") if word in
         vocabulary.words]
for word in asked:
    print(f"\n{word}: the three features that say it loudest, and what else these say")
    for feature in np.argsort(-direction_of(word))[:3]:
        others = [all_words[v] for v in np.argsort(-push[feature])[:7]]
        print(f"   feature {feature:3}: {', '.join(others)}")

written = np.array([[(grid[0] @ direction_of(word)) for word in asked] for grid in projections])

figure, axes = panels(N, len(asked) + 1, 2.2)
for row, image, name, maps in zip(axes, images, names, written, strict=True):
    row[0].imshow(image)
    bare(row[0], name)
    for panel, word, values in zip(row[1:], asked, maps, strict=True):
        panel.imshow(image.mean(axis=2), cmap="gray", extent=(0, side, side, 0))
        panel.imshow(np.maximum(values, 0).reshape(side, side), cmap="inferno", alpha=0.6,
                     vmin=0, vmax=written.max(axis=(0, 2))[asked.index(word)],
                     extent=(0, side, side, 0), interpolation="bicubic")
        bare(panel, word)
figure.suptitle("Where each word is written in the grid (one scale for each word)")
show(figure, "14_written_words")

# %% [markdown]
# The lists are worth reading slowly. Some features are a kind of thing, some a setting, some a
# colour, and some are a whole photograph: what swings and playgrounds and little girls have in
# common is that they come together in Flickr8k. Nobody named them.
#
# And look for words that are written where they are not, such as "grass" on the dog itself. Each
# vector has heard of the whole photograph.
#
# Two things that the picture should show, measured:

# %%
def writes(name, word):
    return written[names.index(name), asked.index(word)].mean()


for here, there, word, other in (("dog", "photographer", "dog", "man"),
                                 ("polar-bear", "dog", "snow", "grass")):
    difference = [writes(name, word) - writes(name, other) for name in (here, there)]
    print(f"{word} minus {other}: {difference[0]:5.1f} on {here}, {difference[1]:5.1f} on {there}")
    assert difference[0] > difference[1]

# %% [markdown]
# ## Not too sure: label smoothing
#
# Five people wrote five captions of each photograph, no two the same. So the right word is rarely
# the only right one, and a decoder that learns to be certain has learned by heart. As long as it
# read people's captions, its training spread a tenth of each target evenly over the vocabulary
# (Szegedy et al. 2016):
#
#     q_v = epsilon / V + (1 - epsilon if v is the right word else 0)
#     loss = -sum_v q_v log p_v       slope: p_v - q_v
#
# Tiny: V = 4 words, epsilon 0.1. With plain cross-entropy the right score grows for ever; with
# smoothed targets there is a best place: where p = q.

# %%
right, counted = np.array([[1]]), np.ones((1, 1))
plain, smooth = np.zeros((2, 1, 1, 4))
q = np.full(4, 0.1 / 4) + 0.9 * (np.arange(4) == 1)
for _ in range(3000):
    for scores, epsilon in ((plain, 0.0), (smooth, 0.1)):
        _, entropy = sequence_cross_entropy_forward(scores, right, counted)
        _, smoothing = label_smoothing_forward(scores, right, counted)
        scores -= sequence_cross_entropy_backward(1.0, entropy)
        scores -= label_smoothing_backward(epsilon, smoothing)
gaps = [scores[0, 0, 1] - scores[0, 0, 0] for scores in (plain, smooth)]
print(f"the right score is above the others by {gaps[0]:.2f} (plain, still growing), "
      f"{gaps[1]:.2f} (smooth); log(q_right / q_other) = {np.log(q[1] / q[0]):.2f}")
assert np.isclose(gaps[1], np.log(q[1] / q[0]), atol=1e-3)
assert gaps[0] > gaps[1] + 3

report = check(
    lambda logits: label_smoothing_forward(logits, np.array([[1, 3], [2, 0]]), np.ones((2, 2))),
    label_smoothing_backward, {"logits": random.normal(size=(2, 2, 4))})
print(report)
assert report.ok, report

# Surer than smoothing alone would leave it: before it learned from captions of its own, all scores
# were multiplied by 1.6 (`SURER` in `satt/training/trainer.py`), and then nothing was smoothed.
sure = np.exp(np.concatenate(with_it))
print(f"the probabilities of the words it said: {sure.min():.2f} to {sure.max():.2f}")

# %% [markdown]
# ## Where it fails, and why
#
# The cow, and the bear. The net knows them: with the last layer that we left out, it says "ice
# bear" of the one with a probability of 0.99, and "ox" of the other with 0.74 (exercise 3). But of
# the 30,000 captions that the decoder learned from, 5,612 have the word "dog", 36 "cow" and 18
# "bear". Whether it *says* what is in the grid depends on how often it paid to say it. Give it
# the beginning "a black and white", or for the bear "a white", and ask what comes next.

# %%
def next_words(name, beginning, count=6):
    words = np.array([[START, *vocabulary.encode(beginning.split()), PAD]])
    logits, _ = read(projections[names.index(name)], words)
    p_next = softmax_forward(logits[:, -1])[0][0]
    order = np.argsort(-p_next)
    order = order[~np.isin(order, (PAD, START, UNKNOWN))]  # which are never said
    return [(all_words[v], p_next[v]) for v in order[:count]], p_next, order


figure, axes = plt.subplots(1, 2, figsize=(11, 4.2))
for panel, name, beginning, true in zip(
        axes, ("cow", "polar-bear"), ("a black and white", "a white"), ("cow", "bear"),
        strict=True):
    top, p_next, order = next_words(name, beginning)
    (number,) = vocabulary.encode([true])
    place = int(np.flatnonzero(order == number)[0]) + 1
    print(f"{name}: after '{beginning}': " + ", ".join(f"{w} {x:.2f}" for w, x in top)
          + f"; '{true}' is number {place} with {p_next[number]:.4f}")
    labels, heights = [w for w, _ in top] + [true], [x for _, x in top] + [p_next[number]]
    bars = panel.bar(range(len(labels)), heights, color=[BLUE] * len(top) + [RED])
    panel.bar_label(bars, fmt="%.2g", size=11)
    panel.set_xticks(range(len(labels)), labels, rotation=25)
    panel.set(title=f"{name}: '{beginning} ...'", yscale="log", ylim=(1e-5, 4))
axes[0].set_ylabel("probability of the next word")
figure.suptitle("What it would say next; red is what is there (a logarithmic scale)")
show(figure, "14_the_cow")

# The vocabulary is in the order of how often a word occurred.
ranks = {word: vocabulary.words.index(word) + 1 for word in ("dog", "man", "bear", "cow")
         if word in vocabulary.words}
print("place among the most frequent words:", ranks)
assert ranks["dog"] < 100 < ranks["cow"] < ranks["bear"]

# %% [markdown]
# Three more failures to look for in photographs of your own:
#
# * **what it has no word for** becomes something else: a cup, a rocket or a screen becomes a ball;
# * **men and women**: it guesses, from clothes and surroundings, and "man" is twice as frequent in
#   the captions as "woman". That is no knowledge. Do not use it to say who people are;
# * **counts and sides**: "two dogs" where there are five, nothing about left and right.
#
# None of them shows in BLEU. The captions that are wrong read as well as those that are right.
#
# ## Exercises
#
# 1. The decoder never learns where a location lies. Prove it: permute the 49 locations of a grid
#    at random, the same permutation for all features. What happens to the caption, and to the
#    attention? Then mirror the photograph's grid. What does that say about "left" and "right"?
# 2. Another net might give the same grid ten times as loud. What does the decoder say of it? And
#    what if the means and variances are measured anew? Then leave the standardising out: tell the
#    model that all means are 0 and all variances 1. Are you surprised? Print the true ones.
# 3. (With the extra `photos`.) Ask the net itself, by `classify_forward`, what the four
#    photographs show: class 235 is a German shepherd, 345 an ox, 296 an ice bear. Then go on to
#    the pixels: send the gradient of one word through the net, by `efficientnet_lite0_backward`,
#    and draw it over the photograph. Is it finer than the 7x7 votes? Is it clearer?
#
# Solutions: `solutions/14_photographs.py`.
#
# ## Where to read on
#
# * Xu et al. 2015, *Show, Attend and Tell*, sections 3.1.1 and 4.3: their grid and their training;
#   section 5.4: what they saw in the attention.
# * Tan and Le 2019, *EfficientNet*; `satt/models/efficientnet_lite0.py` has its drawing.
# * Simonyan, Vedaldi and Zisserman 2014, *Deep Inside Convolutional Networks*: gradients as
#   pictures. Adebayo et al. 2018, *Sanity Checks for Saliency Maps*: when not to believe them.
# * Hendricks et al. 2018, *Women also Snowboard*: captioners, and whom they take for a man.
# * `satt/commands/grid_recipe.py`: how this captioner was trained; `satt train --encoder
#   efficientnet-lite0` trains yours.
