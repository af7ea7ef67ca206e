# %% [markdown]
# # Lesson 1: what a gradient check is
#
# **What you will see.** A gradient that was written by hand is a claim. A gradient check asks the
# function itself whether the claim is true. You will build such a check, see how exact it can be,
# and then fool it in four ways. All four happen in real homework.
#
# **What you need.** Nothing but Python, NumPy and the derivative of x³.
#
# **How long.** 35 minutes to read, some 5 seconds to run.
#
# Where this stands: lecture 6 (backpropagation), before any attention. Every backward of satt was
# written by hand and passes the check of this lesson.

# %%
from showing import BLUE, GREEN, ORANGE, RED, show  # before NumPy, see there

# isort: split
import numpy as np
from matplotlib import pyplot as plt
from trained import trained_captioner

from gradcheck import check
from satt.data.batches import caption_arrays, to_float
from satt.data.scenes.dataset import draw_scenes
from satt.layers.linear import linear_backward, linear_forward
from satt.layers.relu import relu_backward, relu_forward
from satt.layers.softmax import softmax_backward, softmax_forward

# %% [markdown]
# ## 1. One number
#
# The derivative of x³ is 3x². At x = 2 it is 12. Suppose you did not know that. You can ask the
# function: move x a little, and look how much the result moves.
#
# * **Forward difference:** move x up by h, divide by h.
# * **Central difference:** move x up by h and down by h, divide by 2h.


# %%
def cube(x):
    return x * x * x


x, h, true = 2.0, 0.1, 12.0
forward_difference = (cube(x + h) - cube(x)) / h
central_difference = (cube(x + h) - cube(x - h)) / (2 * h)
print(f"forward difference {forward_difference:.4f}   central difference {central_difference:.4f}")
assert np.isclose(forward_difference, 12.61)
assert np.isclose(central_difference, 12.01)

# %% [markdown]
# Both are close to 12, and the central one is closer. Why? Multiply it out:
#
#     (2 + h)³ = 8 + 12h + 6h² + h³
#     (2 - h)³ = 8 - 12h + 6h² - h³
#
#     forward difference = 12 + 6h + h²          wrong by about 6h
#     central difference = 12 + h²               wrong by h²
#
# In the difference of the two lines the term 6h² cancels. For any smooth function it is the same:
# the forward difference is wrong by about h f''(x) / 2, the central one by about h² f'''(x) / 6.
# This is called the **truncation error**: it comes from where Taylor's series was cut off.
#
# So make h tiny? Try it. Below, h goes from 0.1 down to 10⁻¹⁵.
#
# There is a third way. Move x in the *imaginary* direction, by ih, and take the imaginary part:
#
#     (2 + ih)³ = 8 + 12ih - 6h² - ih³           imaginary part / h = 12 - h²
#
# This is the **complex step**. It takes no difference of two nearly equal numbers.

# %%
steps = 10.0 ** -np.arange(1, 16)
errors = {
    "forward difference": np.abs((cube(x + steps) - cube(x)) / steps - true),
    "central difference": np.abs((cube(x + steps) - cube(x - steps)) / (2 * steps) - true),
    "complex step": np.abs(cube(x + 1j * steps).imag / steps - true),
}
print("       h   forward   central   complex")
for row in zip(steps, *errors.values(), strict=True):
    print("  ".join(f"{number:8.1e}" for number in row))

# %%
figure, axes = plt.subplots(figsize=(8, 5))
marks = zip(errors.items(), "o^s", (13, 9, 5), (ORANGE, BLUE, GREEN), strict=True)
for (name, error), mark, size, colour in marks:  # the large ones can be seen under the small
    axes.loglog(steps, np.maximum(error, 1e-17), marker=mark, ms=size, color=colour, label=name)
axes.invert_xaxis()
axes.set(xlabel="step h (smaller to the right)", ylabel="error of the slope",
         title="A smaller step is better, until rounding takes over")
