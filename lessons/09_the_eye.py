# %% [markdown]
# # Lesson 9: why attention? The eye
#
# **What you will see.** Why the lecture begins with an eye: the eye is sharp at one small spot and
# must be turned to see. You will draw the eye, draw how fast its sharpness falls, find the nodes
# of attention in its blur, look at a photograph and at a hand through it, and put the captioner's
# attention beside it. At the end you will know where the comparison ends.
#
# **What you need.** Lesson 4 (the grid); it helps to have seen lesson 8.
#
# **How long.** 30 minutes to read, some 10 seconds to run.
#
# **If you read the lecture notes:** their transcript says "phobia" and "psychotics". The words
# meant are **fovea** and **saccades**. Both are explained below.

# %%
from showing import BLUE, GREEN, ORANGE, RED, show  # before NumPy, see there

# isort: split
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.cbook import get_sample_data
from matplotlib.patches import Circle, Ellipse, Polygon, Wedge
from PIL import Image
from scipy.ndimage import gaussian_filter, map_coordinates
from trained import trained_captioner

from gradcheck import check
from satt.data.batches import to_float
from satt.data.scenes.dataset import draw_scenes
from satt.decoding.greedy import greedy
from satt.figures.gaze import draw_gaze
from satt.layers.softmax import softmax_backward, softmax_forward
from satt.metrics.scene_report import judge, report

# %% [markdown]
# ## The eye in section
#
# Light enters through the **cornea** and the **pupil**. The **lens** focuses it on the **retina**,
# a thin layer at the back. There the **photoreceptors** turn light into nerve signals. There are
# two sorts. **Cones** see colour and fine detail, by day. **Rods** see at night, without colour.
#
# Straight behind the lens is a small pit, the **fovea**. The cones are packed there most densely:
# 199,000 on a square millimetre, and ten times fewer one millimetre away (Curcio et al. 1990). In
# the very middle there is no rod. Where the **optic nerve** leaves the eye there are no receptors
# at all. This is the **blind spot**.
#
# The figure is a right eye seen from above, in millimetres (sizes as in schematic eyes: 24 mm
# long, lens 3.6 to 7.2 mm behind the front). We compute where light from a given direction lands:
# a ray through the *nodal point* goes straight on.

# %%
node, radius = np.array([-5.4, 0.0]), 11.2
FOVEA, BLIND = 5.0, 15.5  # degrees: fovea from the lens's axis, blind spot from the fovea


def landing(eccentricity):
    """Where light lands that comes from so many degrees to the side (temple) of the gaze."""
    angle = np.radians(FOVEA - eccentricity)
    direction = np.array([np.cos(angle), np.sin(angle)])
    along = -node @ direction + np.sqrt((node @ direction) ** 2 - node @ node + radius**2)
    return node + along * direction


degree = np.hypot(*(landing(1) - landing(0)))
print(f"a degree is {degree:.2f} mm on the retina")
assert 0.25 < degree < 0.33  # Curcio et al.: the 1.25 degrees without rods are 0.35 mm

figure, (axes, zoom) = plt.subplots(1, 2, figsize=(14.5, 7), width_ratios=(1.75, 1))
nerve = landing(BLIND)
across = np.array([-nerve[1], nerve[0]]) / radius
axes.add_patch(Polygon([nerve + 1.1 * across, 1.55 * nerve + 1.4 * across,
                        1.55 * nerve - 1.4 * across, nerve - 1.1 * across], color="#EBCF9B"))
axes.add_patch(Circle((-6.1, 0), 6.6, facecolor="#E3F1FA", edgecolor="#777777", linewidth=4))
axes.add_patch(Circle((0, 0), 12.2, facecolor="#F3EFE6", edgecolor="#777777", linewidth=2))
axes.add_patch(Wedge((-6.1, 0), 6.5, 126, 234, facecolor="#E3F1FA"))
axes.add_patch(Circle((0, 0), radius, facecolor="#EEF6FB"))
axes.add_patch(Wedge((0, 0), radius + 0.35, -118, 118, width=0.7, facecolor=ORANGE))
for up in (1, -1):
    axes.add_patch(Polygon([(-9.4, up * 3), (-8.8, up * 3), (-7.2, up * 8.5), (-8.7, up * 7.8)],
                           color=BLUE))
