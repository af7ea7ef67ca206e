"""From image files to arrays: upright, in colour, square, and none that stops the others."""

import hashlib
import os
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext

import numpy as np
from PIL import Image, UnidentifiedImageError
from PIL.Image import Transpose
from tqdm import tqdm

from satt.data.image_cache import open_cache
from satt.data.image_modes import reduce_to_rgb
from satt.data.quiet_pillow import quiet_pillow
from satt.errors import SattError

ENOUGH = 4  # an image is averaged down to so many times the size that is wanted, then scaled
LARGE = 2**25  # pixels; so large ones are decoded one at a time, for the memory's sake
_one_large_image = threading.Lock()

# Of these Pillow lets other programs make pixels: programs in the file are run.
DRAWN_BY_OTHERS = ("EPS", "WMF")

ORIENTATION = 0x0112  # the EXIF tag that says how the camera was held
UPRIGHT = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}


def read_image(path, size):
    """Read an image file, scale its shorter side to `size`, and cut out the centre.

    Of what moves, the first picture is taken. How the modes of Pillow become colours is told in
    `satt.data.image_modes.reduce_to_rgb`; what is transparent lies on white. May be called in many
    threads at once.

    Parameters
    ----------
    path : str or Path
    size : int
        In pixels.

    Returns
    -------
    image : ndarray of uint8, shape (size, size, 3)
        Red, green, blue; upright, if the camera noted how it was held.

    Raises
    ------
    SattError
        If `size` is not at least 1, or the file is missing, no regular file, not an image that
        Pillow can read, damaged, or of more than `PIL.Image.MAX_IMAGE_PIXELS` pixels.
    """
    _check_size(size)
    with _open(path) as file:
        return _decode(file, path, size)


def read_image_and_key(path, size):
    """Read an image file as `read_image` does, and tell its content from any other.

    Parameters
    ----------
    path : str or Path
    size : int

    Returns
    -------
    key : bytes
        As from `content_key`, of the very content that was decoded.
    image : ndarray of uint8, shape (size, size, 3)

    Raises
    ------
    SattError
        As from `read_image`.
    """
    _check_size(size)
    with _open(path) as file:
        key = _digest(file)
        return key, _decode(file, path, size)


def software_of(path):
    """Which program a PNG file says it was made by.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    software : str
        What stands under the keyword "Software"; "" if nothing does, or it is no PNG file that can
        be read.
    """
    try:
        with _open(path) as file, quiet_pillow(), Image.open(file, formats=["PNG"]) as image:
            return str(image.info.get("Software", ""))
    except Exception:  # a damaged one can raise nearly anything; reading it will say what is wrong
        return ""


def content_key(path):
    """Tell the content of a file from any other.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    key : bytes
        A hash of 16 bytes.

    Raises
    ------
    SattError
        If the file is missing, no regular file or cannot be read.
    """
    with _open(path) as file:
        return _digest(file)


def _digest(file):
    digest = hashlib.blake2b(digest_size=16)
    while piece := file.read(2**20):
        digest.update(piece)
    return digest.digest()


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
        `satt.data.image_cache.default_folder`. False remembers nothing. A Ctrl-C keeps in it what
        has been decoded so far.
    label : str or None
        What the bar says is being read; None for no bar.

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
    _check_size(size)
    images = np.zeros((len(paths), size, size, 3), dtype=np.uint8)
    reasons = {}
    with open_cache(cache, size) as remembered, quiet_pillow():

        def load(number):
            try:
                images[number] = _read_through(remembered, paths[number], size)
            except SattError as error:
                return str(error)
            return None

        pool = ThreadPoolExecutor(os.cpu_count())
        try:
            answers = pool.map(load, range(len(paths)))
            bar = tqdm(answers, label, len(paths), unit="image", disable=None if label else True)
            for number, reason in enumerate(bar):
                if reason is not None:
                    reasons[number] = reason
                    if strict:
                        bar.close()
                        raise SattError(reason)
        finally:
            # After an error or a Ctrl-C nobody waits for what has not begun.
            pool.shutdown(cancel_futures=True)
    kept = np.array([number not in reasons for number in range(len(paths))], dtype=bool)
    return images, kept, reasons


def _check_size(size):
    if size < 1:
        raise SattError(f"size: expected at least 1 pixel, got {size}")


