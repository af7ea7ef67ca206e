# %% [markdown]
# # Lesson 6: sequence to sequence
#
# **What you will see.** One LSTM reads a string of digits, another writes it backwards. All that
# goes from the reader to the writer is one state, and the longer the string, the more gets lost.
# Then the writer may look back at the string, and nothing is lost any more. Where it looks is
# drawn as a matrix. This is how attention came into the world, before it came to images.
#
# **What you need.** Lesson 5 (RNN and LSTM).
#
# **How long.** 35 minutes to read, some 15 seconds to run.

# %%
from showing import BLUE, ORANGE, show  # before NumPy, see there

# isort: split
import matplotlib.pyplot as plt
import numpy as np
from tqdm import tqdm
from trained import trained_captioner

from gradcheck import check
from satt.data.batches import to_float
from satt.data.scenes.dataset import draw_scenes
from satt.decoding.greedy import greedy
from satt.layers.alignment import alignment_backward, alignment_forward
from satt.layers.embedding import embedding_backward, embedding_forward
from satt.layers.linear import linear_backward, linear_forward
from satt.layers.lstm import lstm_backward, lstm_forward
from satt.layers.lstm_step import lstm_step_backward, lstm_step_forward
from satt.layers.sequence_cross_entropy import (
    sequence_cross_entropy_backward,
    sequence_cross_entropy_forward,
)
from satt.layers.softmax import softmax_backward, softmax_forward
from satt.layers.weighted_sum import weighted_sum_backward, weighted_sum_forward
from satt.training.clipping import clip_by_global_norm
from satt.training.optimisers import Adam

# %% [markdown]
# ## The task
#
# Read a string of digits, write it backwards. It is a toy, but it needs what translation needs: to
# read all of one sequence, then to write another one, in another order. And it is known for every
# digit that is written which digit of the source it comes from.
#
# The "words" are the ten digits and `<start>`, number 10, which the writer reads first.

# %%
START = 10
random = np.random.default_rng(0)
source = random.integers(0, 10, (2, 5))
target = source[:, ::-1]
for row in range(2):
    print("read", source[row], "   write", target[row])

# %% [markdown]
# ## Reader and writer
#
# The **encoder** is an LSTM that reads the source. Ours reads from right to left; that was found
# to help translation too (Sutskever and others 2014), and exercise 1 shows what it changes here.
#
# The **decoder** is an LSTM that writes, one word at a time, like the captioner. At each step it
# reads the word before. It starts from the encoder's last state and memory: so these two vectors
# of width H are the only thing that it knows of the source. This is sequence to sequence without
# attention.
#
# **With attention**, all states of the encoder are kept. There is one for each digit, and together
# they are a grid (N, L, H): the L locations are the digits of the source, in the order in which
# they stand in the string. Then the three nodes of attention, the same as for images:
#
#     e_t = f_att(s_{t-1}, h_j)     a_t = softmax(e_t)     c_t = sum_j a_{t,j} h_j
#
# The context c_t goes into the LSTM beside the word, and into the choice of the next word beside
# the state. This is the model of Bahdanau, Cho and Bengio 2015 in small.

# %%
E, H, A = 16, 32, 32  # widths of embedding, state, alignment


def initial_parameters(attends, seed=0, H=H, A=A, E=E, dtype=np.float32):
    """Matrices of variance 1 / fan-in, biases 0, forget gates open."""
    random = np.random.default_rng(seed)

    def matrix(rows, columns):
        return random.uniform(-1, 1, (rows, columns)) * np.sqrt(3 / rows)

    C = H if attends else 0  # the context's width
    open_gates = np.repeat([0.0, 1.0, 0.0, 0.0], H)
    p = {
        "embedding.W": 3 * matrix(11, E),
        "encoder.W_x": matrix(E, 4 * H),
        "encoder.W_state": matrix(H, 4 * H),
        "encoder.b": open_gates,
        "decoder.W_x": matrix(E + C, 4 * H),
        "decoder.W_state": matrix(H, 4 * H),
        "decoder.b": open_gates,
        "output.W": matrix(H + C, 11),
        "output.b": np.zeros(11),
    }
    if attends:
        p |= {
            "alignment.W_grid": matrix(H, A),
            "alignment.W_state": matrix(H, A),
            "alignment.b": np.zeros(A),
            "alignment.v": matrix(A, 1)[:, 0],
        }
    return {name: value.astype(dtype) for name, value in p.items()}


