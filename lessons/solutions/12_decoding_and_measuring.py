# %% [markdown]
# # Solutions of lesson 12
#
# ## Exercise 1: a beam of two that misses
#
# A third first word, "one", that is less likely than the other two. After "a" and "the" the
# probability is split; after "one" it is not. At the first step a beam of two drops "one".

# %%
import math

import numpy as np

from satt.data.scenes.dataset import draw_scenes
from satt.data.scenes.parser import is_true, parse
from satt.data.vocabulary import START, STOP
from satt.decoding.beam_search import beam_search
from satt.metrics.bleu import corpus_bleu

A, THE, ONE, CAT, DOG, BIRD = range(3, 9)
NAMES = ["<pad>", "<start>", "<stop>", "a", "the", "one", "cat", "dog", "bird"]
AFTER = {
    START: {A: 0.4, THE: 0.35, ONE: 0.25},
    A: {CAT: 0.35, DOG: 0.35, BIRD: 0.3},
    THE: {CAT: 0.5, DOG: 0.5},
    ONE: {BIRD: 1.0},
}


class TableModel:
    def start(self, inputs):
        return (np.zeros((len(inputs), 1)),), (np.zeros((len(inputs), 1)),)

    def step(self, words, memory, state):
        table = np.zeros((len(words), len(NAMES)))
        for row, word in zip(table, words.tolist(), strict=True):
            for following, probability in AFTER.get(word, {STOP: 1.0}).items():
                row[following] = probability
        return np.log(np.maximum(table, 1e-30)), np.ones((len(words), 1)), state


likeliest = max(
    ((first, second) for first in AFTER[START] for second in AFTER[first]),
    key=lambda caption: AFTER[START][caption[0]] * AFTER[caption[0]][caption[1]],
)
for K in (2, 3):
    (found,) = beam_search(TableModel(), np.zeros((1, 1)), beam_size=K)
    print(f"beam of {K}: {' '.join(NAMES[word] for word in found.words)}, "
          f"p = {np.exp(found.log_probability):.3f}")
    assert (tuple(found.words) == likeliest) == (K == 3)

# %% [markdown]
# With K + 1 good-looking first words any beam of K can be fooled so.
#
# ## Exercise 2: corpus BLEU and the mean

# %%
reference = "a red cat is sitting on the grass".split()
salad = "grass sitting the is on cat red a".split()  # no pair of neighbours is right
references = [[reference], [reference]]
of_corpus = corpus_bleu([reference, salad], references).bleu[3]
own = [corpus_bleu([words], [[reference]]).bleu[3] for words in (reference, salad)]
print(f"own BLEU-4: {own}, mean {np.mean(own):.3f}; of the corpus {of_corpus:.3f}")
precisions = 16 / 16, 7 / 14, 6 / 12, 5 / 10
assert np.isclose(of_corpus, math.prod(precisions) ** 0.25)
assert own == [1, 0] and of_corpus > np.mean(own)

# %% [markdown]
# For one caption alone, a single p_n = 0 makes the product 0, whatever else is right. In the
# corpus the counts are added first: the salad only lowers p_2, p_3 and p_4 to a half, and its
# right words count in p_1.
#
# ## Exercise 3: the best caption for all images

# %%
data = draw_scenes("test", 300, progress=False)
candidates = sorted({tuple(captions[0]) for captions in data.captions})
scores = [corpus_bleu([list(words)] * 300, data.captions).bleu[3] for words in candidates]
best = candidates[int(np.argmax(scores))]
lengths = np.array([len(words) for words in candidates])
true = np.mean([is_true(parse(best), scene) for scene in data.scenes])
print(f"of {len(candidates)} candidates, BLEU-4 {max(scores):.3f}: {' '.join(best)}")
print(f"{len(best)} words (the mean is {lengths.mean():.1f}); true of {true:.1%} of the images")
assert max(scores) > 0.1
assert abs(len(best) - lengths.mean()) < 3
assert true < 0.1

# %% [markdown]
# Neither short nor long. A short one is punished by the brevity penalty, a long one brings n-grams
# that are in no reference. The winner is made of the phrases that are said most often. It is true
# of one image in twenty: that figure is what a captioner with its eyes shut can reach, and every
# BLEU should be read beside it.