axes.add_patch(Ellipse((-6.9, 0), 3.8, 9.2, facecolor="#C4DDEE", edgecolor="#48789A", linewidth=2))
axes.add_patch(Circle(nerve, 0.95, color="#FFF6DC"))
axes.add_patch(Circle(landing(0), 0.62, color=RED))
for eccentricity, colour, style in ((0, RED, "-"), (40, GREEN, "--")):
    end = landing(eccentricity)
    outside = node + 1.15 * (node - end)
    axes.plot(*np.stack([outside, end]).T, style, color=colour, linewidth=2.5)
for text, tip, place in (
    ("cornea", (-12.5, -2.2), (-24, -6)), ("pupil", (-9.1, -2.2), (-24, -8.7)),
    ("iris", (-8.4, -6), (-21.5, -11.4)), ("lens", (-6, -3.2), (-4, -8)),
    ("retina, with the\nphotoreceptors", landing(-52), (2.5, 15)), ("fovea", landing(0), (16, 4)),
    ("blind spot", nerve, (12, -11)), ("optic nerve", nerve * 1.42, (15.5, 0)),
):
    axes.annotate(text, tip, place, fontsize=16, va="center", ha="left",
                  arrowprops={"arrowstyle": "-", "color": "#222222", "shrinkA": 3})
axes.text(-25.5, 0, "what you look at", color=RED, fontsize=16)
axes.text(-23.5, 12.3, "40° to the side", color=GREEN, fontsize=16)
axes.text(2.5, 5.5, "vitreous body", color="#4A6A7C", fontsize=14, ha="center")
axes.set(xlim=(-26, 23), ylim=(-16, 17), aspect="equal")
axes.set_title("A right eye, seen from above: the gaze lands on the fovea", fontsize=16)

# The pit and its receptors, turned so that the light comes from above.
x = np.linspace(-5, 5, 200)
pit = 2.6 - 1.7 * np.exp(-(x**2) / 2.5)
zoom.fill_between(x, 0.3, pit, color="#F5DFC0")
for position in np.linspace(-5, 5, 101):
    central = abs(position) < 1.25
    if central or round(position * 10) % 8 == 0:
        width = 0.045 if central else 0.13
        zoom.add_patch(Polygon([(position - width, 0.3), (position + width, 0.3),
                                (position + width / 3, -1.2), (position - width / 3, -1.2)],
                               color=ORANGE))
    else:
        zoom.plot([position, position], [0.3, -1.6], color=BLUE, linewidth=2.2)
for position in (-3.2, 0, 3.2):
    zoom.annotate("", (position, pit[np.argmin(abs(x - position))] + 0.1), (position, 4.1),
                  arrowprops={"arrowstyle": "-|>", "color": "#555555", "linewidth": 2})
zoom.text(0, 4.3, "light", ha="center", fontsize=15)
zoom.text(-4.9, 1.25, "nerve cells,\npushed aside", fontsize=13)
for text, tip, place, colour in (("cones: detail, colour", (0, -1.2), (0, -2.6), "#A86B00"),
                                 ("rods: night", (3.7, -1.6), (3.6, -2.6), BLUE),
                                 ("rods", (-3.7, -1.6), (-3.6, -2.6), BLUE)):
    zoom.annotate(text, tip, place, fontsize=14, ha="center", color=colour,
                  arrowprops={"arrowstyle": "-", "color": colour})
zoom.set(xlim=(-5.2, 5.2), ylim=(-3.2, 4.9), aspect="equal")
zoom.set_title("The fovea, enlarged (not to scale)", fontsize=16)
for panel in (axes, zoom):
    panel.set_axis_off()
