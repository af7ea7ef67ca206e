"""The photographs of lesson 14, each with its grid, and the captioner that reads them.

    python lessons/photos.py

computes the grids anew; it needs `pip install 'satt[photos]'`. The lesson itself does without, as
the grids of its own photographs are stored beside them.
"""

from pathlib import Path

import numpy as np

from satt.commands.checkpoints import SHIPPED
from satt.data.images import read_image
from satt.errors import SattError
from satt.models.efficientnet_lite0 import IMAGE_SIZE
from satt.models.pretrained import DEFAULT, PretrainedEncoder
from satt.training.keeping import load_captioner

FOLDER = Path(__file__).resolve().parent / "photographs"
OURS = tuple(FOLDER / f"{name}.jpg" for name in ("dog", "photographer", "polar-bear", "cow"))
GRIDS = FOLDER / "grids.npz"


def photographs(yours=()):
    """Read photographs, and take or make their grids.

    Parameters
    ----------
    yours : sequence of str or Path
        Photographs to look at before ours; these need the net's weights.

    Returns
    -------
    names : list of str
    images : ndarray of uint8, shape (N, 224, 224, 3)
        The shorter side scaled, the longer one cut to the middle: what the net sees.
    grids : ndarray of float32, shape (N, 49, 1280)

    Raises
    ------
    SystemExit
        If a photograph cannot be read, or yours are given and the weights are not installed.
    """
    try:
        images = np.stack([read_image(path, IMAGE_SIZE) for path in (*yours, *OURS)])
        made = [PretrainedEncoder(DEFAULT)(images[: len(yours)])] if yours else []
    except SattError as error:
        raise SystemExit(str(error)) from None
    with np.load(GRIDS, allow_pickle=False) as stored:
        made.append(np.stack([stored[path.stem] for path in OURS]).astype(np.float32))
    names = [Path(path).stem for path in (*yours, *OURS)]
    return names, images, np.concatenate(made)


def captioner_of_photographs():
    """Load the captioner that satt ships.

    Returns
    -------
    model : Captioner
    vocabulary : Vocabulary

    Raises
    ------
    SystemExit
        If this copy of satt lacks it.
    """
    if not SHIPPED.exists():
        raise SystemExit(f"this copy of satt lacks its captioner ({SHIPPED}): install satt again")
    print(f"[captioner: {SHIPPED}]")
    model, vocabulary, _ = load_captioner(SHIPPED)
    return model, vocabulary


if __name__ == "__main__":
    grids = PretrainedEncoder(DEFAULT)(np.stack([read_image(path, IMAGE_SIZE) for path in OURS]))
    names = [path.stem for path in OURS]
    halves = dict(zip(names, grids.astype(np.float16), strict=True))
    np.savez_compressed(GRIDS, **halves)
    print(GRIDS)
