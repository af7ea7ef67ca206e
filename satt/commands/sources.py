"""What `--data` names: scenes, drawn on demand, or the folder of Flickr8k."""

from pathlib import Path

from satt.errors import SattError

SCENES = "scenes"
# The same part of the data under the name that each source has for it.
SPLITS_OF_FLICKR8K = {"train": "train", "validation": "dev", "dev": "dev", "test": "test"}
SPLITS_OF_SCENES = {"dev": "validation"}


def add_data_argument(parser, required=True):
    """Add `--data`."""
    parser.add_argument(
        "--data", required=required, metavar="scenes|FOLDER",
        help="scenes: drawn on demand; or the folder of Flickr8k (write ./scenes for a folder "
        "that is called so)",
    )


def check_source(source):
    """Raise a SattError unless `source` is "scenes" or looks like the folder of Flickr8k."""
    from satt.data.flickr8k import IMAGE_FOLDERS, looks_like_flickr8k

    if source == SCENES:
        return
    if not Path(source).is_dir():
        raise SattError(
            f"--data: there is no folder {source}; give `scenes` or the folder of Flickr8k"
        )
    if not looks_like_flickr8k(source):
        raise SattError(
            f"--data: {source} does not look like Flickr8k; expected Flickr8k.token.txt, "
            "Flickr_8k.trainImages.txt (and dev, test) and the .jpg files in a folder "
            f"{' or '.join(IMAGE_FOLDERS)}, all of them there or one folder deeper"
        )


def read_data(source, split, count, size, seed):
    """Read or draw the first images of a split.

    Parameters
    ----------
    source : str
        As `check_source` takes it.
    split : {"train", "validation", "dev", "test", "unseen"}
        "validation" and "dev" are the same; "unseen" is of scenes only.
    count : int or None
        At most so many images; None for all of a folder's.
    size : int
        Width and height of the images in pixels.
    seed : int
        Of the scenes.

    Returns
    -------
    data : SceneData or CaptionData
    """
    if source == SCENES:
        from satt.data.scenes.dataset import draw_scenes

        return draw_scenes(SPLITS_OF_SCENES.get(split, split), count, size, seed)
    from satt.data.flickr8k import read_flickr8k

    data = read_flickr8k(source, SPLITS_OF_FLICKR8K[split], size)
    return data.subset(slice(count))