axes.annotate("cut off", (1e-2, 2e-4), (3e-2, 1e-9), arrowprops={"arrowstyle": "->"})
axes.annotate("rounded off", (1e-12, 2e-4), (3e-9, 1e-1), arrowprops={"arrowstyle": "->"})
axes.text(3e-9, 1e-14, "exact to rounding", color=GREEN)
axes.legend(loc="center right")
show(figure, "01_three_slopes")

assert errors["central difference"].min() < 1e-8 < errors["central difference"][-1]
assert errors["complex step"][8:].max() < 1e-14

# %% [markdown]
# The two differences have a V: first the error falls with h, then it rises again. (On the left,
# the complex step lies exactly on the central difference: both are wrong by h².) A computer keeps
# about 16 digits. cube(2 + h) and cube(2 - h) are nearly equal; their first digits cancel, and
# what is left is mostly rounding. Dividing by a small h makes it large: the **rounding error** is
# about 10⁻¹⁶ / h. The best h lies between, near 10⁻⁵, and there some 10 digits are right.
#
# The complex step has no such V. gradcheck uses h = 10⁻³⁰ and gets all digits. It asks one thing:
# the code must let complex numbers through.

# %% [markdown]
# ## 2. From one number to a layer
#
# A layer has many inputs and many outputs. In satt it is a pair of functions:
#
#     out, cache = name_forward(inputs)
#     d_inputs   = name_backward(dout, cache)
#
# `dout` is the gradient that arrives from above, the **upstream gradient**: how much the loss
# changes when an output changes. The backward has to say how much the loss changes when an *input*
# changes. For a check, invent a loss: draw an upstream u, and let
#
#     loss = sum of u * out
#
# Then d loss / d out = u, whatever the layer is. Now every input number has one slope, and we can
# take it as above, entry by entry. That is the whole check.


# %%
def slopes(forward, x, upstream, h=1e-5):
    def loss(x):
        out, _ = forward(x)
        return (upstream * out).sum()

    slope = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        move = np.zeros_like(x)
        move[index] = h
        slope[index] = (loss(x + move) - loss(x - move)) / (2 * h)
    return slope


# %% [markdown]
# The layer to check is the softmax, which turns scores into attention:
#
#     a_i = exp(e_i) / sum_k exp(e_k)
#
# Three scores, three weights:

# %%
scores = np.array([1.0, 2.0, 3.0])
attention, cache = softmax_forward(scores)
upstream = np.array([0.5, -1.0, 2.0])
mine = softmax_backward(upstream, cache)
asked = slopes(softmax_forward, scores, upstream)
print("scores          ", scores)
print("attention       ", attention.round(4))
print("backward says   ", mine.round(8))
print("the forward says", asked.round(8))
assert np.allclose(mine, asked, atol=1e-9)

# %% [markdown]
# They agree to nine digits. Now a mistake that many make. The derivative of exp(e)/S with respect
# to e seems to be exp(e)/S again, so the gradient would be `attention * dout`:


# %%
def forgetful_backward(dout, cache):
    attention, axis = cache
    return attention * dout


print("it says         ", forgetful_backward(upstream, cache).round(4))
print("the forward says", asked.round(4))
assert not np.allclose(forgetful_backward(upstream, cache), asked, atol=0.1)

# %% [markdown]
# It forgets that S also depends on e: raise one score, and all other weights fall. The table of
# all derivatives d a_i / d e_j (the **Jacobian**) shows what is missing: everything beside the
# diagonal.

# %%
true_table = np.diag(attention) - np.outer(attention, attention)
forgetful_table = np.diag(attention)
figure, panels = plt.subplots(1, 2, figsize=(9, 4.5))
titles = ("true: raise one score,\nthe other weights fall", "the mistake: the others stay")
for panel, table, title in zip(panels, (true_table, forgetful_table), titles, strict=True):
    image = panel.imshow(table, cmap="cividis", vmin=-0.25, vmax=0.7)
    for (row, column), value in np.ndenumerate(table):
        colour = "black" if value > 0.3 else "white"
        panel.text(column, row, f"{value:.3f}", ha="center", va="center", color=colour)
    panel.set(title=title, xlabel="score e_j that is moved", ylabel="weight a_i that answers",
              xticks=range(3), yticks=range(3))
