# %% [markdown]
# # Solutions of lesson 1
#
# ## Exercise 1: the sigmoid
#
# With S = 1 / (1 + exp(-x)) the derivative is exp(-x) / (1 + exp(-x))² = S (1 - S): a minus, where
# the mistake has a plus. `slopes` is the function of the lesson.

# %%
import numpy as np

from gradcheck import check


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


def sigmoid_forward(x):
    out = 1 / (1 + np.exp(-x))
    return out, (out,)


def mistaken_backward(dout, cache):
    (out,) = cache
    return dout * out * (1 + out)


def sigmoid_backward(dout, cache):
    (out,) = cache
    return dout * out * (1 - out)


random = np.random.default_rng(0)
x, upstream = random.normal(size=(2, 5))
_, cache = sigmoid_forward(x)
asked = slopes(sigmoid_forward, x, upstream)
print("mistaken ", mistaken_backward(upstream, cache).round(4))
print("corrected", sigmoid_backward(upstream, cache).round(4))
print("asked    ", asked.round(4))
assert not np.allclose(mistaken_backward(upstream, cache), asked, atol=1e-2)
assert np.allclose(sigmoid_backward(upstream, cache), asked, atol=1e-8)

# %% [markdown]
# ## Exercise 2: a mistake that ones do not see
#
# After the mean is subtracted, every row sums to 0, whatever x is. So under an upstream of ones
# the true gradient is 0, and a backward that returns zeros passes.
#
# The true one: x_j moves its own output by 1, and every output of its row by -1/n through the
# mean. So dx = dout minus the mean of dout over the row.


# %%
def centre_forward(x):
    return x - x.mean(axis=1, keepdims=True), None


def lazy_backward(dout, cache):
    return np.zeros_like(dout)


def centre_backward(dout, cache):
    return dout - dout.mean(axis=1, keepdims=True)


x, upstream = random.normal(size=(2, 3, 4))
ones = np.ones_like(x)
assert np.allclose(slopes(centre_forward, x, ones), lazy_backward(ones, None), atol=1e-9)
assert not np.allclose(slopes(centre_forward, x, upstream), lazy_backward(upstream, None))
assert not check(centre_forward, lazy_backward, {"x": x}).ok
assert check(centre_forward, centre_backward, {"x": x}).ok

# %% [markdown]
# ## Exercise 3: the length of a vector
#
# For a complex number, |x| is its distance from 0: a real number. The imaginary part is lost, and
# the complex step gives 0. x * x keeps it, and is the same for real x.


# %%
def real_length(x):
    return np.sqrt((np.abs(x) ** 2).sum())


def length(x):
    return np.sqrt((x * x).sum())


x = np.array([3.0, 4.0])
move = np.array([1e-30j, 0])
print("with abs:", np.imag(real_length(x + move)) / 1e-30)
print("without: ", np.imag(length(x + move)) / 1e-30)
assert real_length(x) == length(x) == 5
assert np.imag(real_length(x + move)) == 0
assert np.isclose(np.imag(length(x + move)) / 1e-30, 3 / 5)

# %% [markdown]
# The slope is x_1 / length = 3/5. gradcheck does not accept the first form in silence:

# %%
report = check(
    lambda x: (real_length(x), x), lambda dout, x: dout * x / real_length(x), {"x": x}
)
print(report)
assert not report.ok and "not complex-safe" in report.problems[0]
