# %% [markdown]
# # Lesson 7: one step by hand
#
# **What you will see.** The lecture's slide, number by number. A picture becomes a grid of nine
# vectors. The state of the decoder scores them, a softmax turns the scores into attention, the
# attention makes one context vector, an LSTM reads it, and a word comes out. Four times, until it
# has said "cat sitting outside" and `<stop>`. Then the same way back: the gradient of every
# number.
#
# **What you need.** Lessons 2 (forward and backward), 4 (the grid) and 5 (the LSTM).
#
# **How long.** 40 minutes to read, some 5 seconds to run.
#
# The vectors here have two or three numbers and every parameter has one decimal, so that you can
# follow each line with a pocket calculator.

# %%
from showing import show  # before NumPy, see there

# isort: split
import matplotlib.pyplot as plt
import numpy as np
from slide import WORDS, draw_caption, draw_step, number
from trained import trained_captioner

from gradcheck import check
from satt.data.batches import to_float
from satt.data.scenes.dataset import draw_scenes
from satt.data.scenes.drawing import draw_scene
from satt.data.scenes.world import Scene, Thing
from satt.layers.alignment import alignment_backward, alignment_forward
from satt.layers.deep_output import deep_output_backward, deep_output_forward
from satt.layers.embedding import embedding_backward, embedding_forward
from satt.layers.initial_state import initial_state_backward, initial_state_forward
from satt.layers.linear import linear_backward, linear_forward
from satt.layers.lstm_step import lstm_step_backward, lstm_step_forward
from satt.layers.sequence_cross_entropy import (
    sequence_cross_entropy_backward,
    sequence_cross_entropy_forward,
)
from satt.layers.softmax import softmax_backward, softmax_forward
from satt.layers.weighted_sum import weighted_sum_backward, weighted_sum_forward
from satt.models.captioner import Captioner, CaptionerSettings

np.set_printoptions(precision=2, suppress=True, floatmode="fixed", linewidth=100)


def tell(name, values):
    """Print a name and its numbers, the rows of a matrix below each other."""
    if isinstance(values, np.ndarray):
        values = values.round(np.get_printoptions()["precision"]) + 0.0  # no -0.00
    print(f"{name:<24}", str(values).replace("\n", "\n" + " " * 25))


# %% [markdown]
# ## The picture and its grid
#
# A conv net would turn the picture into a grid of vectors (lesson 4). Here we make the vectors
# ourselves, so that we know what they mean: the picture is cut into 3x3 parts, and h_{i,j} says
# how much of the part in row i and column j is **cat, grass, sky**. These are shares, so the three
# numbers of a location add up to 1. (Rows and columns are counted from 1, as on the lecture's
# slide. In code all nine stand in one row, counted from 0: the middle, h_{2,2}, is `grid[0, 4]`.)

# %%
cat = Thing("cat", "black", "sitting", x=0.52, y=0.575, scale=1.75)
scene = Scene("grass", (cat,), horizon=0.46, look=7)
image, (cat_mask,), grass_mask = draw_scene(scene, 96)
masks = np.stack([cat_mask, grass_mask, ~(cat_mask | grass_mask)], axis=-1)
shares = masks.reshape(3, 32, 3, 32, 3).mean(axis=(1, 3))
grid = shares.round(1).reshape(1, 9, 3)  # (N, L, D): 1 image, 9 locations, depth 3
print("h_{i,j} = [cat, grass, sky]")
for i, row in enumerate(grid[0].reshape(3, 3, 3), start=1):
    print("   ".join(f"h_{i},{j} {vector}" for j, vector in enumerate(row, start=1)))
assert np.allclose(grid.sum(axis=2), 1)

# %% [markdown]
# ## The words and the parameters
#
# Five words. All widths are 2: the alignment (A), the state (H) and the embedding (E).
#
# The parameters have been learned beforehand, on this picture, on one without the cat and on one
# with nothing but the cat, and then rounded to one decimal. In that training the attention was
# also told where to look. (Lesson 8 shows one that has learned it from captions alone.)
#
# You need not read the table; it is here so that you can check any line below. Left out, for fewer
# numbers: the gate beta on the context (lesson 10).

