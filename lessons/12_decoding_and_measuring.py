# %% [markdown]
# # Lesson 12: decoding and measuring
#
# **What you will see.** A trained captioner gives probabilities, not captions. First: three ways
# to turn them into words (greedy, sampling, beam search), the last one drawn as a tree. Then:
# BLEU, the usual measure of captions, counted by hand, and four ways to fool it; why it cannot be
# trained for, and what can. Last: a measure of where the model looked.
#
# **What you need.** Lesson 7 (one step by hand).
#
# **How long.** 35 minutes to read, some 10 seconds to run.

# %%
from showing import BLACK, BLUE, GREEN, ORANGE, RED, show  # before NumPy, see there

# isort: split
import math
from collections import Counter

import numpy as np
from matplotlib import pyplot as plt
from trained import trained_captioner

from gradcheck import check
from satt.data.batches import to_float
from satt.data.scenes.dataset import draw_scenes
from satt.data.scenes.drawing import draw_scene
from satt.data.scenes.parser import is_true, named_things, parse
from satt.data.scenes.world import COLOURS
from satt.data.vocabulary import PAD, START, STOP
from satt.decoding.beam_search import beam_search
from satt.decoding.decoded import word_log_probabilities
from satt.decoding.greedy import greedy
from satt.decoding.sampling import sample
from satt.layers.softmax import softmax_forward
from satt.metrics.bleu import corpus_bleu
from satt.metrics.looking import location_shares, mass_on, points_at

# %% [markdown]
# ## 1. Why the likeliest words are not the likeliest caption
#
# The probability of a caption is a product, one factor a word:
#
#     p(y_1 .. y_T) = p(y_1) p(y_2 | y_1) ... p(stop | y_1 .. y_T)
#
# **Greedy** decoding takes the likeliest word at every step. Here is a model that knows five
# captions of two words. It is a table; but it has the two functions that satt's decoders ask for,
# `start` and `step`, so that they work on it as on a captioner.

# %%
A, THE, CAT, DOG, BIRD = range(3, 8)
NAMES = ["<pad>", "<start>", "<stop>", "a", "the", "cat", "dog", "bird"]
AFTER = {
    START: {A: 0.6, THE: 0.4},
    A: {CAT: 0.35, DOG: 0.35, BIRD: 0.3},
    THE: {CAT: 0.9, DOG: 0.1},
    CAT: {STOP: 1.0}, DOG: {STOP: 1.0}, BIRD: {STOP: 1.0},
}


class TableModel:
    def start(self, inputs):
        memory = (np.zeros((len(inputs), 1)),)  # it sees nothing
        return memory, (np.zeros((len(inputs), 1)),)  # and remembers only the last word

    def step(self, words, memory, state):
        table = np.zeros((len(words), len(NAMES)))
        for row, word in zip(table, words.tolist(), strict=True):
            for following, probability in AFTER.get(word, {STOP: 1.0}).items():
                row[following] = probability
        logits = np.log(np.maximum(table, 1e-30))
        return logits, np.ones((len(words), 1)), state


table_model, nothing = TableModel(), np.zeros((1, 1))
all_captions = {
    (first, second): AFTER[START][first] * AFTER[first][second]
    for first in AFTER[START] for second in AFTER[first]
}
for caption, probability in sorted(all_captions.items(), key=lambda item: -item[1]):
    print(f"p = {probability:.2f}   {' '.join(NAMES[word] for word in caption)}")

(greedy_caption,) = greedy(table_model, nothing)
(beam_caption,) = beam_search(table_model, nothing, beam_size=2)
print("greedy:     ", [NAMES[word] for word in greedy_caption.words])
print("beam of two:", [NAMES[word] for word in beam_caption.words])
assert greedy_caption.words == [A, CAT] and beam_caption.words == [THE, CAT]
assert np.isclose(np.exp(beam_caption.log_probability), max(all_captions.values()))

