# %% [markdown]
# # Lesson 5: RNN and LSTM
#
# **What you will see.** A net that reads a sequence is one small function, called again and again.
# Its gradient shrinks on the way back, and we measure by how much. The LSTM has a memory with
# gates, and there the gradient survives. At the end: the gates of a real captioner while it writes
# a caption.
#
# **What you need.** Lesson 2 (forward and backward).
#
# **How long.** 35 minutes to read, some 5 seconds to run.

# %%
from showing import BLACK, BLUE, GREEN, ORANGE, RED, show  # before NumPy, see there

# isort: split
import matplotlib.pyplot as plt
import numpy as np
from trained import trained_captioner

from gradcheck import check
from satt.data.batches import to_float
from satt.data.scenes.dataset import draw_scenes
from satt.data.scenes.world import COLOURS, KINDS
from satt.decoding.greedy import greedy
from satt.layers.alignment import alignment_forward
from satt.layers.context_gate import context_gate_forward
from satt.layers.initial_state import initial_state_forward
from satt.layers.linear import linear_forward
from satt.layers.lstm import lstm_backward, lstm_forward
from satt.layers.lstm_step import lstm_step_backward, lstm_step_forward
from satt.layers.rnn import rnn_backward, rnn_forward
from satt.layers.rnn_step import rnn_step_backward, rnn_step_forward
from satt.layers.softmax import softmax_forward
from satt.layers.weighted_sum import weighted_sum_forward

np.set_printoptions(precision=2, suppress=True, floatmode="fixed")

# %% [markdown]
# ## One function, three times
#
# A recurrent net keeps a **state** s, a vector that sums up what it has read. At each step it
# takes one input x_t and makes a new state from it and from the old one:
#
#     s_t = tanh(x_t W_x + s_{t-1} W_state + b)
#
# We let it read three words, "the cat sat". Each word is a one-hot vector: a 1 at its own place. A
# state of two numbers is enough to see what happens.

# %%
words = ["the", "cat", "sat"]
x = np.eye(3)[None]  # (N, T, I): one sentence, three steps, a one-hot vector at each step
W_x = np.array([[0.1, 0.2], [1.0, -0.5], [-0.3, 0.8]])
W_state = np.array([[0.5, 0.4], [-0.4, 0.5]])
b = np.zeros(2)

state, caches = np.zeros((1, 2)), []
for t, word in enumerate(words):
    by_hand = np.tanh(x[:, t] @ W_x + state @ W_state + b)
    state, cache = rnn_step_forward(x[:, t], state, W_x, W_state, b)
    assert np.allclose(state, by_hand)
    caches.append(cache)
    print(f'after "{word}": s_{t + 1} = {state[0]}')

# %% [markdown]
# It is a loop in the code. On paper we **unroll** it: we draw the function once for each step.
# Then it is a feed-forward net with T layers, all with the same weights. The layer `rnn` is this
# loop.

# %%
states, _ = rnn_forward(x, np.zeros((1, 2)), W_x, W_state, b)
assert np.allclose(states[:, -1], state)