# %%
print(WORDS)
START, STOP = 0, 4
p = {
    "alignment.W_grid": [[2.6, 0.0], [-1.7, -1.6], [2.1, 2.7]],
    "initial_state.W_state": [[3.6, -0.5], [-1.8, -0.3], [0.1, -0.6]],
    "initial_state.b_state": [1.2, -1.8],
    "initial_state.W_cell": [[0.0, -0.2], [-0.9, 0.0], [-0.9, -0.1]],
    "initial_state.b_cell": [-0.2, -0.5],
    "alignment.W_state": [[-1.7, -0.6], [-0.5, 1.8]],
    "alignment.b": [-0.8, 1.2],
    "alignment.v": [4.2, -2.9],
    "embedding.W": [[-0.1, 0.0], [-0.4, 0.0], [0.1, 0.0], [0.1, -0.1], [0.0, 0.0]],
    "lstm.W_x": [
        [-0.3, -0.3, 0.6, 0.8, -0.5, -0.2, -0.5, 0.2],
        [0.0, 0.0, 0.0, -0.1, 0.0, 0.0, 0.1, 0.1],
        [0.7, 1.1, 0.1, -0.1, 1.0, 1.4, 0.3, -0.1],
        [0.4, 0.5, -0.4, -0.9, 0.6, 0.5, -2.1, 1.3],
        [1.0, 0.5, -1.1, 0.5, 1.0, 0.5, -2.1, 1.7],
    ],
    "lstm.W_state": [
        [0.0, -0.4, 2.2, 2.0, 0.6, -0.4, -1.8, -1.6],
        [-0.5, -0.6, -1.5, 1.7, -1.0, -0.3, -0.1, 1.9],
    ],
    "lstm.b": [2.2, 2.4, -1.1, 0.3, 2.5, 3.1, 0.9, 1.6],
    "deep_output.W_state": [[-2.5, -3.7], [2.9, -1.1]],
    "deep_output.W_context": [[-0.5, -0.1], [-0.3, 0.0], [0.1, 0.1]],
    "deep_output.b": [-0.6, 0.0],
    "vocabulary.W": [[-0.1, -1.2, -1.2, 1.2, 1.3], [0.0, 1.2, -1.2, 1.2, -1.3]],
    "vocabulary.b": [-0.8, 0.2, 0.2, 0.1, 0.2],
}
p = {name: np.array(value) for name, value in p.items()}

# %% [markdown]
# ## Before the first word: keys and s_0
#
# Two things are done once for a picture.
#
# * f_att will compare the state with every location. For that the grid is projected to the
#   alignment's width: `keys = grid W_grid`. The keys are the same for all words.
# * The state and the memory of the LSTM start from the grid's mean, each through a layer of its
#   own: s_0 = tanh(mean W_state + b_state), and the memory likewise with W_cell and b_cell. So
#   the decoder has seen the whole picture, out of focus, before it says anything.

# %%
keys, keys_cache = linear_forward(grid, p["alignment.W_grid"])
start_names = [f"initial_state.{name}" for name in ("W_state", "b_state", "W_cell", "b_cell")]
(state_0, cell_0), start_cache = initial_state_forward(grid, *(p[name] for name in start_names))
tell("keys", keys[0])
tell("mean of the grid", grid[0].mean(axis=0))
tell("s_0", state_0[0])
tell("memory", cell_0[0])

# %% [markdown]
# ## Step 1: nine scores
#
# f_att gives each location one number: how well does it answer what the state asks? The state's
# question is the same for all nine, so it is computed once; call it the **query**.
#
#     query     = s_0 W_state + b
#     e_{1,i,j} = v . tanh(key_{i,j} + query)

# %%
alignment_names = [f"alignment.{name}" for name in ("W_state", "b", "v")]
scores, alignment_cache = alignment_forward(keys, state_0, *(p[name] for name in alignment_names))
query = state_0[0] @ p["alignment.W_state"] + p["alignment.b"]
tell("query", query)
tell("e_1", scores.reshape(3, 3))

# One of them without any help: the location in the middle.
joint = np.tanh(keys[0, 4] + query)
tell("key_2,2 + query", keys[0, 4] + query)
tell("tanh of it", joint)
v = p["alignment.v"]
print(f"e_1,2,2 = {v[0]} * {joint[0]:.3f} + {v[1]} * {joint[1]:.3f} = {v @ joint:.2f}")
assert np.isclose(v @ joint, scores[0, 4])
# Equal vectors get equal scores: f_att sees what is at a location, not where the location is.
assert np.isclose(scores[0, 0], scores[0, 2])

