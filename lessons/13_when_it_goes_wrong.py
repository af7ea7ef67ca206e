# %% [markdown]
# # Lesson 13: when it goes wrong
#
# **What you will see.** Four captioners that are broken on purpose, in ways that happen to many
# people: the same attention for every word, the same caption for every image, a loss that
# explodes, a BLEU that is too good. None raises an error. Each is recognised by a picture or a
# number, and mended.
#
# **What you need.** Lesson 8 (the captioner learns) and lesson 12 (decoding and measuring).
#
# **How long.** 35 minutes to read, some 30 seconds to run.

# %%
from showing import BLUE, GREEN, ORANGE, RED, show  # before NumPy, see there

# isort: split
from unittest.mock import patch

import numpy as np
from matplotlib import pyplot as plt
from trained import trained_captioner

from gradcheck import check
from satt.data.batches import caption_arrays, to_float
from satt.data.scenes.drawing import draw_image
from satt.data.scenes.grammar import write_captions
from satt.data.scenes.sampling import sample_scene
from satt.data.vocabulary import PAD, START, STOP, Vocabulary
from satt.decoding.greedy import greedy
from satt.decoding.reading import attention_while_reading
from satt.figures.overlay import lay_over, relative_maps
from satt.layers.alignment import alignment_backward, alignment_forward
from satt.layers.attention_lstm import attention_lstm_backward, attention_lstm_forward
from satt.layers.attention_lstm_step import attention_lstm_step_forward
from satt.layers.softmax import softmax_backward, softmax_forward
from satt.metrics.bleu import corpus_bleu
from satt.models.captioner import Captioner, CaptionerSettings
from satt.training.clipping import clip_by_global_norm
from satt.training.optimisers import SGD, Adam
from satt.training.schedules import warmup_cosine

# %% [markdown]
# ## 0. A patient that can be trained in seconds
#
# One or two things on water: 1,500 scenes to learn from, 200 to measure with, five captions each.
# As in lesson 8 the conv net is that of the trained captioner, and only a small decoder learns.

# %%
eye, _ = trained_captioner()
grid_shape, size = eye.settings.grid_shape, eye.settings.image_size


def draw_world(random, count):
    scenes = []
    while len(scenes) < count:
        scene = sample_scene(random, shares=(0.5, 0.5, 0))
        if scene.setting == "water":
            scenes.append(scene)
    images = np.stack([draw_image(scene, size) for scene in scenes])
    grids = [eye.encode(to_float(images[i : i + 100]))[0] for i in range(0, count, 100)]
    return images, np.concatenate(grids), [write_captions(scene, random, 5) for scene in scenes]


random = np.random.default_rng(13)
_, grids, captions = draw_world(random, 1500)
test_images, test_grids, test_captions = draw_world(random, 200)
vocabulary = Vocabulary.from_captions(caption for several in captions for caption in several)
words = caption_arrays([caption for several in captions for caption in several], vocabulary)
words = words.reshape(len(captions), 5, -1)
test_words = caption_arrays([several[0] for several in test_captions], vocabulary)


def learn(grids=grids, steps=400, optimiser=Adam, rate=4e-3, clip=5.0):
    """Train a decoder; return it, and the loss and the gradients' norms of every step."""
    model = Captioner(CaptionerSettings(
        len(vocabulary), encoder="absent", channels=eye.settings.channels,
        attention_width=32, state_width=48, embedding_width=32,
    ))
    model.sharpen(1 / 20)  # begin with even attention
    random, optimiser, losses, norms = np.random.default_rng(0), optimiser(), [], []
    for step in range(steps):
        rows = random.choice(len(grids), 16, replace=False)
        batch = {"images": grids[rows], "words": words[rows, random.integers(5, size=16)]}
        loss, gradients = model.loss_and_gradients(batch)
        losses.append(loss)
        norms.append({name: np.sqrt((g.astype(float) ** 2).sum())
                      for name, g in gradients.items()})
        if clip is not None:
            gradients, _ = clip_by_global_norm(gradients, clip)
        optimiser.step(model.params, gradients, warmup_cosine(step, steps, 20, rate))
    return model, np.array(losses), norms


