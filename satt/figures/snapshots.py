"""How attention is learned: the same words at several moments of the training."""

import math

import numpy as np

from satt.errors import SattError
from satt.figures import canvas
from satt.figures.attention import caption_of
from satt.figures.checks import check_attention, check_length, check_picture
from satt.figures.overlay import (
    COLOUR_BAR_WIDTH,
    lay_over,
    place_colour_bar,
    relative_maps,
    shared_top,
)

PANEL = 192
PICTURE = 256
LABEL_WIDTH = 150
GAP = 12
WORD_SIZE, LABEL_SIZE, CAPTION_SIZE = 14, 12, 14


def draw_snapshots(path, image, words, attentions, labels, grid_shape):
    """Draw attention as it goes from uniform to sharp: a row a moment, a column a word.

    All panels share one colour scale, in multiples of uniform attention.

    Parameters
    ----------
    path : str or Path
        File to write; its folder is made if needed.
    image : ndarray, shape (H, W, 3), uint8
    words : list of str
        T words, the same at every moment.
    attentions : sequence of ndarray, each of shape (T, L)
        One for each moment.
    labels : list of str
        One for each moment, for instance "step 100".
    grid_shape : tuple of int
        (rows, cols), L = rows * cols.

    Returns
    -------
    path : Path

    Raises
    ------
    SattError
        If there are no moments, a shape does not fit or a row is not a distribution.
    """
    check_picture("image", image)
    if len(labels) == 0:
        raise SattError("labels: expected at least one moment, got none; pass one label a row")
    check_length("attentions", attentions, len(labels), "label")
    for row, attention in enumerate(attentions):
        check_attention(f"attentions[{row}]", attention, len(words), grid_shape)
    whole, picture = canvas.fit_picture(image, PICTURE), canvas.fit_picture(image, PANEL)
    relative = np.stack([relative_maps(picture, rows, grid_shape) for rows in attentions])
    top = shared_top(relative)

    ruler = canvas.new_sheet(1, 1)
    height, width = picture.shape[:2]
    label_lines = [canvas.wrap(ruler, label, LABEL_SIZE, LABEL_WIDTH) for label in labels]
    label_width = max(
        canvas.text_width(ruler, line, LABEL_SIZE) for lines in label_lines for line in lines
    )
    word_height = canvas.line_height(WORD_SIZE) + 4
    # The whole picture and its caption stand left of the panels.
    caption = canvas.wrap(ruler, caption_of(words), CAPTION_SIZE, whole.shape[1])
    caption_height = 8 + len(caption) * canvas.line_height(CAPTION_SIZE)
    panels_left = canvas.MARGIN + whole.shape[1] + 3 * GAP + math.ceil(label_width) + GAP
    panels_width = len(words) * (width + GAP) - GAP
    panels_height = len(labels) * (height + GAP) - GAP
    body = max(panels_height, whole.shape[0] + caption_height)
    figure = canvas.new_sheet(
        panels_left + panels_width + GAP + COLOUR_BAR_WIDTH + canvas.MARGIN,
        2 * canvas.MARGIN + word_height + body,
    )
    first_row = canvas.MARGIN + word_height
    canvas.place_picture(figure, canvas.MARGIN, first_row, whole)
    canvas.write_lines(
        figure, canvas.MARGIN, first_row + whole.shape[0] + 8, caption, CAPTION_SIZE
    )
    for column, word in enumerate(words):
        x = panels_left + column * (width + GAP)
        canvas.write(figure, x + width / 2, canvas.MARGIN, word, WORD_SIZE, width=width,
                     align="center")
    for row, lines in enumerate(label_lines):
        y = first_row + row * (height + GAP)
        middle = y + (height - len(lines) * canvas.line_height(LABEL_SIZE)) / 2
        canvas.write_lines(figure, panels_left - GAP, middle, lines, LABEL_SIZE, align="right")
        for column in range(len(words)):
            x = panels_left + column * (width + GAP)
            canvas.place_picture(figure, x, y, lay_over(picture, relative[row, column], top))
    place_colour_bar(figure, panels_left + panels_width + GAP, first_row, height, top)
    return canvas.save_sheet(figure, path)
