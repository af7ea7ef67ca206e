"""The lecture's slide for lesson 7: boxes with numbers in them, and arrows between the boxes.

Places are in inches from the top left corner of a slide of 16 x 9. With `back` the same boxes hold
gradients and the arrows point the other way.
"""

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.patches import FancyArrowPatch, Rectangle
from showing import BLACK, BLUE, RED

WORDS = ["<start>", "cat", "sitting", "outside", "<stop>"]
DARKEST = 0.5  # the gradient whose box is fully coloured


def number(value, digits=2):
    """Write a number without the minus of a -0.00."""
    return f"{round(float(value), digits) + 0.0:.{digits}f}"


def draw_step(t, v, image, title, back=False):
    """Draw one step from a dict of its numbers, or with `back` of their gradients."""
    figure, axes = _sheet(title)
    d, attention, gradient = ("d", "gradient", "gradient") if back else ("", "attention", "")
    m = "d\\," if back else ""

    axes.imshow(image, extent=(0.4, 3.2, 4.2, 1.4), aspect="auto")
    for cut in (1, 2):
        axes.plot([0.4, 3.2], [1.4 + cut * 2.8 / 3] * 2, color="white", linewidth=3)
        axes.plot([0.4 + cut * 2.8 / 3] * 2, [1.4, 4.2], color="white", linewidth=3)
    _box(axes, 5.2, 2.8, _vectors(v["grid"]), f"${m}h_{{i,j}}$", width=0.8, height=0.93)
    axes.text(5.5, 4.37, "cat, grass, sky", fontsize=13, ha="center", va="center")
    _box(axes, 8.6, 2.8, v["scores"].reshape(3, 3), f"${m}e_{{{t},i,j}}$", gradient, 0.8, 0.8)
    _box(axes, 12.0, 2.8, v["attention"].reshape(3, 3), f"${m}a_{{{t},i,j}}$", attention, 0.8, 0.8)
    _box(axes, 14.9, 2.8, v["context"][:, None], f"${m}c_{t}$", gradient, width=0.8)
    _box(axes, 1.6, 6.1, v["state before"], f"${m}s_{t - 1}$", gradient)
    _box(axes, 1.6, 7.1, v["cell before"], f"{d} memory", gradient)
    _box(axes, 1.6, 8.1, v["embedded"], f"${m}E\\,y_{t - 1}$", gradient)
    name = "LSTM: d of the sums" if back else "LSTM: the gates"
    _box(axes, 5.6, 7.0, v["gates"].reshape(4, 2), name, gradient, height=0.5)
    for row, gate in enumerate("ifog"):
        axes.text(6.42, 6.25 + row * 0.5, gate, fontsize=15, va="center", style="italic")
    _box(axes, 8.6, 6.6, v["state"], f"${m}s_{t}$", gradient)
    _box(axes, 8.6, 7.6, v["cell"], f"{d} memory", gradient)
    _box(axes, 11.0, 7.1, v["hidden"], f"{d} hidden", gradient)
    _box(axes, 13.2, 7.1, np.array(WORDS)[:, None], width=1.2)
    name = "d logits" if back else f"$p(y_{t})$"
    _box(axes, 14.3, 7.1, v["words"][:, None], name, attention, width=1.0)

    _arrow(axes, (3.3, 2.8), (3.95, 2.8), back=back)
    _arrow(axes, (6.5, 2.8), (7.3, 2.8), back=back, label="$f_{att}$")
    _arrow(axes, (9.9, 2.8), (10.7, 2.8), back=back, label="softmax")
    _arrow(axes, (13.3, 2.8), (14.4, 2.8), back=back, label="sum of a h")
    _arrow(axes, (6.2, 1.35), (6.2, 0.95), (15.2, 0.95), (15.2, 2.0), back=back)
    _arrow(axes, (1.6, 5.4), (1.6, 4.6), (8.6, 4.6), (8.6, 4.1), back=back)
    if t == 1:  # where s_0 comes from
        _arrow(axes, (4.4, 4.22), (4.4, 4.42), (1.1, 4.42), (1.1, 5.8), back=back)
        _arrow(axes, (1.1, 4.42), (0.4, 4.42), (0.4, 7.1), (0.86, 7.1), back=back)
        axes.text(0.75, 5.0, "mean", fontsize=14, color=RED if back else BLUE, ha="center")
    _arrow(axes, (14.9, 3.6), (14.9, 5.0), (5.6, 5.0), (5.6, 5.55), back=back)
    _arrow(axes, (11.0, 5.0), (11.0, 6.4), back=back)
    for y, end in ((6.1, 6.4), (7.1, 7.0), (8.1, 7.6)):
        _arrow(axes, (2.4, y), (4.8, end), back=back)
    _arrow(axes, (1.6, 8.4), (1.6, 8.7), (11.0, 8.7), (11.0, 7.45), back=back)
    _arrow(axes, (6.7, 6.6), (7.8, 6.6), back=back)
    _arrow(axes, (6.7, 7.6), (7.8, 7.6), back=back)
    _arrow(axes, (9.4, 6.6), (10.2, 7.0), back=back)
    _arrow(axes, (11.8, 7.1), (12.5, 7.1), back=back)
    return figure