def caption_all(model):
    return [vocabulary.decode(caption.words) for caption in greedy(model, test_grids)]


def test_loss(model, grids=test_grids):
    return model.loss({"images": grids, "words": test_words})


healthy, healthy_losses, healthy_norms = learn()
healthy_said = caption_all(healthy)
healthy_bleu = corpus_bleu(healthy_said, test_captions).bleu[3]
print(f"healthy: test loss {test_loss(healthy):.2f}, BLEU-4 {healthy_bleu:.3f}")
print("said:     ", " ".join(healthy_said[0]))
print("reference:", " ".join(test_captions[0][0]))
assert healthy_bleu > 0.7

# %% [markdown]
# ## 1. The same map for every word
#
# "My attention map is the same for every word" is one of the most frequent complaints about
# captioners. Here is a cause. f_att of lesson 7 is, for location l and state s,
#
#     right:    e_l = v · tanh(key_l + query)            query = s W_state + b
#     mistaken: e_l = v · tanh(key_l) + v · tanh(query)
#
# It looks harmless: two layers, a sum, a tanh for each. A captioner that was published has it so.


# %%
def mistaken_forward(keys, state, W_state, b, v):
    query = np.tanh(state @ W_state + b)
    joint = np.tanh(keys) + query[:, None, :]
    return joint @ v, (np.tanh(keys), query, joint, state, W_state, v)


def mistaken_backward(dscores, cache):
    key, query, joint, state, W_state, v = cache
    dkeys = dscores[:, :, None] * v * (1 - key**2)
    dquery = dscores.sum(axis=1)[:, None] * v * (1 - query**2)
    dv = np.einsum("nl,nla->a", dscores, joint)
    return dkeys, dquery @ W_state.T, state.T @ dquery, dquery.sum(axis=0), dv


draw = np.random.default_rng(1).normal
N, L, A, H = 2, 3, 4, 5
inputs = {"keys": draw(size=(N, L, A)), "state": draw(size=(N, H)),
          "W_state": draw(size=(H, A)), "b": draw(size=A), "v": draw(size=A)}
report = check(mistaken_forward, mistaken_backward, inputs)
print(report)
assert report.ok  # its backward is the derivative of its forward

# %% [markdown]
# Every gradient is right: a gradient check compares a backward with its forward, and both make the
# same mistake. But look at the attention of two different states:

# %%
other_state = inputs | {"state": draw(size=(N, H))}
for name, forward in (("right", alignment_forward), ("mistaken", mistaken_forward)):
    scores, _ = forward(*inputs.values())
    other_scores, _ = forward(*other_state.values())
    attention, other_attention = softmax_forward(scores)[0], softmax_forward(other_scores)[0]
    print(f"{name:9} scores    {scores[0].round(3)} and, with another state,",
          other_scores[0].round(3))
    print(f"{'':9} attention {attention[0].round(3)} and", other_attention[0].round(3))
    moved = np.abs(attention - other_attention).max()
    assert (moved > 0.01) if name == "right" else (moved < 1e-12)

# %% [markdown]
# The mistaken scores move, but all by the *same number*: v · tanh(query) does not depend on l. And
# a softmax does not see what is added to all of its scores:
#
#     exp(e_l + q) / sum_k exp(e_k + q) = exp(e_l) / sum_k exp(e_k)
#
# In the right form the state is *inside* the tanh. There its effect depends on the key, because
# the tanh bends: the same query pushes a key near 0 a lot, and a key near ±1 hardly at all.
#
# Can a check find it after all? Check what you use: scores *and* softmax together. Then the true
# gradient of the state is zero everywhere, and gradcheck reports the comparison of nothing with
# nothing.


# %%
def attend_with(forward, backward):
    def attend_forward(*inputs):
        scores, alignment = forward(*inputs)
        attention, softmax = softmax_forward(scores)
        return attention, (alignment, softmax)

    def attend_backward(dattention, cache):
        alignment, softmax = cache
        return backward(softmax_backward(dattention, softmax), alignment)

    return attend_forward, attend_backward