show(figure, "09_eye")

# %% [markdown]
# ## Sharpness against the angle
#
# How far from the point you look at something lies is measured as an angle, the **eccentricity**
# E. A thumb at arm's length is about 2 degrees wide. How fine a detail may be and still be seen
# is an angle too: the **minimum angle of resolution**, MAR. **Acuity** is its inverse.
#
# Many measurements agree that the MAR grows along a straight line (Weymouth 1958, to about 30°):
#
#     MAR(E) = MAR_0 (1 + E / E_2)
#
# E_2 is the eccentricity at which it has doubled. Song, Levi and Pelli (2014, equation 13) give
# the smallest letter that can be read: its height is 0.029 (E + 2.72) degrees. On an eye chart the
# strokes of a letter are a fifth of its height. So E_2 = 2.72 degrees, and MAR_0 is 0.029 times
# 2.72, divided by 5.

# %%
E2 = 2.72
MAR0 = 0.029 * E2 / 5  # degrees


def mar(eccentricity):
    """The finest detail that can be seen, in degrees; the eccentricity too is in degrees."""
    return MAR0 * (1 + np.abs(eccentricity) / E2)


print(f"at the fovea: {60 * mar(0):.2f} minutes of arc; at 40 degrees: {60 * mar(40):.1f}")
assert 0.8 < 60 * mar(0) < 1.2  # an eye chart's normal sight is one minute
assert np.isclose(mar(E2), 2 * mar(0))

# %%
angles = np.linspace(-60, 60, 1201)
acuity = mar(0) / mar(angles)
figure, axes = plt.subplots(figsize=(10.5, 5.6))
seeing = np.where(np.abs(angles - BLIND) < 5.5 / 2, np.nan, acuity)  # 5.5 degrees wide
axes.fill_between(angles, 0, np.nan_to_num(seeing), color=BLUE, alpha=0.15)
axes.plot(angles, seeing, color=BLUE, linewidth=3)
axes.annotate("fovea", (0.4, 0.97), (8, 0.93), fontsize=15, arrowprops={"arrowstyle": "-"})
axes.annotate("blind spot", (BLIND, 0.03), (BLIND, 0.4), fontsize=15, ha="center",
              arrowprops={"arrowstyle": "-"})
axes.annotate(f"half, at {E2} degrees", (-E2, 0.5), (-32, 0.62), fontsize=15,
              arrowprops={"arrowstyle": "-"})
axes.annotate(f"{mar(0) / mar(40):.0%}, at 40 degrees", (-40, mar(0) / mar(40)), (-55, 0.3),
              fontsize=15, arrowprops={"arrowstyle": "-"})
axes.set(xlabel="degrees from the point looked at (right eye: to the right is the temple)",
         ylabel="acuity, fovea = 1", ylim=(0, 1.08), xlim=(-60, 60),
         title="Acuity falls steeply on both sides of the fovea")
show(figure, "09_acuity")

# %% [markdown]
# Why not build the whole eye like the fovea? Count how many details it would have to report. A
# patch of the visual field holds 1 / MAR² details a square degree. Add up a field that reaches 60
# degrees to each side, ring by ring (the length of the ring at E is proportional to sin E).

# %%
field = np.linspace(0, 60, 6001)
ring = np.sin(np.radians(field))
times_as_much = (ring / mar(0) ** 2).sum() / (ring / mar(field) ** 2).sum()
print(f"sharp everywhere: {times_as_much:.0f} times as much to report as sharp at one spot")
assert times_as_much > 50

