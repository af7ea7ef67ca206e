# %% [markdown]
# # Solutions of lesson 2
#
# ## Exercise 1: the leaky ReLU
#
# The slope is 1 where x is positive and 0.1 elsewhere. It is never 0, so every unit always gets
# some gradient: none can die.

# %%
import numpy as np

from gradcheck import check
from satt.layers.softmax import softmax_forward

random = np.random.default_rng(0)


def leaky_relu_forward(x):
    slope = np.where(x.real > 0, 1.0, 0.1)
    return x * slope, (slope,)


def leaky_relu_backward(dout, cache):
    (slope,) = cache
    return dout * slope


report = check(leaky_relu_forward, leaky_relu_backward, {"x": random.normal(size=(3, 4))})
print(report)
assert report.ok

_, cache = leaky_relu_forward(np.full((3, 4), -5.0))
assert (leaky_relu_backward(np.ones((3, 4)), cache) != 0).all()

# %% [markdown]
# (`x.real` lets the complex step through: a complex number is not larger than 0.)
#
# ## Exercise 2: a gain for each feature
#
# gamma[d] was copied for every n and every t, so its gradient is the sum over both:
#
#     out[n, t, d] = gamma[d] x[n, t, d]
#     dgamma[d]    = sum_n sum_t dout[n, t, d] x[n, t, d]
#     dx[n, t, d]  = dout[n, t, d] gamma[d]


# %%
def gain_forward(x, gamma):
    return x * gamma, (x, gamma)


def gain_backward(dout, cache):
    x, gamma = cache
    return dout * gamma, (dout * x).sum(axis=(0, 1))


inputs = {"x": random.normal(size=(2, 5, 3)), "gamma": random.normal(size=3)}
report = check(gain_forward, gain_backward, inputs)
print(report)
assert report.ok

# %% [markdown]
# A sum over the first axis only has the shape (T, D), and gradcheck names what is missing.


# %%
def half_summed_backward(dout, cache):
    x, gamma = cache
    return dout * gamma, (dout * x).sum(axis=0)


report = check(gain_forward, half_summed_backward, inputs)
print(report)
assert report.gradients["gamma"].cause.kind == "missing-sum"

# %% [markdown]
# ## Exercise 3: label smoothing
#
#     loss = - sum_v q_v log p_v = - sum_v q_v (y_v - log sum_w exp(y_w))
#          = log sum_w exp(y_w) - sum_v q_v y_v          since the q_v sum to 1
#
#     d loss / d y_v = p_v - q_v
#
# With q = (0, 1, 0) it is the cross-entropy of the lesson. The gradient is 0 when p = q: the
# network is no longer asked to be surer than 0.9.

# %%
q = np.array([0.05, 0.9, 0.05])


def smooth_forward(logits):
    p, _ = softmax_forward(logits)
    return -(q * np.log(p)).sum(), (p,)


def smooth_backward(dloss, cache):
    (p,) = cache
    return dloss * (p - q)


report = check(smooth_forward, smooth_backward, {"logits": np.array([2.0, 1.0, -1.0])})
print(report)
assert report.ok

_, cache = smooth_forward(np.log(q))
assert np.allclose(smooth_backward(1.0, cache), 0)
