# %% [markdown]
# # Lesson 10: the penalty and the gate
#
# **What you will see.** The paper adds two things to plain attention. A *penalty* that asks the
# captioner to look everywhere about equally, over a whole caption. It has a floor that no
# attention can get below, and programs write it in ways that differ ten thousandfold. And a
# *gate*, with which the state says how much the picture counts for the next word.
#
# **What you need.** Lesson 7 (one step by hand) and lesson 8 (the captioner learns).
#
# **How long.** 30 minutes to read, some 20 seconds to run.
#
# Where this stands: the paper's section 4.2.1, "doubly stochastic attention". The lecture leaves
# both out.

# %%
from showing import BLUE, GREEN, ORANGE, PURPLE, RED, SKY, show  # before NumPy, see there

# isort: split
import numpy as np
from matplotlib import pyplot as plt
from trained import trained_captioner

from gradcheck import check
from satt.data.batches import caption_arrays, to_float, training_batches
from satt.data.scenes.dataset import SceneData, draw_scenes
from satt.data.scenes.drawing import draw_image, draw_scene
from satt.data.scenes.lexicon import VERBS, noun_forms, place_phrases
from satt.data.scenes.world import COLOURS, Scene, Thing
from satt.data.vocabulary import PAD, START, STOP, Vocabulary
from satt.decoding.reading import attention_while_reading
from satt.layers.context_gate import context_gate_backward, context_gate_forward
from satt.layers.doubly_stochastic import doubly_stochastic_backward, doubly_stochastic_forward
from satt.layers.softmax import softmax_backward, softmax_forward
from satt.metrics.looking import location_shares, mass_on
from satt.models.captioner import Captioner, CaptionerSettings
from satt.training.clipping import clip_by_global_norm
from satt.training.optimisers import Adam

# %% [markdown]
# ## 1. The penalty on a grid of 2x2
#
# Three words, four locations. Each row is one step's attention; the softmax makes it sum to 1. The
# penalty looks at the *columns*: how much did a location get over the whole caption?
#
#     penalty = sum_l (target - sum_t a_tl)^2            the paper: target = 1
#
# Rows sum to 1 by the softmax, columns are asked to. A matrix of which both is true is called
# *doubly stochastic*; hence the name.

# %%
attention = np.array([[[0.7, 0.1, 0.1, 0.1],
                       [0.7, 0.1, 0.1, 0.1],
                       [0.1, 0.1, 0.1, 0.7]]])  # (N, T, L) = (1, 3, 4)
totals = attention.sum(axis=1)
by_hand = ((1 - totals) ** 2).sum()
penalty, _ = doubly_stochastic_forward(attention)
print("each location got", totals[0].round(2), f"  penalty {penalty:.2f}")
assert np.allclose(totals, [[1.5, 0.3, 0.3, 0.9]])
assert np.isclose(penalty, by_hand) and np.isclose(penalty, 0.25 + 0.49 + 0.49 + 0.01)

# %% [markdown]
# ## 2. A floor that nobody can get below
#
# Three rows sum to 1 each, so all numbers together sum to 3. The four columns together have 3 to
# share: they *cannot* all be 1. The mean of the columns is T/L = 3/4, whatever the model does.
#
# With totals n_l = T/L + d_l, where the d_l sum to 0:
#
#     sum_l (1 - n_l)^2 = sum_l (1 - T/L)^2 - 2 (1 - T/L) sum_l d_l + sum_l d_l^2
#                       = L (1 - T/L)^2     -          0            + sum_l d_l^2
#
# The first term is a constant: the **floor**. Only the last term can be made smaller. The floor is
# reached when every location gets the same, T/L.
#
# In the paper L = 14 x 14 = 196. A caption has some T = 12 words.

# %%
T, L = 12, 196
floor = L * (1 - T / L) ** 2
random = np.random.default_rng(0)
scores = 1.5 * random.normal(size=(1, T, L))
attention, _ = softmax_forward(scores)
value, _ = doubly_stochastic_forward(attention)
print(f"floor {floor:.1f}; a random attention has {value:.1f}: {floor / value:.1%} of it is floor")
assert np.isclose(floor, 172.7, atol=0.05)

history = []
for _ in range(300):
    attention, softmax = softmax_forward(scores)
    value, cache = doubly_stochastic_forward(attention)
    history.append(value)
    scores = scores - 50.0 * softmax_backward(doubly_stochastic_backward(1.0, cache), softmax)