# %% [markdown]
# ## Softmax: the scores become attention
#
# a_{1,i,j} = exp(e_{1,i,j}) / sum of all nine exp(e). Now they are positive and add up to 1.

# %%
attention, softmax_cache = softmax_forward(scores)
exponentials = np.exp(scores)
tell("exp(e_1)", exponentials.reshape(3, 3))
tell("their sum", f"{exponentials.sum():.2f}")
tell("a_1", attention.reshape(3, 3))
assert np.isclose(attention.sum(), 1)
assert np.allclose(attention, exponentials / exponentials.sum())
assert attention.argmax() == 4  # for the first word it looks at the middle, where the cat is

# %% [markdown]
# ## The context: what was seen
#
# c_1 = sum_ij a_{1,i,j} h_{i,j}: the nine vectors, mixed in the proportions of the attention. It
# has the same three entries as every location. For its first entry, cat, only four locations
# count, those with any cat in them. Compare c_1 with the mean of the grid above.

# %%
context, context_cache = weighted_sum_forward(attention, grid)
tell("c_1", context[0])
terms = [f"{a:.2f} * {h[0]}" for a, h in zip(attention[0], grid[0], strict=True) if h[0] > 0]
print("   cat:", " + ".join(terms), f"= {context[0, 0]:.2f}")
assert np.allclose(context[0], sum(attention[0, k] * grid[0, k] for k in range(9)))
assert context[0, 0] > 2 * grid[0, :, 0].mean()  # far more cat than in the whole picture

# %% [markdown]
# ## The LSTM: s_0 becomes s_1
#
# Its input x is the embedding of the last word y_0, which is `<start>`, and the context, side by
# side: 2 + 3 numbers. E y_0 is the lecture's way to write "the row of the embedding that belongs
# to y_0". One product with W_x and one with W_state give eight sums, two for each gate.

# %%
embedded, embedding_cache = embedding_forward(np.array([START]), p["embedding.W"])
x = np.concatenate([embedded, context], axis=1)
lstm_names = [f"lstm.{name}" for name in ("W_x", "W_state", "b")]
(state_1, cell_1), lstm_cache = lstm_step_forward(x, state_0, cell_0, *(p[n] for n in lstm_names))
tell("x = [E y_0; c_1]", x[0])

# The gates, as in lesson 5: sigma of the sums for i, f, o, and tanh for g.
sums = (x @ p["lstm.W_x"] + state_0 @ p["lstm.W_state"] + p["lstm.b"])[0].reshape(4, 2)
i, f, o, g = *(1 / (1 + np.exp(-sums[:3]))), np.tanh(sums[3])
tell("the sums (i, f, o, g)", sums)
for name, gate in zip("ifog", (i, f, o, g), strict=True):
    tell(f"gate {name}", gate)
tell("memory = f memory + i g", cell_1[0])
tell("s_1 = o tanh(memory)", state_1[0])
assert np.allclose(cell_1, f * cell_0 + i * g) and np.allclose(state_1, o * np.tanh(cell_1))

# %% [markdown]
# ## The word
#
# Three voices choose it: the last word, the new state and the context. They are added up, with a
# tanh around the sum (the paper's "deep output"). Then a linear map gives every word of the
# vocabulary a number, its logit, and another softmax makes probabilities of the logits.
#
#     hidden = tanh(E y_0 + s_1 W_state + c_1 W_context + b)
#     logits = hidden W_vocabulary + b_vocabulary              p = softmax(logits)
#
# (These W_state and b are the deep output's own; f_att's have the same names.)

# %%
output_names = [f"deep_output.{name}" for name in ("W_state", "W_context", "b")]
vocabulary_names = ["vocabulary.W", "vocabulary.b"]
hidden, hidden_cache = deep_output_forward(
    embedded, state_1, context, *(p[name] for name in output_names)
)
logits, logits_cache = linear_forward(hidden, *(p[name] for name in vocabulary_names))
probability, _ = softmax_forward(logits)
tell("from the word", embedded[0])
tell("from the state", state_1[0] @ p["deep_output.W_state"])
tell("from the context", context[0] @ p["deep_output.W_context"])
tell("b", p["deep_output.b"])
tell("hidden", hidden[0])
for word, logit, share in zip(WORDS, logits[0], probability[0], strict=True):
    print(f"   {word:<8} logit {logit:5.2f}   probability {share:.2f}")