def draw_caption(steps, grid, image, title, back=False):
    """Draw all steps: the states in a row, under each what it looked at, above it the word."""
    figure, axes = _sheet(title)
    d, attention, gradient = ("d\\,", "gradient", "gradient") if back else ("", "attention", "")
    axes.imshow(image, extent=(0.3, 2.9, 4.2, 1.6), aspect="auto")
    _box(axes, 1.6, 6.9, _vectors(grid), f"${d}h_{{i,j}}$", width=0.78, height=0.93)
    axes.text(1.6, 8.57, "cat, grass, sky:\nused at every step", fontsize=13, ha="center",
              va="center")
    _arrow(axes, (1.6, 4.3), (1.6, 5.05), back=back)
    _arrow(axes, (2.85, 6.9), (3.35, 6.9), (3.35, 4.65), (4.15, 4.65), back=back)
    _arrow(axes, (2.85, 6.9), (3.35, 6.9), (3.35, 8.4), (4.15, 8.4), back=back)
    _arrow(axes, (2.85, 6.9), (3.35, 6.9), (3.35, 3.2), back=back)
    axes.text(3.45, 4.1, "mean", fontsize=14, color=RED if back else BLUE)

    first, wide = 4.0, 2.75
    _box(axes, first, 2.9, steps[0]["state before"], f"${d}s_0$", gradient, 0.68)
    axes.text(first, 1.3, WORDS[0], fontsize=18, ha="center", va="center")
    for t, (v, said) in enumerate(zip(steps, WORDS[1:], strict=True), start=1):
        x, right = first + wide * (t - 0.55), first + wide * t
        _box(axes, x, 4.65, v["scores"].reshape(3, 3), f"${d}e_{{{t},i,j}}$", gradient, 0.68)
        _box(axes, x, 6.75, v["attention"].reshape(3, 3), f"${d}a_{{{t},i,j}}$", attention, 0.68)
        _box(axes, x, 8.4, v["context"], f"${d}c_{t}$", gradient, 0.68)
        _box(axes, right, 2.9, v["state"], f"${d}s_{t}$", gradient, 0.68)
        axes.text(right, 1.3, said, fontsize=18, ha="center", va="center", weight="bold")
        value = number(v["words"][WORDS.index(said)])
        axes.text(right, 1.68, f"{'d logit' if back else 'p'} = {value}", fontsize=13,
                  ha="center", va="center")
        _arrow(axes, (right - wide + 0.75, 2.9), (right - 0.75, 2.9), back=back)
        _arrow(axes, (right, 2.35), (right, 1.9), back=back)
        _arrow(axes, (right - wide + 0.5, 1.9), (right - 0.75, 2.6), back=back)
        _arrow(axes, (right - wide + 0.35, 3.2), (x - 0.2, 3.6), back=back)
        _arrow(axes, (x, 5.4), (x, 5.72), back=back)
        _arrow(axes, (x, 7.5), (x, 7.88), back=back)
        _arrow(axes, (x + 1.05, 8.4), (right, 8.4), (right, 3.2), back=back)
    return figure


def _sheet(title):
    figure = plt.figure(figsize=(16, 9), layout="none", facecolor="white")
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, 16), ylim=(9, 0))
    axes.set_axis_off()
    axes.text(8, 0.42, title, fontsize=21, ha="center", va="center")
    return figure, axes


def _box(axes, x, y, rows, name="", shade="", width=0.72, height=0.48):
    """A table of numbers or texts with its middle at (x, y) and its name above it."""
    rows = np.atleast_2d(rows)
    left, top = x - rows.shape[1] * width / 2, y - rows.shape[0] * height / 2
    for (row, column), value in np.ndenumerate(rows):
        corner = left + column * width, top + row * height
        middle = corner[0] + width / 2, corner[1] + height / 2
        face, ink = _colours(value, shade)
        text = value if isinstance(value, str) else number(value, 3 if shade == "gradient" else 2)
        axes.add_patch(Rectangle(corner, width, height, facecolor=face, edgecolor=BLACK))
        size = 13 if len(text) < 6 or isinstance(value, str) else 12  # -0.123 fills its box
        axes.text(*middle, text, fontsize=size, color=ink, ha="center", va="center")
    axes.text(x, top - 0.07, name, fontsize=17, ha="center", va="bottom")


def _colours(value, shade):
    """The colours of a box and of the number in it."""
    if shade == "attention":
        return str(1 - 0.85 * value), BLACK if value < 0.5 else "white"
    if shade == "gradient":
        strength = min(abs(value) / DARKEST, 1)
        return (1, 1 - 0.45 * strength, 1 - 0.7 * strength), BLACK
    return "white", BLACK


def _vectors(grid):
    """A grid of nine vectors as a 3x3 table of texts, each number on a line of its own."""
    digits = 1 if np.allclose(grid, grid.round(1)) else 3
    texts = ["\n".join(number(value, digits) for value in vector) for vector in grid]
    return np.array(texts).reshape(3, 3)


def _arrow(axes, *places, back, label=""):
    """An arrow along some places, or with `back` from the last of them to the first."""
    colour = RED if back else BLUE
    middle = np.mean(places, axis=0)
    places = places[::-1] if back else places
    axes.plot(*zip(*places[:-1], strict=True), color=colour, linewidth=2)
    axes.add_patch(FancyArrowPatch(*places[-2:], arrowstyle="-|>", mutation_scale=18, color=colour,
                                   linewidth=2, shrinkA=0, shrinkB=0))
    axes.text(middle[0], middle[1] - 0.3, label, fontsize=14, color=colour, ha="center",
              va="center")
