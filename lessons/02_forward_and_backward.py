# %% [markdown]
# # Lesson 2: forward and backward
#
# **What you will see.** A small network, computed forward number by number, then backward. Four
# layers: linear, ReLU, softmax, cross-entropy. On the way: why the gradient of W is a product of
# transposes, why what was copied is summed, and what to do with a value that is used twice.
#
# **What you need.** Lesson 1 (a gradient check), the chain rule, and how to multiply matrices.
#
# **How long.** 40 minutes to read, some 5 seconds to run.
#
# Where this stands: lecture 6 (backpropagation). The captioner of the later lessons is made of
# such layers. It chooses a word by a linear layer and a softmax, and learns by a cross-entropy.

# %%
from showing import BLUE, ORANGE, RED, SKY, show  # before NumPy, see there

# isort: split
import numpy as np
from matplotlib import pyplot as plt
from trained import trained_captioner

from gradcheck import check
from satt.data.batches import caption_arrays, to_float
from satt.data.scenes.dataset import draw_scenes
from satt.layers.linear import linear_backward, linear_forward
from satt.layers.relu import relu_backward, relu_forward
from satt.layers.sequence_cross_entropy import sequence_cross_entropy_forward
from satt.layers.softmax import softmax_backward, softmax_forward
from satt.layers.weighted_sum import weighted_sum_backward, weighted_sum_forward

# %% [markdown]
# ## 1. Linear: many in, many out
#
# A **linear layer** takes I numbers and gives O numbers. Each output is a weighted sum of all
# inputs, plus a constant, its **bias**:
#
#     out[m, o] = sum_i x[m, i] W[i, o] + b[o]          in matrices: out = x W + b
#
# m counts the examples: two images, two words, two places. All are treated alike, by the same W.

# %%
x = np.array([[1.0, 2.0, 0.0], [0.0, 1.0, -1.0]])  # 2 examples, 3 numbers each
W = np.array([[1.0, 0.0], [0.5, -1.0], [0.0, 2.0]])  # 3 in, 2 out
b = np.array([0.5, 0.0])
out, linear_cache = linear_forward(x, W, b)
print(out)
assert np.allclose(out, [[2.5, -2.0], [1.0, -3.0]])

# %% [markdown]
# **Backward.** From above comes dout: for each output, how much the loss grows when it grows. Ask
# of a single weight: which outputs does it touch? W[i, o] is in out[m, o] for *every* example m,
# each time multiplied by x[m, i]. Move it a little, and each of these outputs moves x[m, i] times
# as much. So
#
#     dW[i, o] = sum_m x[m, i] dout[m, o]
#
# Here it is, loop for loop:

# %%
dout = np.array([[1.0, -1.0], [2.0, 0.5]])
dW = np.zeros_like(W)
for m in range(2):
    for i in range(3):
        for o in range(2):
            dW[i, o] += x[m, i] * dout[m, o]
print(dW)

# %% [markdown]
# Now read the formula as a matrix product. In a product A B, one sums over the *last* index of A
# and the *first* of B. We sum over m, which is the first index of x. So x must be turned on its
# side, and that is what a transpose is:
#
#     dW[i, o] = sum_m xᵀ[i, m] dout[m, o]              dW = xᵀ dout
#
# For dx, ask of a single input: x[m, i] is in out[m, o] for every output o, times W[i, o].
#
#     dx[m, i] = sum_o dout[m, o] W[i, o]
#              = sum_o dout[m, o] Wᵀ[o, i]              dx = dout Wᵀ
#
# No rule to learn by heart: whatever the forward did not sum over, the backward sums over. The
# shapes help to remember. dW is (3, 2); from x (2, 3) and dout (2, 2) only one product has it.

# %%
dx, dW_of_satt, db = linear_backward(dout, linear_cache)
assert np.allclose(dW, x.T @ dout)
assert np.allclose(dW, dW_of_satt)
assert np.allclose(dx, dout @ W.T)