print(f"after 300 steps of descent on the penalty alone: {history[-1]:.3f}")
assert min(history) > floor - 1e-9 and history[-1] < floor + 0.02

figure, axes = plt.subplots(figsize=(8.5, 4.6))
axes.plot(history, color=BLUE, linewidth=3, label="penalty, target 1")
axes.axhline(floor, color=RED, linestyle="--", label=f"floor L(1 - T/L)² = {floor:.1f}")
axes.fill_between(range(300), floor, history, color=BLUE, alpha=0.2)
axes.set(xlabel="step of descent on the penalty alone", ylabel="penalty",
         ylim=(floor - 0.2, max(history) + 0.1),
         title="Only the thin blue part can be learned away (the axis begins near the floor)")
axes.legend()
show(figure, "10_floor")

# %% [markdown]
# So in a printed loss of "175.8 = 3.1 + 172.7" the last number says nothing. It does no harm
# either: a constant has no gradient. With the target T/L the floor is 0, and the gradient is *the
# same*, once it has passed the softmax. (The two differ by one number for all locations. A softmax
# does not feel a number that is added to all scores, and its backward cancels it.)

# %%
scores = random.normal(size=(2, T, 9))
attention, softmax = softmax_forward(scores)
gradients = {}
for target in (1.0, "T/L"):
    value, cache = doubly_stochastic_forward(attention, target=target)
    gradients[target] = softmax_backward(doubly_stochastic_backward(1.0, cache), softmax)
    print(f"target {target}: penalty {value:.3f}")
assert np.allclose(gradients[1.0], gradients["T/L"], atol=1e-12)

# %% [markdown]
# The gradient itself: each step of a location gets the same push, 2 (n_l - target). Check it, with
# a mask for captions of different lengths.

# %%
mask = np.array([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]], dtype=bool)
attention, _ = softmax_forward(random.normal(size=(2, 5, 4)))
for target in (1.0, "T/L"):
    report = check(doubly_stochastic_forward, doubly_stochastic_backward,
                   {"attention": attention}, {"mask": mask, "target": target})
    print(f"\ntarget {target}")
    print(report)
    assert report.ok

# %% [markdown]
# ## 3. Five ways it is coded
#
# The formula leaves open: is it summed or averaged over locations, and over the images of a batch?
# What is the target? Do the steps after the end of a short caption count? Every program answers
# otherwise, and then writes "lambda = 1". Here are five, for a batch of 32 captions of 6 to 18
# words, filled up to 18.
#
# * **A**: target 1, sum over locations, mean over images, with mask. The paper's formula.
# * **B**: target 1, *mean* over locations and images: one call of a mean.
# * **C**: target 1, *sum* over locations and images.
# * **D**: target T/L, otherwise as A. satt's default.
# * **E**: as A, but *without a mask*: the attention after the end counts.

# %%
N, T, L = 32, 18, 196
lengths = random.integers(6, T + 1, N)
lengths[0] = T
mask = np.arange(T) < lengths[:, None]
attention, softmax = softmax_forward(2 * random.normal(size=(N, T, L)))
total = np.where(mask[:, :, None], attention, 0).sum(axis=1)
ways = {
    "A": ((1 - total) ** 2).sum(axis=1).mean(),
    "B": ((1 - total) ** 2).mean(),
    "C": ((1 - total) ** 2).sum(),
    "D": ((lengths[:, None] / L - total) ** 2).sum(axis=1).mean(),
    "E": ((1 - attention.sum(axis=1)) ** 2).sum(axis=1).mean(),
}


def push(mask, target, factor):
    """What reaches the scores: the gradient of the way that is `factor` times A, D or E."""
    _, cache = doubly_stochastic_forward(attention, mask, target)
    return factor * softmax_backward(doubly_stochastic_backward(1.0, cache), softmax)


pushes = {"A": push(mask, 1.0, 1), "B": push(mask, 1.0, 1 / L), "C": push(mask, 1.0, N),
          "D": push(mask, "T/L", 1), "E": push(None, 1.0, 1)}
reference = pushes["A"]
cosine = {name: (p * reference).sum() / np.linalg.norm(p) / np.linalg.norm(reference)
          for name, p in pushes.items()}
print("     penalty     push on the scores   same direction as A?")
for name, p in pushes.items():
    size = np.linalg.norm(p) / np.linalg.norm(reference)
    print(f"  {name}  {ways[name]:9.2f}   {size:8.4f} x A           cosine {cosine[name]:.3f}")