print("y_1 =", WORDS[probability.argmax()])
assert WORDS[probability.argmax()] == "cat"

# %% [markdown]
# ## The slide
#
# `slide.py` puts the numbers into boxes. What is drawn are the very numbers from above.

# %%
step_1 = {
    "grid": grid[0], "scores": scores[0], "attention": attention[0], "context": context[0],
    "state before": state_0[0], "cell before": cell_0[0], "embedded": embedded[0],
    "gates": np.stack([i, f, o, g]), "state": state_1[0], "cell": cell_1[0], "hidden": hidden[0],
    "words": probability[0],
}
figure = draw_step(1, step_1, image, 'Step 1: it looks at the cat and says "cat"')
show(figure, "07_step_1")

# %% [markdown]
# ## The same lines as a function, until `<stop>`
#
# Nothing new here: the calls from above, one below the other. The likeliest word is said, and it
# is also what the next step reads. After "cat" has been said the state is s_1, and s_1 asks
# something else than s_0 did. That is why the attention moves. (`numbers` only keeps what the
# slides show; `cache` is what the backward will need.)

# %%
def step_forward(grid, keys, state, cell, word, p):
    """One step: from s_{t-1} and y_{t-1} to the logits of y_t and to s_t."""
    scores, alignment = alignment_forward(keys, state, *(p[n] for n in alignment_names))
    attention, softmax = softmax_forward(scores)
    context, weighted_sum = weighted_sum_forward(attention, grid)
    embedded, embedding = embedding_forward(word, p["embedding.W"])
    x = np.concatenate([embedded, context], axis=1)
    (new_state, new_cell), lstm = lstm_step_forward(x, state, cell, *(p[n] for n in lstm_names))
    hidden, deep_output = deep_output_forward(
        embedded, new_state, context, *(p[n] for n in output_names)
    )
    logits, vocabulary = linear_forward(hidden, *(p[n] for n in vocabulary_names))
    numbers = {
        "grid": grid[0], "scores": scores[0], "attention": attention[0], "context": context[0],
        "state before": state[0], "cell before": cell[0], "embedded": embedded[0],
        "gates": np.concatenate(lstm[5:9]), "state": new_state[0], "cell": new_cell[0],
        "hidden": hidden[0], "words": softmax_forward(logits)[0][0],
    }  # the LSTM's cache holds i, f, o, g, as its backward needs them
    cache = (alignment, softmax, weighted_sum, embedding, lstm, deep_output, vocabulary)
    return logits, (new_state, new_cell), numbers, cache


CALLED = {"gates": "gates i, f, o, g", "cell": "memory", "words": "p of the five words"}
state, cell, word, steps = state_0, cell_0, START, []
while word != STOP:
    logits, (state, cell), numbers, _ = step_forward(grid, keys, state, cell, np.array([word]), p)
    word = int(logits.argmax())
    steps.append(numbers)
    print(f"\nstep {len(steps)}: y_{len(steps)} = {WORDS[word]}")
    for name in ("scores", "attention"):
        tell(name, numbers[name].reshape(3, 3))
    for name in ("context", "gates", "cell", "state", "hidden", "words"):
        tell(CALLED.get(name, name), numbers[name])
caption = [WORDS[numbers["words"].argmax()] for numbers in steps]
assert caption == ["cat", "sitting", "outside", "<stop>"]
assert all(np.allclose(steps[0][name], step_1[name]) for name in step_1)

# %% [markdown]
# Look where it looked. "cat": the head. "sitting": the part below, where the cat meets the grass.
# "outside": the sky. At `<stop>` there is nothing to find, since no part of a picture shows an
# end. But the weights must add up to 1, so they lie somewhere: here mostly on the sky, where they
# were.

# %%
peaks = [numbers["attention"].argmax() for numbers in steps]
assert peaks[0] == 4 and peaks[1] == 7 and peaks[2] in (0, 1, 2)
assert steps[2]["attention"][:3].sum() > 0.8  # the whole sky
assert 0.7 < steps[3]["attention"][:3].sum() < steps[2]["attention"][:3].sum()

for t in (2, 3, 4):
    show(draw_step(t, steps[t - 1], image, f'Step {t}: "{caption[t - 1]}"'), f"07_step_{t}")
figure = draw_caption(steps, grid[0], image, "One picture, four looks: cat sitting outside <stop>")
show(figure, "07_four_steps")

