"""What a file's numbers mean as red, green and blue bytes, for every mode that Pillow opens."""

import numpy as np
from PIL import Image

PIXELS_AT_A_TIME = 2**20  # so that little memory is taken beside the image itself


def reduce_to_rgb(image, factor):
    """Make an image red, green and blue, and average each square of `factor` x `factor` pixels.

    * What is transparent lies on white.
    * 16-bit grey goes from 0 to 65535, which is white.
    * Grey of 32 bits, whole or real, has no agreed white: it is read as 0..1 (real numbers only),
      0..255 or 0..65535, the first that holds all of its numbers; else its smallest number is
      black and its largest white. What is no number is black.
    * Colour profiles are not applied. CMYK is inverted where Pillow knows that Adobe wrote it.

    Parameters
    ----------
    image : PIL.Image.Image
        Already loaded.
    factor : int
        1 leaves the size alone.

    Returns
    -------
    reduced : PIL.Image.Image
        Of mode RGB, width and height divided by `factor` and rounded up.
    """
    width, height = image.size
    rows = factor * max(1, PIXELS_AT_A_TIME // (factor * width))
    bands = [(0, top, width, min(top + rows, height)) for top in range(0, height, rows)]
    as_rgb = _to_rgb
    if image.mode.startswith(("I", "F")):
        black, white = _range(image, bands)

        def as_rgb(band):
            return _grey_to_rgb(band, black, white)

    reduced = Image.new("RGB", (-(-width // factor), -(-height // factor)))
    for box in bands:
        band = as_rgb(image.crop(box))
        reduced.paste(band.reduce(factor) if factor > 1 else band, (0, box[1] // factor))
    return reduced


def _to_rgb(image):
    if not image.has_transparency_data:
        return image.convert("RGB")
    if image.mode == "La":
        image = image.convert("LA")  # the only mode that Pillow brings it to
    image = image.convert("RGBA")
    white = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(white, image).convert("RGB")


def _range(image, bands):
    """The numbers that are black and white in grey of more than eight bits."""
    if image.mode.startswith("I;16"):
        return 0, 65535
    lowest, highest = np.inf, -np.inf
    for box in bands:
        values = np.asarray(image.crop(box))
        values = values[np.isfinite(values)]
        if values.size:
            lowest = min(lowest, float(values.min()))
            highest = max(highest, float(values.max()))
    for white in (1, 255, 65535) if image.mode == "F" else (255, 65535):
        if 0 <= lowest and highest <= white:
            return 0, white
    return lowest, highest


def _grey_to_rgb(image, black, white):
    values = np.asarray(image).astype(np.float64)
    values = np.where(np.isfinite(values), values, black)
    share = np.clip((values - black) / max(white - black, 1e-300), 0, 1)
    return Image.fromarray(np.rint(255 * share).astype(np.uint8)).convert("RGB")