for name, options in (("A", {}), ("C", {"reduction": "sum"}), ("D", {"target": "T/L"})):
    assert np.isclose(doubly_stochastic_forward(attention, mask, **options)[0], ways[name])
assert np.isclose(doubly_stochastic_forward(attention)[0], ways["E"])
assert ways["C"] / ways["B"] > 6000  # N x L
assert all(np.isclose(cosine[name], 1) for name in "ABCD") and cosine["E"] < 0.95

figure, (left, right) = plt.subplots(1, 2, figsize=(12.5, 4.8))
colours = dict(zip(ways, (BLUE, SKY, GREEN, ORANGE, RED), strict=True))
bars = left.bar(list(ways), list(ways.values()), color=list(colours.values()))
left.bar_label(bars, [f"{value:,.2f}" if value < 10 else f"{value:,.0f}"
                      for value in ways.values()], padding=2)
left.set(yscale="log", ylabel="value of the penalty", title="The value: five sizes")
left.set_ylim(top=4 * max(ways.values()))
sizes = [np.linalg.norm(p) / np.linalg.norm(reference) for p in pushes.values()]
bars = right.bar(list(ways), sizes, color=list(colours.values()))
right.bar_label(bars, [f"{size:.3g} x A\ncosine {cosine[name]:.2f}" for name, size in
                       zip(ways, sizes, strict=True)], padding=2, fontsize=11)
right.set(yscale="log", ylabel="length, times that of A",
          title="The gradient: A to D differ at most in size")
right.set_ylim(top=30 * max(sizes))
for axes in (left, right):
    axes.set_xticks(range(5), ["A\npaper", "B\nmean", "C\nsum", "D\nT/L", "E\nno mask"])
figure.suptitle("Five ways to code the penalty, the same attention")
show(figure, "10_five_ways")

# %% [markdown]
# * B to C is a factor N L: 32 x 196 = 6272 here. With other batch sizes and grids it is more: five
#   public programs, compared at toy size, were up to 39,000 times apart. So a lambda from one
#   program means nothing in another. What counts is lambda *times the way it is summed*.
# * D has another value than A, but the same gradient (section 2).
# * E pushes in another direction. Steps after the end are pushed as if they were words, and they
#   even take part in the total of the words before.
#
# Check for yourself that the masked one leaves the steps after the end alone, and E does not:

# %%
after_the_end = ~mask
assert np.all(pushes["A"][after_the_end] == 0)
assert np.all(np.abs(pushes["E"][after_the_end]).max(axis=1) > 0)

# %% [markdown]
# ## 4. What it does to the maps
#
# Train the small world of lesson 8 three times: with lambda 0, 0.1 and 1 (way D). As there, look
# at how many locations a look amounts to, exp(entropy), and at the mass on the thing named.

# %%
SHADES, ABOVE = ("red", "blue", "yellow", "black"), ("bird", "kite")
BELOW, SETTINGS = {"ball": "lying", "cat": "sitting"}, ("grass", "snow", "beach")


def small_scene(random):
    def pick(choices):
        return str(random.choice(list(choices)))

    below = pick(BELOW)
    things = (
        Thing(below, pick(SHADES), BELOW[below], random.uniform(0.2, 0.8), 0.75, 1.3),
        Thing(pick(ABOVE), pick(SHADES), "flying", random.uniform(0.2, 0.8), 0.25, 1.3),
    )
    return Scene(pick(SETTINGS), things, 0.5, int(random.integers(2**31)))


def sentence(scene):
    below, above = scene.things
    return (f"a {above.colour} {above.kind} is flying over "
            f"a {below.colour} {below.kind} on the {scene.setting}").split()


random = np.random.default_rng(0)
scenes = [small_scene(random) for _ in range(900)]
small = SceneData(np.stack([draw_image(scene) for scene in scenes]),
                  [[sentence(scene)] for scene in scenes], [""] * 900, scenes)
learn, test = small.subset(slice(0, 800)), small.subset(slice(800, 900))
small_vocabulary = Vocabulary.from_captions(text for (text,) in small.captions)
reading = to_float(test.images), caption_arrays([t for (t,) in test.captions], small_vocabulary)
things = [location_shares(draw_scene(scene)[1][1], (8, 8)) for scene in scenes[800:]]


