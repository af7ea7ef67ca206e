# %% [markdown]
# # Solutions of lesson 7
#
# About 10 seconds: the lesson itself is run first, so that its names are here.

# %%
import runpy
import sys
from pathlib import Path

import numpy as np

LESSONS = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(LESSONS))
lesson = runpy.run_path(str(LESSONS / "07_one_step_by_hand.py"))
p, grid, words = lesson["p"], lesson["grid"], lesson["WORDS"]
linear_forward, step_forward = lesson["linear_forward"], lesson["step_forward"]
caption_forward, caption_backward = lesson["caption_forward"], lesson["caption_backward"]


def describe(grid, p):
    """The caption of a grid, and the numbers of each step."""
    keys, _ = linear_forward(grid, p["alignment.W_grid"])
    start_values = (p[name] for name in lesson["start_names"])
    (state, cell), _ = lesson["initial_state_forward"](grid, *start_values)
    word, said, steps = 0, [], []
    while word != 4 and len(said) < 10:
        logits, (state, cell), numbers, _ = step_forward(
            grid, keys, state, cell, np.array([word]), p
        )
        word = int(logits.argmax())
        said.append(words[word])
        steps.append(numbers)
    return " ".join(said), steps


caption, steps = describe(grid, p)

# %% [markdown]
# ## 1. Move the cat
#
# The scores move with the vectors, since f_att looks at one vector at a time. The context is a sum
# over all locations and s_0 comes from their mean; neither feels an order. So the context, the
# states and the caption stay what they were, and only the map of the attention is rearranged. This
# captioner does not know where anything is: it could never say "left of". (A conv net can help:
# its vectors may carry a trace of the place, from the rim of zeros around the image.)

# %%
order = np.arange(9)
order[[4, 0, 7, 3]] = order[[0, 4, 3, 7]]
moved_caption, moved = describe(grid[:, order], p)
print("the cat moved:", moved_caption)
assert moved_caption == caption
for before, after in zip(steps, moved, strict=True):
    assert np.allclose(after["scores"], before["scores"][order])
    assert np.allclose(after["attention"], before["attention"][order])
    assert np.allclose(after["context"], before["context"])
    assert np.allclose(after["state"], before["state"])

# %% [markdown]
# ## 2. Another picture
#
# Without the cat it says "outside" and looks at the sky at once: s_0 is another one, as the mean
# of the grid has no cat in it. With nothing but the cat it says "cat sitting".

# %%
without = grid * [0, 1, 1]
without = without / without.sum(axis=2, keepdims=True)
said, steps_without = describe(without, p)
print("without the cat:", said)
assert said == "outside <stop>"
assert steps_without[0]["attention"][:3].sum() > 0.8  # the upper row

said, steps_alone = describe(grid * [1, 0, 0], p)
print("nothing but the cat:", said)
assert said == "cat sitting <stop>"
assert steps_alone[0]["attention"].argmax() == 4

# %% [markdown]
# ## 3. One step of learning
#
# If each parameter moves by -0.1 times its gradient, the loss changes to first order by
# gradient . (-0.1 gradient) = -0.1 |gradient|^2. It falls by a little less, since the loss bends
# upwards. At "cat" the middle gets a little more attention.

# %%
said = [0, 1, 2, 3, 4]
loss, cache = caption_forward(grid, *p.values(), said=said)
_, *gradients = caption_backward(1.0, cache)
expected = 0.1 * sum((gradient**2).sum() for gradient in gradients)
better = {name: p[name] - 0.1 * gradient for name, gradient in zip(p, gradients, strict=True)}
new_loss, _ = caption_forward(grid, *better.values(), said=said)
print(f"expected to fall by {expected:.3f}, fell by {loss - new_loss:.3f}")
assert 0.5 * expected < loss - new_loss < expected

_, learned = describe(grid, better)
before, after = steps[0]["attention"][4], learned[0]["attention"][4]
print(f'attention on the middle at "cat": {before:.3f}, then {after:.3f}')
assert after > before
