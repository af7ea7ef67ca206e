"""Cases for the net that makes grids of photographs: a block in each form, a small whole net."""

import numpy as np

from gradcheck.case import Case
from satt.models.efficientnet_lite0 import (
    classify_backward,
    classify_forward,
    efficientnet_lite0_backward,
    efficientnet_lite0_forward,
    parameter_shapes,
)
from satt.models.mbconv import mbconv_backward, mbconv_forward

N, IMAGE_SIZE, STEM, HEAD, CLASSES = 2, 5, 2, 5, 4
# Narrow, but with what the large net has: a block that does not widen, one that halves before the
# last halving, and one with a shortcut.
STAGES = ((1, 3, 1, 1, 2), (1, 3, 2, 2, 3), (2, 3, 2, 2, 3))


def grid_net_cases(seed=0):
    """List the cases.

    Parameters
    ----------
    seed : int, optional
        Of the inputs.

    Returns
    -------
    cases : list of Case
    """
    random = np.random.default_rng(seed)
    params, statistics = _draw(random)
    return [
        _block(random, "mbconv", "block4", params, statistics),
        _block(random, "mbconv-stride-2", "block2", params, statistics, stride=2),
        _block(random, "mbconv-narrow", "block1", params, statistics),
        _classes(random, params),
        _net(random, params, statistics),
    ]


def _draw(random):
    """Parameters and statistics with which a good part of the numbers lie between 0 and 6."""
    params, statistics = (
        {name: random.normal(size=shape) for name, shape in group.items()}
        for group in parameter_shapes(STAGES, STEM, HEAD, CLASSES)
    )
    for name, value in params.items():
        if name.endswith("beta"):
            params[name] = value + 2
    for name, value in statistics.items():
        if name.endswith("variance"):
            statistics[name] = 1 + value**2
    return params, statistics


def _block(random, name, block, params, statistics, stride=1):
    own = {key: value for key, value in params.items() if key.startswith(f"{block}.")}
    widens = f"{block}.expand.conv.W" in own
    depth = own[f"{block}.{'expand' if widens else 'depthwise'}.conv.W"].shape[2]

    def forward(x, *values):
        return mbconv_forward(x, dict(zip(own, values, strict=True)), statistics, block, stride)

    def backward(dout, cache):
        dx, gradients = mbconv_backward(dout, cache)
        return dx, *(gradients[key] for key in own)

    inputs = {"x": random.normal(size=(N, 5, 4, depth))} | own
    return Case(name, forward, backward, inputs)


def _classes(random, params):
    def forward(head_grid, W, b):
        return classify_forward(head_grid, {"classes.W": W, "classes.b": b})

    def backward(dlogits, cache):
        dhead_grid, gradients = classify_backward(dlogits, cache)
        return dhead_grid, gradients["classes.W"], gradients["classes.b"]

    inputs = {"head_grid": random.normal(size=(N, 3, 2, HEAD))}
    inputs |= {"W": params["classes.W"], "b": params["classes.b"]}
    return Case("classify", forward, backward, inputs)


def _net(random, params, statistics):
    own = {key: value for key, value in params.items() if not key.startswith("classes.")}

    def forward(images, *values):
        own_values = dict(zip(own, values, strict=True))
        return efficientnet_lite0_forward(images, own_values, statistics, STAGES)

    def backward(dgrids, cache):
        dimages, gradients = efficientnet_lite0_backward(dgrids, cache)
        return dimages, *(gradients[key] for key in own)

    inputs = {"images": random.normal(size=(1, IMAGE_SIZE, IMAGE_SIZE + 1, 3))} | own
    return Case("efficientnet_lite0", forward, backward, inputs)