# %% [markdown]
# The cheap way is one sharp spot and a fast motor. That is the answer to "why attention?": *do not
# look at everything well; look well at what you need now*.
#
# ## A fovea on seven pixels
#
# What is finer than the MAR is lost. So let each place report a *blur*: a mean of the pixels
# around it, weighted by a Gaussian whose width (sigma) is the MAR at that place. First in small: a
# row of seven pixels, and the gaze rests at g = 1.2, between pixel 1 and pixel 2.
#
#     sigma_i = 0.3 (1 + |i - g|)             in pixels: wider, the farther from the gaze
#     e_ij    = -(i - j)² / (2 sigma_i²)      a_i = softmax(e_i)       seen_i = sum_j a_ij pixel_j
#
# Look at the second line: a score for each pixel, a softmax, a weighted sum. These are the three
# nodes of attention. Here the scores come from where the eye is turned; in the captioner they come
# from what is at each place and what is asked.

# %%
positions = np.arange(7.0)
stripes = np.array([0.0, 1, 0, 1, 0, 1, 0])


def glance_forward(pixels, gaze):
    side = np.sign((positions - gaze).real)  # 1 to the right of the gaze, -1 to the left
    sigma = 0.3 * (1 + side * (positions - gaze))
    squares = (positions[:, None] - positions) ** 2
    weights, softmax = softmax_forward(-squares / (2 * sigma[:, None] ** 2))
    return weights @ pixels, (pixels, side, sigma, squares, weights, softmax)


gaze = np.array([1.2])
seen, (_, _, _, _, weights, _) = glance_forward(stripes, gaze)
print("pixels", stripes, "\nseen  ", seen.round(2) + 0.0)
print("weights, a row for each place that reports:")
print(weights.round(2) + 0.0)
assert np.allclose(weights.sum(axis=1), 1)
contrast = np.abs(np.diff(seen))
assert contrast[1] > 0.6 and contrast[4:].max() < 0.1  # sharp at the gaze, grey far from it

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(12, 4.9), width_ratios=(1, 1.25))
shown = left.imshow(weights, cmap="cividis", vmin=0, vmax=1)
for (i, j), weight in np.ndenumerate(weights):
    if weight >= 0.005:
        left.text(j, i, f"{weight:.2f}", ha="center", va="center",
                  color="black" if weight > 0.5 else "white")
left.axhline(gaze[0], color=RED, linewidth=2, linestyle="--")
left.set(xlabel="pixel j", ylabel="place i that reports", title="the weights $a_{ij}$",
         xticks=range(7), yticks=range(7))
right.bar(positions, stripes, 0.9, color="#DDDDDD", label="the pixels")
right.plot(positions, seen, "o-", color=BLUE, linewidth=3, markersize=9, label="what is seen")
right.axvline(gaze[0], color=RED, linewidth=2, linestyle="--", label="the gaze")
right.set(xticks=range(7), xlabel="place", ylabel="brightness", ylim=(0, 1.3),
          title="stripes: sharp at the gaze, grey far from it")
right.legend(loc="upper right", ncols=3)
show(figure, "09_seven_pixels")

# %% [markdown]
# Backward, from the last node to the first. A pixel was copied into all seven means, so it sums
# what comes back; the gaze is in all sigmas, so it sums, too:
#
#     dpixel_j = sum_i a_ij dseen_i                     da_ij = dseen_i pixel_j
#     de_i     = the softmax's backward of da_i         lesson 1
#     dsigma_i = sum_j de_ij (i - j)² / sigma_i³
#     dg       = sum_i dsigma_i * (-0.3 to the right of the gaze, 0.3 to the left)


# %%
def glance_backward(dseen, cache):
    pixels, side, sigma, squares, weights, softmax = cache
    dscores = softmax_backward(dseen[:, None] * pixels, softmax)
    dsigma = (dscores * squares).sum(axis=1) / sigma**3
    return weights.T @ dseen, np.array([(dsigma * -0.3 * side).sum()])


checked = check(glance_forward, glance_backward, {"pixels": stripes, "gaze": gaze})
print(checked)
assert checked.ok