# %% [markdown]
# "a" is the better first word (0.6), but after it the probability is split in three. "the cat" is
# likelier than any caption with "a": 0.4 · 0.9 = 0.36 against 0.6 · 0.35 = 0.21.
#
# **Beam search** keeps the K best beginnings (here K = 2), lets every one of them grow by every
# word, and keeps the K best again. It is no proof of anything: with K = 1 it *is* greedy, and for
# every K there is a model that fools it (exercise 1). Trying all captions is not possible: with 97
# words there are 97⁹, more than 10¹⁷, of nine words.
#
# Two remarks on numbers. A product of many probabilities soon becomes too small for a computer, so
# we add logarithms instead: log p = sum_t log p(y_t | ...). And the sum gets smaller with every
# word, so short captions have an advantage. satt therefore compares *finished* captions by
#
#     score = log p / ((5 + T) / 6)^0.6         T words, <stop> counted (Wu et al. 2016)
#
# ## 2. Sampling, with a temperature
#
# The second way: **sample**, that is, roll dice with the model's own probabilities. A
# **temperature** τ (tau) sharpens or flattens them first: softmax(logits / τ). For τ → 0 only the
# largest is left (greedy), for τ → ∞ all are equal.

# %%
logits = np.log([0.5, 0.3, 0.15, 0.05])
words = ("red", "blue", "green", "black")
temperatures = (0.25, 0.5, 1.0, 2.0)
spread = np.array([softmax_forward(logits / tau)[0] for tau in temperatures])
figure, axes = plt.subplots(figsize=(8, 4.5))
for n, (tau, row) in enumerate(zip(temperatures, spread, strict=True)):
    axes.bar(np.arange(4) + 0.2 * (n - 1.5), row, 0.2, label=f"temperature {tau:g}",
             color=(BLUE, GREEN, ORANGE, RED)[n], hatch=("", "//", "..", "xx")[n],
             edgecolor="white")
axes.set(xticks=range(4), ylabel="probability", ylim=(0, 1),
         title="A low temperature trusts the likeliest word, a high one does not")
axes.set_xticklabels(words, size=13)
axes.legend()
show(figure, "12_temperature")
assert np.allclose(spread[2], np.exp(logits))
assert np.allclose(softmax_forward(logits / 0.01)[0], [1, 0, 0, 0], atol=1e-6)
assert np.allclose(softmax_forward(logits / 1000)[0], 0.25, atol=1e-3)

# At temperature 1 each caption comes as often as its probability says.
many = sample(table_model, np.zeros((20_000, 1)), np.random.default_rng(0))
counts = Counter(tuple(caption.words) for caption in many)
for caption, probability in all_captions.items():
    assert abs(counts[caption] / 20_000 - probability) < 0.015

# %% [markdown]
# And the captioner? 300 test scenes, a sampled caption of each. In this world a caption can be
# judged: it is **true** if nothing in it is wrong.

# %%
model, vocabulary = trained_captioner()
data = draw_scenes("test", 300, model.settings.image_size, progress=False)
images = to_float(data.images)


def texts(captions):
    return [vocabulary.decode(caption.words) for caption in captions]


def share_true(said):
    claims = [parse(words) for words in said]
    return np.mean([c is not None and is_true(c, scene)
                    for c, scene in zip(claims, data.scenes, strict=True)])


by_greedy = greedy(model, images)
print(f"greedy       true {share_true(texts(by_greedy)):.2f}   e.g.",
      " ".join(texts(by_greedy)[0]))
temperatures, truth = (0.25, 0.5, 1.0, 1.5, 2.0), {}
for tau in temperatures:
    said = texts(sample(model, images, np.random.default_rng(12), tau))
    truth[tau] = share_true(said)
    print(f"sampled {tau:4.2f} true {truth[tau]:.2f}   e.g.", " ".join(said[0]))
assert share_true(texts(by_greedy)) > truth[1.0] > truth[2.0]

# %% [markdown]
# Even at temperature 1, its own distribution, the model is less often right than greedy. Rare
# mistakes have small probabilities each, but there are many words, and the dice are rolled at
# every step. After one wrong word it reads a beginning that it never saw in training. Sampling is
# for variety (stories, data), not for describing an image.
#
# ## 3. Beam search as a tree
#
# Now beam search itself, in the open. A **beginning** is its words, its log p, and the state of
# the decoder after them. Of the test scenes where beam search repairs a caption that greedy gets
# wrong, we take the one with the shortest captions, so that the tree stays small.