figure.colorbar(image, ax=panels, label="d a_i / d e_j")
show(figure, "01_softmax_jacobian")
assert np.allclose(true_table @ upstream, mine)
assert np.allclose(true_table.sum(axis=0), 0)

# %% [markdown]
# `gradcheck` is this check, made with more care: central differences and the complex step, every
# input, an error for every entry, and an opinion about what went wrong. Here is the right layer,
# then the wrong one:

# %%
right = check(softmax_forward, softmax_backward, {"scores": scores})
print("the right backward:")
print(right)
wrong = check(softmax_forward, forgetful_backward, {"scores": scores})
print("\nthe forgetful one:")
print(wrong)
assert right.ok and not wrong.ok
assert wrong.gradients["scores"].cause.kind == "missing-path"

# %% [markdown]
# ## 3. Fooled by ones
#
# Many courses use `upstream = np.ones(...)`, that is, loss = sum of the outputs. It looks simple
# and harmless. Look at the columns of the true table above: each one sums to 0. The weights of a
# softmax always sum to 1, whatever the scores, so the *sum* of the outputs never moves:

# %%
ones = np.ones(3)
print("slopes under ones:", slopes(softmax_forward, scores, ones).round(12))
assert np.allclose(slopes(softmax_forward, scores, ones), 0, atol=1e-10)


# %% [markdown]
# The true gradient is zero, so every backward that returns zero there passes. Three candidates:


# %%
def zero_backward(dout, cache):
    return np.zeros_like(dout)


def loud_backward(dout, cache):
    return 1000 * softmax_backward(dout, cache)


candidates = {
    "right": softmax_backward, "always zero": zero_backward, "1000 times": loud_backward,
}
for name, backward in candidates.items():
    under_ones = np.abs(backward(ones, cache) - slopes(softmax_forward, scores, ones)).max()
    under_random = np.abs(backward(upstream, cache) - asked).max()
    print(f"{name:12} error under ones {under_ones:.0e}, under another {under_random:.0e}")
    assert under_ones < 1e-9
    assert (under_random < 1e-9) == (name == "right")

# %% [markdown]
# All three pass under ones. A random upstream separates them at once, so that is what gradcheck
# draws. The same trap lies in every layer whose outputs have a fixed sum, such as batch
# normalisation.

# %%
for name, backward in candidates.items():
    assert check(softmax_forward, backward, {"scores": scores}).ok == (name == "right")

# %% [markdown]
# ## 4. Fooled by float32
#
# Networks are trained in float32, numbers of 7 digits. Check in float32, and the V from above is
# lifted by nine powers of ten. Below: the right softmax backward on 4 x 49 scores, and one that
# is truly wrong, by one per cent. Which step h tells them apart?

# %%
random = np.random.default_rng(0)
grid_scores, grid_upstream = random.normal(size=(2, 4, 49))


def error_of(backward, h, dtype):
    scores, upstream = grid_scores.astype(dtype), grid_upstream.astype(dtype)
    _, cache = softmax_forward(scores)
    says = backward(upstream, cache)
    slope = slopes(softmax_forward, scores, upstream, dtype(h))
    return np.abs(says - slope).max() / np.sqrt((slope**2).mean())


def slightly_wrong_backward(dout, cache):
    return 1.01 * softmax_backward(dout, cache)


steps = 10.0 ** -np.arange(1, 8)
in_float64 = [error_of(softmax_backward, h, np.float64) for h in steps]
in_float32 = [error_of(softmax_backward, h, np.float32) for h in steps]
truly_wrong = [error_of(slightly_wrong_backward, h, np.float64) for h in steps]

figure, axes = plt.subplots(figsize=(8, 5))
axes.loglog(steps, in_float32, "o-", color=ORANGE, label="right, checked in float32")
axes.loglog(steps, truly_wrong, "x--", color=RED, label="wrong by 1 %, checked in float64")
axes.loglog(steps, in_float64, "s-", color=BLUE, label="right, checked in float64")
axes.invert_xaxis()
axes.set(xlabel="step h (smaller to the right)", ylabel="worst entry's error",
         title="In float32, right code looks as wrong as wrong code")