right_report = check(*attend_with(alignment_forward, alignment_backward), inputs)
mistaken_report = check(*attend_with(mistaken_forward, mistaken_backward), inputs)
print(mistaken_report)
assert right_report.ok and not mistaken_report.ok
assert mistaken_report.gradients["state"].is_vacuous

# %% [markdown]
# And if nobody checks? We put the mistaken pair in place of the right one, in the plain layers.
# (The captioner uses faster kernels, in training one for all steps together; `satt/ops.py` is the
# place that chooses, so there we choose the plain forms.) Does it learn?

# %%
plain = patch.multiple("satt.ops", attention_lstm_forward=attention_lstm_forward,
                       attention_lstm_backward=attention_lstm_backward,
                       attention_lstm_step_forward=attention_lstm_step_forward)
broken = patch.multiple("satt.layers.attention_lstm_step", alignment_forward=mistaken_forward,
                        alignment_backward=mistaken_backward)
with plain, broken:
    blinkered, _, blinkered_norms = learn()
    blinkered_said, blinkered_loss = caption_all(blinkered), test_loss(blinkered)
    blinkered_looks = attention_while_reading(blinkered, test_grids, test_words)
healthy_looks = attention_while_reading(healthy, test_grids, test_words)


def variety(looks):
    """How different the maps of the first six words are: 0 where all are the same."""
    looks = looks[:, :6]
    return (np.abs(looks - looks.mean(axis=1, keepdims=True)).sum(axis=2) / 2).mean()


def mean_norm(norms, name):
    return np.mean([step[name] for step in norms])


W_STATE = "decoder.alignment.W_state"
blinkered_bleu = corpus_bleu(blinkered_said, test_captions).bleu[3]
print("            test loss  BLEU-4  variety of maps  gradient of W_state")
for name, loss, bleu, looks, norms in (
    ("right", test_loss(healthy), healthy_bleu, healthy_looks, healthy_norms),
    ("mistaken", blinkered_loss, blinkered_bleu, blinkered_looks, blinkered_norms),
):
    print(f"{name:10} {loss:10.2f} {bleu:7.3f} {variety(looks):16.4f} "
          f"{mean_norm(norms, W_STATE):20.1e}")
assert blinkered_bleu > healthy_bleu - 0.2
assert variety(blinkered_looks) < 1e-4 < 0.1 < variety(healthy_looks)
assert mean_norm(blinkered_norms, W_STATE) < 1e-4 * mean_norm(healthy_norms, W_STATE)

shown = next(n for n, several in enumerate(test_captions)  # two things, but a short caption
             if {"and", "with"} & set(several[0]) and len(several[0]) < 10)
sentence = test_captions[shown][0]
figure, panels = plt.subplots(2, len(sentence) + 1, figsize=(1.55 * len(sentence) + 2, 4.2))
for line, name, looks in zip(panels, ("right", "mistaken"), (healthy_looks, blinkered_looks),
                             strict=True):
    line[0].imshow(test_images[shown])
    line[0].set_ylabel(name, size=13)
    maps = relative_maps(test_images[shown], looks[shown], grid_shape)
    for panel, word, one in zip(line[1:], sentence, maps, strict=False):
        panel.imshow(lay_over(test_images[shown], one, 15))
        panel.set_title(word)
for panel in panels.flat:
    panel.set(xticks=[], yticks=[])
figure.suptitle("A state that nobody asks: the mistaken f_att looks the same at every word")
show(figure, "13_the_same_map")

# %% [markdown]
# It learns! The loss is a little higher, BLEU a little lower, and nobody would notice from these.
# Three things give it away:
#
# * the picture: the same map for every word;
# * the **variety** of the maps: 0;
# * the gradient of W_state: nothing but rounding. A parameter that never learns is a warning.
#
# To mend it: add key and query *before* the tanh.
#
# ## 2. The same caption for every image
#
# The data loader shuffles the images, and forgets to shuffle the captions with them. All shapes
# fit, all gradients are right, the loss falls.