def train(penalty, steps=200):
    """Return the attention on the test scenes, and their loss without the penalty."""
    model = Captioner(CaptionerSettings(
        len(small_vocabulary), channels=(12, 16, 24, 48), attention_width=32, state_width=48,
        embedding_width=24, penalty=penalty, penalty_target="T/L",
    ), seed=0)
    optimiser, random = Adam(), np.random.default_rng(0)
    for step in range(steps):
        if step % 50 == 0:  # an epoch
            batches = training_batches(learn, small_vocabulary, 16, random)
        _, gradients = model.loss_and_gradients(next(batches))
        gradients, _ = clip_by_global_norm(gradients, 5.0)
        optimiser.step(model.params, gradients, 0.004 * min(1, (step + 1) / 30))
    model.calibrate(to_float(learn.images[:256]))
    attention = attention_while_reading(model, *reading).astype(float)
    return attention, model.loss({"images": reading[0], "words": reading[1]})


results = {}
for weight in (0.0, 0.1, 1.0):
    attention, loss = train(weight)
    spread = np.exp(-(attention * np.log(attention + 1e-30)).sum(axis=2)).mean()
    mass = np.mean([mass_on(attention[n, 1], things[n]) for n in range(100)])
    uneven = doubly_stochastic_forward(attention, target="T/L")[0]
    results[weight] = attention, spread, mass
    print(f"lambda {weight:3}: penalty {uneven:6.3f}   locations looked at {spread:4.1f}   "
          f"mass on the thing {mass:.2f}   loss {loss:.2f}")
assert results[1.0][1] > results[0.0][1] + 5  # the looks are more spread
assert results[1.0][2] < results[0.0][2]  # and less on the thing

# %%
figure, axes = plt.subplots(1, 4, figsize=(14, 4.4), width_ratios=(1, 1, 1, 1))
axes[0].imshow(test.images[0])
axes[0].set(xticks=[], yticks=[], title="a scene")
highest = max(attention[0].sum(axis=0).max() for attention, _, _ in results.values())
for panel, (weight, (attention, spread, _)) in zip(axes[1:], results.items(), strict=True):
    drawn = panel.imshow(attention[0].sum(axis=0).reshape(8, 8), cmap="cividis", vmin=0,
                         vmax=min(highest, 3))
    panel.set(xticks=[], yticks=[], title=f"lambda {weight}\n{spread:.0f} locations a look")
figure.colorbar(drawn, ax=axes[1:], shrink=0.8, label="attention over the caption")
figure.suptitle("What each location got over the whole caption: lambda evens it out")
show(figure, "10_lambda")

# %% [markdown]
# The penalty does what it says: the totals become even. But look at how. The cheapest way to even
# totals is to *blur every look*, which is the opposite of a sharp map. In this world of few things
# that is all it does, so satt's default is 0. The paper found a gain in BLEU, with photographs in
# which there is always something more to look at. Measure before you believe either.
#
# ## 5. The gate
#
# For "of" no picture is needed. The paper lets the state say so: a number between 0 and 1,
#
#     beta_t = sigmoid(s_{t-1} . w + b),      context = beta_t sum_l a_tl h_l
#
# One number for each step and image, not one for each feature. First its gradient:

# %%
random = np.random.default_rng(1)
report = check(context_gate_forward, context_gate_backward, {
    "context": random.normal(size=(3, 5)), "state": random.normal(size=(3, 4)),
    "W": random.normal(size=(4, 1)), "b": random.normal(size=1)})
print(report)
assert report.ok

# %% [markdown]
# In the backward the gate stands twice. A shut gate (beta near 0) passes no context, and lets no
# gradient back to the grid: dcontext = beta dgated. And beta itself learns by *one* number for
# each step: dbeta = dgated . context. It opens if the context would have helped.
#
# Now the trained captioner. Note beta at each step of its own captions, with the word that it then
# says. (The gate looks at the state *before* the step, as the attention does.)

# %%
model, vocabulary = trained_captioner()
world = draw_scenes("test", 300, progress=False)
W, b = model.params["decoder.gate.W"], model.params["decoder.gate.b"]
print(f"before training every beta is near {1 / (1 + np.exp(-2.0)):.2f}: b starts at 2")
memory, (state, cell) = model.start(to_float(world.images))
words, finished = np.full(300, START), np.zeros(300, dtype=bool)
betas, stories = {}, [[] for _ in range(300)]
for _ in range(20):
    beta = 1 / (1 + np.exp(-(state @ W + b)))[:, 0]
    logits, _, (state, cell) = model.step(words, memory, (state, cell))
    logits[:, [PAD, START]] = -np.inf
    words = logits.argmax(axis=1)
    for n in np.flatnonzero(~finished & (words != STOP)):
        word = vocabulary.decode([words[n]])[0]
        betas.setdefault(word, []).append(beta[n])
        stories[n].append((word, beta[n]))
    finished |= words == STOP