ALIGNMENT = ["alignment.W_state", "alignment.b", "alignment.v"]
ENCODER = ["encoder.W_x", "encoder.W_state", "encoder.b"]
DECODER = ["decoder.W_x", "decoder.W_state", "decoder.b"]


def encode(source, p, right_to_left=True):
    """Read the source; gives the grid (N, L, H), the keys, and the last state and memory."""
    order = slice(None, None, -1 if right_to_left else 1)
    embedded, embedding = embedding_forward(source[:, order], p["embedding.W"])
    zeros = np.zeros((len(source), p["encoder.W_state"].shape[0]), p["embedding.W"].dtype)
    (states, cell), lstm = lstm_forward(embedded, zeros, zeros, *(p[n] for n in ENCODER))
    grid, keys, keys_cache = states[:, order], None, None
    if "alignment.v" in p:
        keys, keys_cache = linear_forward(grid, p["alignment.W_grid"])  # once for all steps
    return (grid, keys), (states[:, -1], cell), (embedding, lstm, keys_cache, order)


def step_forward(embedded, state, cell, grid, keys, p):
    """One step of the decoder: look (if it can), then move on."""
    x, looked, attention = embedded, None, None
    if keys is not None:
        scores, alignment = alignment_forward(keys, state, *(p[n] for n in ALIGNMENT))
        attention, softmax = softmax_forward(scores)
        context, weighted_sum = weighted_sum_forward(attention, grid)
        x, looked = np.concatenate([embedded, context], axis=1), (alignment, softmax, weighted_sum)
    (state, cell), lstm = lstm_step_forward(x, state, cell, *(p[n] for n in DECODER))
    seen = state if looked is None else np.concatenate([state, context], axis=1)
    return (state, cell), seen, attention, (looked, lstm)


def forward(p, source, right_to_left=True):
    """The loss of writing each source backwards, in nats per digit (with the right words read)."""
    target = source[:, ::-1]
    (grid, keys), (state, cell), encoder = encode(source, p, right_to_left)
    read = np.concatenate([np.full((len(source), 1), START), target[:, :-1]], axis=1)
    embedded, embedding = embedding_forward(read, p["embedding.W"])
    seen, steps = [], []
    for t in range(target.shape[1]):
        (state, cell), seen_t, _, step = step_forward(embedded[:, t], state, cell, grid, keys, p)
        seen.append(seen_t)
        steps.append(step)
    logits, output = linear_forward(np.stack(seen, axis=1), p["output.W"], p["output.b"])
    loss, cross_entropy = sequence_cross_entropy_forward(logits, target, np.ones(target.shape))
    return loss / len(steps), (encoder, embedding, steps, output, cross_entropy, grid, keys, p)


# %% [markdown]
# ## Its backward
#
# The same calls in reverse. What is used several times gets the sum of its gradients:
#
# * a state of the decoder: by the choice of its word, by the next LSTM step, by the next f_att;
# * a state of the encoder: at every step as value (in the sum) and as key (in f_att), and the last
#   one that was read also as the start of the decoder. **Without attention only this one gets any
#   gradient from the decoder.** All other digits have to send theirs through the whole chain.

# %%
def backward(dloss, cache):
    """The gradient of the loss by every parameter, in the order of p."""
    encoder, embedding, steps, output, cross_entropy, grid, keys, p = cache
    embedding_of_source, lstm_of_source, keys_cache, order = encoder
    gradients = dict.fromkeys(p, 0)
    H = grid.shape[2]
    width = p["embedding.W"].shape[1]

    def add(names, values):
        for name, value in zip(names, values, strict=True):
            gradients[name] = gradients[name] + value

    dlogits = sequence_cross_entropy_backward(dloss / len(steps), cross_entropy)
    dseen, *weights = linear_backward(dlogits, output)
    add(["output.W", "output.b"], weights)
    dstate = dcell = np.zeros_like(grid[:, 0])
    dgrid, dkeys, dembedded = np.zeros_like(grid), 0, []
    for t in reversed(range(len(steps))):
        looked, lstm = steps[t]
        dstate = dstate + dseen[:, t, :H]
        dx, dstate, dcell, *weights = lstm_step_backward((dstate, dcell), lstm)
        add(DECODER, weights)
        dembedded.insert(0, dx[:, :width])
        if looked is not None:
            alignment, softmax, weighted_sum = looked
            dcontext = dseen[:, t, H:] + dx[:, width:]
            dattention, dgrid_as_value = weighted_sum_backward(dcontext, weighted_sum)
            dscores = softmax_backward(dattention, softmax)
            dkeys_t, dstate_as_query, *weights = alignment_backward(dscores, alignment)
            add(ALIGNMENT, weights)
            dstate = dstate + dstate_as_query
            dgrid, dkeys = dgrid + dgrid_as_value, dkeys + dkeys_t
    if keys is not None:
        dgrid_as_key, dW_grid, _ = linear_backward(dkeys, keys_cache)
        dgrid = dgrid + dgrid_as_key
        add(["alignment.W_grid"], [dW_grid])
    dstates = dgrid[:, order].copy()
    dstates[:, -1] += dstate  # the decoder started here
    dsource, _, _, *weights = lstm_backward((dstates, dcell), lstm_of_source)
    add(ENCODER, weights)
    for dout, place in ((dsource, embedding_of_source), (np.stack(dembedded, axis=1), embedding)):
        add(["embedding.W"], [embedding_backward(dout, place)])
    return tuple(gradients.values())


