# %% [markdown]
# # Lesson 10, solutions: the penalty and the gate
#
# Runs on its own, in some 5 seconds.

# %%
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # where trained lies

import numpy as np
from trained import trained_captioner

from gradcheck import check
from satt.data.batches import to_float
from satt.data.scenes.dataset import draw_scenes
from satt.decoding.greedy import greedy
from satt.layers.doubly_stochastic import doubly_stochastic_forward
from satt.layers.softmax import softmax_forward
from satt.metrics.scene_report import judge

# %% [markdown]
# ## 1. The floor is there for any attention
#
# Multiply out (1 - n)^2 - (T/L - n)^2 = 1 - (T/L)^2 - 2 n (1 - T/L), and sum over the locations,
# with sum n = T: L - T^2/L - 2 T + 2 T^2/L = L (1 - T/L)^2.

# %%
random = np.random.default_rng(0)
T, L = 12, 196
for sharpness in (0, 1, 5, 50):
    attention, _ = softmax_forward(sharpness * random.normal(size=(1, T, L)))
    paper, _ = doubly_stochastic_forward(attention)
    ours, _ = doubly_stochastic_forward(attention, target="T/L")
    print(f"scores times {sharpness:2}: {paper:8.3f} - {ours:7.3f} = {paper - ours:.3f}")
    assert np.isclose(paper - ours, L * (1 - T / L) ** 2)

# %% [markdown]
# ## 2. The gate, forced

# %%
model, vocabulary = trained_captioner()
world = draw_scenes("test", 300, progress=False)
arrays, shares = model.arrays(), {}
for name, bias in (("as learned", None), ("open", 10.0), ("shut", -10.0)):
    model.restore(arrays)
    if bias is not None:
        model.params["decoder.gate.W"] = np.zeros_like(model.params["decoder.gate.W"])
        model.params["decoder.gate.b"] = np.full_like(model.params["decoder.gate.b"], bias)
    captions = greedy(model, to_float(world.images))
    shares[name] = np.mean([
        judge(vocabulary.decode(caption.words), caption.attention, scene, 64, (8, 8)).is_true
        for caption, scene in zip(captions, world.scenes, strict=True)])
    print(f"gate {name}: {shares[name]:.0%} true")
    if name == "shut":
        print("   it says:", " ".join(vocabulary.decode(captions[0].words)))
assert shares["shut"] < 0.1
assert abs(shares["as learned"] - shares["open"]) < 0.15

# %% [markdown]
# Shut, it is blind but for s0. The captioner that comes with the lessons then often goes round in
# a circle until it is stopped: "a big person in front of a big person in front of". Open all the
# time, it captions about as well as with the gate. So the gate tells us something about words, but
# this captioner could do without it.
#
# ## 3. A penalty on what was heard
#
# With n_l = sum_t beta_t a_tl and loss = sum_l (target - n_l)^2, averaged over the images:
#
#     dn_l  = 2 (n_l - target) dloss / N
#     da_tl = beta_t dn_l                 dbeta_t = sum_l a_tl dn_l

# %%
def gated_penalty_forward(attention, beta, target=1.0):
    excess = np.einsum("nt,ntl->nl", beta, attention) - target
    return (excess**2).sum() / len(attention), (attention, beta, excess)


def gated_penalty_backward(dloss, cache):
    attention, beta, excess = cache
    dtotal = 2 * excess * dloss / len(attention)
    dattention = beta[:, :, None] * dtotal[:, None, :]
    dbeta = np.einsum("ntl,nl->nt", attention, dtotal)
    return dattention, dbeta


attention, _ = softmax_forward(random.normal(size=(2, 5, 4)))
beta = random.uniform(0.1, 0.9, (2, 5))
report = check(gated_penalty_forward, gated_penalty_backward,
               {"attention": attention, "beta": beta})
print(report)
assert report.ok
open_gates, _ = gated_penalty_forward(attention, np.ones((2, 5)))
assert np.isclose(open_gates, doubly_stochastic_forward(attention)[0])  # all open: the paper's

# %% [markdown]
# This term says something about what was heard, not about what was looked at. It has a way out,
# though: open the gates at words that need no picture, only to even the totals.