# %%
shuffled = np.random.default_rng(0).permutation(len(grids))
blind, blind_losses, _ = learn(grids=grids[shuffled])  # the words stay where they were
blind_said = caption_all(blind)
for said, several in list(zip(blind_said, test_captions, strict=True))[:4]:
    print(f"said: {' '.join(said):40} reference: {' '.join(several[0])}")


def different(said):
    return len({tuple(words) for words in said})


print(f"different captions of 200 images: healthy {different(healthy_said)}, "
      f"blind {different(blind_said)}")
assert different(blind_said) < 20 < different(healthy_said)

# %% [markdown]
# It has learned how captions sound, and says the likeliest one most of the time. What went wrong?
# There are many suspects: pairs that do not belong together, a grid that never reaches the
# decoder, pixels scaled in another way than in training, dead ReLUs, a learning rate that killed
# the conv net. One test tells if the image matters at all: **give every caption the image of its
# neighbour**. If the loss stays, the model does not look.

# %%
neighbours = np.roll(test_grids, 1, axis=0)
table = {
    "healthy": (test_loss(healthy), test_loss(healthy, neighbours)),
    "blind": (test_loss(blind), test_loss(blind, neighbours)),
}
for name, (own, others) in table.items():
    print(f"{name:8} test loss {own:.2f}, with the neighbour's image {others:.2f}")

figure, (left, right) = plt.subplots(1, 2, figsize=(12, 4.5))
smooth = np.ones(20) / 20
for name, losses, colour, style in (("healthy", healthy_losses, BLUE, "-"),
                                    ("blind", blind_losses, ORANGE, "--")):
    left.plot(np.convolve(losses, smooth, "valid"), style, color=colour, lw=2.5, label=name)
left.set(xlabel="step", ylabel="loss (nats per caption)", ylim=(0, None),
         title="Both losses fall; one stops early")
left.legend()
for n, (label, hatch) in enumerate((("own image", ""), ("the neighbour's image", "//"))):
    values = [row[n] for row in table.values()]
    bars = right.bar(np.arange(2) + 0.36 * (n - 0.5), values, 0.36, label=label, hatch=hatch,
                     color=(BLUE, ORANGE)[n], edgecolor="white")
    right.bar_label(bars, fmt="%.1f", size=12)
right.set(xticks=range(2), title="Swap the images: does it matter?", ylim=(0, 20))
right.set_xticklabels(table, size=13)
right.legend()
show(figure, "13_the_same_caption")
assert table["healthy"][1] > table["healthy"][0] + 4
assert abs(table["blind"][1] - table["blind"][0]) < 0.5

# %% [markdown]
# The blind loss stops at the entropy of the language: what a caption costs if only the words
# before are known. When your loss "does not go below" some value, ask whether a model without
# images would reach the same.
#
# To mend it: shuffle *indices*, and take images and captions by the same indices, as `learn` does
# with `rows`. Then look at one batch with your own eyes: image and caption side by side.
#
# ## 3. The loss explodes
#
# Plain gradient descent with momentum (SGD) and a learning rate of 1, without limit for the
# gradient. Then the same with **clipping** (Pascanu et al. 2013). With all gradients together seen
# as one long vector g,
#
#     norm = sqrt(sum over all parameters of g²)          g <- g · min(1, limit / norm)
#
# One factor for all: the direction stays, only the length is limited.

# %%
example = {"W": np.array([3.0, 0.0]), "b": np.array([4.0])}
clipped, norm = clip_by_global_norm(example, 1.0)
print("norm", norm, " clipped", {name: value.tolist() for name, value in clipped.items()})
assert norm == 5 and np.allclose(clipped["W"], [0.6, 0]) and np.allclose(clipped["b"], 0.8)

ruined, exploding, exploding_norms = learn(steps=200, optimiser=SGD, rate=1.0, clip=None)
mended, held, _ = learn(steps=200, optimiser=SGD, rate=1.0, clip=1.0)
_, calm, _ = learn(steps=200, optimiser=SGD, rate=0.3, clip=1.0)
for name, losses in (("no clipping", exploding), ("clipped", held),
                     ("clipped, smaller rate", calm)):
    print(f"{name:22} loss at first {losses[0]:.1f}, at most {losses.max():.0f}, "
          f"in the end {losses[-20:].mean():.1f}")