thin = {"arrowstyle": "-|>", "linewidth": 2, "color": BLACK, "mutation_scale": 18}
wide = thin | {"linewidth": 6, "color": ORANGE, "mutation_scale": 30}
frame = {"boxstyle": "square,pad=0.9", "facecolor": "white", "linewidth": 2}
centre = {"ha": "center", "va": "center"}
figure, rows = plt.subplots(2, 1, figsize=(13, 6.6))
for axes, kind in zip(rows, ("RNN", "LSTM"), strict=True):
    axes.set(xlim=(-1.6, 3.6), ylim=(-0.05, 1.75))
    axes.set_axis_off()
    axes.text(-0.45, 1, "=", fontsize=30, **centre)
    roads = [(thin, 1.0, 1.5, 0.34)] if kind == "RNN" else [(wide, 1.1, 1.5, 0.34),
                                                            (thin, 0.85, 1.68, 0.44)]
    edge = 0.165 if kind == "RNN" else 0.185  # half the width of its box
    for style, low, high, away in roads:  # out of the box, over it, and in again
        axes.plot([-1.1 + edge, -1.1 + away, -1.1 + away, -1.1 - away, -1.1 - away],
                  [low, low, high, high, low], color=style["color"], linewidth=style["linewidth"],
                  zorder=0)
        axes.annotate("", (-1.1 - edge, low), (-1.1 - away, low), arrowprops=style)
    for x_box, name in ((-1.1, "x_t"), (0.75, "x_1"), (1.75, "x_2"), (2.75, "x_3")):
        word = f' "{words[int(x_box)]}"' if x_box > 0 else ""
        axes.text(x_box, 1, f"{kind}\nstep", fontsize=15, bbox=frame, **centre)
        axes.annotate("", (x_box, 0.62), (x_box, 0.22), arrowprops=thin)
        axes.text(x_box, 0.1, f"${name}${word}", fontsize=15, **centre)
    for t in range(4):
        low, middle = (0.8, t + 0.25) if kind == "LSTM" else (1.0, t + 0.25)
        axes.annotate("", (t + 0.48, low), (t + 0.02, low), arrowprops=thin)
        axes.text(middle, low - 0.17, f"$s_{t}$", fontsize=15, **centre)
        if kind == "LSTM":
            axes.annotate("", (t + 0.48, 1.2), (t + 0.02, 1.2), arrowprops=wide)
            axes.text(middle, 1.42, f"cell$_{t}$", fontsize=15, **centre)
        elif t:
            numbers = " ".join(f"{number:.2f}" for number in states[0, t - 1])
            axes.text(middle, low + 0.15, numbers, fontsize=13, **centre)
rows[0].set_title("RNN: a loop, and the loop unrolled: a step for each word, the same weights")
rows[1].set_title("LSTM: it hands on its state and, on the wide road, its memory (cell)")
show(figure, "05_unrolled")

# %% [markdown]
# ## Backwards through time
#
# Suppose a loss looks at the last state only, and ds_3 is its gradient. To learn something about
# the first word, the gradient must walk back over all steps. One step of the walk, from
# s_t = tanh(p_t) with p_t = ... + s_{t-1} W_state:
#
#     ds_{t-1} = (ds_t (1 - s_t^2)) W_state^T
#
# So at every step the gradient meets two things: the slope of the tanh, which is at most 1, and
# the same matrix.

# %%
dstate = np.array([[1.0, -1.0]])
print("ds_3 =", dstate[0])
for t in (2, 1, 0):
    new_state = states[:, t]
    by_hand = (dstate * (1 - new_state**2)) @ W_state.T
    _, dstate, *_ = rnn_step_backward(dstate, caches[t])
    assert np.allclose(dstate, by_hand)
    print(f"ds_{t} = {dstate[0]}   length {np.linalg.norm(dstate):.2f}")

# %% [markdown]
# The weights served all steps, so that their gradients are added up over the steps. This, with the
# line above, is **backpropagation through time**. It is ten lines: `satt/layers/rnn.py`. Check it,
# for the RNN and for the LSTM, which comes next:

# %%
random = np.random.default_rng(0)


def inputs_for(gates):
    """Small random inputs for a sequence layer with so many gates."""
    N, T, width, H = 2, 5, 3, 4
    shapes = {"x": (N, T, width), "initial_state": (N, H)}
    if gates == 4:
        shapes["initial_cell"] = (N, H)
    shapes |= {"W_x": (width, gates * H), "W_state": (H, gates * H), "b": (gates * H,)}
    return {name: random.normal(size=shape) for name, shape in shapes.items()}


for forward, backward, gates in ((rnn_forward, rnn_backward, 1), (lstm_forward, lstm_backward, 4)):
    report = check(forward, backward, inputs_for(gates))
    print("RNN" if gates == 1 else "\nLSTM")
    print(report)
    assert report.ok, report