# %% [markdown]
# dg says which way the eye should turn. So even a gaze can be learned by going downhill. The
# captioner has it easier: it need not turn, and it learns its scores themselves.
#
# ## A photograph, seen through a fovea
#
# Now the same for a photograph, with the MAR in the place of our small sigma. A grating of black
# and white bars, each one MAR wide, keeps exp(-π²/2) = 0.7 % of its contrast: too little to see.
#
# Every pixel needs another blur. Doing this pixel by pixel would be slow. Instead blur the whole
# image a few times, from hardly to strongly, and mix for each pixel the two results whose widths
# enclose the width that it needs. Such a stack of blurs is called a **pyramid** (usually the
# blurred levels are stored smaller, hence the name).

# %%
def see(image, fixation, pixels_per_degree, levels=9):
    """An image (H, W) or (H, W, 3) as the eye gets it; the fixation is (x, y) in pixels."""
    y, x = np.mgrid[: image.shape[0], : image.shape[1]]
    eccentricity = np.hypot(x - fixation[0], y - fixation[1]) / pixels_per_degree
    sigma = mar(eccentricity) * pixels_per_degree  # in pixels
    widths = np.geomspace(sigma.min(), sigma.max() * 1.001, levels)
    pyramid = [gaussian_filter(image, (w, w, 0)[: image.ndim]) for w in widths]
    position = np.interp(sigma, widths, np.arange(levels))
    seen = np.zeros(image.shape)
    for level, blurred in enumerate(pyramid):
        weight = np.maximum(0, 1 - np.abs(position - level))
        seen += blurred * (weight if image.ndim == 2 else weight[:, :, None])
    return seen


assert np.exp(-(np.pi**2) / 2) < 0.01
assert np.allclose(see(np.ones((20, 30)), (5, 5), 20), 1)  # nothing gets brighter or darker

# %% [markdown]
# The photograph comes with Matplotlib. It shows Grace Hopper, rear admiral and pioneer of the
# compiler (official portrait, U.S. Navy, public domain). Think of it as a poster 54 cm high, one
# metre away. It is then 30 degrees high, 20 pixels a degree. Three **fixations**: the eye rests on
# the face, on the name tag, on the ribbons. Each row is one fixation.

# %%
with get_sample_data("grace_hopper.jpg") as file:
    photograph = np.asarray(Image.open(file).convert("RGB"), float) / 255
spots = {"the face": (268, 205), "the name tag": (123, 500), "the ribbons": (393, 507)}
views = {name: see(photograph, spot, 20) for name, spot in spots.items()}


def cut(image, spot, half=46):
    x, y = spot
    return image[y - half : y + half, x - half : x + half]


def sharpness(image):
    """Mean squared difference of neighbouring pixels."""
    return (np.diff(image, axis=0) ** 2).mean() + (np.diff(image, axis=1) ** 2).mean()


kept = np.array([[sharpness(cut(view, spot)) / sharpness(cut(photograph, spot))
                  for spot in spots.values()] for view in views.values()])
print("share of the sharpness that is left (row: looks at; column: part of the photograph)")
print(kept.round(2))
assert np.array_equal(kept.argmax(axis=0), [0, 1, 2])  # each part is sharpest when looked at
assert kept.diagonal().min() > 2 * kept[~np.eye(3, dtype=bool)].max()

# %%
figure, axes = plt.subplots(3, 4, figsize=(12.5, 10.4),
                            width_ratios=(0.9, 1, 1, 1))
for row, (name, view) in zip(axes, views.items(), strict=True):
    row[0].imshow(view.clip(0, 1))
    row[0].plot(*spots[name], "+", color="white", markersize=24, markeredgewidth=5)
    row[0].plot(*spots[name], "+", color=RED, markersize=22, markeredgewidth=2.5)
    row[0].set_ylabel(f"looks at\n{name}", fontsize=15)
    for panel, (part, spot) in zip(row[1:], spots.items(), strict=True):
        panel.imshow(cut(view, spot).clip(0, 1))
        if part == name:
            panel.spines[:].set(visible=True, edgecolor=RED, linewidth=5)
for panel in axes.flat:
    panel.set_xticks([])
    panel.set_yticks([])