assert exploding.max() > 3 * exploding[0] and exploding[-20:].mean() > 2 * held[-20:].mean()
assert held[-20:].mean() < 0.4 * held[0] and calm[-20:].mean() < 0.4 * calm[0]

# %% [markdown]
# Where does it begin? Draw the norm of each parameter's gradient at each of the first 60 steps, on
# a logarithmic scale.

# %%
names = sorted(exploding_norms[0])
norm_of = np.array([[step[name] for step in exploding_norms[:60]] for name in names])
figure, (left, right) = plt.subplots(1, 2, figsize=(14.5, 5.5), width_ratios=[1, 1.4])
for losses, colour, style, label in (
    (exploding, RED, "-", "rate 1, no clipping"), (held, BLUE, "--", "rate 1, clipped"),
    (calm, GREEN, ":", "rate 0.3, clipped"),
):
    left.semilogy(losses, style, color=colour, lw=2.5, label=label)
left.set(xlabel="step", ylabel="loss", title="Clipping holds what would explode")
left.legend()
picture = right.imshow(np.log10(np.maximum(norm_of, 1e-4)), aspect="auto", cmap="cividis",
                       vmin=-3, vmax=3)
right.set(yticks=range(len(names)), xlabel="step", title="Norm of each gradient, no clipping")
right.set_yticklabels([name.removeprefix("decoder.") for name in names])
figure.colorbar(picture, label="log10 of the norm", extend="both")
show(figure, "13_exploding")

print("norm of the gradient    median of steps 0-4   largest after   median of steps 40-59")
growth, rest = {}, {}
for name in ("lstm.W_x", "embedding.W", "initial_state.W_state"):
    row = norm_of[names.index(f"decoder.{name}")]
    early = np.median(row[:5])
    growth[name], rest[name] = row[5:].max() / early, np.median(row[40:]) / early
    print(f"{name:23} {early:20.3f} {row[5:].max():15.1f} {np.median(row[40:]):23.3f}")
assert growth["lstm.W_x"] > 10 and growth["embedding.W"] > 10
assert rest["initial_state.W_state"] < 0.3

# %% [markdown]
# Two things happen at once. The rows of lstm.W_x and of the embedding get *bright*: their gradient
# comes back through all steps of the sentence, and through time the factors multiply (lesson 5).
# The rows of the initial state get *dark*: what lies behind many steps gets nothing any more.
# Large steps made large weights:

# %%
for name in ("decoder.embedding.W", "decoder.lstm.W_x"):
    after, without = (np.abs(model.params[name]).mean() for model in (ruined, mended))
    print(f"{name:20} mean size {without:.2f} with clipping, {after:.2f} without")
    assert after > 3 * without

# %% [markdown]
# With weights this large the gates are open or shut for good, where a sigmoid has no slope. The
# loss alone, some hundred steps later, shows only that it is worse than at first.
#
# To mend it: clip, and log the norm *before* clipping. (`satt train` writes it to its log as
# `gradient_norm`.) If most steps are clipped, make the rate smaller, too.
#
# ## 4. Teacher forcing left on
#
# In training the decoder reads the *right* words, whatever it would have said: **teacher
# forcing**. It is quick, and right for learning. If it stays on when captions are measured, the
# model is told the right beginning at every step. Here is that mistake, in four lines: at each
# step, the likeliest word after the reference's words.


# %%
def forced_captions(model):
    (memory, state), said = model.start(test_grids), []
    for t in range(test_words.shape[1] - 1):
        logits, _, state = model.step(test_words[:, t], memory, state)  # reads the right word
        logits[:, [PAD, START]] = -np.inf
        said.append(logits.argmax(axis=1))
    said = np.where(test_words[:, 1:] == PAD, STOP, np.stack(said, axis=1))
    return [vocabulary.decode(row) for row in said]


