# %% [markdown]
# # Solutions of lesson 5
#
# About 10 seconds: the lesson itself is run first, so that its names are here.

# %%
import runpy
import sys
from pathlib import Path

import numpy as np

from satt.layers.gru_step import gru_step_backward, gru_step_forward
from satt.layers.lstm_step import lstm_step_backward, lstm_step_forward

LESSONS = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(LESSONS))
lesson = runpy.run_path(str(LESSONS / "05_rnn_and_lstm.py"))
N, T, width, H = 16, 50, 8, 32
x, upstream = lesson["x"], lesson["upstream"]

# %% [markdown]
# ## 1. Close the wide road
#
# Without the memory the gradient has to go through the state: through o, W_state and the gates, at
# every step. Those weights are small here, and it vanishes faster than in any RNN of the lesson.

# %%
b = np.repeat([0.0, 3.0, 0.0, 0.0], H)
state, cell, caches = np.zeros((N, H)), np.zeros((N, H)), []
for t in range(T):
    (state, cell), cache = lstm_step_forward(
        x[:, t], state, cell, lesson["W_x_lstm"], lesson["W_state_lstm"], b
    )
    caches.append(cache)
dstate, nothing = upstream, np.zeros((N, H))
for cache in reversed(caches):
    _, dstate, dcell, *_ = lstm_step_backward((dstate, nothing), cache)
closed = np.linalg.norm(dstate)
with_road = lesson["lstm_lengths"][3.0][1, -1]
print(f"state's gradient after 50 steps: with the road {with_road:.0e}, without {closed:.0e}")
assert closed < 1e-20 < with_road

# %% [markdown]
# ## 2. The GRU
#
# Its update gate z makes the road: new_state = z state + (1 - z) candidate, so that the gradient
# goes back times z, with no matrix. Its gates stand in the order reset, update, candidate.

# %%
random = np.random.default_rng(1)
W_x, W_state = (random.normal(size=(size, 3 * H)) * 0.03 for size in (width, H))
lengths = {}
for bias in (0.0, 3.0):
    b, state, caches = np.repeat([0.0, bias, 0.0], H), np.zeros((N, H)), []
    for t in range(T):
        state, cache = gru_step_forward(x[:, t], state, W_x, W_state, b)
        caches.append(cache)
    dstate = upstream
    for cache in reversed(caches):
        _, dstate, *_ = gru_step_backward(dstate, cache)
    lengths[bias] = np.linalg.norm(dstate)
    print(f"GRU, update bias {bias:.0f}: after 50 steps {lengths[bias]:.0e}")
assert lengths[0.0] < 1e-10 and lengths[3.0] > 0.01

# %% [markdown]
# ## 3. A counter
#
# Keep all (f = 1) and write always (i = 1); the candidate is tanh(1) for a 1 and tanh(0) = 0 for a
# 0.

# %%
W_x = np.array([[0.0, 0.0, 0.0, 1.0]])  # the input goes to the candidate
b = np.array([20.0, 20.0, 0.0, 0.0])  # i and f open
ones = [1, 0, 1, 1, 0, 1]
state, cell = np.zeros((1, 1)), np.zeros((1, 1))
for one in ones:
    (state, cell), _ = lstm_step_forward(
        np.array([[float(one)]]), state, cell, W_x, np.zeros((1, 4)), b
    )
    print(one, f"memory {cell[0, 0]:.2f}")
assert np.isclose(cell[0, 0], sum(ones) * np.tanh(1), atol=1e-6)