axes.legend()
show(figure, "01_float32")
assert min(in_float64) < 1e-8 < 1e-4 < min(in_float32)
assert in_float32[4] > truly_wrong[4]  # at h = 1e-5, the step most courses use

# %% [markdown]
# At h = 10⁻⁵, the usual step, the right code in float32 has a *larger* error than the wrong code
# in float64. People then raise the tolerance until the check passes; after that it passes
# anything. So: check in float64, always. Train in float32 if you like; the code is the same,
# because in satt the dtype follows the data. If some line of your code makes float32 on the way,
# gradcheck says so:


# %%
def narrow_forward(scores):
    return softmax_forward(scores.astype(np.float32))


narrow = check(narrow_forward, softmax_backward, {"scores": scores})
print(narrow)
assert narrow.cause.kind == "dtype"

# %% [markdown]
# ## 5. Fooled by a kink
#
# ReLU is max(x, 0). To the left of 0 its slope is 0, to the right 1; at 0 it has a **kink**. If x
# is closer to 0 than h, the two points of the central difference stand on different sides:

# %%
x, h = 0.002, 0.01
secant = (max(x + h, 0) - max(x - h, 0)) / (2 * h)
print(f"the slope at x = {x} is 1; the central difference says {secant:.2f}")
assert np.isclose(secant, 0.6)

figure, axes = plt.subplots(figsize=(8, 4.5))
line = np.linspace(-0.02, 0.02, 201)
axes.plot(line, np.maximum(line, 0), color=BLUE, lw=3, label="relu(x)")
axes.plot([x - h, x + h], [0, x + h], "o--", color=RED, label=f"through both points: {secant:.1f}")
axes.plot([-0.01, 0.02], [-0.01, 0.02], ":", color=GREEN, lw=2, label="the slope at x: 1")
axes.plot(x, x, "k*", ms=14)
axes.annotate("x", (x, x), (x + 0.0005, x - 0.004))
axes.set(title="A step across the kink measures neither slope", xlabel="x")
axes.legend()
show(figure, "01_kink")

# %% [markdown]
# Right code fails here, and its author searches for a bug that is not there. With thousands of
# ReLUs some x is always this close. Three remedies, and gradcheck uses them all:
#
# * make h smaller until both points are on one side;
# * if x is exactly at the kink, where no slope exists, move the inputs a little and begin again;
# * take the complex step: a point x + ih with h = 10⁻³⁰ never leaves its side.

# %%
close = check(relu_forward, relu_backward, {"x": np.array([1e-5, -1e-5, 0.3])})
on_it = check(relu_forward, relu_backward, {"x": np.array([0.0, 1.0, -1.0])})
print(on_it)
assert close.ok and close.redrawn == 0
assert on_it.ok and on_it.redrawn == 1

# %% [markdown]
# ## 6. Fooled by nothing
#
# The last trap is the quietest. Start a linear layer with W = 0 and check it. Now out = x W does
# not depend on x any more. The true dx is 0; a backward that computes nonsense *times W* gives 0,
# too. Both sides agree, and nothing has been shown. Such a check is **vacuous** (empty).


# %%
def nonsense_backward(dout, cache):
    dx, dW, db = linear_backward(dout, cache)
    return -7 * dx, dW, db


inputs = {"x": random.normal(size=(2, 3)), "W": np.zeros((3, 4)), "b": np.zeros(4)}
vacuous = check(linear_forward, nonsense_backward, inputs)
print(vacuous)
assert vacuous.gradients["x"].is_vacuous and not vacuous.ok

inputs["W"] = random.normal(size=(3, 4))
found = check(linear_forward, nonsense_backward, inputs)
print()
print(found)
assert np.isclose(found.gradients["x"].ratio, -7)