# %% [markdown]
# ## The vanishing gradient, measured
#
# A net with 32 units reads 50 random inputs. We put a gradient of length 1 on the last state and
# note how long it still is after 1, 2, ... 50 steps back.
#
# What do we expect? W_state is `radius` times a rotation. Then it makes each vector exactly
# `radius` times as long; its **spectral radius** (its largest |eigenvalue|) is `radius` too. With
# slopes of 1 the gradient would be radius^k after k steps: a straight line on a logarithmic axis,
# falling for radius < 1 and rising for radius > 1. The real slopes of the tanh are below 1, so
# that the measured gradient must stay under the line.

# %%
N, T, width, H = 16, 50, 8, 32
random = np.random.default_rng(0)
x = random.normal(size=(N, T, width))
upstream = random.normal(size=(N, H))
upstream /= np.linalg.norm(upstream)
rotation, _ = np.linalg.qr(random.normal(size=(H, H)))
W_x = random.normal(size=(width, H)) * 0.1


def rnn_gradient_lengths(radius, x):
    """The length of d loss / d s_{T-k}, for k = 0, 1, ... T."""
    state, caches = np.zeros((N, H)), []
    for t in range(T):
        state, cache = rnn_step_forward(x[:, t], state, W_x, radius * rotation, np.zeros(H))
        caches.append(cache)
    dstate, lengths = upstream, [1.0]
    for cache in reversed(caches):
        _, dstate, *_ = rnn_step_backward(dstate, cache)
        lengths.append(np.linalg.norm(dstate))
    return np.array(lengths)


distance = np.arange(T + 1)
radii = (0.5, 0.9, 1.0, 2.0)
rnn_lengths = {radius: rnn_gradient_lengths(radius, x) for radius in radii}
for radius, lengths in rnn_lengths.items():
    assert np.isclose(np.abs(np.linalg.eigvals(radius * rotation)).max(), radius)
    assert (lengths <= radius**distance * (1 + 1e-9)).all()  # under the line
    # Nothing to read: all states are 0, all slopes are 1, and the line is met exactly.
    assert np.allclose(rnn_gradient_lengths(radius, 0 * x), radius ** distance.astype(float))
    print(f"RNN, radius {radius}: after 50 steps {lengths[-1]:.0e}, the line {radius**50:.0e}")
assert rnn_lengths[0.9][-1] < 1e-3 < 1e2 < rnn_lengths[2.0][-1]

# %% [markdown]
# With a radius of 0.9 the word of 50 steps ago has a gradient of less than a thousandth: the net
# cannot learn from it. With a radius of 2 the gradient **explodes**. There is no good radius that
# works for all inputs. (Exploding can be helped by cutting the gradient to a largest length, as
# `satt/training/clipping.py` does. For vanishing there is no such trick.)
#
# ## A memory with switches: the LSTM
#
# The LSTM (Hochreiter and Schmidhuber 1997; the forget gate: Gers and others 2000) has a second
# vector, the **memory** (cell). Three gates, numbers between 0 and 1, say what happens to it:
#
#     i = sigma(...)   write: how much of the new candidate goes into the memory
#     f = sigma(...)   keep:  how much of the old memory stays (the forget gate)
#     o = sigma(...)   read:  how much of the memory is shown as the state
#     g = tanh(...)    the candidate, what to write
#
#     memory_t = f memory_{t-1} + i g         s_t = o tanh(memory_t)
#
# Here is one memory cell with weights set by hand. Its input is [value, write?, read?]. When
# write? is 1 it stores the value and forgets the old one; when read? is 1 it shows what it has.