# %%
K, MOST_WORDS, POWER = 3, 20, 0.6
by_beam = beam_search(model, images, K, MOST_WORDS, POWER)
pairs = list(zip(texts(by_greedy), texts(by_beam), data.scenes, strict=True))


def is_right(words, scene):
    claims = parse(words)
    return claims is not None and is_true(claims, scene)


repaired = [n for n, (g, b, scene) in enumerate(pairs)
            if is_right(b, scene) and not is_right(g, scene)]
shown = min(repaired, key=lambda n: len(pairs[n][0]) + len(pairs[n][1]))


def grow(image):
    """Beam search; also all beginnings of each step, the K best and two that were dropped."""
    memory, state = model.start(image)
    alive = [{"words": [START], "log_p": 0.0, "state": state, "parent": None}]
    finished, columns = [], []
    while alive and len(columns) < MOST_WORDS:
        candidates = []
        for beginning in alive:
            last = np.array(beginning["words"][-1:])
            logits, _, state = model.step(last, memory, beginning["state"])
            log_p = word_log_probabilities(logits, [PAD, START])[0]
            for word in np.argsort(-log_p)[: K + 2].tolist():
                candidates.append({
                    "words": [*beginning["words"], word],
                    "log_p": beginning["log_p"] + log_p[word],
                    "state": state, "parent": beginning,
                })
        candidates.sort(key=lambda candidate: -candidate["log_p"])
        kept = candidates[: K - len(finished)]  # a finished caption keeps its place
        columns.append((kept, candidates[len(kept) : len(kept) + 2]))
        finished += [beginning for beginning in kept if beginning["words"][-1] == STOP]
        alive = [beginning for beginning in kept if beginning["words"][-1] != STOP]
    for caption in finished:
        caption["score"] = caption["log_p"] / ((5 + len(caption["words"]) - 1) / 6) ** POWER
    return max(finished, key=lambda caption: caption["score"]), finished, columns


best, finished, columns = grow(images[[shown]])
for caption in sorted(finished, key=lambda caption: -caption["score"]):
    print(f"log p {caption['log_p']:.2f}  score {caption['score']:.2f} ",
          " ".join(vocabulary.decode(caption["words"])))
assert best["words"][1:-1] == by_beam[shown].words
assert np.isclose(best["log_p"], by_beam[shown].log_probability, atol=1e-3)

# %%
winners = []
beginning = best
while beginning:
    winners.append(id(beginning))
    beginning = beginning["parent"]


def draw_tree(axes):
    places = {}
    for x, (kept, dropped) in enumerate(columns, start=1):
        for y, node in enumerate(kept + dropped):
            height = -y - 0.5 * (y >= len(kept))
            places[id(node)] = x, height
            wins, is_kept = id(node) in winners, y < len(kept)
            colour = BLUE if wins else BLACK if is_kept else "0.55"
            from_x, from_y = places.get(id(node["parent"]), (0, -1))
            axes.plot([from_x + 0.38, x - 0.38], [from_y, height], color=colour,
                      lw=3.5 if wins else 1.3, ls="-" if is_kept else ":")
            word = "<stop>" if node["words"][-1] == STOP else vocabulary.decode(
                node["words"][-1:])[0]
            axes.text(x, height, f"{word}\n{node['log_p']:.2f}", ha="center", va="center",
                      size=12.5, color=colour, weight="bold" if wins else "normal")
            if "score" in node:
                axes.text(x, height - 0.42, f"score {node['score']:.2f}", ha="center", size=11.5,
                          va="center", color=colour, style="italic")
    axes.text(0, -1, "<start>", ha="center", va="center", size=12.5)
    axes.set(xlim=(-0.5, len(columns) + 0.6), ylim=(-K - 2, 0.5))
    axes.set_axis_off()


