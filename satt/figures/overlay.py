"""Attention laid over a picture as colour, so that both can be seen."""

import numpy as np

from satt.figures import canvas
from satt.figures.checks import check_grid_shape
from satt.shapes import check_shape

COLOURS = "inferno"
# The strongest attention still lets this much of the picture through.
STRONGEST = 0.68
# Attention that hardly differs from uniform must not look sharp.
LOWEST_TOP = 3.0


def upsample_attention(attention_row, grid_shape, image_shape):
    """Spread one step's attention over the pixels of an image.

    Each location's weight is shared evenly among the pixels that the location covers, then
    smoothed by a Gaussian whose sigma is half a location (paper: upsampled and Gaussian-smoothed).
    The edges reflect, so no weight is lost: the pixels sum to what the weights sum to.

    Parameters
    ----------
    attention_row : ndarray, shape (L,)
    grid_shape : tuple of int
        (rows, cols), L = rows * cols.
    image_shape : tuple of int
        (H, W), or (H, W, channels). A multiple of the grid or not.

    Returns
    -------
    density : ndarray, shape (H, W)
        Weight per pixel; times H * W it is the attention in multiples of uniform.

    Raises
    ------
    SattError
        If the row's length is not rows * cols.
    """
    from scipy.ndimage import gaussian_filter

    rows, cols = check_grid_shape(grid_shape)
    check_shape(
        "attention_row", attention_row, ("L",),
        f"for a {rows} x {cols} grid pass one word's attention", {"L": rows * cols},
    )
    height, width = image_shape[:2]
    blocks = _shares(height, rows) @ attention_row.reshape(rows, cols) @ _shares(width, cols).T
    return gaussian_filter(blocks, (height / rows / 2, width / cols / 2), mode="reflect")


def _shares(pixels, cells):
    """Return (pixels, cells): the part of each cell that lies on each pixel."""
    edges = np.arange(cells + 1) * (pixels / cells)
    starts = np.arange(pixels)[:, None]
    overlap = np.minimum(edges[1:], starts + 1) - np.maximum(edges[:-1], starts)
    return np.maximum(overlap, 0) / (pixels / cells)


def lay_over(picture, relative, top):
    """Blend attention over a picture in grey.

    Parameters
    ----------
    picture : ndarray, shape (h, w, 3), uint8
    relative : ndarray, shape (h, w)
        Attention in multiples of uniform.
    top : float
        The value that gets the brightest colour.

    Returns
    -------
    blended : ndarray, shape (h, w, 3), uint8
    """
    import matplotlib

    level = np.clip(relative / top, 0, 1)[:, :, None]
    # Rec. 601 luma, kept below white so that bright always means attention.
    grey = 0.08 + 0.6 * (picture @ np.array([0.299, 0.587, 0.114]) / 255)[:, :, None]
    opacity = STRONGEST * level**0.65
    colour = matplotlib.colormaps[COLOURS](0.36 + 0.6 * level[:, :, 0])[:, :, :3]
    return np.round(255 * ((1 - opacity) * grey + opacity * colour)).astype(np.uint8)


def relative_maps(picture, attention, grid_shape):
    """Return (T, h, w): each row of (T, L) over the picture, in multiples of uniform."""
    pixels = picture.shape[0] * picture.shape[1]
    return np.stack(
        [pixels * upsample_attention(row, grid_shape, picture.shape) for row in attention]
    )


def shared_top(relative):
    """Return the end of the colour scale that all panels of a figure share."""
    return max(LOWEST_TOP, float(relative.max()))


def place_colour_bar(figure, left, top_edge, height, top):
    """Draw the scale as it looks over mid-grey, its values in multiples of uniform."""
    from matplotlib.ticker import MaxNLocator

    ramp = np.linspace(top, 0, height)[:, None].repeat(18, axis=1)
    bar = lay_over(np.full((height, 18, 3), 128, np.uint8), ramp, top)
    axes = canvas.place(figure, left, top_edge, 18, height)
    axes.imshow(bar, aspect="auto", extent=(0, 1, 0, top))
    axes.set_xticks([])
    ticks = MaxNLocator(4, steps=[1, 2, 5, 10]).tick_values(0, top)
    ticks = [tick for tick in ticks if 0 <= tick <= top]
    axes.set_yticks(ticks, [f"{tick:g}×" for tick in ticks], fontsize=10, color=canvas.INK)
    axes.yaxis.tick_right()
    axes.tick_params(length=3, color=canvas.QUIET)
    axes.yaxis.set_label_position("right")
    axes.set_ylabel("times uniform", fontsize=10, color=canvas.QUIET)
    for spine in axes.spines.values():
        spine.set_visible(False)


# What the bar, its numbers and its label take on the right of a figure, in pixels.
COLOUR_BAR_WIDTH = 100