# %%
#              i    f    o   g
W_x_hand = np.array([
    [0.0, 0.0, 0.0, 1.0],  # value: goes to the candidate
    [20.0, -20.0, 0.0, 0.0],  # write?: opens i, shuts f
    [0.0, 0.0, 20.0, 0.0],  # read?: opens o
])
b_hand = np.array([-10.0, 10.0, -10.0, 0.0])  # by itself: nothing written, all kept, nothing shown
sequence = np.array([
    [0.8, 1, 0], [-0.3, 0, 0], [0.9, 0, 0], [0.1, 0, 1], [-0.7, 1, 0], [0.5, 0, 0], [0.2, 0, 1],
])
state, cell = np.zeros((1, 1)), np.zeros((1, 1))
print("value write read   i    f    o     memory  state")
for value in sequence:
    (state, cell), cache = lstm_step_forward(
        value[None], state, cell, W_x_hand, np.zeros((1, 4)), b_hand
    )
    i, f, o = (gate[0, 0] for gate in cache[5:8])
    print(f"{value[0]:5.1f} {value[1]:5.0f} {value[2]:4.0f} {i:5.1f}{f:5.1f}{o:5.1f}"
          f"{cell[0, 0]:10.2f}{state[0, 0].round(2) + 0:7.2f}")
    if value[2]:
        print("      ^ read: tanh(memory)")
assert np.isclose(cell[0, 0], np.tanh(-0.7), atol=1e-3)  # the second value that was written

# %% [markdown]
# Now its gradient. On the road from memory to memory there is no matrix and no tanh, only the
# gate:
#
#     dmemory_{t-1} = f dmemory_t        (and what comes in through the state)
#
# With f near 1, almost all of it gets through. How open a forget gate is at the beginning is a
# matter of its **bias**: f = sigma(bias) = 0.50 for 0, 0.73 for 1, 0.95 for 3. So we expect about
# sigma(bias)^k after k steps. That is why LSTMs start with a forget bias of 1 or more
# (Jozefowicz and others 2015), and why the captioner does.

# %%
W_x_lstm, W_state_lstm = (random.normal(size=(size, 4 * H)) * 0.03 for size in (width, H))


def lstm_gradient_lengths(forget_bias):
    """The lengths of d loss / d memory_{T-k} and d loss / d s_{T-k}, for k = 1, ... T."""
    b = np.repeat([0.0, forget_bias, 0.0, 0.0], H)
    state, cell, caches = np.zeros((N, H)), np.zeros((N, H)), []
    for t in range(T):
        (state, cell), cache = lstm_step_forward(x[:, t], state, cell, W_x_lstm, W_state_lstm, b)
        caches.append(cache)
    dstate, dcell, lengths = upstream, np.zeros((N, H)), []
    for cache in reversed(caches):
        _, dstate, dcell, *_ = lstm_step_backward((dstate, dcell), cache)
        lengths.append((np.linalg.norm(dcell), np.linalg.norm(dstate)))
    return np.array(lengths).T


biases = (0.0, 1.0, 3.0)
lstm_lengths = {bias: lstm_gradient_lengths(bias) for bias in biases}
for bias, (memory, _) in lstm_lengths.items():
    factor, gate = (memory[-1] / memory[0]) ** (1 / (T - 1)), 1 / (1 + np.exp(-bias))
    print(f"LSTM, forget bias {bias:.0f}: times {factor:.2f} at each step, "
          f"sigma(bias) {gate:.2f}; after 50 steps {memory[-1]:.0e}")
    assert abs(factor - gate) < 0.05
assert lstm_lengths[3.0][0, -1] > 1000 * rnn_lengths[0.9][-1]

figure, (left, right) = plt.subplots(1, 2, figsize=(13, 5.6), sharey=True)
colours, marks = (BLUE, GREEN, ORANGE, RED), "os^D"
for radius, colour, mark in zip(radii, colours, marks, strict=True):
    left.semilogy(distance, rnn_lengths[radius], marker=mark, markevery=8, color=colour,
                  label=f"radius {radius}")
    left.semilogy(distance, radius ** distance.astype(float), "--", color=colour, linewidth=1)