figure, (left, axes) = plt.subplots(
    1, 2, figsize=(1.3 * len(columns) + 4.3, 5.5),
    width_ratios=[3, 1.3 * len(columns) + 1.3],
)
left.imshow(data.images[shown])
left.set_axis_off()
draw_tree(axes)
figure.suptitle("Beam search of three: under each word the log p up to here; "
                "thick: the winner; grey, dotted: dropped")
show(figure, "12_the_tree")
print("greedy:   ", " ".join(pairs[shown][0]))
print("beam:     ", " ".join(pairs[shown][1]))
print("reference:", " ".join(data.captions[shown][0]))

# %% [markdown]
# Follow the thick line. Somewhere the winner was not the first of its column: there greedy went
# another way, and could not come back. A caption that has reached `<stop>` grows no more, but
# keeps its place; so the columns after it are shorter. In the end the scores are compared. (The
# tree repeats satt's `beam_search` for one image; the `assert` above holds it to the same words
# and the same log p.)
#
# How much does it help on the whole?

# %%
print("            mean log p   true   BLEU-4")
results = {}
for name, captions in (("greedy", by_greedy), ("beam of 3", by_beam),
                       ("beam of 10", beam_search(model, images, 10))):
    said = texts(captions)
    results[name] = np.mean([caption.log_probability for caption in captions])
    print(f"{name:12} {results[name]:9.2f} {share_true(said):6.2f} "
          f"{corpus_bleu(said, data.captions).bleu[3]:8.3f}")
assert results["beam of 3"] > results["greedy"]

# %% [markdown]
# A little. The captions are likelier; whether they are *better* depends on the model, not on the
# search. What does "better" mean, and what is that BLEU?
#
# ## 4. BLEU by hand
#
# BLEU (Papineni et al. 2002) compares a **candidate** with several **references**, captions that
# people wrote. An **n-gram** is n words in a row. p_n is the share of the candidate's n-grams that
# occur in a reference. A candidate could repeat one good word, so an n-gram counts at most as
# often as it occurs in a single reference: its count is **clipped**.

# %%
candidate = "a red cat on the grass".split()
references = ["a red cat is sitting on the grass".split(),
              "there is a red cat on a lawn".split()]


def ngrams(words, n):
    return Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1))


precisions = []
for n in (1, 2, 3, 4):
    counts, matched = ngrams(candidate, n), 0
    for gram, count in counts.items():
        clip = max(ngrams(reference, n)[gram] for reference in references)
        matched += min(count, clip)
        print(f"n = {n}   {' '.join(gram):20} in candidate {count}, in a reference {clip}")
    precisions.append(matched / counts.total())
    print(f"        p_{n} = {matched}/{counts.total()}")
assert precisions == [6 / 6, 5 / 5, 3 / 4, 1 / 3]

# %% [markdown]
# BLEU-4 is the **geometric mean** of the four: (p_1 p_2 p_3 p_4)^¼. Nothing in it asks whether
# something was left out; so there is a **brevity penalty** for candidates that are shorter than
# the reference closest in length. With c words in the candidate and r in that reference:
#
#     BP = 1 if c > r, else exp(1 - r / c)
#
# The paper (Xu et al. 2015) reports BLEU *without* it; most others with it. Never compare the two.

# %%
c, r = len(candidate), min((len(reference) for reference in references),
                           key=lambda length: abs(length - len(candidate)))
without = math.prod(precisions) ** (1 / 4)
penalty = 1 if c > r else math.exp(1 - r / c)
print(f"without brevity penalty: ({' · '.join(f'{p:.3f}' for p in precisions)})^¼ = {without:.3f}")
print(f"c = {c}, r = {r}: BP = exp(1 - {r}/{c}) = {penalty:.3f}")
print(f"with brevity penalty:    {penalty:.3f} · {without:.3f} = {penalty * without:.3f}")
satt = corpus_bleu([candidate], [references])
assert np.isclose(satt.bleu_without_brevity[3], without)
assert np.isclose(satt.bleu[3], penalty * without)

the_the = corpus_bleu([["a"] * 6], [references])
print(f'"a a a a a a": BLEU-1 {the_the.bleu_without_brevity[0]:.3f} with clipping, 1 without')
assert np.isclose(the_the.bleu_without_brevity[0], 2 / 6)  # two "a" in the second reference