# %% [markdown]
# There is a picture for dW = xᵀ dout. Each example makes a small table: how large each input was
# (x) times what each output is asked to do (dout). The tables of all examples are added.

# %%
tables = [np.outer(x[m], dout[m]) for m in range(2)]
assert np.allclose(tables[0] + tables[1], dW)
figure, panels = plt.subplots(1, 3, figsize=(9, 4.2))
titles = ("example 1:\nx[0] times dout[0]", "example 2:\nx[1] times dout[1]", "their sum: dW")
for panel, table, title in zip(panels, [*tables, dW], titles, strict=True):
    panel.imshow(table, cmap="PuOr", vmin=-6, vmax=6)
    for (row, column), value in np.ndenumerate(table + 0):
        panel.text(column, row, f"{value:g}", ha="center", va="center", size=15,
                   color="white" if value > 3 else "black")
    panel.set(title=title, xticks=[0, 1], yticks=[0, 1, 2], xlabel="output o", ylabel="input i")
for between, sign in zip((0.335, 0.66), "+=", strict=True):
    figure.text(between, 0.5, sign, size=24, ha="center", va="center")
show(figure, "02_outer_products")

# %% [markdown]
# ## 2. Broadcasting, and its sum
#
# b has 2 numbers, out has 2 x 2. NumPy copied b for each example; that is called **broadcasting**.
# Each copy gets a gradient. They were one number, so its gradient is the sum:
#
#     db[o] = sum_m dout[m, o]
#
# This, too, is a product of a transpose: copying b down M rows is multiplying by a column of ones.
#
#     copies = ones b        (M, 1) (1, O)                db = onesᵀ dout

# %%
ones = np.ones((2, 1))
assert np.allclose(ones @ b[None, :], np.broadcast_to(b, (2, 2)))
assert np.allclose(db, ones.T @ dout)
assert np.allclose(db, dout.sum(axis=0))

# %% [markdown]
# The rule works in both directions, and for every layer:
#
# * **what the forward copies, the backward sums;**
# * **what the forward sums, the backward copies.**
#
# Attention copies all the time: one state, the query, is compared with every location of the grid.
# So the query's gradient is a sum over the locations. Forget the sum, and even the shape is wrong:

# %%
random = np.random.default_rng(0)


def compare_forward(keys, query):
    return keys * query[:, None, :], (keys, query)


def forgets_the_sum(dout, cache):
    keys, query = cache
    return dout * query[:, None, :], dout * keys


def compare_backward(dout, cache):
    dkeys, dquery = forgets_the_sum(dout, cache)
    return dkeys, dquery.sum(axis=1)


inputs = {"keys": random.normal(size=(2, 4, 3)), "query": random.normal(size=(2, 3))}
report = check(compare_forward, forgets_the_sum, inputs)
print(report)
assert report.gradients["query"].cause.kind == "missing-sum"
assert check(compare_forward, compare_backward, inputs).ok

# %% [markdown]
# ## 3. ReLU: a gate
#
# ReLU(x) = max(x, 0). Where x is positive it lets the number through, and on the way back the
# gradient; elsewhere it lets nothing through in either direction.

# %%
hidden, relu_cache = relu_forward(out)
dhidden = np.array([[1.0, 1.0], [1.0, 1.0]])
print("in      ", out.tolist())
print("out     ", (hidden + 0).tolist())
print("gradient", relu_backward(dhidden, relu_cache).tolist())
assert np.array_equal(relu_backward(dhidden, relu_cache), [[1, 0], [1, 0]])

# %% [markdown]
# The second unit is negative for both examples. It gets no gradient at all, so it will not change:
# a **dead unit**. With thousands of examples some are positive, and it lives.
#
# ## 4. Softmax and cross-entropy
#
# Three words: cat, dog, bird. The network gives each a score, a **logit**. The softmax makes
# probabilities of them. The **cross-entropy** is the surprise at the right word: -log p(right).
# If p is 1 there is none; if p is 1/3, it is log 3 = 1.1.