for bias, colour, mark in zip(biases, colours, marks, strict=False):
    memory, state = lstm_lengths[bias]
    right.semilogy(distance[1:], memory, marker=mark, markevery=8, color=colour,
                   label=f"forget bias {bias:.0f}: memory")
    right.semilogy(distance[1:], state, ":", color=colour, linewidth=2, label="   its state")
    right.semilogy(distance[1:], memory[0] * (1 + np.exp(-bias)) ** (1.0 - distance[1:]), "--",
                   color=colour, linewidth=1)
left.set(title="RNN: it vanishes or explodes\n(dashed: radius$^k$)",
         xlabel="k, steps back from the loss", ylabel="length of the gradient", ylim=(1e-17, 1e6))
right.set(title="LSTM: it survives where the forget gate is open\n(dashed: sigma(bias)$^k$)",
          xlabel="k, steps back from the loss")
for axes in (left, right):
    axes.legend(loc="lower left")
    axes.grid(alpha=0.3)
show(figure, "05_vanishing")

# %% [markdown]
# ## The gates of a real captioner
#
# A trained captioner of drawn scenes has an LSTM of its own. At each step it reads a word and what
# its attention has seen, and then says the next word. It does not show its gates. So we take its
# parameters and make its steps ourselves, with the plain layers. (The attention is the matter of
# lesson 7; here it is only the way to the LSTM's input.)

# %%
model, vocabulary = trained_captioner()
p = {name.removeprefix("decoder."): value for name, value in model.params.items()}


def run_lstm(images, words):
    """Read words (N, T); returns gates i, f, o, g (T, N, 4, H) and memories (T, N, H)."""
    grid, _ = model.encode(images)
    keys, _ = linear_forward(grid, p["alignment.W_grid"])
    starts = (p[f"initial_state.{name}"] for name in ("W_state", "b_state", "W_cell", "b_cell"))
    (state, cell), _ = initial_state_forward(grid, *starts)
    gates, memories = [], []
    for t in range(words.shape[1]):
        scores, _ = alignment_forward(
            keys, state, p["alignment.W_state"], p["alignment.b"], p["alignment.v"]
        )
        attention, _ = softmax_forward(scores)
        context, _ = weighted_sum_forward(attention, grid)
        if "gate.W" in p:
            context, _ = context_gate_forward(context, state, p["gate.W"], p["gate.b"])
        # Its LSTM hears the context quietly: see context_scale in CaptionerSettings.
        heard = model.settings.context_scale * context
        x = np.concatenate([p["embedding.W"][words[:, t]], heard], axis=1)
        (state, cell), cache = lstm_step_forward(
            x, state, cell, p["lstm.W_x"], p["lstm.W_state"], p["lstm.b"]
        )
        gates.append(np.stack(cache[5:9], axis=1))
        memories.append(cell)
    return np.array(gates), np.array(memories)


scenes = draw_scenes("test", 100, progress=False)
images = to_float(scenes.images)
captions = greedy(model, images)
START = 1
longest = max(len(caption.words) for caption in captions)
words_read = np.zeros((len(images), longest + 1), dtype=int)  # <start>, then what it has said
for row, caption in zip(words_read, captions, strict=True):
    row[: len(caption.words) + 1] = [START, *caption.words]
gates, memories = run_lstm(images, words_read)

# They are the model's own steps: the same state and memory after the first.
memory, start = model.start(images)
_, _, (model_state, model_cell) = model.step(words_read[:, 0], memory, start)
assert np.allclose(memories[0], model_cell, atol=1e-4)
assert np.allclose(gates[0, :, 2] * np.tanh(memories[0]), model_state, atol=1e-4)

# %% [markdown]
# One caption with two things in it. Each row of the picture is one of the LSTM's units, each
# column a word that was read. We show the 24 units whose memory changes most, in the order in
# which they make their largest change.

