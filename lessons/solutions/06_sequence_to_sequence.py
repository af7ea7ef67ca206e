# %% [markdown]
# # Solutions of lesson 6
#
# About 20 seconds: the lesson itself is run first, so that its names are here.

# %%
import runpy
import sys
from pathlib import Path

LESSONS = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(LESSONS))
lesson = runpy.run_path(str(LESSONS / "06_sequence_to_sequence.py"))
train, write, share_right = lesson["train"], lesson["write"], lesson["share_right"]
np = lesson["np"]  # NumPy in one thread, see showing.py
np.set_printoptions(precision=2, suppress=True, linewidth=100)

# %% [markdown]
# ## 1. From left to right
#
# The strings come out right, but the matrix is shifted by one column: to write digit j the model
# looks at the state **after** digit j + 1, h_{j+1}. Read from left to right, that state knows
# digit j too, since it was read just before. And it is easy to find: the decoder has just written
# digit j + 1, so that it needs only look for the state that was made at this very digit. (Read
# from right to left, h_{j+1} was made before digit j was read, and cannot know it.)
#
# So the place of a state is not all that is in it. Attention says where the model looked; what it
# took from there is another question. With a conv net it is the same: a grid vector sees more of
# the image than its own location (lesson 4).

# %%
p = train(True, right_to_left=False)
for length in (4, 8, 12):
    share = share_right(p, length, right_to_left=False)
    print(f"length {length}: {share:.2f} right")
    assert share > 0.75
source = np.random.default_rng(3).integers(0, 10, (300, 8))
_, attention = write(source, p, right_to_left=False)
mean = attention.mean(axis=0)
print(mean)
expected = np.minimum(np.arange(8)[::-1] + 1, 7)  # one column to the right of the other diagonal
assert (mean.argmax(axis=1)[1:] == expected[1:]).all()

# %% [markdown]
# ## 2. A wider vector
#
# More room, fewer mistakes: the bottleneck is one of width. But the width has to be chosen before
# anybody knows how long the strings will be.

# %%
shares = {}
for H in (8, 16, 32):
    shares[H] = share_right(train(False, H=H), 8)
    print(f"H = {H}: {shares[H]:.2f} of the strings of length 8 are right")
assert shares[8] < shares[16] < shares[32]

# %% [markdown]
# ## 3. Longer than ever seen
#
# The model with attention fails as well, though nothing has to fit into one vector. It has learned
# how to find its way in strings of up to 12 digits. In longer ones the states of encoder and
# decoder come to regions where nobody has trained f_att: it looks at the wrong places, loses
# count, and one wrong digit leads to the next, because it reads its own words.

# %%
longer = {
    length: share_right(lesson["with_attention"], length) for length in (12, 14, 16, 18, 20)
}
print("right, by length:", {length: round(float(share), 2) for length, share in longer.items()})
assert longer[12] > 0.9 and longer[20] < 0.2
