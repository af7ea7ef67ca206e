"""Which captioner a command uses: one that is named, the demo's, or the one that satt ships."""

import os
from pathlib import Path

from satt.commands.sources import SCENES
from satt.errors import SattError

DEFAULT_CHECKPOINT = "satt-demo/checkpoint.npz"
SHIPPED = Path(__file__).resolve().parent.parent / "models" / "photographs.npz"
DRAWN_BY = "satt draw"  # what its pictures say of the software that made them


def add_checkpoint_argument(parser, scenes):
    """Add `--checkpoint`; `scenes` says when it is about drawn scenes."""
    parser.add_argument(
        "--checkpoint", metavar="FILE",
        help=f"what `satt train` or `satt demo` has written (default: {scenes} "
        f"{DEFAULT_CHECKPOINT}; else the captioner of photographs that comes with satt, for which "
        "pip install 'satt[photos]' brings the net)",
    )


def checkpoint_for_images(images):
    """Choose the captioner for image files when none is named.

    Parameters
    ----------
    images : list of str

    Returns
    -------
    path : str or Path

    Raises
    ------
    SattError
        If some are scenes that `satt draw` has drawn and some are not, or there is no captioner.
    """
    from satt.data.images import software_of

    drawn = {software_of(path) == DRAWN_BY for path in images if os.path.isfile(path)}
    if len(drawn) == 2:
        raise SattError(
            "--checkpoint: some of the images are scenes that `satt draw` has drawn, others are "
            "not; caption them apart, or name one captioner for all"
        )
    return _the_demos() if drawn == {True} else _the_shipped()


def checkpoint_for_data(data):
    """Choose the captioner for what `--data` names when none is named; as for images."""
    return _the_demos() if data == SCENES else _the_shipped()


def load(path):
    """Read a checkpoint, the model and its vocabulary; a SattError if there is none."""
    from satt.training.keeping import load_captioner

    model, vocabulary, _ = load_captioner(path)
    return model, vocabulary


def _the_demos():
    if not Path(DEFAULT_CHECKPOINT).exists():
        raise SattError(
            f"--checkpoint: there is no {DEFAULT_CHECKPOINT} yet; run `satt demo` first, or name "
            "another file"
        )
    return DEFAULT_CHECKPOINT


def _the_shipped():
    if not SHIPPED.exists():
        raise SattError(
            f"--checkpoint: this copy of satt lacks its captioner of photographs ({SHIPPED}); "
            "install satt again, or name a file that `satt train` or `satt demo` has written"
        )
    return SHIPPED