# %%
words = ["cat", "dog", "bird"]
logits = np.array([2.0, 1.0, -1.0])
right = 1  # it was a dog
p, softmax_cache = softmax_forward(logits)
loss = -np.log(p[right])
print("p =", p.round(3), " loss =", loss.round(3))

# %% [markdown]
# Backward, one layer after the other. -log p has the slope -1/p, at the right word only; then
# through the softmax of lesson 1:

# %%
dp = np.array([0.0, -1 / p[right], 0.0])
dlogits = softmax_backward(dp, softmax_cache)
print("dlogits =", dlogits.round(3))

# %% [markdown]
# Now on paper. log p_k = y_k - log sum_v exp(y_v), so
#
#     loss = log sum_v exp(y_v) - y_k
#     d loss / d y_v = p_v - (1 if v = k, else 0)
#
# **What the network believes, minus what is true.** All the fractions are gone.

# %%
truth = np.array([0.0, 1.0, 0.0])
assert np.allclose(dlogits, p - truth)
assert np.isclose(dlogits.sum(), 0)

figure, panels = plt.subplots(1, 3, figsize=(10, 4), sharey=True)
bars = (("believed: p", p, BLUE), ("true", truth, SKY), ("gradient: p - true", p - truth, ORANGE))
for panel, (title, heights, colour) in zip(panels, bars, strict=True):
    drawn = panel.bar(words, heights, color=colour, edgecolor="black")
    panel.bar_label(drawn, fmt="%.2f", padding=3)
    panel.axhline(0, color="black", lw=1)
    panel.set(title=title, ylim=(-1.0, 1.2))
figure.suptitle("Learning goes against the gradient: dog up, cat and bird down")
show(figure, "02_belief_minus_truth")

# %% [markdown]
# There is a second reason to treat both as one layer. Take a network that is very sure and wrong.
# exp(-1000) is 0 in the computer, and log 0 is minus infinity. Written as log sum exp, with the
# largest score subtracted first, it is exact. `satt/layers/sequence_cross_entropy.py` does this
# for all steps of a caption.

# %%
sure = np.array([1000.0, 0.0, 0.0])
with np.errstate(divide="ignore"):
    apart = -np.log(softmax_forward(sure)[0][right])
one_caption = sure[None, None], np.array([[right]]), np.array([[True]])
together, _ = sequence_cross_entropy_forward(*one_caption)
print("two layers:", apart, "  one layer:", together)
assert np.isinf(apart) and together == 1000

# %% [markdown]
# ## 5. All in a row
#
# x → linear → ReLU → linear → softmax and cross-entropy. The backward is the forward read from its
# last line to its first, each layer replaced by its backward. The loss is summed over examples.

# %%
targets = np.array([0, 2])  # the first example was a cat, the second a bird


def net_forward(x, W1, b1, W2, b2, targets):
    before, first = linear_forward(x, W1, b1)
    hidden, gate = relu_forward(before)
    logits, second = linear_forward(hidden, W2, b2)
    p, _ = softmax_forward(logits)
    loss = -np.log(p[np.arange(len(x)), targets]).sum()
    return loss, (first, gate, second, p, targets)


def net_backward(dloss, cache):
    first, gate, second, p, targets = cache
    dlogits = dloss * (p - np.eye(p.shape[1])[targets])
    dhidden, dW2, db2 = linear_backward(dlogits, second)
    dbefore = relu_backward(dhidden, gate)
    dx, dW1, db1 = linear_backward(dbefore, first)
    return dx, dW1, db1, dW2, db2