# %%
texts = [vocabulary.decode(caption.words) for caption in captions]
n = next(n for n, text in enumerate(texts) if "and" in text)
read = ["<start>", *texts[n]]
T = len(read)
memory = memories[:T, n].T  # (H, T)
change = np.abs(np.diff(memory, axis=1))
units = np.argsort(-np.ptp(memory, axis=1))[:24]
units = units[np.argsort(change[units].argmax(axis=1), kind="stable")]

figure, panels = plt.subplots(1, 5, figsize=(17, 6.6), sharey=True)
names = ["i: write", "f: keep", "o: read", "g: the candidate", "the memory"]
for axes, name, k in zip(panels, names, range(5), strict=True):
    values = memory[units] if k == 4 else gates[:T, n, k][:, units].T
    if k < 3:
        shown = axes.imshow(values, cmap="cividis", vmin=0, vmax=1, aspect="auto")
    else:
        limit = np.abs(values).max()
        shown = axes.imshow(values, cmap="PuOr", vmin=-limit, vmax=limit, aspect="auto")
    axes.set_title(name)
    axes.set_xticks(range(T), read, rotation=90, fontsize=13)
    figure.colorbar(shown, ax=axes, location="bottom", shrink=0.9)
panels[0].set_ylabel("24 units of the LSTM")
figure.suptitle(f'The gates after reading each word of "{" ".join(texts[n])}"')
show(figure, "05_gates")

# %% [markdown]
# Single units are hard to read. The mean over all units says more. After which words does the LSTM
# keep its memory, and after which does it let go of much of it? We take the forget gate, averaged
# over the units and over 100 captions.

# %%
groups = {
    "a colour": list(COLOURS),
    "is, are": ["is", "are"],
    "a kind of thing": list(KINDS),
    "and": ["and"],
    "on, over, in": ["on", "over", "in"],
}
keeps = {}
for name, members in groups.items():
    after = np.isin(words_read.T, vocabulary.encode(members))  # (T, N)
    keeps[name] = gates[:, :, 1][after].mean()
    print(f"after {name:<16} f = {keeps[name]:.2f}   ({after.sum()} times)")
assert keeps["a colour"] > keeps["a kind of thing"] + 0.03

figure, axes = plt.subplots(figsize=(9, 4))
axes.barh(list(keeps), list(keeps.values()), color=BLUE)
axes.bar_label(axes.containers[0], fmt="%.2f", padding=4)
axes.invert_yaxis()
axes.set(xlim=(0, 1), xlabel="mean of the forget gate f (1: keep everything)",
         title="After a colour the memory is kept; after the thing's name, less of it")
show(figure, "05_forget")

# %% [markdown]
# A sensible habit: after "purple" the thing is not named yet, and what is known about it is still
# needed. After "car" it can go, to make room for the next part of the caption. Nobody has told the
# gates to do this.
#
# ## Exercises
#
# 1. **Close the wide road.** In `lstm_gradient_lengths`, with a forget bias of 3, set `dcell` to 0
#    after every step back, so that the gradient can only take the way through the state. What is
#    left after 50 steps?
# 2. **The GRU.** `satt/layers/gru_step.py` has no memory beside its state. Which of its gates
#    makes a wide road, and which bias opens it? Measure the gradient of a GRU over 50 steps with
#    that bias at 0 and at 3.
# 3. **By hand.** Set the weights of one LSTM cell so that it counts: it gets 1 or 0 at each step,
#    and its memory goes up by about 0.76 = tanh(1) with each 1. Which gates must be open?
#
# Solutions: `lessons/solutions/05_rnn_and_lstm.py`.
#
# ## Where to read on
#
# * Pascanu, Mikolov and Bengio 2013 (arXiv:1211.5063), section 2: when gradients vanish or
#   explode.
# * Hochreiter and Schmidhuber 1997, "Long short-term memory", sections 3 and 4.
# * Jozefowicz, Zaremba and Sutskever 2015, "An empirical exploration of recurrent network
#   architectures": the forget gate's bias.
# * `satt/layers/lstm_step.py` and `lstm.py`; lesson 6 makes a reader and a writer of them.
