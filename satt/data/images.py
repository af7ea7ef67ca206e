"""From image files to arrays: upright, in colour, square, and none that stops the others."""

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from PIL import Image, ImageOps
from tqdm import tqdm

from satt.errors import SattError


def read_image(path, size):
    """Read an image file, scale its shorter side to `size`, and cut out the centre.

    Returns
    -------
    image : ndarray of uint8, shape (size, size, 3)
        Red, green, blue; upright, if the camera noted how it was held.

    Raises
    ------
    SattError
        If the file is missing or is not an image that Pillow can read.
    """
    try:
        with Image.open(path) as image:
            upright = ImageOps.exif_transpose(image).convert("RGB")
    except FileNotFoundError:
        raise SattError(f"image: there is no file {path}") from None
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        # Pillow reports a damaged file as any of these.
        raise SattError(f"image: {path} cannot be read as an image; is it damaged?") from error
    return np.asarray(ImageOps.fit(upright, (size, size), Image.Resampling.BICUBIC))


def load_images(paths, size, strict=False, cache=None, label="images"):
    """Read many image files at once, with a bar that tells the time left.

    Parameters
    ----------
    paths : sequence of str or Path
        N files.
    size : int
        As for `read_image`.
    strict : bool
        Whether the first image (in the order of `paths`) that cannot be read ends all.
    cache : str or Path, optional
        A folder that remembers images already decoded; by default the user's, see
        `satt.data.image_cache`. False remembers nothing.
    label : str
        What the bar says is being read.

    Returns
    -------
    images : ndarray of uint8, shape (N, size, size, 3)
        As from `read_image`; black where one could not be read.
    kept : ndarray of bool, shape (N,)
        Which could be read.
    reasons : dict of int to str
        For the others: why not, in one line, by their index in `paths`.

    Raises
    ------
    SattError
        If `size` is not at least 1, or under `strict` an image cannot be read.
    """
    if size < 1:
        raise SattError(f"size: expected at least 1 pixel, got {size}")
    images = np.zeros((len(paths), size, size, 3), dtype=np.uint8)
    reasons = {}

    def load(number):
        try:
            images[number] = read_image(paths[number], size)
        except SattError as error:
            return str(error)
        return None

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        answers = pool.map(load, range(len(paths)))
        for number, reason in enumerate(
            tqdm(answers, label, len(paths), unit="image", disable=None)
        ):
            if reason is None:
                continue
            if strict:
                pool.shutdown(wait=False, cancel_futures=True)
                raise SattError(reason)
            reasons[number] = reason
    kept = np.array([number not in reasons for number in range(len(paths))], dtype=bool)
    return images, kept, reasons