# Every gradient, with tiny widths, against the slopes of the forward.
for attends in (False, True):
    tiny = initial_parameters(attends, H=3, A=2, E=4, dtype=np.float64)

    def loss_of(*values, names=tuple(tiny)):
        return forward(dict(zip(names, values, strict=True)), source[:, :3])

    report = check(loss_of, backward, tiny)
    print("\nwith attention" if attends else "without attention")
    print(report)
    assert report.ok, report

# %% [markdown]
# ## Training
#
# 1,500 batches of 32 strings, each batch of one length between 2 and 12. Both models get the same
# strings. (In float32, which is twice as fast; the check above was in float64.)

# %%
LENGTHS = range(2, 13)


def train(attends, batches=1500, seed=0, H=H, right_to_left=True):
    """Learn to write strings backwards."""
    p = initial_parameters(attends, seed, H)
    optimiser, random = Adam(), np.random.default_rng([seed, 1])
    name = "with attention" if attends else "without attention"
    for batch in tqdm(range(batches), name, mininterval=1):
        source = random.integers(0, 10, (32, random.choice(LENGTHS)))
        _, cache = forward(p, source, right_to_left)
        gradients, _ = clip_by_global_norm(dict(zip(p, backward(1.0, cache), strict=True)), 1.0)
        rate = 0.01 * min(1, 4 * (1 - batch / batches))  # the last quarter ever smaller
        optimiser.step(p, gradients, rate)
    return p


without, with_attention = train(False), train(True)

# %% [markdown]
# ## One vector is a bottleneck
#
# Now the real test: strings that were not trained on, and the decoder reads its **own** words, not
# the right ones. A string counts only if every digit is right.

# %%
def write(source, p, right_to_left=True):
    """What the model writes (N, T), and where it looks for it (N, T, L)."""
    (grid, keys), (state, cell), _ = encode(source, p, right_to_left)
    word, words, attention = np.full(len(source), START), [], []
    for _ in range(source.shape[1]):
        embedded, _ = embedding_forward(word, p["embedding.W"])
        (state, cell), seen, attention_t, _ = step_forward(embedded, state, cell, grid, keys, p)
        logits, _ = linear_forward(seen, p["output.W"], p["output.b"])
        word = logits.argmax(axis=1)
        words.append(word)
        attention.append(attention_t)
    return np.stack(words, axis=1), None if keys is None else np.stack(attention, axis=1)


def share_right(p, length, count=300, right_to_left=True):
    """The share of new strings of a length that are written without any mistake."""
    source = np.random.default_rng([length, 2]).integers(0, 10, (count, length))
    words, _ = write(source, p, right_to_left)
    return (words == source[:, ::-1]).all(axis=1).mean()


right_without = [share_right(without, length) for length in LENGTHS]
right_with = [share_right(with_attention, length) for length in LENGTHS]
print("length            ", *(f"{length:4d}" for length in LENGTHS))
print("without attention ", *(f"{share:4.2f}" for share in right_without))
print("with attention    ", *(f"{share:4.2f}" for share in right_with))
assert right_without[0] > 0.95 and right_without[-1] < 0.5
assert min(right_with) > 0.9

figure, axes = plt.subplots(figsize=(9, 5.2))
axes.plot(LENGTHS, right_with, "o-", color=ORANGE, linewidth=2.5, label="with attention")
axes.plot(LENGTHS, right_without, "s--", color=BLUE, linewidth=2.5,
          label="without: one state and one memory")
axes.set(xlabel="length of the string", ylabel="share of strings without a mistake",
         ylim=(-0.03, 1.05), title="The longer the string, the more is lost in one vector")
