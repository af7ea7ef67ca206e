"""A sheet measured in pixels: where a figure's pictures and words are put.

Everything is placed by hand, in pixels from the top left corner, so that one pixel of a small
picture becomes a whole number of pixels of the figure. Nothing here touches matplotlib's global
state, so figures can be drawn without a screen and in threads.
"""

from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from satt.errors import SattError
from satt.figures.fonts import use_font_for

# A power of two: pixels / DPI * DPI gives the pixels back without rounding.
DPI = 128
MARGIN = 24
INK = "#222222"
QUIET = "#595959"
SMALLEST = 9


def new_sheet(width, height):
    """Return an empty figure of `width` x `height` pixels."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width / DPI, height / DPI), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def save_sheet(figure, path):
    """Write the figure to `path` (the ending chooses the format) and return the path.

    Raises
    ------
    SattError
        If it cannot be written.
    """
    path, drawn = Path(path), BytesIO()
    figure.savefig(drawn, dpi=DPI, format=path.suffix[1:] or None)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(drawn.getvalue())
    except OSError as error:
        raise SattError(
            f"figure: {path} cannot be written: {error.strerror or error}; make room or choose "
            "another place"
        ) from error
    return path


def place(figure, left, top, width, height):
    """Return axes at a place of the sheet, in pixels from its top left corner."""
    sheet_width, sheet_height = figure.get_size_inches() * DPI
    return figure.add_axes(
        (left / sheet_width, 1 - (top + height) / sheet_height,
         width / sheet_width, height / sheet_height)
    )


def place_picture(figure, left, top, picture):
    """Show a picture (h, w, 3) pixel for pixel at a place of the sheet and return its axes."""
    height, width = picture.shape[:2]
    axes = place(figure, left, top, width, height)
    axes.imshow(picture, interpolation="nearest", aspect="auto")
    axes.set_axis_off()
    return axes


def fit_picture(image, side):
    """Bring an image to about `side` pixels: enlarged without blur, or shrunk smoothly.

    Parameters
    ----------
    image : ndarray, shape (H, W, 3), uint8
    side : int
        Wanted length of the longer side. An enlarged picture repeats each pixel a whole number
        of times, so it may be up to half as long again or a third shorter.

    Returns
    -------
    picture : ndarray, shape (h, w, 3), uint8
    """
    height, width = image.shape[:2]
    longer = max(height, width)
    if longer <= side:
        times = round(side / longer)
        return image.repeat(times, axis=0).repeat(times, axis=1)
    size = (max(1, round(width * side / longer)), max(1, round(height * side / longer)))
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.LANCZOS))


def write(figure, left, top, text, size, width=None, align="left", colour=INK, weight="normal"):
    """Write text with its top at `top`, on one line of at most `width` pixels.

    A text too wide is set smaller, down to 9 points, and then shortened with an ellipsis.
    """
    text, families = use_font_for(text)
    if width is not None:
        text, size = _squeeze(figure, text, size, width, weight)
    sheet_width, sheet_height = figure.get_size_inches() * DPI
    # parse_math=False: a caption with two dollar signs is not a formula.
    return figure.text(
        left / sheet_width, 1 - (top + 0.5 * line_height(size)) / sheet_height, text,
        fontsize=size, family=families, ha=align, va="center_baseline", color=colour,
        weight=weight, parse_math=False,
    )


def write_lines(figure, left, top, lines, size, **options):
    """Write lines below each other and return the y where the next one would start."""
    for line in lines:
        write(figure, left, top, line, size, **options)
        top += line_height(size)
    return top


def line_height(size):
    """Return the pixels a line of text takes at a size in points."""
    return round(1.35 * size * DPI / 72)


def text_width(figure, text, size, weight="normal"):
    """Return the width of a text in pixels."""
    from matplotlib.font_manager import FontProperties

    text, families = use_font_for(text)
    properties = FontProperties(family=families, size=size, weight=weight)
    renderer = figure.canvas.get_renderer()
    return renderer.get_text_width_height_descent(text, properties, False)[0]


def wrap(figure, text, size, width, weight="normal"):
    """Break a text into lines of at most `width` pixels: between words, else inside one."""
    text, _ = use_font_for(text)
    lines = []
    for paragraph in text.splitlines():
        line = ""
        for word in paragraph.split():
            joined = f"{line} {word}" if line else word
            if text_width(figure, joined, size, weight) <= width:
                line = joined
                continue
            if line:
                lines.append(line)
            line = ""
            for letter in word:
                if line and text_width(figure, line + letter, size, weight) > width:
                    lines.append(line)
                    line = ""
                line += letter
        if line:
            lines.append(line)
    return lines


def _squeeze(figure, text, size, width, weight):
    while size > SMALLEST and text_width(figure, text, size, weight) > width:
        size = max(SMALLEST, size - 0.5)
    if text_width(figure, text, size, weight) > width:
        while text and text_width(figure, text + "…", size, weight) > width:
            text = text[:-1]
        text += "…"
    return text, size
