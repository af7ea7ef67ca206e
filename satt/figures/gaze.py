"""The gaze path: where attention rests at each word, joined in the order of the words."""

import numpy as np

from satt.figures import canvas
from satt.figures.attention import caption_of
from satt.figures.checks import check_attention, check_grid_shape, check_picture
from satt.figures.fonts import use_font_for

PICTURE = 560
# Room around the picture, so that labels of points near the edge have somewhere to go.
SIDE = 110
GAP = 16
# Between nearer points there is room for a line but not for its head.
SHORTEST_ARROW = 40
LABEL_SIZE, CAPTION_SIZE = 12, 14
DISTANCES = (24, 36, 50, 66, 84, 104, 128, 156, 190)
DIRECTIONS = [np.array([np.cos(a), np.sin(a)]) for a in np.arange(24) * (2 * np.pi / 24)]
PATH_COLOUR = "#D55E00"


def gaze_points(attention, grid_shape):
    """Return the centre of mass of each row of attention, as fractions of the image.

    The centre of an even spread is the middle of the image, which is nowhere in particular; that
    of two separate peaks lies between them.

    Parameters
    ----------
    attention : ndarray, shape (T, L)
    grid_shape : tuple of int
        (rows, cols), L = rows * cols.

    Returns
    -------
    points : ndarray, shape (T, 2)
        x from the left and y from the top, both from 0 to 1.
    """
    rows, cols = check_grid_shape(grid_shape)
    weights = np.asarray(attention).reshape(-1, rows, cols)
    weights = weights / weights.sum(axis=(1, 2), keepdims=True)
    x = weights.sum(axis=1) @ ((np.arange(cols) + 0.5) / cols)
    y = weights.sum(axis=2) @ ((np.arange(rows) + 0.5) / rows)
    return np.stack([x, y], axis=1)


def draw_gaze(path, image, words, attention, grid_shape):
    """Draw the path of the attention's centre of mass over an image, a numbered label a word.

    Parameters
    ----------
    path : str or Path
        File to write; its folder is made if needed.
    image : ndarray, shape (H, W, 3), uint8
    words : list of str
        T words; the last may be "<stop>".
    attention : ndarray, shape (T, L)
        One row a word, each summing to 1.
    grid_shape : tuple of int
        (rows, cols), L = rows * cols.

    Returns
    -------
    path : Path

    Raises
    ------
    SattError
        If a shape does not fit the others, or a row of attention is not a distribution.
    """
    check_picture("image", image)
    check_attention("attention", attention, len(words), grid_shape)
    picture = canvas.fit_picture(image, PICTURE)
    height, width = picture.shape[:2]
    ruler = canvas.new_sheet(1, 1)
    caption = canvas.wrap(ruler, caption_of(words), CAPTION_SIZE, width + 2 * SIDE)
    head = canvas.MARGIN + len(caption) * canvas.line_height(CAPTION_SIZE) + GAP
    figure = canvas.new_sheet(width + 2 * SIDE, head + height + 2 * GAP + canvas.MARGIN)
    canvas.write_lines(figure, canvas.MARGIN, canvas.MARGIN, caption, CAPTION_SIZE)
    canvas.place_picture(figure, SIDE, head, picture)

    # One unit is one pixel of the sheet, so that labels can be measured and kept apart.
    axes = canvas.place(figure, 0, head - GAP, width + 2 * SIDE, height + 2 * GAP)
    axes.set_xlim(0, width + 2 * SIDE)
    axes.set_ylim(height + 2 * GAP, 0)
    axes.set_axis_off()
    points = gaze_points(attention, grid_shape) * (width, height) + (SIDE, GAP)
    for start, end in zip(points[:-1], points[1:], strict=True):
        distance = np.hypot(*(end - start))
        if distance > 6:
            _arrow(axes, start, end, "-|>" if distance > SHORTEST_ARROW else "-")
    axes.plot(*points.T, "o", markersize=8, markerfacecolor=PATH_COLOUR, markeredgecolor="white",
              markeredgewidth=1.5, zorder=4)
    _label(axes, points, [f"{step} {word}" for step, word in enumerate(words, 1)])
    return canvas.save_sheet(figure, path)


def _arrow(axes, start, end, style):
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.patheffects import withStroke

    axes.add_patch(FancyArrowPatch(
        start, end, connectionstyle="arc3,rad=0.12", arrowstyle=style, mutation_scale=18,
        shrinkA=4, shrinkB=5, color=PATH_COLOUR, linewidth=2.4, zorder=3,
        path_effects=[withStroke(linewidth=5, foreground="white")],
    ))


def _label(axes, points, labels):
    """Put each label near its point where it covers least of points, path and labels."""
    from matplotlib.patches import FancyBboxPatch
    from matplotlib.patheffects import withStroke

    limits = np.array([axes.get_xlim()[1], axes.get_ylim()[0]])
    path = _along(points[:-1], points[1:])
    boxes, leaders = np.empty((0, 4)), np.empty((0, 2))
    for point, label in zip(points, labels, strict=True):
        text, families = use_font_for(label)
        width = canvas.text_width(axes.figure, text, LABEL_SIZE, "bold") + 16
        size = np.array([width, canvas.line_height(LABEL_SIZE) + 4])
        choices = [
            point + distance * direction + np.sign(direction.round(6)) * size * (0.5, 0.25)
            for distance in DISTANCES for direction in DIRECTIONS
        ]
        costs = []
        for centre in choices:
            box = np.concatenate([centre - size / 2, centre + size / 2])
            leader = _along(point[None], centre[None])
            outside = np.maximum(0, -box[:2]).sum() + np.maximum(0, box[2:] - limits).sum()
            costs.append(
                np.hypot(*(centre - point))
                + 1000 * outside
                + 1000 * _overlaps(box, boxes).sum()
                + 300 * _inside(points, box, margin=10).sum()
                + 100 * _inside(leaders, box, margin=2).sum()
                + 100 * sum(_inside(leader, other, margin=2).sum() for other in boxes)
                + 60 * _inside(path, box, margin=8).sum()
            )
        centre = choices[int(np.argmin(costs))]
        boxes = np.vstack([boxes, np.concatenate([centre - size / 2, centre + size / 2])])
        leaders = np.vstack([leaders, _along(point[None], centre[None])])
        axes.plot(*np.stack([point, centre]).T, color=canvas.INK, linewidth=1.2, zorder=3.5,
                  path_effects=[withStroke(linewidth=3, foreground="white")])
        axes.add_patch(FancyBboxPatch(
            centre - size / 2, *size, boxstyle="round,pad=0,rounding_size=6", facecolor="white",
            edgecolor=canvas.INK, linewidth=1, zorder=5,
        ))
        axes.text(
            *centre, text, fontsize=LABEL_SIZE, family=families, weight="bold", ha="center",
            va="center_baseline", color=canvas.INK, parse_math=False, zorder=6,
        )


def _along(starts, ends):
    """Return points on the lines between (K, 2) starts and ends, without the ends themselves."""
    parts = np.linspace(0, 1, 12)[1:-1, None, None]
    return (starts + parts * (ends - starts)).reshape(-1, 2)


def _overlaps(box, others):
    """Return for each of (K, 4) boxes (left, top, right, bottom) whether it meets `box`."""
    gap = 4
    return np.all((box[:2] < others[:, 2:] + gap) & (box[2:] > others[:, :2] - gap), axis=1)


def _inside(points, box, margin):
    """Return for each of (K, 2) points whether it lies in the box or within its margin."""
    return np.all((points > box[:2] - margin) & (points < box[2:] + margin), axis=1)