axes.legend(loc="lower left")
axes.grid(alpha=0.3)
show(figure, "06_bottleneck")

# %% [markdown]
# Short strings fit into the vector, long ones do not. It is not quite a law of nature: a wider
# state or a longer training moves the edge to the right (exercise 2). But sentences can always be
# longer. With attention nothing has to fit: each digit stays where it is, and is fetched when it
# is due.
#
# ## The alignment matrix
#
# One row for each word that is written, one column for each digit of the source. Backwards means:
# the first word comes from the last column, the last word from the first. If the model has learned
# to look where the digit is, we must see the **other diagonal**. Nobody has told it where to look;
# it has only been told which digits to write.

# %%
length = 8
source = np.random.default_rng(3).integers(0, 10, (300, length))
words, attention = write(source, with_attention)
mean = attention.mean(axis=0)
assert np.allclose(attention.sum(axis=2), 1, atol=1e-5)
assert (mean.argmax(axis=1) == np.arange(length)[::-1]).all()  # the other diagonal
assert np.fliplr(mean).diagonal().mean() > 0.5  # and by far the most of the attention is there

figure, (left, right) = plt.subplots(1, 2, figsize=(13, 5.8))
for axes, matrix, title in ((left, attention[0], "one string"), (right, mean, "mean of 300")):
    shown = axes.imshow(matrix, cmap="cividis", vmin=0, vmax=1)
    axes.set(title=f"Where it looks: {title}", xticks=range(length), yticks=range(length))
    for (row, column), weight in np.ndenumerate(matrix):
        if weight >= 0.05:
            axes.text(column, row, f"{weight:.2f}", ha="center", va="center", fontsize=11,
                      color="black" if weight > 0.5 else "white")
left.set_xticklabels(source[0], fontsize=14)
left.set_yticklabels(words[0], fontsize=14)
left.set(xlabel="the source, read", ylabel="the words, written (first at the top)")
right.set_xticklabels([f"$h_{j + 1}$" for j in range(length)], fontsize=14)
right.set_yticklabels([f"$y_{t + 1}$" for t in range(length)], fontsize=14)
right.set(xlabel="the encoder's states", ylabel="the steps of the decoder")
figure.colorbar(shown, ax=(left, right), label="attention $a_{t,j}$")
show(figure, "06_alignment")

# %% [markdown]
# ## From strings to images
#
# Replace the encoder by a conv net and the digits by the locations of an image. The decoder and
# the three nodes of attention stay as they are: that is the captioner. Its alignment matrix has a
# row for each word and a column for each of the 64 locations. There is no diagonal in it, since an
# image has no first and no last location.

# %%
model, vocabulary = trained_captioner()
caption = greedy(model, to_float(draw_scenes("test", 1, progress=False).images))[0]
assert caption.attention.shape == (len(caption.words), 64)
figure, axes = plt.subplots(figsize=(13, 4.6))
shown = axes.imshow(caption.attention, cmap="cividis", aspect="auto")
axes.set_yticks(range(len(caption.words)), vocabulary.decode(caption.words), fontsize=13)
axes.set(xlabel="the 64 locations of the image, row by row",
         title="The same matrix of a captioner: words by locations")
figure.colorbar(shown, ax=axes, label="attention")
show(figure, "06_captioner")

# %% [markdown]
# ## Exercises
#
# 1. **From left to right.** Train with attention and `right_to_left=False`. It gets as good. But
#    look at the alignment matrix: which diagonal is it now? Explain what a state of the encoder
#    knows, and why "where it looks" is not "what it takes from there".
# 2. **A wider vector.** Train without attention with H = 8, 16 and 32. How does the share of
#    right strings of length 8 change?
# 3. **Longer than ever seen.** Test the model with attention on lengths 12, 14, ... 20. It has
#    never seen more than 12 digits. Is the bottleneck back? If not, what has gone wrong?
#
# Solutions: `lessons/solutions/06_sequence_to_sequence.py`.
#
# ## Where to read on
#
# * Sutskever, Vinyals and Le 2014 (arXiv:1409.3215), section 3.3: reading the source in reverse.
# * Cho and others 2014 (arXiv:1409.1259): translation gets worse with the length of the sentence.
# * Bahdanau, Cho and Bengio 2015 (arXiv:1409.0473), section 3, and figures 2 and 3: the same two
#   pictures as here, for English and French.
# * Lesson 7: the attention over an image, number by number.