# %% [markdown]
# ## The same step backwards
#
# How should every number of step 1 change, so that "cat" becomes more probable? The loss of this
# step is -log p(cat). We walk from the loss back to the grid, calling the backwards in reverse
# order. In code, `dcontext` is the derivative of the loss by the context, and so on: what would
# happen to the loss if that number grew. A *negative* number says: more of this, please.
#
# The first gradient is that of lesson 2, belief minus truth: dlogits = p - (1 for the right word).
# Through the linear map it comes to hidden, and through the tanh to the sum of the three voices.
# A sum hands its gradient on to each of its terms:
#
#     dhidden = dlogits W_vocabularyᵀ
#     dsum    = dhidden (1 - hidden²)                              the slope of tanh
#     d(E y_0) = dsum       ds_1 = dsum W_stateᵀ        dc_1 = dsum W_contextᵀ

# %%
logits, _, _, cache = step_forward(grid, keys, state_0, cell_0, np.array([START]), p)
alignment, softmax, weighted_sum, embedding, lstm, deep_output, vocabulary = cache
right = np.array([[WORDS.index("cat")]])
loss, loss_cache = sequence_cross_entropy_forward(logits[:, None], right, np.ones((1, 1)))
print(f"loss = -log {probability[0, 1]:.2f} = {loss:.2f}")
np.set_printoptions(precision=3)  # gradients here are small: one more decimal

dlogits = sequence_cross_entropy_backward(1.0, loss_cache)[:, 0]
tell("dlogits", dlogits[0])
assert np.allclose(dlogits[0], probability[0] - np.array([0, 1, 0, 0, 0]))

dhidden, dW_vocabulary, db_vocabulary = linear_backward(dlogits, vocabulary)
output = deep_output_backward(dhidden, deep_output)
dembedded_in_output, dstate_1, dcontext_in_output, *doutput = output
tell("dhidden", dhidden[0])
tell("dsum = d(E y_0), so far", dembedded_in_output[0])
tell("ds_1", dstate_1[0])
tell("dc_1, so far", dcontext_in_output[0])
assert np.allclose(dembedded_in_output, dhidden * (1 - hidden**2))
# The second hidden unit stands at 1.00, where the tanh is flat: nearly nothing gets through it.
assert abs(dembedded_in_output[0, 1]) < 0.01 * abs(dhidden[0, 1])

# %% [markdown]
# Next the LSTM. From s_1 = o tanh(memory) and memory = f memory_before + i g:
#
#     dmemory = ds_1 o (1 - tanh²(memory))         and what the step after this one sends back
#     do = ds_1 tanh(memory)    di = dmemory g    dg = dmemory i    df = dmemory memory_before
#     dmemory_before = dmemory f
#
# Each gate passes it on to its sum: times o (1 - o) for a sigma, times 1 - g² for the tanh. From
# the eight sums, dx = dsums W_xᵀ and ds_0 = dsums W_stateᵀ. We stop after step 1 here: no step
# after it sends anything back, so that part of dmemory is 0.
#
# x was the embedding and the context side by side, so dx is cut in two. Both were used **twice**,
# by the LSTM and by the deep output. What is used twice gets the sum of both gradients.

# %%
dcell_1 = np.zeros((1, 2))
dx, dstate_in_lstm, dcell_0, *dlstm = lstm_step_backward((dstate_1, dcell_1), lstm)
dmemory = dstate_1 * o * (1 - np.tanh(cell_1) ** 2)
tell("dmemory", dmemory[0])
tell("dsums (i, f, o, g)", dlstm[2].reshape(4, 2))
tell("dx", dx[0])
assert np.allclose(dcell_0, dmemory * f)
assert np.allclose(dlstm[2].reshape(4, 2), np.concatenate([
    dmemory * g * i * (1 - i), dmemory * cell_0 * f * (1 - f),
    dstate_1 * np.tanh(cell_1) * o * (1 - o), dmemory * i * (1 - g**2),
]))
dembedded = dembedded_in_output + dx[:, :2]
dcontext = dcontext_in_output + dx[:, 2:]
tell("d(E y_0)", dembedded[0])
tell("dc_1", dcontext[0])
assert dcontext[0, 0] < 0  # more cat in the context would make the loss smaller

