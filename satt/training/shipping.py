"""A captioner as it is handed out: its parameters in half precision, in half the bytes.

    python -m satt.training.shipping satt-run/checkpoint.npz photographs.npz
"""

import argparse
from pathlib import Path

from satt.errors import SattError
from satt.training.keeping import load_captioner, save_captioner


def ship_captioner(source, target):
    """Write a captioner once more, with parameters of float16.

    A float16 has 11 bits: each parameter is off by a part in 4,000 at most, far less than one step
    of the training changes it. Nothing is computed in it, as `load_captioner` makes float32 again.

    Parameters
    ----------
    source, target : str or Path
        A checkpoint, and the file to be written.

    Returns
    -------
    size : int
        Of the target, in bytes.

    Raises
    ------
    SattError
        If the source holds no captioner, a parameter is too large for float16, or the target
        cannot be written.
    """
    model, vocabulary, about = load_captioner(source)
    save_captioner(target, model, vocabulary, about, half=True)
    return Path(target).stat().st_size


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write a captioner in half the bytes.")
    parser.add_argument("source", help="what `satt train` has written")
    parser.add_argument("target", help="the file to be written")
    options = parser.parse_args()
    try:
        size = ship_captioner(options.source, options.target)
    except SattError as error:
        parser.error(str(error))
    print(f"{options.target}: {size / 1e6:.1f} MB")