# %% [markdown]
# For many images, all counts are added *before* anything is divided (**corpus BLEU**). It is not
# the mean of the captions' own BLEUs: a caption without a single common 4-gram would have 0.
#
# ## 5. How to fool it
#
# Four cheats, made from the captioner's own captions:
#
# * **cut**: only the first four words are said;
# * **salad**: the words of each caption, shuffled;
# * **one for all**: the same caption for every image;
# * **wrong colour**: each colour is replaced by another, all else is kept.

# %%
random = np.random.default_rng(12)
honest = texts(by_beam)
other = dict(zip(COLOURS, [*list(COLOURS)[1:], next(iter(COLOURS))], strict=True))
said_by = {
    "honest": honest,
    "cut": [words[:4] for words in honest],
    "salad": [random.permutation(words).tolist() for words in honest],
    "one for all": ["a person in red is standing on the grass".split()] * len(honest),
    "wrong colour": [[other.get(word, word) for word in words] for words in honest],
}
measures = {}
for name, said in said_by.items():
    scores = corpus_bleu(said, data.captions)
    measures[name] = (scores.bleu_without_brevity[0], scores.bleu_without_brevity[3],
                      scores.bleu[3], share_true(said))
    print(f"{name:12}  B-1 {measures[name][0]:.2f}   B-4 without {measures[name][1]:.2f}   "
          f"B-4 with {measures[name][2]:.2f}   true {measures[name][3]:.2f}   ",
          " ".join(said[0]))

figure, axes = plt.subplots(figsize=(11, 5))
labels = ("BLEU-1, no brevity penalty", "BLEU-4, no brevity penalty", "BLEU-4 with it", "true")
for n, label in enumerate(labels):
    values = [row[n] for row in measures.values()]
    bars = axes.bar(np.arange(5) + 0.2 * (n - 1.5), values, 0.2, label=label, edgecolor="white",
                    color=(ORANGE, GREEN, BLUE, BLACK)[n], hatch=("//", "..", "xx", "")[n])
    axes.bar_label(bars, fmt="%.2f", size=11)
axes.set(xticks=range(5), ylim=(0, 1.12), title="Each cheat fools one measure; see which")
axes.set_xticklabels(measures, size=13)
axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.1), ncols=4)
show(figure, "12_fooling_bleu")

b1, b4_without, b4, truth_of = np.transpose(list(measures.values()))
HONEST, CUT, SALAD, ONE, COLOUR = range(5)
assert b4_without[CUT] > 0.9 * b4_without[HONEST] and b4[CUT] < b4_without[CUT] / 2
assert np.isclose(b1[SALAD], b1[HONEST]) and b4[SALAD] < 0.3
assert b1[ONE] > 0.4 and truth_of[ONE] < 0.1
assert b1[COLOUR] > 0.6 and truth_of[COLOUR] < 0.3 * truth_of[HONEST]

# %% [markdown]
# * Cut: four safe words. Without the brevity penalty it looks as good as the honest captions.
# * Salad: BLEU-1 does not see the order of words at all. BLEU-4 does.
# * One for all: half of BLEU-1 for a model that never opened its eyes. So a BLEU means little
#   without the BLEU of a blind captioner beside it.
# * Wrong colour: one wrong word of eight makes a caption false, and BLEU-1 falls by an eighth
#   only.
#
# BLEU counts phrases. Whether the caption is *true* it cannot know. For photographs nobody can say
# it automatically; in a drawn world the parser can.
#
# ## 6. Why not train for it?
#
# If BLEU is what counts, why not go downhill on -BLEU? Because it has no slope. Words are chosen
# by the largest logit: move the logits a little, and the same words come out, with the same BLEU.
# Four captions, a logit for each, and the BLEU-2 that each gets with the references from above:

# %%
sayings = ["a red cat on the grass", "a cat is sitting", "a red dog on a lawn", "a boat"]
scores = np.array([corpus_bleu([text.split()], [references]).bleu[1] for text in sayings])


def said_forward(logits):
    choice = np.eye(len(logits), dtype=logits.dtype)[logits.real.argmax()]
    return choice @ scores, None