# %% [markdown]
# Now the attention, three lines.
#
# * The weighted sum: da_{i,j} = dc . h_{i,j}. A location whose vector would have helped gets a
#   negative number: more attention there, less loss.
# * The softmax: de_{i,j} = a_{i,j} (da_{i,j} - average), where the average of da is weighted with
#   a. What counts is to be better or worse than the average, and to have attention already. The
#   nine de add up to 0: attention can only be moved from one location to another.
# * f_att: dkey_{i,j} = de_{i,j} v (1 - tanh²). The query was added to all nine keys, so dquery is
#   the sum of the nine, and ds_0 = dquery W_stateᵀ: what the state should have asked instead.

# %%
dattention, dgrid_as_value = weighted_sum_backward(dcontext, weighted_sum)
dscores = softmax_backward(dattention, softmax)
dkeys, dstate_as_query, *dalignment = alignment_backward(dscores, alignment)
tell("da_1", dattention.reshape(3, 3))
tell("de_1", dscores.reshape(3, 3))
tell("dkeys", dkeys[0])
tell("ds_0 as query", dstate_as_query[0])
assert np.allclose(dstate_as_query[0], dkeys[0].sum(axis=0) @ p["alignment.W_state"].T)
assert np.isclose(dscores.sum(), 0)
assert dscores.argmin() == 4  # the middle should get a higher score: look at the cat even more
average = attention[0] @ dattention[0]
assert np.isclose(dscores[0, 4], attention[0, 4] * (dattention[0, 4] - average))

# %% [markdown]
# The state s_0 was used twice, by the LSTM and by f_att. The grid was used **three times**:
#
#     as value    a_{i,j} dc_1              it was averaged, with these weights
#     as key      dkey_{i,j} W_gridᵀ        it was compared
#     as start    dmean / 9                 s_0 and the first memory were made of its mean
#
# If one of the three is forgotten when they are added up, the gradient of every parameter here is
# still right. Only the conv net under the grid would learn from a wrong one. So check the inputs
# too.

# %%
dstate_0 = dstate_in_lstm + dstate_as_query
dgrid_as_key, dW_grid, _ = linear_backward(dkeys, keys_cache)
dgrid_as_start, *dstart = initial_state_backward((dstate_0, dcell_0), start_cache)
dgrid = dgrid_as_value + dgrid_as_key + dgrid_as_start
assert np.allclose(dgrid_as_value[0, 4], attention[0, 4] * dcontext[0])
dW_embedding = embedding_backward(dembedded, embedding)
tell("ds_0 in the LSTM", dstate_in_lstm[0])
tell("ds_0, both", dstate_0[0])
tell("dmemory_before", dcell_0[0])
for name, part in [("as value", dgrid_as_value), ("as key", dgrid_as_key),
                   ("as start", dgrid_as_start), ("dh, all three", dgrid)]:
    tell(name, part[0])
assert dgrid[0, 4, 0] < 0  # more "cat" in the middle would make the word surer
back_1 = {
    "grid": dgrid[0], "scores": dscores[0], "attention": dattention[0], "context": dcontext[0],
    "state before": dstate_0[0], "cell before": dcell_0[0], "embedded": dembedded[0],
    "gates": dlstm[2], "state": dstate_1[0], "cell": dcell_1[0], "hidden": dhidden[0],
    "words": dlogits[0],
}
figure = draw_step(1, back_1, image, 'Step 1 backwards: what would make "cat" surer?', back=True)
show(figure, "07_step_1_backward")

# %% [markdown]
# ## All four steps backwards, and the check
#
# With several words, two things come on top.
#
# * s_t is used by its own word and by the step after it. So a step receives `dstate` and `dcell`
#   from the step after it, and adds its own word's share.
# * One set of parameters served all steps. Their gradients add up over time.