W2, b2 = np.array([[0.5, -1.0, 0.0], [1.0, 0.0, 1.0]]), np.zeros(3)
inputs = {"x": x, "W1": W, "b1": b, "W2": W2, "b2": b2, "targets": targets}
# Of the dead unit nothing could be checked (lesson 1, "vacuous"): here with another W1.
report = check(net_forward, net_backward, inputs | {"W1": random.normal(size=(3, 2))})
print(report)
assert report.ok

# %% [markdown]
# Here are all the numbers of one run: above the boxes the values, below them the gradients. Follow
# the second column through the ReLU: nothing passes, in either direction.

# %%
loss, cache = net_forward(**inputs)
first, gate, second, p, _ = cache
dlogits = p - np.eye(3)[targets]
dhidden, dW2, db2 = linear_backward(dlogits, second)
dbefore = relu_backward(dhidden, gate)
dx, dW1, db1 = linear_backward(dbefore, first)
stops = [
    ("x", x, dx), ("before", out, dbefore), ("hidden", hidden, dhidden),
    ("logits", hidden @ W2 + b2, dlogits), ("loss", np.array([[loss]]), np.array([[1.0]])),
]


def as_text(matrix):
    return "\n".join(" ".join(f"{value + 0:5.2f}" for value in row) for row in matrix)


figure, axes = plt.subplots(figsize=(13, 4.2))
axes.set(xlim=(-0.5, 4.5), ylim=(-1, 1), title="Values go to the right, gradients come back")
axes.set_axis_off()
digits = {"family": "monospace", "size": 15, "ha": "center", "va": "center"}
for place, (name, value, gradient) in enumerate(stops):
    axes.text(place, 0, name, ha="center", va="center", size=14,
              bbox={"boxstyle": "round,pad=0.4", "fc": "white", "ec": "black"})
    axes.text(place, 0.5, as_text(value), color=BLUE, **digits)
    axes.text(place, -0.5, as_text(gradient), color=RED, **digits)
for place, layer in enumerate(["linear", "ReLU", "linear", "softmax,\ncross-entropy"]):
    for height, begin, end, colour in ((0.05, 0.28, 0.72, BLUE), (-0.05, 0.72, 0.28, RED)):
        axes.annotate("", (place + end, height), (place + begin, height),
                      arrowprops={"arrowstyle": "->", "color": colour, "lw": 2})
    axes.text(place + 0.5, 0.14, layer, ha="center", va="bottom")
axes.text(-0.5, 0.85, "values", color=BLUE, weight="bold")
axes.text(-0.5, -0.92, "gradients of the loss", color=RED, weight="bold")
show(figure, "02_there_and_back")
assert np.allclose(dbefore[:, 1], 0)

# %% [markdown]
# ## 6. Used twice
#
# One rule is left. If a value is used in two places, the loss depends on it in two ways, and the
# gradients of both ways are **added**. Attention does this with the grid: it is compared with a
# question, and it is also what the context is made of.
#
#     scores = grid w          attention = softmax(scores)          context = attention · grid


# %%
def attend_forward(grid, w):
    attention, softmax = softmax_forward(grid @ w)
    context, weighted_sum = weighted_sum_forward(attention, grid)
    return context, (grid, w, softmax, weighted_sum)


def attend_backward(dcontext, cache):
    grid, w, softmax, weighted_sum = cache
    dattention, dgrid_as_value = weighted_sum_backward(dcontext, weighted_sum)
    dscores = softmax_backward(dattention, softmax)
    dgrid_as_key = dscores[:, :, None] * w
    dw = (dscores[:, :, None] * grid).sum(axis=(0, 1))  # w was used at every location
    return dgrid_as_value + dgrid_as_key, dw


def forgets_the_key(dcontext, cache):
    _, dw = attend_backward(dcontext, cache)
    *_, weighted_sum = cache
    _, dgrid_as_value = weighted_sum_backward(dcontext, weighted_sum)
    return dgrid_as_value, dw


