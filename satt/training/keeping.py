"""A captioner in a file: everything that is needed to caption with it again."""

import numpy as np

from satt.data.vocabulary import Vocabulary
from satt.errors import SattError
from satt.models.captioner import Captioner, CaptionerSettings
from satt.models.captioner_shapes import captioner_shapes
from satt.training.checkpoint import load_checkpoint, save_checkpoint

KIND = "captioner"


def save_captioner(path, model, vocabulary, about=None, half=False):
    """Write a captioner's parameters, statistics, settings and vocabulary to one file.

    Parameters
    ----------
    path : str or Path
        By custom it ends in .npz.
    model : Captioner
    vocabulary : Vocabulary
        The one that the model was built for.
    about : dict, optional
        Whatever else should be remembered and JSON can hold, such as the data, the seed, figures.
    half : bool
        Whether the parameters are written as float16, see `satt.training.shipping`.

    Raises
    ------
    SattError
        If the vocabulary has not the model's size, JSON cannot hold `about`, a parameter is too
        large for float16, or the file cannot be written.
    """
    _check_size(len(vocabulary), model.settings.vocabulary_size)
    arrays = model.arrays()
    if half:
        arrays |= {f"params.{name}": _halved(name, param) for name, param in model.params.items()}
    settings = {
        "kind": KIND,
        "captioner": model.settings.as_dict(),
        "words": vocabulary.words,
        "about": {} if about is None else about,
    }
    save_checkpoint(path, arrays, settings)


def load_captioner(path):
    """Read a captioner that `save_captioner` wrote.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    model : Captioner
    vocabulary : Vocabulary
    about : dict

    Raises
    ------
    SattError
        If the file is missing or damaged, holds something else than a captioner or one with
        another encoder than ours, or its parts do not fit together.
    """
    arrays, kept = load_checkpoint(path)
    if not isinstance(kept, dict) or kept.get("kind") != KIND:
        raise SattError(f"checkpoint: {path} holds no captioner; use one that `satt train` wrote")
    try:
        chosen = dict(kept["captioner"], channels=tuple(kept["captioner"]["channels"]))
        absent = chosen.get("encoder") == "absent"
        sees = None if absent else chosen.pop("receptive_field", None)
        settings = CaptionerSettings(**chosen)
        vocabulary, about = Vocabulary(kept["words"]), kept["about"]
    except (KeyError, TypeError) as error:
        raise SattError(
            f"checkpoint: the settings in {path} do not make a captioner ({error}); "
            "use the version of satt that wrote it"
        ) from error
    expected = settings.as_dict().get("receptive_field")
    if sees != expected:
        says = "does not say" if sees is None else f"says {sees!r:.60}"
        raise SattError(
            f"checkpoint: expected an encoder whose vectors see {expected}x{expected} pixels, but "
            f"{path} {says}; train again, as with `satt demo`, or use the satt that wrote it"
        )
    _check_size(len(vocabulary), settings.vocabulary_size)
    _check_arrays(arrays, settings)
    arrays = {
        name: array.astype(np.float32) if array.dtype == np.float16 else array
        for name, array in arrays.items()
    }
    model = Captioner(settings)
    model.restore(arrays)
    _check_statistics(model)
    return model, vocabulary, about


def _check_size(words, expected):
    if words != expected:
        raise SattError(
            f"vocabulary: expected {expected} words, the special ones counted, got {words}; "
            "use the one that the captioner was built for"
        )


def _halved(name, param):
    if not (np.abs(param) <= np.finfo(np.float16).max).all():
        raise SattError(
            f"{name}: expected numbers up to 65,504, which float16 can hold, got "
            f"{np.abs(param).max():g}; keep this captioner in float32"
        )
    return param.astype(np.float16)


def _check_arrays(arrays, settings):
    """Before parameters of these settings are made: they might claim any width."""
    for name, wanted in captioner_shapes(settings).items():
        got = getattr(arrays.get(f"params.{name}"), "shape", None)
        if got != wanted:
            raise SattError(
                f"{name}: expected shape {wanted}, got {got}; "
                "restore a checkpoint into a captioner of the settings it was saved with"
            )
    for name, array in arrays.items():
        if array.dtype not in (np.float16, np.float32, np.float64) or not np.isfinite(array).all():
            raise SattError(
                f"{name:.100}: expected finite numbers of float16, 32 or 64, got "
                f"{array.dtype}, perhaps with NaN; train again, or use another checkpoint"
            )


def _check_statistics(model):
    """None at all is right before the first `calibrate`; else two for each normalisation.

    Of a grid from elsewhere, each feature has two.
    """
    expected = {
        name.replace("gamma", statistic): param.shape
        for name, param in model.params.items()
        for statistic in ("mean", "variance")
        if name.endswith(".gamma")
    }
    if model.settings.grid:
        expected = dict.fromkeys(("grid.mean", "grid.variance"), (model.settings.grid_depth,))
    got = {name: array.shape for name, array in model.statistics.items()}
    if got and got != expected:
        name = min(name for name, _ in got.items() ^ expected.items())
        raise SattError(
            f"statistics: {name}: expected shape {expected.get(name)}, got {got.get(name)}; "
            "restore a checkpoint into a captioner of the settings it was saved with"
        )