def said_backward(dscore, cache):
    return np.zeros(len(sayings))


logits = np.array([0.5, 1.0, 0.0, 0.2])
report = check(said_forward, said_backward, {"logits": logits})
print(report)
assert report.gradients["logits"].is_vacuous  # zero by both ways (lesson 1)

# %% [markdown]
# What *has* a slope is the score on average, when the caption is drawn by lot (section 2):
#
#     p = softmax(logits)                    mean = sum_k p_k score_k
#     dmean / dp_k = score_k, and with the softmax's backward
#
#     dmean / dlogit_k = p_k (score_k - sum_j p_j score_j) = p_k (score_k - mean)
#
# What scores better than the mean goes up, the rest goes down. It is the formula by which
# attention was learned in lesson 8.


# %%
def mean_forward(logits):
    p, _ = softmax_forward(logits)
    return p @ scores, (p,)


def mean_backward(dmean, cache):
    (p,) = cache
    return dmean * p * (scores - p @ scores)


report = check(mean_forward, mean_backward, {"logits": logits})
print(report)
assert report.ok
mean, (p,) = mean_forward(logits)
slope = mean_backward(1.0, (p,))

figure, panels = plt.subplots(1, 3, figsize=(13, 3.4), sharey=True)
for panel, values, title, colour in zip(
    panels, (p, scores, slope), ("p: how often it is said", "its BLEU-2", "slope of the mean"),
    (BLUE, GREEN, ORANGE), strict=True,
):
    bars = panel.barh(sayings, values, color=colour)
    panel.bar_label(bars, fmt="%.2f", padding=3, bbox={"fc": "white", "ec": "none", "pad": 1})
    panel.axvline(0, color=BLACK, lw=1)
    panel.margins(x=0.25)
    panel.set(title=title)
panels[1].axvline(mean, color=RED, ls="--", label=f"mean {mean:.2f}")
panels[1].legend(loc="lower right")
panels[0].invert_yaxis()
show(figure, "12_better_than_the_mean")
assert np.array_equal(slope > 0, scores > mean)

# %% [markdown]
# A captioner has more captions than anyone can add up. So draw a few. A drawn caption k gives
# (score_k - b) times the gradient of log p_k, and on average that *is* the slope, whatever number
# b is. A b near the mean only makes it less noisy.

# %%
for b in (0.0, 0.3, mean):
    each = (scores - b)[:, None] * (np.eye(len(p)) - p)  # d log p_k / dlogits = (1 if k) - p
    noise = np.sqrt(p @ (each**2).sum(axis=1))
    print(f"b = {b:.2f}: slope {(p @ each).round(3)}, size of one draw's {noise:.3f}")
    assert np.allclose(p @ each, slope)

# %% [markdown]
# This is REINFORCE (Williams 1992). With the score of the greedy caption as b it has trained many
# captioners after the paper (Rennie et al. 2017); with a location in the place of a caption it is
# how hard attention learns (the paper's section 4.1). But remember section 5: a captioner that is
# trained for a score learns to fool it. Rewarded for BLEU without the stop word, ours broke off at
# "a girl in a red", where every word is right. So `satt/training/self_critical.py` counts the stop
# word as a word, and takes for b the mean score of the other captions drawn for the image (Luo
# 2020). In its last epochs the captioner of lesson 14 has learned this way.
#
# ## 7. Where it looked
#
# The last question is not about words: was the attention on what the word names? For each thing of
# a scene its mask is known. Averaged over each location it gives a **share**: how much of the
# location the thing fills. Tiny: an image of 4x4 pixels, a grid of 2x2.

# %%
mask = np.array([[0, 0, 1, 1], [0, 0, 1, 1], [0, 0, 1, 0], [0, 0, 0, 0]], bool)
shares = mask.reshape(2, 2, 2, 2).mean(axis=(1, 3)).ravel()  # rows of blocks, columns of blocks
attention = np.array([0.1, 0.6, 0.1, 0.2])
mass = (attention * shares).sum() / shares.max()
points = shares[attention.argmax()] >= 0.25
print("shares", shares, " attention", attention, f" mass {mass:.2f}  points at it: {points}")
assert np.array_equal(shares, location_shares(mask, (2, 2))) and shares.tolist() == [0, 1, 0, 0.25]
assert np.isclose(mass, 0.65) and mass == mass_on(attention, shares)
assert points and points_at(attention, shares)

