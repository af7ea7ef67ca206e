"""Flickr8k: 8,000 photographs with five captions each (Hodosh, Young and Hockenmaier 2013)."""

import os
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath, PureWindowsPath

import numpy as np
from tqdm import tqdm

from satt.data.caption_data import CaptionData
from satt.data.images import read_image
from satt.data.words import tokenise
from satt.errors import SattError

IMAGE_FOLDERS = ("images", "Images", "Flicker8k_Dataset", "Flickr8k_Dataset")
CAPTION_FILE = "Flickr8k.token.txt"
SPLITS = ("train", "dev", "test")


def looks_like_flickr8k(folder):
    """Say whether a folder holds the captions and an images folder of Flickr8k."""
    folder = Path(folder)
    return folder.is_dir() and bool(_find_file(folder, CAPTION_FILE) and _find_images(folder))


def read_flickr8k(folder, split, size):
    """Read one split of Flickr8k into memory.

    Parameters
    ----------
    folder : str or Path
        Holds `Flickr8k.token.txt`, `Flickr_8k.trainImages.txt` (dev, test) and a folder of
        images, each of them here or one folder deeper.
    split : str
        "train", "dev" or "test".
    size : int
        Height and width of the images in pixels; the shorter side is scaled to it, and what the
        longer side has more is cut off at both ends.

    Returns
    -------
    data : CaptionData
        In the order of the split's list. Images that are missing, damaged or without a caption
        are left out, with one warning that counts them.

    Raises
    ------
    SattError
        If the split is unknown, a folder or file is missing, a line of the captions cannot be
        understood, or no image is left.
    """
    folder = Path(folder)
    if split not in SPLITS:
        raise SattError(f"split: expected train, dev or test, got {split!r}")
    if size < 1:
        raise SattError(f"size: expected at least 1 pixel, got {size}")
    if not folder.is_dir():
        raise SattError(f"folder: {folder} is not a folder; give the one that holds Flickr8k")
    captions = _read_captions(_find_file(folder, CAPTION_FILE, needed=True))
    split_file = _find_file(folder, f"Flickr_8k.{split}Images.txt", needed=True)
    names = _read_text(split_file).split()
    for name in names:
        _check_name(name, split_file)
    image_folder = _find_images(folder)
    if image_folder is None:
        raise SattError(
            f"folder: no folder of .jpg files called {' or '.join(IMAGE_FOLDERS)} in {folder}; "
            "unpack the images of Flickr8k there"
        )
    images = np.zeros((len(names), size, size, 3), dtype=np.uint8)

    def load(number):
        try:
            images[number] = read_image(image_folder / names[number], size)
        except SattError:
            return False
        return True

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        loaded = pool.map(load, range(len(names)))
        bar = tqdm(loaded, f"flickr8k {split}", len(names), unit="image", disable=None)
        good = [ok and name in captions for ok, name in zip(bar, names, strict=True)]
    left_out = [name for name, ok in zip(names, good, strict=True) if not ok]
    if len(left_out) == len(names):
        raise SattError(
            f"split: no image listed in {split_file} is in {image_folder} and has a caption; "
            "unpack the images of Flickr8k there"
        )
    if left_out:
        named = ", ".join(left_out[:5]) + (", ..." if len(left_out) > 5 else "")
        warnings.warn(
            f"flickr8k: {len(left_out)} of the {len(names)} images of {split} are missing, "
            f"damaged or without a caption and are left out: {named}",
            stacklevel=2,
        )
        images = images[good]
    names = [name for name, ok in zip(names, good, strict=True) if ok]
    return CaptionData(images, [captions[name] for name in names], names)


def _read_captions(path):
    """Return the dict from an image's name to its list of captions, each a list of words."""
    captions = {}
    for number, line in enumerate(_read_text(path).split("\n"), start=1):
        if not line.strip():
            continue
        key, tab, text = line.partition("\t")
        name, hash_sign, _ = key.rpartition("#")
        if not tab or not hash_sign:
            raise SattError(
                f"{path}: line {number}: expected 'name.jpg#0', a tab and a caption, "
                f"got {line!r:.60}; fetch the file again"
            )
        _check_name(name, path)
        words = tokenise(text)
        if words:
            captions.setdefault(name, []).append(words)
    return captions


def _read_text(path):
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise SattError(
            f"{path}: expected UTF-8 text, got byte {error.object[error.start]:#x} at "
            f"{error.start:,}; fetch the file again"
        ) from error


def _check_name(name, path):
    """A name with a path in it could lead out of the folder of images."""
    plain = PurePosixPath(name).name == name == PureWindowsPath(name).name
    if not plain or name == "..":
        raise SattError(
            f"{path}: expected the name of a file in the folder of images, got {name!r:.60}; "
            "fetch the file again"
        )


def _places(folder):
    return [folder, *sorted(path for path in folder.iterdir() if path.is_dir())]


def _find_file(folder, name, needed=False):
    for place in _places(folder):
        if (place / name).is_file():
            return place / name
    if needed:
        raise SattError(
            f"folder: no {name} in {folder} nor one folder deeper; "
            "unpack the text files of Flickr8k there"
        )
    return None


def _find_images(folder):
    for place in _places(folder):
        for name in IMAGE_FOLDERS:
            images = place / name
            # An archive may unpack to a folder of that name inside one of a like name.
            if images.is_dir() and any(p.suffix.lower() == ".jpg" for p in images.iterdir()):
                return images
    return None