axes[0, 0].set_title("what the eye gets")
for panel, part in zip(axes[0, 1:], spots, strict=True):
    panel.set_title(f"{part}, enlarged")
figure.suptitle("Three fixations: only what is looked at (red) is sharp. Photograph: U.S. Navy")
show(figure, "09_three_fixations")

# %% [markdown]
# The name can be read in one row only. Why do you not notice this when you look around? Because
# whatever you wonder about, you look at, and then it is sharp.
#
# ## How many fingers?
#
# A hand is held up in the last row of a lecture hall, 8 metres away. Look at it: 0 degrees. Then
# look at something 40 degrees beside it. How many fingers? The program counts too: it walks along
# an arc across the fingers and counts the bright humps. A fall or rise of less than 2 % of the
# difference between hand and background is taken as not seen.

# %%
PIXELS_PER_CM = 8
y, x = np.mgrid[20:-2:-1 / PIXELS_PER_CM, -13:13:1 / PIXELS_PER_CM]
parts = [  # lines with round ends: from, to, half the thickness, in cm
    ((-2.5, 3.0), (-9.3, 8.6), 1.1),  # thumb
    ((-2.9, 8.0), (-5.4, 15.9), 0.9),
    ((-0.9, 8.6), (-1.0, 17.6), 0.95),
    ((1.2, 8.4), (3.5, 16.4), 0.9),
    ((3.1, 7.4), (7.5, 13.3), 0.8),
    ((0.0, 3.2), (0.0, 5.4), 4.2),  # palm
    ((0.0, -4.0), (0.0, 3.0), 2.9),  # wrist
]
places, hand = np.stack([x, y], axis=-1), np.zeros(x.shape)
for start, end, thick in parts:
    line = np.subtract(end, start)
    along = ((places - start) @ line / (line @ line)).clip(0, 1)
    distance = np.linalg.norm(places - start - along[:, :, None] * line, axis=-1)
    hand = np.maximum(hand, ((thick - distance) * PIXELS_PER_CM + 0.5).clip(0, 1))
turn = np.radians(np.linspace(165, 35, 400))
arc = np.array([4 + 9.4 * np.sin(turn), 9.4 * np.cos(turn)])  # y and x in cm
arc_pixels = np.array([(20 - arc[0]) * PIXELS_PER_CM, (arc[1] + 13) * PIXELS_PER_CM])


def look(eccentricity, metres):
    """The hand, when the eye looks so many degrees to the left of it."""
    pixels_per_degree = PIXELS_PER_CM * 100 * metres * np.radians(1)
    middle = np.array(hand.shape[::-1]) / 2
    return see(hand, middle - (eccentricity * pixels_per_degree, 0), pixels_per_degree, 5)


def profile(seen):
    return map_coordinates(seen, arc_pixels, order=1)


def count(seen):
    """How often the brightness rises by 2 % after it has fallen by 2 %."""
    fingers, on_finger, extreme = 0, False, 0.0
    for value in profile(seen):
        extreme = max(extreme, value) if on_finger else min(extreme, value)
        if abs(value - extreme) > 0.02:
            on_finger, extreme = not on_finger, value
            fingers += on_finger
    return fingers


looks = {eccentricity: look(eccentricity, 8) for eccentricity in (0, 10, 40)}
for eccentricity, seen in looks.items():
    print(f"hand at 8 m, {eccentricity} degrees aside: {count(seen)} finger(s)")
assert count(looks[0]) == 5
assert count(looks[40]) < 5

# %%
figure, axes = plt.subplots(2, 3, figsize=(12, 6.4), height_ratios=(2, 1))
for (eccentricity, seen), (top, below) in zip(looks.items(), axes.T, strict=True):
    top.imshow(seen, cmap="gray", vmin=0, vmax=1)
    top.plot(arc_pixels[1], arc_pixels[0], "--", color=ORANGE, linewidth=2)
    top.set_axis_off()
    top.set_title(f"{eccentricity} degrees aside: {count(seen)} counted")
    below.plot(profile(seen), color=ORANGE, linewidth=3)
    below.set(ylim=(-0.05, 1.1), xticks=[], xlabel="along the arc, from the thumb")