def _read_through(cache, path, size):
    """Give what the cache has of a file's content, else decode it and let the cache know."""
    with _open(path) as file:
        if cache is None:
            return _decode(file, path, size)
        key = cache.key(file)
        image = cache.get(key)
        if image is None:
            image = _decode(file, path, size)
            cache.put(key, image)
        return image


@contextmanager
def _open(path):
    """Open a regular file: a pipe or a terminal could keep us waiting for ever."""
    try:
        regular = stat.S_ISREG(os.stat(path).st_mode)
        file = open(path, "rb") if regular else None
    except FileNotFoundError:
        raise SattError(f"image: there is no file {_one_line(path)}; correct the path") from None
    except (OSError, ValueError) as error:
        # A ValueError is a name that no file can have.
        raise _unreadable(path, f"cannot be opened: {_reason(error)}; name another") from error
    if file is None:
        what = "a folder" if os.path.isdir(path) else "no regular file"
        raise _unreadable(path, f"is {what}; name an image file")
    with file:
        try:
            yield file
        except OSError as error:
            raise _unreadable(path, f"cannot be read: {_reason(error)}; copy it anew") from error


def _decode(file, path, size):
    try:
        with quiet_pillow():
            # Of the formats that another thread is just loading, Pillow might miss some.
            Image.init()
            formats = [name for name in Image.OPEN if name not in DRAWN_BY_OTHERS]
            with Image.open(file, formats=formats) as image:
                return np.array(_square(image, size))
    except SattError as error:
        raise _unreadable(path, str(error)) from None
    except Image.DecompressionBombError as error:
        raise _unreadable(path, _too_large()) from error
    except UnidentifiedImageError as error:
        empty = os.fstat(file.fileno()).st_size == 0
        what = "is empty" if empty else "is not an image of a format that Pillow knows"
        raise _unreadable(path, f"{what}; fetch it again or leave it out") from error
    except MemoryError as error:
        raise _unreadable(path, "does not fit into memory; scale it down first") from error
    except Exception as error:
        # What a damaged file makes Pillow's plugins raise has no common class.
        message = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        raise _unreadable(
            path, f"cannot be read as an image; is it damaged? ({message:.200})"
        ) from error


def _square(image, size):
    """Decode no more than needed, and cut out, scale and turn: a (size, size) image of RGB."""
    width, height = image.size
    _check_pixels(width, height)
    large = width * height > LARGE
    # A JPEG can be decoded at a half, a quarter or an eighth; this need not be whole pixels.
    wanted = [ENOUGH * size * side // min(width, height) for side in image.size]
    drafted = image.draft(image.mode, wanted)
    with _one_large_image if large else nullcontext():
        image.load()
        _check_pixels(*image.size)  # a few formats know better only now
        turn = UPRIGHT.get(_orientation(image))
        width, height = drafted[1][2:] if drafted else image.size
        side = min(width, height)
        left, top = (width - side) / 2, (height - side) / 2
        if large:
            # Without what is cut off later, but for what the filter sees beyond the edge.
            margin = int(2 * side / size) + 3
            begin_x, begin_y = max(0, int(left) - margin), max(0, int(top) - margin)
            end_x, end_y = int(left + side) + margin, int(top + side) + margin
            end_x, end_y = min(end_x, image.width), min(end_y, image.height)
            image = image.crop((begin_x, begin_y, end_x, end_y))
            left, top = left - begin_x, top - begin_y
        factor = max(1, int(side) // (ENOUGH * size))
        image = reduce_to_rgb(image, factor)
    left, top, side = left / factor, top / factor, side / factor
    box = left, top, min(left + side, image.width), min(top + side, image.height)
    image = image.resize((size, size), Image.Resampling.BICUBIC, box)
    return image if turn is None else image.transpose(turn)


def _check_pixels(width, height):
    if Image.MAX_IMAGE_PIXELS and width * height > Image.MAX_IMAGE_PIXELS:
        raise SattError(_too_large(f"{width} x {height}"))


def _too_large(found="too many"):
    return (
        f"has {found} pixels; a file with more than {Image.MAX_IMAGE_PIXELS:,} may be made to "
        "fill the memory, so scale it down first"
    )


def _orientation(image):
    try:
        return image.getexif().get(ORIENTATION)
    except Exception:
        # The picture is there, whatever is wrong with the notes about it.
        return None


def _unreadable(path, reason):
    return SattError(f"image: {_one_line(path)} {' '.join(reason.split())}")


def _reason(error):
    return getattr(error, "strerror", None) or str(error)


def _one_line(path):
    return " ".join(str(path).splitlines())
