"""A whole model under the check: every parameter, and what it looks at."""

import copy

import numpy as np

from gradcheck.case import Case
from gradcheck.check import check_case


def check_model(model, batch, seed=0, **settings):
    """Check every parameter of a model, and an image.

    Parameters
    ----------
    model : object
        With `params`, a dict from str to ndarray of float64; `forward(batch, random) -> (loss,
        cache)`; and `backward(cache) -> (dimages, gradients)`, a dict with the keys of those
        parameters that are trained. Such as a `satt.models.captioner.Captioner`.
    batch : dict from str to ndarray
        What the forward takes; "images" is differentiated, words are not, and further floats, such
        as the weight of each caption, are held.
    seed : int, optional
        Of the check, and of what the model draws: each call draws the same.
    **settings
        As for `check`: method, tolerance.

    Returns
    -------
    report : Report
    """
    return check_case(model_case(model, batch, seed=seed), seed=seed, **settings)


def model_case(model, batch, name="model", to_images=True, seed=0):
    """Make one function of a model, and of what it differentiates its inputs.

    Parameters
    ----------
    model, batch : as for `check_model`
    name : str, optional
        The case's.
    to_images : bool, optional
        Whether the images are an input. If not, the backward is asked as in training, where nobody
        wants the gradient of the pixels: `backward(cache, to_images=False)`.
    seed : int, optional

    Returns
    -------
    case : Case
    """
    _, cache = model.forward(batch, np.random.default_rng(seed))
    weights = {key: value for key, value in batch.items() if np.asarray(value).dtype.kind == "f"}
    weights.pop("images", None)
    others = {key: value for key, value in batch.items() if key not in {"images", *weights}}
    _, gradients = model.backward(cache) if to_images else model.backward(cache, False)
    trained = [key for key in model.params if key in gradients]

    def forward(*values, random=None):
        fixed = () if to_images else (batch["images"],)
        images, *values = *fixed, *values
        held, values = values[: len(others)], values[len(others) :]
        moved = copy.copy(model)
        params = model.params | dict(zip(trained, values, strict=True))
        # The complex step makes one of them complex; a model takes images of its own dtype.
        dtype = np.result_type(images, *params.values())
        moved.params = {key: value.astype(dtype, copy=False) for key, value in params.items()}
        looked_at = weights | {"images": images.astype(dtype, copy=False)}
        return moved.forward(looked_at | dict(zip(others, held, strict=True)), random)

    def backward(dloss, cache):
        dimages, gradients = model.backward(cache) if to_images else model.backward(cache, False)
        if gradients.keys() != set(trained):
            raise ValueError(f"gradients for {sorted(gradients)}, expected {sorted(trained)}")
        dvalues = [dloss * gradients[key] for key in trained]
        if to_images:
            return dloss * dimages, *dvalues
        if dimages is not None:
            raise ValueError("a gradient for the images, which nobody asked for")
        return dvalues

    inputs = {"images": batch["images"]} if to_images else {}
    inputs |= others | {key: model.params[key] for key in trained}
    return Case(name, forward, backward, inputs, {"random": np.random.default_rng(seed)})
