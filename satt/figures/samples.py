"""A contact sheet: pictures in rows, each with its caption beneath."""

import math

from satt.errors import SattError
from satt.figures import canvas
from satt.figures.checks import check_length, check_picture

PICTURE = 260
GAP = 32
SIZE = 11


def draw_samples(path, images, titles, columns=4):
    """Draw pictures in a grid with a wrapped text under each.

    Parameters
    ----------
    path : str or Path
        File to write; its folder is made if needed.
    images : sequence of ndarray, each of shape (H, W, 3), uint8
        They may differ in size.
    titles : list of str
        One for each image, in any script (see `use_font_for`).
    columns : int
        Pictures in a row.

    Returns
    -------
    path : Path

    Raises
    ------
    SattError
        If there are no images, an image has the wrong shape or the numbers do not agree.
    """
    if len(images) == 0:
        raise SattError("images: expected at least one image, got none; pass a list of images")
    check_length("titles", titles, len(images), "image")
    if columns < 1:
        raise SattError(f"columns: expected at least 1, got {columns}; 4 fits a page")
    for index, image in enumerate(images):
        check_picture(f"images[{index}]", image)
    columns = min(columns, len(images))
    pictures = [canvas.fit_picture(image, PICTURE) for image in images]
    width = max(picture.shape[1] for picture in pictures)
    ruler = canvas.new_sheet(1, 1)
    captions = [canvas.wrap(ruler, title, SIZE, width) for title in titles]

    rows = range(math.ceil(len(images) / columns))
    in_row = [slice(row * columns, (row + 1) * columns) for row in rows]
    picture_heights = [max(picture.shape[0] for picture in pictures[row]) for row in in_row]
    text_heights = [
        max(len(lines) for lines in captions[row]) * canvas.line_height(SIZE) for row in in_row
    ]
    height = sum(picture_heights) + sum(text_heights) + (len(in_row) - 1) * GAP + 8 * len(in_row)
    figure = canvas.new_sheet(
        2 * canvas.MARGIN + columns * (width + GAP) - GAP, 2 * canvas.MARGIN + height
    )
    y = canvas.MARGIN
    for row, picture_height, text_height in zip(
        in_row, picture_heights, text_heights, strict=True
    ):
        for column, (picture, lines) in enumerate(zip(pictures[row], captions[row], strict=True)):
            x = canvas.MARGIN + column * (width + GAP)
            # Pictures of unequal height stand on one line, just above their captions.
            canvas.place_picture(figure, x, y + picture_height - picture.shape[0], picture)
            canvas.write_lines(figure, x, y + picture_height + 8, lines, SIZE)
        y += picture_height + 8 + text_height + GAP
    return canvas.save_sheet(figure, path)