axes[1, 0].set_ylabel("brightness")
figure.suptitle("A hand 8 m away: the same hand, the same filter")
show(figure, "09_fingers")

# %% [markdown]
# Does this depend on the exact law? To an eye twice as sharp, a hand at 8 m is what one at 4 m is
# to ours. So count at other distances:

# %%
for metres in (0.6, 2, 4, 8):
    counts = [count(look(eccentricity, metres)) for eccentricity in (0, 10, 20, 30, 40)]
    print(f"hand at {metres} m: {counts} fingers at 0, 10, 20, 30, 40 degrees")
    assert counts == sorted(counts, reverse=True)
assert count(look(0, 4)) == 5 and count(look(40, 4)) < 5

# %% [markdown]
# At arm's length (0.6 m) the filter still shows five fingers at 40 degrees. Try it: you will find
# it hard. Blur is not the whole truth. Beside the fovea, things that stand close together are
# mixed up even where each could be seen alone. This is **crowding**. Letters must be about
# 0.3 (E + 0.45) degrees apart to be told from each other (Song et al., equation 14): 12 degrees at
# E = 40. Fingers at arm's length are 3 degrees apart. And at 40 degrees our line goes on
# beyond the 30 degrees to which it was found straight. Read the numbers as an order of size.
#
# ## Saccades
#
# So the eye must be turned. It does not glide over a picture. It rests, jumps, rests. A jump is a
# **saccade**: 20 to 100 thousandths of a second, nearly blind while it lasts. A rest is a
# **fixation**, about a quarter of a second. This makes three or four looks a second, all your life
# (Rayner 1998). The list of fixations is the **scan path**. It depends on what you want to know:
# asked for the age of the people in a painting, you look at faces, asked for their wealth, at
# clothes and furniture (Yarbus 1967).
#
# A captioner's question changes with each word. Draw where its attention rests, word by word, as
# if it were an eye. The three fixations on the photograph were chosen by us; these are not. Each
# point is the attention's centre of mass, so where the attention is split it lies between. We show
# the clearest of 200 images: two things, apart from each other.

# %%
model, vocabulary = trained_captioner()
world = draw_scenes("test", 200, progress=False)
captions = greedy(model, to_float(world.images))
texts = [vocabulary.decode(caption.words) for caption in captions]
judgements = [judge(text, caption.attention, scene, 64, (8, 8))
              for text, caption, scene in zip(texts, captions, world.scenes, strict=True)]
figures = report(judgements)
print(f"at a thing's word the peak is on the thing: {figures['pointing']:.0%}")
assert figures["pointing"] > 0.7


def clearness(number):
    """The least share of the attention that a named thing gets; 0 if this is no good example."""
    judgement, things = judgements[number], world.scenes[number].things
    masses = [look.mass for look in judgement.looks if not look.is_setting]
    if not judgement.is_true or not len(things) == len(masses) == 2:
        return 0.0
    is_apart = things[0].kind != things[1].kind and abs(things[0].x - things[1].x) > 0.4
    return min(masses) if is_apart else 0.0


shown = max(range(len(world)), key=clearness)
with tempfile.TemporaryDirectory() as folder:
    path = draw_gaze(Path(folder) / "gaze.png", world.images[shown], texts[shown],
                     captions[shown].attention, (8, 8))
    gaze = plt.imread(path)

figure, axes = plt.subplots(1, 2, figsize=(14.5, 7.2),
                            width_ratios=(0.72, 1))
axes[0].imshow(photograph)
path = np.array(list(spots.values()))
for start, end in zip(path[:-1], path[1:], strict=True):
    for colour, width in (("white", 7), (RED, 3.5)):
        axes[0].annotate("", end, start, arrowprops={
            "arrowstyle": "-|>", "color": colour, "linewidth": width, "mutation_scale": 24,
            "shrinkA": 16, "shrinkB": 16})
