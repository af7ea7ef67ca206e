"""What a captioner looks at: pixels, the grid of a pretrained net, or grids from a file.

Each way is a function from photographs to (images, kept, reasons): what is seen of those that can
be read, in their order; which these are; and why the others cannot, by their number.
"""

from satt.commands.sources import check_fits, read_images
from satt.errors import SattError


def add_grid_file_arguments(parser):
    """Add `--grids` and `--names`."""
    parser.add_argument(
        "--grids", metavar="FILE.npy",
        help="grids that another program has made of the photographs, (N, L, D): L locations, row "
        "by row, with D numbers each, as numpy.save writes them",
    )
    parser.add_argument(
        "--names", metavar="FILE.txt",
        help="the photograph of each grid in --grids, a line each, as the data set calls it",
    )


def open_grid_file(options):
    """Open what `--grids` and `--names` name; None if neither is given.

    Raises
    ------
    SattError
        If only one is given, or the files cannot be used.
    """
    if options.grids is None and options.names is None:
        return None
    if options.names is None:
        raise SattError(
            "--names: expected a text file, got nothing; it says whose grids those in --grids "
            "are, a name in each line"
        )
    if options.grids is None:
        raise SattError("--grids: expected a .npy file, got nothing; --names alone is of no use")
    from satt.data.grid_file import GridFile

    return GridFile(options.grids, options.names)


def grid_of(encoder):
    """What a checkpoint remembers of a grid; see `CaptionerSettings.grid`.

    Parameters
    ----------
    encoder : PretrainedEncoder or GridFile
    """
    name = encoder.name.partition(":")[0]
    return f"{name}:{'x'.join(str(size) for size in encoder.grid_shape)}"


def look_at_pixels(size):
    """Decode photographs, scaled and cut to `size` x `size` pixels."""

    def look(photographs, options, label):
        check_fits(len(photographs), photographs[0].split, "photographs", size)
        paths = [photo.path for photo in photographs]
        images, kept, reasons = read_images(paths, size, options, label)
        return _compacted(images, kept) if reasons else images, kept, reasons

    return look


def _compacted(images, kept):
    """The images that are kept, in the place of all: copies would take as much memory again."""
    count = 0
    for image, good in zip(images, kept, strict=True):
        if good:
            images[count] = image
            count += 1
    return images[:count]


def look_through(encoder):
    """Take the grids that a pretrained encoder makes, out of the store or computed."""

    def look(photographs, options, label):
        from satt.data.feature_store import FeatureStore

        cache = False if (options.cache or "").lower() == "off" else options.cache
        store = FeatureStore(cache, encoder)
        return store.grids([photo.path for photo in photographs], options.strict, f"{label} grids")

    return look


def look_up(grid_file):
    """Take grids out of a file, by the names of the photographs."""

    def look(photographs, options, label):
        grids, kept, reasons = grid_file.grids([photo.name for photo in photographs])
        if options.strict and reasons:
            raise SattError(reasons[min(reasons)])
        return grids, kept, reasons

    return look


def look_as_trained(settings, grid_file):
    """The way of looking that a captioner was trained with.

    Parameters
    ----------
    settings : CaptionerSettings
    grid_file : GridFile or None

    Returns
    -------
    look : function

    Raises
    ------
    SattError
        If it needs grids that are not given or not installed, or is given others.
    """
    encoder = encoder_of(settings) if grid_file is None else None
    if encoder is not None:
        return look_through(encoder)
    if not settings.grid:
        if grid_file is not None:
            raise SattError(
                "--grids: this captioner looks at the photographs itself; leave --grids and "
                "--names out"
            )
        return look_at_pixels(settings.image_size)
    wanted = settings.grid.rpartition(":")[2]
    got = "x".join(str(size) for size in grid_file.grid_shape)
    if got != wanted:
        raise SattError(
            f"--grids: expected grids of {wanted}, as this captioner learned from "
            f"({settings.grid}), got {got}; give those of the same layer of the same net"
        )
    return look_up(grid_file)


def encoder_of(settings):
    """The pretrained encoder that a captioner needs; None if it looks at pixels itself.

    Raises
    ------
    SattError
        If its weights are not installed, or its grids are from a file of the user's.
    """
    if not settings.grid:
        return None
    from satt.models.pretrained import NAMES, PretrainedEncoder

    if settings.grid not in NAMES:
        raise SattError(
            f"--grids: this captioner learned from grids that another program has made "
            f"({settings.grid}); give those of these photographs to `satt evaluate`, with --grids "
            "and --names; `satt caption` cannot make them"
        )
    return PretrainedEncoder(settings.grid)


class Seen:
    """Photographs as a pretrained encoder sees them, computed when they are used.

    Parameters
    ----------
    images : ndarray of uint8, shape (N, H, W, 3)
    encoder : PretrainedEncoder
    """

    def __init__(self, images, encoder):
        self._images, self._encoder = images, encoder

    def __len__(self):
        """Return N."""
        return len(self._images)

    def __getitem__(self, some):
        """Make the grids of a slice of the photographs: float32 (n, L, D)."""
        return self._encoder(self._images[some])
