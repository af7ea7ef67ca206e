"""The learning curve: loss and validation figures against the step, out of a training log."""

import math

import numpy as np

from satt.errors import SattError
from satt.figures import canvas

# Okabe and Ito's colours for all kinds of colour vision, without the yellow (too pale on white).
# Each goes with its own kind of line, so that a print in grey can be read as well.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
STYLES = ("-", "--", "-.", ":", (0, (6, 1, 1, 1, 1, 1)), (0, (1, 1)), (0, (8, 3)))
MARKERS = ("o", "s", "^", "D", "v", "P", "X")

# What a log may hold that is between 0 and 1 by accident.
NOT_FIGURES = {
    "step", "epoch", "loss", "validation_loss", "perplexity", "seconds", "learning_rate",
    "gradient_norm", "reward",
}
PANEL_WIDTH, PANEL_HEIGHT = 560, 420
AXIS_WIDTH, TITLE_HEIGHT, STEPS_HEIGHT = 70, 44, 60
LABEL_GAP = 24
TEXT_SIZE, TITLE_SIZE = 11, 13


def draw_learning_curve(path, records):
    """Draw a training log: the loss on the left, validation figures from 0 to 1 on the right.

    Parameters
    ----------
    path : str or Path
        File to write; its folder is made if needed.
    records : iterable of dict
        Lines of a training log, in any order. Those with "step" and "loss" give the training
        loss. "validation_loss" is drawn beside it. Every other number whose values all lie
        between 0 and 1 ("bleu4", "true_captions") is a validation figure, except the names of
        bookkeeping such as "learning_rate". If a step was logged twice, as after a resumed
        training, the later line counts.

    Returns
    -------
    path : Path

    Raises
    ------
    SattError
        If no record has a "step" and a finite "loss" or "validation_loss".
    """
    series = _series(records)
    losses = [name for name in ("loss", "validation_loss") if name in series]
    if not losses:
        raise SattError(
            'records: expected some with "step" and a finite "loss" or "validation_loss", got '
            "none; pass the lines of a training log, each read by json.loads"
        )
    figures = [
        name for name, (_, values) in series.items()
        if name not in NOT_FIGURES and 0 <= values.min() and values.max() <= 1
    ]
    panels = [("Loss", losses)] + ([("Validation", figures)] if figures else [])

    # Each panel is as wide as the labels at the ends of its lines need.
    ruler = canvas.new_sheet(1, 1)
    last_step = max(steps[-1] for steps, _ in series.values())
    label_widths = [
        max(canvas.text_width(ruler, _label(name, 0.123), TEXT_SIZE, "bold") for name in names)
        for _, names in panels
    ]
    widths = [AXIS_WIDTH + PANEL_WIDTH + LABEL_GAP + math.ceil(width) for width in label_widths]
    figure = canvas.new_sheet(
        2 * canvas.MARGIN + sum(widths),
        2 * canvas.MARGIN + TITLE_HEIGHT + PANEL_HEIGHT + STEPS_HEIGHT,
    )
    left = canvas.MARGIN
    for (title, names), width in zip(panels, widths, strict=True):
        axes = _panel(figure, left + AXIS_WIDTH, title, last_step)
        ends = [_draw_line(axes, index, name, *series[name]) for index, name in enumerate(names)]
        highest = 1 if names is figures else 1.05 * max(series[name][1].max() for name in names)
        axes.set_ylim(0, highest if highest > 0 else 1)
        _label_ends(axes, ends, last_step)
        left += width
    return canvas.save_sheet(figure, path)


def _series(records):
    """Return name -> (steps, values), sorted by step, of every finite number in the log."""
    found = {}
    for record in records:
        step = record.get("step")
        if step is None:
            continue
        for name, value in record.items():
            is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
            if name != "step" and is_number and math.isfinite(value):
                found.setdefault(name, {})[step] = value
    return {
        name: (np.array(sorted(points)), np.array([points[step] for step in sorted(points)]))
        for name, points in found.items()
    }


def _draw_line(axes, index, name, steps, values):
    """Draw one line of a panel and return its end: step, value, label, colour."""
    from scipy.ndimage import uniform_filter1d

    colour, style = COLOURS[index % len(COLOURS)], STYLES[index % len(STYLES)]
    options = {"color": colour, "linestyle": style, "linewidth": 2.2, "clip_on": False}
    if name != "loss":
        options |= {"marker": MARKERS[index % len(MARKERS)], "markersize": 5, "zorder": 3}
    else:
        axes.plot(steps, values, color=colour, alpha=0.28, linewidth=1)
        window = max(1, len(values) // 20)
        # Divided by how many points are there, so that the ends are means as well.
        values = uniform_filter1d(values, window, mode="constant") / uniform_filter1d(
            np.ones(len(values)), window, mode="constant"
        )
    axes.plot(steps, values, **options)
    return steps[-1], values[-1], _label(name, values[-1]), colour


def _panel(figure, left, title, last_step):
    from matplotlib.ticker import MaxNLocator

    axes = canvas.place(
        figure, left, canvas.MARGIN + TITLE_HEIGHT, PANEL_WIDTH, PANEL_HEIGHT
    )
    canvas.write(figure, left, canvas.MARGIN, title, TITLE_SIZE, weight="bold")
    axes.set_xlabel("step", fontsize=TEXT_SIZE, color=canvas.INK)
    axes.set_xlim(0, max(1, last_step))
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.tick_params(labelsize=TEXT_SIZE, colors=canvas.QUIET)
    axes.grid(axis="y", color="#E3E3E3", linewidth=1)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return axes


def _label_ends(axes, ends, last_step):
    """Write each line's name and last value at its end, moved apart where they would touch."""
    low, high = axes.get_ylim()
    gap = LABEL_GAP / PANEL_WIDTH
    pitch = canvas.line_height(TEXT_SIZE) / PANEL_HEIGHT
    order = sorted(range(len(ends)), key=lambda index: ends[index][1])
    wanted = [(ends[index][1] - low) / (high - low) for index in order]
    for index, y in zip(order, _spread(wanted, pitch), strict=True):
        step, value, label, colour = ends[index]
        at = (value - low) / (high - low)
        # The axes' own fractions, so that a label keeps its distance whatever the units.
        start = step / max(1, last_step)
        axes.plot([start, 1 + 0.7 * gap], [at, y], transform=axes.transAxes, color=colour,
                  linewidth=1, alpha=0.6, clip_on=False)
        axes.text(1 + gap, y, label, transform=axes.transAxes, color=colour,
                  fontsize=TEXT_SIZE, weight="bold", va="center", parse_math=False)


def _spread(wanted, pitch):
    """Move sorted heights apart to at least `pitch`, each as little as its group allows."""
    merged = []
    for height in wanted:
        merged.append([height, 1])
        while len(merged) > 1 and (
            merged[-1][0] - merged[-2][0] < pitch * (merged[-1][1] + merged[-2][1]) / 2
        ):
            above, below = merged.pop(), merged.pop()
            together = above[1] + below[1]
            merged.append([(above[0] * above[1] + below[0] * below[1]) / together, together])
    spread = []
    for middle, count in merged:
        lowest = max(0.0, middle - pitch * (count - 1) / 2)
        spread += [lowest + pitch * index for index in range(count)]
    return spread


def _label(name, value):
    """Return what stands at a line's end: a name for people and the last value."""
    name = {"loss": "training", "validation_loss": "validation"}.get(name, name)
    if name.startswith("bleu"):
        name = "BLEU-" + name[4:] if name[4:] else "BLEU"
    return f"{name.replace('_', ' ')}  {value:.3g}"
