"""Where the model looked when it wrote each word: one panel a word (the paper's figure 2)."""

import math

from satt.figures import canvas
from satt.figures.checks import check_attention, check_length, check_picture
from satt.figures.overlay import (
    COLOUR_BAR_WIDTH,
    lay_over,
    place_colour_bar,
    relative_maps,
    shared_top,
    upsample_attention,
)

__all__ = ["caption_of", "draw_attention", "upsample_attention"]

PANEL = 260
MOST_COLUMNS = 6
GAP = 16
WORD_SIZE, NOTE_SIZE, CAPTION_SIZE = 15, 10.5, 14


def caption_of(words):
    """Join words to a caption, leaving out a mark such as "<stop>" at the end."""
    if words and words[-1].startswith("<") and words[-1].endswith(">"):
        words = words[:-1]
    return " ".join(words)


def draw_attention(path, image, words, attention, grid_shape, title=None, notes=None):
    """Draw an image, its caption and, for each word, the attention over the image.

    All panels share one colour scale, in multiples of uniform attention (attention times L).

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
    title : str, optional
        A line above the caption.
    notes : list of str, optional
        T short texts, one beneath each panel.

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
    if notes is not None:
        check_length("notes", notes, len(words), "word")
    picture = canvas.fit_picture(image, PANEL)
    relative = relative_maps(picture, attention, grid_shape)
    top = shared_top(relative)

    height, width = picture.shape[:2]
    panels = len(words) + 1
    rows = math.ceil(panels / MOST_COLUMNS)
    columns = math.ceil(panels / rows)
    word_height = canvas.line_height(WORD_SIZE) + 4
    note_height = canvas.line_height(NOTE_SIZE) + 4 if notes is not None else 0
    cell_width, cell_height = width + GAP, word_height + height + note_height + GAP
    grid_width = columns * cell_width - GAP
    sheet_width = 2 * canvas.MARGIN + grid_width + GAP + COLOUR_BAR_WIDTH

    ruler = canvas.new_sheet(1, 1)
    head = canvas.wrap(ruler, title or "", CAPTION_SIZE, grid_width, "bold")
    caption = canvas.wrap(ruler, caption_of(words), CAPTION_SIZE, grid_width)
    head_height = (len(head) + len(caption)) * canvas.line_height(CAPTION_SIZE) + GAP // 2
    figure = canvas.new_sheet(
        sheet_width, 2 * canvas.MARGIN + head_height + rows * cell_height - GAP
    )
    left, y = canvas.MARGIN, canvas.MARGIN
    y = canvas.write_lines(figure, left, y, head, CAPTION_SIZE, weight="bold")
    canvas.write_lines(figure, left, y, caption, CAPTION_SIZE)

    first_row = canvas.MARGIN + head_height + word_height
    for panel in range(panels):
        x = left + panel % columns * cell_width
        y = first_row + panel // columns * cell_height
        if panel == 0:
            canvas.place_picture(figure, x, y, picture)
            continue
        canvas.place_picture(figure, x, y, lay_over(picture, relative[panel - 1], top))
        middle = x + width / 2
        canvas.write(figure, middle, y - word_height, words[panel - 1], WORD_SIZE,
                     width=width, align="center")
        if notes is not None:
            canvas.write(figure, middle, y + height + 4, notes[panel - 1], NOTE_SIZE,
                         width=width, align="center", colour=canvas.QUIET)
    place_colour_bar(figure, left + grid_width + GAP, first_row, height, top)
    return canvas.save_sheet(figure, path)