# %% [markdown]
# **Pointing**: the location with the most attention is covered to at least a quarter. **Mass**:
# the share of the attention that lies on the thing. Now the captioner, at each noun of its greedy
# captions. Beside it two others that say *the very same words*: one looks evenly at everything,
# one has its own attention, with the locations shuffled.

# %%
grid_shape, L = model.settings.grid_shape, math.prod(model.settings.grid_shape)
looks = {"trained": [], "shuffled": [], "even": []}
for words, caption, scene in zip(texts(by_greedy), by_greedy, data.scenes, strict=True):
    claims = parse(words)
    if claims is None:
        continue
    _, thing_masks, _ = draw_scene(scene, model.settings.image_size)
    for position, things in named_things(claims, scene).items():
        shares = location_shares(thing_masks[things].any(axis=0), grid_shape)
        look = caption.attention[position]
        for name, row in (("trained", look), ("shuffled", random.permutation(look)),
                          ("even", np.full(L, 1 / L))):
            looks[name].append((points_at(row, shares), mass_on(row, shares)))
means = {name: np.mean(values, axis=0) for name, values in looks.items()}
for name, (pointing, mass) in means.items():
    print(f"{name:9} pointing {pointing:.2f}   mass {mass:.2f}")

figure, axes = plt.subplots(figsize=(8, 4.5))
for n, (label, hatch) in enumerate((("pointing", ""), ("mass on the thing", "//"))):
    values = [row[n] for row in means.values()]
    bars = axes.bar(np.arange(3) + 0.36 * (n - 0.5), values, 0.36, label=label, hatch=hatch,
                    color=(BLUE, ORANGE)[n], edgecolor="white")
    axes.bar_label(bars, fmt="%.2f", size=12)
axes.set(xticks=range(3), ylim=(0, 1.1), title="The same words, and so the same BLEU")
axes.set_xticklabels(means, size=13)
axes.legend()
show(figure, "12_where_it_looked")
assert means["trained"][0] > 0.6 and means["trained"][1] > 2 * means["shuffled"][1]

# %% [markdown]
# (Even attention has no peak; `argmax` then takes the first location, a corner of the sky.)
#
# ## What to remember
#
# * Greedy, sampling, beam: the same model, other captions. Beam search looks for likely captions,
#   and with K = 1 it is greedy.
# * Always measure captions that the model says by itself. (Lesson 13: what if you do not.)
# * Say which BLEU: with or without brevity penalty, BLEU-1 or BLEU-4, over the corpus.
# * BLEU does not see truth, and not where the model looked. Measure these, too, where you can.
#
# ## Exercises
#
# **1.** Change `AFTER` so that a beam of two misses the likeliest caption, and a beam of three
# finds it.
#
# **2.** Two images. Candidate 1 has all n-grams right. Candidate 2, of the same length, has the
# words right but not one pair of neighbours. Compute corpus BLEU-4 and the mean of the two
# captions' own BLEU-4. Why is the corpus figure larger?
#
# **3.** You may say one caption for all 300 images, whichever you like. Take the references
# themselves as candidates (the first of each image) and find the one with the highest BLEU-4. Is
# it a long or a short one? How often is it true?
#
# Solutions: `solutions/12_decoding_and_measuring.py`.
#
# ## Where to read on
#
# * Xu et al. (2015), section 5.2 and 5.3: their evaluation and table 1 (BLEU without brevity
#   penalty).
# * Papineni et al. (2002), *BLEU: a Method for Automatic Evaluation of Machine Translation*.
# * Wu et al. (2016), *Google's Neural Machine Translation System*, equation 14: the length
#   penalty.
# * Rennie et al. (2017), *Self-critical Sequence Training for Image Captioning*, section 3.
# * `satt/decoding/beam_search.py`, `satt/metrics/bleu.py`, `satt/metrics/looking.py`.