inputs = {"grid": random.normal(size=(2, 4, 3)), "w": random.normal(size=3)}
report = check(attend_forward, forgets_the_key, inputs)
print(report)
assert check(attend_forward, attend_backward, inputs).ok
assert report.gradients["w"].ok and not report.gradients["grid"].ok

# %% [markdown]
# Look at the table: the parameter w is *right*. Whoever checks parameters only will not see that
# the conv net below gets a wrong gradient. That is why gradcheck checks the inputs, too.
#
# ## 7. On the real model
#
# The captioner ends in the same two layers: a linear layer, with a score for each word of its
# vocabulary, then the softmax. Let it read a right caption word by word. What is p - true?

# %%
model, vocabulary = trained_captioner()
world = draw_scenes("test", 1, model.settings.image_size, progress=False)
caption = world.captions[0][0]
ids = caption_arrays([caption], vocabulary)
memory, state = model.start(to_float(world.images))
gradients = []
for t, next_word in enumerate(ids[0, 1:]):
    logits, _, state = model.step(ids[:, t], memory, state)
    p, _ = softmax_forward(logits[0])
    gradients.append(p - np.eye(len(vocabulary))[next_word])
gradients = np.array(gradients)
assert np.allclose(gradients.sum(axis=1), 0, atol=1e-5)
assert ((gradients < 0).sum(axis=1) <= 1).all()  # only the right word is asked to rise

# %%
loudest = np.argsort(-np.abs(gradients).sum(axis=0))[:16]
names = [vocabulary.decode([word])[0] if word != ids[0, -1] else "<stop>" for word in loudest]
figure, axes = plt.subplots(figsize=(11, 6))
shown = axes.imshow(gradients[:, loudest], cmap="PuOr_r", vmin=-1, vmax=1, aspect="auto")
axes.set_xticks(range(len(names)), names, rotation=60, ha="right")
axes.set_yticks(range(len(ids[0]) - 1), [*caption, "<stop>"])
axes.set(title="Believed minus true, at each word of a right caption",
         xlabel="words of the vocabulary", ylabel="the right word")
for row, column in zip(*np.where(np.abs(gradients[:, loudest]) > 0.15), strict=True):
    value = gradients[row, loudest[column]]
    axes.text(column, row, f"{value:.1f}", ha="center", va="center",
              color="white" if abs(value) > 0.6 else "black")
figure.colorbar(shown, ax=axes, label="gradient of the logit")
show(figure, "02_real_model")

# %% [markdown]
# Where the captioner is sure and right, the row is pale: nothing to learn. Where other words would
# do as well, such as "the" for "a", the one that stands here is asked to rise, the others to fall.
#
# ## What to remember
#
# * dW = xᵀ dout, dx = dout Wᵀ: each sums over what the forward did not sum over.
# * Copied in the forward, summed in the backward. Used twice, added.
# * Softmax with cross-entropy: believed minus true.
#
# ## Exercises
#
# **1.** A *leaky* ReLU lets 0.1 x through where x is negative. Write forward and backward, check
# both with gradcheck, and show that no unit can die.
#
# **2.** A layer scales each feature: out = gamma * x, x of shape (N, T, D), gamma (D,). Derive
# dgamma. Over which axes do you sum?
#
# **3.** *Label smoothing*: the truth q is 0.9 for the right word and 0.05 for each of the two
# others; the loss is - sum_v q_v log p_v. Show on paper that the gradient is p - q, then check it.
#
# Solutions: `solutions/02_forward_and_backward.py`.
#
# ## Where to read on
#
# * `satt/layers/linear.py`, `softmax.py`, `sequence_cross_entropy.py`: the same, with derivations.
# * The sum in `satt/models/captioner.py`: `dgrid_as_value + dgrid_as_key + dgrid_as_start`.
# * Xu et al. (2015), section 3.1.2, equations 4 to 7: the places where you have just been.
# * Lesson 3: a convolution is a linear layer too.
