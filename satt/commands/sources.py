"""What `--data` names: scenes, drawn on demand, or a folder of captioned photographs."""

import warnings
from pathlib import Path

from satt.errors import SattError

SCENES = "scenes"
# The same part of the data under the name that each source has for it.
SPLITS = {"dev": "validation"}


def add_data_argument(parser, required=True):
    """Add `--data`, and `--strict` for folders."""
    parser.add_argument(
        "--data", required=required, metavar="scenes|FOLDER",
        help="scenes: drawn on demand; or a folder of photographs with captions, see `satt "
        "inspect --help` (write ./scenes for a folder that is called so)",
    )
    parser.add_argument(
        "--strict", action="store_true",
        help="end at the first image that is missing or damaged, instead of leaving it out",
    )


def open_source(source, strict=False):
    """Look at what `--data` names.

    Parameters
    ----------
    source : str
        "scenes" or a folder.
    strict : bool
        Whether what is missing is an error.

    Returns
    -------
    "scenes" or Listing
        For `read_data`. Of a folder it is said how much is missing from it.

    Raises
    ------
    SattError
        If there is no such folder, or no captions in it that can be understood.
    """
    from satt.data.folder import named, read_listing

    if source == SCENES:
        return SCENES
    if not Path(source).is_dir():
        raise SattError(
            f"--data: there is no folder {source}; give `scenes`, or a folder of photographs with "
            "captions"
        )
    try:
        listing = read_listing(source)
    except SattError as error:
        raise SattError(f"--data: {error}") from error
    if listing.left_out:
        problem = f"{listing.files[0]}: {named(listing.left_out)}"
        if strict:
            raise SattError(f"--strict: {problem}; mend it, or leave --strict out")
        warnings.warn(f"{problem}; left out", stacklevel=2)
    return listing


def read_data(source, split, count, size, seed, strict=False):
    """Read or draw the first images of a split.

    Parameters
    ----------
    source : "scenes" or Listing
        From `open_source`.
    split : {"train", "validation", "dev", "test", "unseen"}
        "validation" and "dev" are the same; "unseen" is of scenes only.
    count : int or None
        At most so many images; None for all of a folder's.
    size : int
        Width and height of the images in pixels.
    seed : int
        Of the scenes.
    strict : bool
        Whether an image that cannot be read is an error.

    Returns
    -------
    data : SceneData or CaptionData
    """
    split = SPLITS.get(split, split)
    if source == SCENES:
        from satt.data.scenes.dataset import draw_scenes

        return draw_scenes(split, count, size, seed)
    from satt.data.folder import read_photographs

    return read_photographs(source, split, size, count, strict)
