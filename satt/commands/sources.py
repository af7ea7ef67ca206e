"""What `--data` names: scenes, drawn on demand, or a folder of photographs with captions."""

import os
import warnings
from pathlib import Path

from satt.commands.memory import check_memory
from satt.errors import SattError

SCENES = "scenes"
# The same part of the data under another name.
SPLITS = {"dev": "validation"}


def add_data_argument(parser, required=True):
    """Add `--data`."""
    parser.add_argument(
        "--data", required=required, metavar="scenes|FOLDER",
        help="scenes: drawn on demand; or a folder of photographs with captions, see `satt "
        "inspect --help` (write ./scenes for a folder that is called so)",
    )


def add_image_arguments(parser):
    """Add `--strict` and `--cache`, for those who read image files."""
    parser.add_argument(
        "--strict", action="store_true",
        help="stop at the first photograph that is missing or damaged, or has no caption, "
        "instead of leaving it out",
    )
    parser.add_argument(
        "--cache", metavar="FOLDER|off",
        help="where decoded images are remembered (default: the system's place for caches, or "
        "what the variable SATT_CACHE says)",
    )


def open_source(options, *splits):
    """See that what `--data` names is there, and has some splits, before any work is done.

    Parameters
    ----------
    options : argparse.Namespace
        data, strict, cache.
    splits : str
        As for `read_data`.

    Returns
    -------
    source : Listing or None
        None for scenes.

    Raises
    ------
    SattError
        If it is no folder of captioned photographs, or has none for one of the splits.
    """
    if options.data == SCENES:
        for option in ("strict", "cache"):
            if getattr(options, option):
                raise SattError(
                    f"--{option}: scenes are drawn, no files are read; leave --{option} out"
                )
        return None
    if not Path(options.data).exists():
        raise SattError(
            f"--data: there is no folder {options.data}; give `scenes`, or a folder of "
            "photographs with captions"
        )
    listing = open_folder(options.data, "--data")
    sizes = listing.split_sizes()
    for split in splits:
        split = SPLITS.get(split, split)
        if not sizes[split]:
            there = ", ".join(f"{name} {size:,}" for name, size in sizes.items() if size)
            raise SattError(
                f"--data: {options.data} has no {split} photographs (it has {there}); the split "
                f"is told by {listing.splits_from}: add some, or choose another split or folder"
            )
    return listing


def print_source(source):
    """Say what a listing was read from, how it was split, and what else is to be known of it."""
    files = ", ".join(path.name for path in source.files)
    print(f"{source.folder}: {source.reader}, by {files}")
    print(f"splits: told by {source.splits_from}")
    for note in source.notes:
        print(f"note: {note}")


def open_folder(folder, option):
    """Read the listing of a folder; complaints begin with the option that named it."""
    from satt.data.readers import read_listing

    try:
        return read_listing(folder)
    except SattError as error:
        raise SattError(f"{option}: {str(error).removeprefix('folder: ')}") from error


def read_data(source, options, split, count, size, look=None):
    """Read or draw the first images of a split.

    Parameters
    ----------
    source : Listing or None
        From `open_source`.
    options : argparse.Namespace
        seed (of the scenes), strict, cache.
    split : {"train", "validation", "dev", "test", "unseen"}
        "validation" and "dev" are the same; "unseen" is of scenes only.
    count : int or None
        At most so many images; None for all of a folder's.
    size : int
        Width and height of the images in pixels.
    look : function, optional
        How photographs are looked at, from `satt.commands.looking`; by default as pixels.

    Returns
    -------
    data : SceneData or CaptionData
        Photographs that are missing, damaged or without a caption are left out, with a warning for
        each that cannot be read, and one that counts them all.

    Raises
    ------
    SattError
        If none is left, or they do not fit into memory; under `options.strict`, if one would be
        left out.
    """
    split = SPLITS.get(split, split)
    if source is None:
        from satt.data.scenes.dataset import draw_scenes

        check_fits(count, split, "scenes", size)
        return draw_scenes(split, count, size, options.seed, processes=os.cpu_count() or 1)
    from satt.data.caption_data import CaptionData

    all_of_split = source.of_split(split)
    photographs = all_of_split[:count]
    lost = [(photo.name, photo.reason) for photo in source.left_out if photo.split == split]
    if options.strict and lost:
        refuse_left_out(lost)
    if look is None:
        from satt.commands.looking import look_at_pixels

        look = look_at_pixels(size)
    images, kept, reasons = look(photographs, options, f"{source.reader} {split}")
    lost += [(photographs[n].name, "that cannot be read") for n in reasons]
    if not kept.any():
        raise SattError(
            f"--data: none of the {len(photographs):,} {split} photographs can be read; the "
            f"first: {reasons[0]}"
        )
    for reason in reasons.values():
        warnings.warn(reason, stacklevel=2)
    if lost:
        from satt.data.listing import name_reasons

        total = len(all_of_split) + len(lost) - len(reasons)
        warnings.warn(
            f"{source.reader}: {len(lost):,} of the {total:,} {split} photographs are left out: "
            f"{name_reasons(lost)}",
            stacklevel=2,
        )
    photographs = [photo for photo, good in zip(photographs, kept, strict=True) if good]
    return CaptionData(
        images, [photo.captions for photo in photographs], [photo.name for photo in photographs],
        paths=[photo.path for photo in photographs],
    )


def check_fits(count, split, kind, size):
    """Raise a SattError if so many images take more memory than there is."""
    check_memory(
        count * size * size * 3, f"--data: {count:,} {split} {kind} of {size} x {size} pixels",
        "ask for fewer or smaller ones",
    )


def read_images(paths, size, options, label):
    """Decode images as `load_images` does, as --strict and --cache say."""
    from satt.data.images import load_images

    cache = False if (options.cache or "").lower() == "off" else options.cache
    return load_images(paths, size, options.strict, cache, label)


def refuse_left_out(lost):
    """Raise the SattError that `--strict` asks for, from pairs of a name and a reason."""
    from satt.data.listing import name_reasons

    raise SattError(
        f"--strict: {len(lost):,} photographs would be left out: {name_reasons(lost)}; put them "
        "right, or leave --strict out"
    )