# %% [markdown]
# gradcheck counts "0 = 0" as a failure, and asks for inputs on which x matters. With another W the
# nonsense is found, and even its factor.
#
# Units of a ReLU that are all negative make the same trap, and so does a loss that is already 0.

# %% [markdown]
# ## 7. On the real model
#
# A captioner has hundreds of thousands of parameters. To move each in turn would take hours. One
# can move all at once, along a random direction d. If the gradient g is right, the loss grows
# along d by g · d:
#
#     loss(parameters + r d) = loss(parameters) + r (g · d) + ...
#
# One number, but a mistake in any parameter would change it. The loss is that of one right caption
# of one drawn scene: the captioner sees the scene, reads the caption, and is asked before each
# word what comes next.

# %%
model, vocabulary = trained_captioner()
world = draw_scenes("test", 1, model.settings.image_size, progress=False)
batch = {
    "images": to_float(world.images).astype(np.float64),
    "words": caption_arrays(world.captions[0][:1], vocabulary),
}
params = {name: value.astype(np.float64) for name, value in model.params.items()}
# Small parameters move a little, large ones more.
direction = {
    name: random.normal(size=value.shape) * np.abs(value).mean() for name, value in params.items()
}


def loss_along(r):
    dtype = np.result_type(r, np.float64)
    model.params = {
        name: (value + r * direction[name]).astype(dtype) for name, value in params.items()
    }
    return model.forward(batch | {"images": batch["images"].astype(dtype)})[0]


model.params = params
loss, gradients = model.loss_and_gradients(batch)
by_backward = sum((gradients[name] * direction[name]).sum() for name in gradients)
by_complex_step = loss_along(1e-30j).imag / 1e-30
# Of thousands of ReLUs some are always near their kink (section 5). A smaller step crosses fewer,
# and the rounding that it costs is still far below 1e-4.
by_difference = (loss_along(1e-8) - loss_along(-1e-8)) / 2e-8
print(f"{sum(value.size for value in params.values()):,} parameters, loss {loss:.4f}")
print(f"slope by the backward      {by_backward:.15f}")
print(f"slope by the complex step  {by_complex_step:.15f}")
print(f"slope by differences       {by_difference:.15f}")
assert np.isclose(by_backward, by_complex_step, rtol=1e-10)
assert np.isclose(by_backward, by_difference, rtol=1e-4)

# %% [markdown]
# The backward and the complex step agree to a dozen digits, through four convolutions, an LSTM,
# attention and the vocabulary. The command `gradcheck` checks a small captioner parameter by
# parameter.
#
# ## What to remember
#
# * Central differences err by h² and by 10⁻¹⁶/h. The complex step has no second error.
# * Draw the upstream at random. Check in float64. Stay away from kinks. 0 = 0 shows nothing.
# * Check inputs as well as parameters: lesson 2 shows why.
#
# A passed check says that the backward belongs to the forward. It does not say that the forward is
# what you meant. Lesson 13 shows an attention that ignores its state and passes every check.
#
# ## Exercises
#
# **1.** A sigmoid is out = 1 / (1 + exp(-x)). Someone's backward returns
# `dout * out * (1 + out)`. Use `slopes` from above (not gradcheck) to show that it is wrong, and
# correct it.
#
# **2.** Write `centre_forward(x)`: it subtracts from each row of x the row's mean. Write a wrong
# backward for it that passes under an upstream of ones, and fails under a random one.
#
# **3.** The length of a vector, `np.sqrt((np.abs(x) ** 2).sum())`, is right for real x. Take its
# slope by the complex step. What comes out, and why? Write it so that the complex step works.
#
# Solutions: `solutions/01_gradient_check.py`.
#
# ## Where to read on
#
# * Squire and Trapp (1998), *Using complex variables to estimate derivatives of real functions*:
#   two pages, the complex step.
# * `gradcheck/numerical.py`: how slopes are taken; `gradcheck/compare.py`: when two gradients are
#   equal.
# * Xu et al. (2015), section 4.3: how the captioner is trained. The gradients are left to the
#   reader there; lesson 2 begins with them.