one_reference = [several[:1] for several in test_captions]
table = {}
for name, model in (("healthy", healthy), ("blind", blind)):
    free, forced = caption_all(model), forced_captions(model)
    table[name] = [corpus_bleu(said, one_reference).bleu[3] for said in (free, forced)]
    print(f"{name:8} BLEU-4 of its own captions {table[name][0]:.3f}, forced {table[name][1]:.3f}")
of_five = [corpus_bleu(said, test_captions).bleu[3]
           for said in (healthy_said, forced_captions(healthy))]
print(f"against five references: healthy {of_five[0]:.3f}, forced {of_five[1]:.3f}")
print("\nthe blind captioner, forced:")
for said, several in list(zip(forced_captions(blind), test_captions, strict=True))[:4]:
    print(f"said: {' '.join(said):40} it was given: {' '.join(several[0])}")

figure, axes = plt.subplots(figsize=(8, 4.5))
for n, (label, hatch) in enumerate((("own captions", ""), ("teacher forcing left on", "//"))):
    values = [row[n] for row in table.values()]
    bars = axes.bar(np.arange(2) + 0.36 * (n - 0.5), values, 0.36, label=label, hatch=hatch,
                    color=(BLUE, ORANGE)[n], edgecolor="white")
    axes.bar_label(bars, fmt="%.2f", size=13)
axes.set(xticks=range(2), ylim=(0, 1), ylabel="BLEU-4, one reference",
         title="Told the right words, even a blind captioner scores")
axes.set_xticklabels(table, size=13)
axes.legend()
show(figure, "13_teacher_forcing")
assert table["healthy"][1] > table["healthy"][0]
assert table["blind"][1] > 1.4 * table["blind"][0]
assert of_five[0] > of_five[1]

# %% [markdown]
# The blind captioner of section 2 says a few sentences in all, and nearly doubles its BLEU by
# being told the answers. "a" needs no image after "with", nor "water" after "over the". Two more
# signs:
#
# * read the captions: most forced ones are no sentences, because each word was chosen for a
#   sentence that the model did not say;
# * nearly all have the reference's length.
#
# (Here each caption has one reference, the one it was given. Against all five, a good model's own
# captions do *better* than forced ones, since it may say it in its own way: another reason not to
# mix the two figures.)
#
# To mend it: measure captions that the model says alone, as `greedy` and `beam_search` do. The
# loss may be measured with the right words, for that is what it means; BLEU never.
#
# ## What to remember
#
# | what you see | what to measure | what it often is |
# |---|---|---|
# | the same map for all words | variety of maps; gradient of W_state: zero? | f_att ignores s |
# | the same caption for all images | swap the images: does the loss move? | pairs, scaling, grid |
# | loss explodes, or stands still | norm of each gradient at each step | rate, no clipping |
# | BLEU too good for its captions | read the captions | teacher forcing |
#
# Gradient checks find none of the four. They say that the backward fits the forward; these tests
# ask whether the forward, and what is around it, does what you meant.
#
# ## Exercises
#
# **1.** Which of these scores ignore the state after the softmax? (a) key_l · W · s, (b) key_l · v
# + s · u, (c) v · relu(key_l + query). Decide on paper, then test with random numbers.
#
# **2.** Give the trained captioner (`trained_captioner()`) pixels in 0..1 instead of -1..1. How
# many different captions do 100 test images get, and what do they have in common? Which number
# would have told you before you read a caption?
#
# **3.** Clip every single number of the gradient to [-c, c] instead of the norm. For the first
# gradient of a new captioner, choose c so that the clipped gradient has the norm 1. What is the
# angle to the true gradient, and what is it with `clip_by_global_norm`?
#
# Solutions: `solutions/13_when_it_goes_wrong.py`.
#
# ## Where to read on
#
# * Xu et al. (2015), section 3.1.2: f_att and the state; the lecture's slide with the nine scores.
# * Pascanu, Mikolov and Bengio (2013), *On the difficulty of training recurrent neural networks*.
# * Bengio et al. (2015), *Scheduled Sampling*: what teacher forcing does to a model that later
#   reads its own words.
# * `satt/layers/alignment.py`, its notes; `satt/training/clipping.py`.