for number, spot in enumerate(path, start=1):
    axes[0].text(*spot, number, fontsize=17, ha="center", va="center", weight="bold",
                 bbox={"boxstyle": "circle", "facecolor": "white", "edgecolor": RED})
axes[0].set_title("An eye: fixations and saccades (chosen by us)")
axes[1].imshow(gaze)
axes[1].set_title("The captioner: the middle of its attention, word by word")
for panel in axes:
    panel.set_axis_off()
show(figure, "09_scan_path")

# %% [markdown]
# ## Where the analogy ends
#
# The two pictures look alike, and that is why the method is called attention. Four differences.
#
# **It looks at many places at once.** An eye has one gaze. The softmax gives every location some
# weight. The number of places it amounts to is exp(H), with H the entropy of the weights: 1 if
# all is on one place, 64 if all places count the same.
#
# **It sees all places equally sharp.** The grid is made once, before the first word. Looking
# elsewhere makes nothing sharper: attention *chooses* among vectors, it does not make better ones.
# (A net with a true fovea exists: Mnih et al. 2014.)
#
# **Nothing keeps it from looking twice.** For a moment after the gaze has left a place, an eye is
# slow to return to it: *inhibition of return* (Posner and Cohen 1984). It favours what is new. The
# captioner often stays or comes back.
#
# **A jump costs nothing.** No muscle, no time, no blindness on the way, and never a look without a
# word.

# %%
attention = np.concatenate([caption.attention for caption in captions]).astype(float)
entropy = -(attention * np.log(attention + 1e-30)).sum(axis=1)
print(f"it looks at {np.exp(entropy).mean():.1f} places at once (mean over the words)")
assert np.allclose(attention.sum(axis=1), 1, atol=1e-4)
assert np.exp(entropy).mean() > 2

memory, state = model.start(to_float(world.images))
grid = memory[0].copy()
words = np.array([caption.words[0] for caption in captions])
model.step(words, memory, state)
assert np.array_equal(grid, memory[0])  # a step reads the grid; it cannot change it

again = []
for caption in captions:
    peaks = caption.attention.argmax(axis=1).tolist()
    again += [peak in peaks[:step] for step, peak in enumerate(peaks) if step > 0]
print(f"at {np.mean(again):.0%} of the words the peak is where it has been before")
assert np.mean(again) > 0.2

# %% [markdown]
# A better name than "gaze" is what psychologists call *covert* attention: to attend to something
# without turning the eyes to it. In one point the analogy holds better than one might hope: people
# who describe a picture look at each thing just before they say its name (Griffin and Bock 2000).
#
# ## Exercises
#
# 1. Draw an eye chart on which all letters can be read equally well at one glance: rings of
#    letters at 3, 8, 18 and 38 degrees, each five times the height that can just be read. How
#    high are they? Check with the filter that each survives, and that at a fifth none does.
# 2. With how few fixations can you see the whole photograph at a quarter of the full acuity or
#    better? Choose greedily: each time the place that helps most. How many at half the acuity?
# 3. Make the captioner look at one place at a time: `model.sharpen(50)` stretches the scores.
#    What happens to the number of places, and to the share of true captions? Is softness needed?
#
# Solutions: `solutions/09_the_eye.py`.
#
# ## Where to read on
#
# * Xu et al. 2015, *Show, Attend and Tell*, section 1: the same motivation in a few lines.
# * Curcio et al. 1990, *Human photoreceptor topography*: where the receptors are.
# * Song, Levi and Pelli 2014, *A double dissociation of the acuity and crowding limits to letter
#   identification*: the law that we used. Anstis 1974: the eye chart of exercise 1.
# * Mnih et al. 2014, *Recurrent Models of Visual Attention*: a net that has a fovea and saccades.