# %%
def step_backward(dlogits, dstate, dcell, cache):
    """The lines from above; `dstate` and `dcell` are what the next step has sent back."""
    alignment, softmax, weighted_sum, embedding, lstm, deep_output, vocabulary = cache
    gradients = {}

    def keep(names, values):
        gradients.update(zip(names, values, strict=True))

    dhidden, *dweights = linear_backward(dlogits, vocabulary)
    keep(vocabulary_names, dweights)
    dembedded, dstate_in_output, dcontext, *dweights = deep_output_backward(dhidden, deep_output)
    keep(output_names, dweights)
    dstate = dstate + dstate_in_output
    dx, dstate_before, dcell_before, *dweights = lstm_step_backward((dstate, dcell), lstm)
    keep(lstm_names, dweights)
    dembedded, dcontext = dembedded + dx[:, :2], dcontext + dx[:, 2:]
    keep(["embedding.W"], [embedding_backward(dembedded, embedding)])
    dattention, dgrid = weighted_sum_backward(dcontext, weighted_sum)
    dscores = softmax_backward(dattention, softmax)
    dkeys, dstate_as_query, *dweights = alignment_backward(dscores, alignment)
    keep(alignment_names, dweights)
    dstate_before = dstate_before + dstate_as_query
    numbers = {
        "grid": dgrid[0], "scores": dscores[0], "attention": dattention[0],
        "context": dcontext[0], "state before": dstate_before[0], "state": dstate[0],
        "words": dlogits[0],
    }
    return dgrid, dkeys, (dstate_before, dcell_before), gradients, numbers


def caption_forward(grid, *values, said):
    """The loss of a caption: `said` is <start> y_1 ... y_T."""
    p_now = dict(zip(p, values, strict=True))
    keys, keys_cache = linear_forward(grid, p_now["alignment.W_grid"])
    (state, cell), start = initial_state_forward(grid, *(p_now[name] for name in start_names))
    logits, caches = [], []
    for word in said[:-1]:
        logits_t, (state, cell), _, cache = step_forward(
            grid, keys, state, cell, np.array([word]), p_now
        )
        logits.append(logits_t)
        caches.append(cache)
    targets = np.array([said[1:]])
    loss, loss_cache = sequence_cross_entropy_forward(
        np.stack(logits, axis=1), targets, np.ones(targets.shape)
    )
    return loss, (keys_cache, start, caches, loss_cache)


def caption_backward(dloss, cache, numbers=None):
    """The gradient of the loss by the grid and by every parameter."""
    keys_cache, start, caches, loss_cache = cache
    dlogits = sequence_cross_entropy_backward(dloss, loss_cache)
    dgrid, dkeys, total = 0, 0, dict.fromkeys(p, 0)
    dstate, dcell = np.zeros((1, 2)), np.zeros((1, 2))
    for t in reversed(range(len(caches))):
        dgrid_t, dkeys_t, (dstate, dcell), gradients, numbers_t = step_backward(
            dlogits[:, t], dstate, dcell, caches[t]
        )
        dgrid, dkeys = dgrid + dgrid_t, dkeys + dkeys_t
        for name, gradient in gradients.items():
            total[name] = total[name] + gradient
        if numbers is not None:
            numbers.insert(0, numbers_t)
    dgrid_as_key, total["alignment.W_grid"], _ = linear_backward(dkeys, keys_cache)
    dgrid_as_start, *dstart = initial_state_backward((dstate, dcell), start)
    total.update(zip(start_names, dstart, strict=True))
    return dgrid + dgrid_as_key + dgrid_as_start, *total.values()


# %% [markdown]
# Is it right? `gradcheck` moves each number a little and looks at the loss (lesson 1). First step
# 1 alone (`said` is `<start>` cat), and the gradient of each of its parameters; then the whole
# caption.

# %%
inputs = {"grid": grid} | p
report = check(caption_forward, caption_backward, inputs, options={"said": [0, 1]})
print(report)
assert report.ok, report
loss, cache = caption_forward(grid, *p.values(), said=[0, 1])
dgrid_1, *gradients_1 = caption_backward(1.0, cache)
assert np.allclose(dgrid_1, dgrid)  # what we found line by line
for name, gradient in zip(p, gradients_1, strict=True):
    tell(f"d {name}", gradient)

report = check(caption_forward, caption_backward, inputs, options={"said": [0, 1, 2, 3, 4]})
print(report)
assert report.ok, report

# %% [markdown]
# The slide of the whole caption, backwards. Follow the state's gradient from right to left: at s_1
# it holds what "cat" wants of it and, through f_att and the LSTM of step 2, what the later words
# want of it. At `<stop>` the scores have hardly any gradient: that look did not matter.

# %%
loss, cache = caption_forward(grid, *p.values(), said=[0, 1, 2, 3, 4])
back = []
dgrid, *gradients = caption_backward(1.0, cache, back)
surprises = [-np.log(v["words"].max()) for v in steps]
print("loss", number(loss), "=", " + ".join(number(surprise) for surprise in surprises))
assert np.isclose(loss, sum(surprises))
assert np.abs(back[3]["scores"]).max() < 0.1 * np.abs(back[0]["scores"]).max()
# s_1 has more to answer for than in step 1 alone.
assert not np.allclose(back[0]["state"], back_1["state"])
title = "All four steps backwards: from each word to the picture"
figure = draw_caption(back, dgrid[0], image, title, back=True)
show(figure, "07_four_steps_backward")