# %% [markdown]
# Sort the words: those that name something to be seen (colours, nouns, settings), and the small
# words of grammar. Verbs stand apart.

# %%
settings = {phrase[-1] for phrase, (setting, _, _) in place_phrases().items() if setting}
kinds = {"colours": set(COLOURS), "settings": settings, "nouns": set(noun_forms()),
         "verbs": {verb for verbs in VERBS.values() for verb in verbs},
         "grammar": {"a", "is", "are", "and", "with", "there", "on", "in", "over", "the", "of"}}
means = {name: np.mean([beta for word in group & betas.keys() for beta in betas[word]])
         for name, group in kinds.items()}
print("mean beta:", {name: f"{value:.2f}" for name, value in means.items()})
assert min(means["colours"], means["settings"], means["nouns"]) > means["grammar"]
assert means["colours"] > means["grammar"] + 0.1
assert np.mean(betas["the"]) > means["grammar"] and means["verbs"] < means["colours"]
assert np.mean(betas["and"]) < means["colours"] - 0.1

often = {word: np.mean(values) for word, values in betas.items() if len(values) >= 15}
ordered = sorted(often, key=often.get)


def group_of(word):
    return next((name for name, group in kinds.items() if word in group), "other")


styles = {"colours": (ORANGE, ""), "settings": (GREEN, "//"), "nouns": (BLUE, ".."),
          "grammar": (PURPLE, "xx"), "verbs": (SKY, ""), "other": ("#BBBBBB", "")}
figure, axes = plt.subplots(figsize=(13.5, 5.2))
for name, (colour, hatch) in styles.items():
    places = [place for place, word in enumerate(ordered) if group_of(word) == name]
    axes.bar(places, [often[ordered[place]] for place in places], color=colour, hatch=hatch,
             edgecolor="white", label=name)
axes.set_xticks(range(len(ordered)), ordered, rotation=60, ha="right")
axes.set(ylabel="mean beta", ylim=(0, 1.05), xlim=(-0.7, len(ordered) - 0.3),
         title="How far the gate is open when a word is said, from 300 captions")
axes.legend(loc="upper left", ncols=6)
axes.set_ylim(top=1.2)
show(figure, "10_gate")

# %%
story = max(stories, key=lambda s: (len(s) == 8, max(v for _, v in s) - min(v for _, v in s)))
print("one caption:", "  ".join(f"{word} {value:.2f}" for word, value in story))
assert max(value for _, value in story) - min(value for _, value in story) > 0.2

# %% [markdown]
# Nobody told the gate which words are which. It opens for colours and settings, which only the
# image can tell. It is open little more than half for "and" (0.57 in the captioner that comes with
# the lessons), which follows from the words before.
#
# Two surprises, and their reasons. **"the" is among the open ones.** The gate is set before the
# step, by a state that has not read the last word; near a place it opens early, and "the" comes
# just before the setting. **Verbs get less than colours** in all captioners that we have measured,
# and less than nouns in most, if only just in this one. In the drawn world a kite can only fly.
# Once the noun is known, the verb nearly is.
#
# A small beta is not "no attention": the map at that step is drawn as bright as any. So when you
# show a map at the word "and", know that the captioner may have heard it at half its strength.
#
# ## Exercises
#
# 1. Prove the floor for a *given* attention: show with numbers that penalty(target 1) minus
#    penalty(target T/L) is L (1 - T/L)^2 for any attention, sharp or not.
# 2. Force the gate: set `decoder.gate.W` to 0 and `decoder.gate.b` to 10 (open), then to -10
#    (shut), in the trained captioner. What happens to the share of true captions?
# 3. Give each pair of image and step its own weight in the penalty: beta_t a_tl instead of a_tl.
#    Write forward and backward (for attention *and* beta), and let gradcheck judge.
#
# Solutions: `solutions/10_the_penalty_and_the_gate.py`.
#
# ## Where to read on
#
# * Xu et al. 2015, section 4.2.1: both, in one column.
# * Lu et al. 2017, *Knowing when to look*: a gate that may choose the language instead of the
#   image, with beta drawn word by word.
# * Tu et al. 2016, *Modeling coverage for neural machine translation*: the same wish, that nothing
#   be left out or said twice, built into the score.