# %% [markdown]
# ## It is the captioner
#
# `satt/models/captioner.py` holds the same lines. Given our parameters, it finds the same loss and
# the same gradients, to nine digits at least.

# %%
settings = CaptionerSettings(
    vocabulary_size=5, encoder="absent", channels=(1, 1, 1, 3), attention_width=2, state_width=2,
    embedding_width=2, gate=False, context_scale=1.0,
)
model = Captioner(settings, dtype=np.float64)
model.params = {f"decoder.{name}": value for name, value in p.items()}
batch = {"images": grid, "words": np.array([[0, 1, 2, 3, 4]])}
model_loss, model_cache = model.forward(batch)
model_dgrid, model_gradients = model.backward(model_cache)
assert np.isclose(model_loss, loss, rtol=1e-12)
assert np.allclose(model_dgrid, dgrid, rtol=1e-9)
for name, gradient in zip(p, gradients, strict=True):
    assert np.allclose(model_gradients[f"decoder.{name}"], gradient, rtol=1e-9), name
print("the captioner agrees: loss", number(model_loss))

# %% [markdown]
# ## The first step of a trained captioner
#
# A grid of 8x8 locations with 96 features each, and the same calls, up to the attention. Only the
# widths are larger. Do not expect it to look at the thing at once: its first word is often "a",
# and "a" needs no look (lesson 8).

# %%
model, vocabulary = trained_captioner()
photo = draw_scenes("test", 1, progress=False).images
real_grid, _ = model.encode(to_float(photo))
real = {name.removeprefix("decoder."): value for name, value in model.params.items()}
real_keys, _ = linear_forward(real_grid, real["alignment.W_grid"])
(real_state, _), _ = initial_state_forward(real_grid, *(real[name] for name in start_names))
real_scores, _ = alignment_forward(real_keys, real_state, *(real[n] for n in alignment_names))
real_attention, _ = softmax_forward(real_scores)
memory, first = model.start(to_float(photo))
_, model_attention, _ = model.step(np.array([1]), memory, first)  # 1 is its <start>
assert np.allclose(real_attention, model_attention, atol=1e-5)
print("a trained captioner: grid", real_grid.shape, "attention", real_attention.shape)

figure, (left, middle) = plt.subplots(1, 2, figsize=(10, 5.2))
left.imshow(photo[0])
left.set_title("the picture, 64x64 pixels")
shown = middle.imshow(real_attention.reshape(8, 8), cmap="cividis", vmin=0)
middle.set_title("$a_1$: where a trained captioner looks first")
figure.colorbar(shown, ax=middle, shrink=0.8, label="attention (uniform: 0.016)")
for axes in (left, middle):
    axes.set(xticks=[], yticks=[])
show(figure, "07_trained")
assert real_attention.max() > 3 / 64  # far from uniform

# %% [markdown]
# ## Exercises
#
# 1. **Move the cat.** Swap h_{2,2} and h_{1,1}, and also h_{3,2} and h_{2,1}. Before you run it:
#    what becomes of the scores, of the context, of the caption? Why? What can this captioner not
#    know about a picture?
# 2. **Another picture.** Take the cat out of the grid (each location keeps its shares of grass and
#    sky, scaled so that they add up to 1). What does it say, and where does it look first? Then
#    the other way round: keep the cat's shares and set grass and sky to 0.
# 3. **One step of learning, by hand.** Take the gradient of the whole caption and go one step
#    downhill: `p - 0.1 gradient`. How much should the loss fall, to first order? How much does it
#    fall? And what happens to the attention on the middle when "cat" is said?
#
# Solutions: `lessons/solutions/07_one_step_by_hand.py`.
#
# ## Where to read on
#
# * Xu et al. 2015 (arXiv:1502.03044), section 3.1.2, the decoder, and section 4.2, soft attention.
# * Bahdanau et al. 2015 (arXiv:1409.0473), section 3.1, where f_att comes from.
# * `satt/models/captioner.py`: `_step`, then `_step_backward`.
# * Lesson 8: how such parameters are learned. Lesson 10: the gate beta, left out here.
