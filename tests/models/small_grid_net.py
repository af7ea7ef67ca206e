"""A narrow net of the kind of EfficientNet-Lite0, with all that the large one has."""

import numpy as np

from satt.models.efficientnet_lite0 import parameter_shapes

# A block that does not widen, both sizes of filters, both strides, and shortcuts.
STAGES = ((1, 3, 1, 1, 4), (2, 5, 2, 3, 6), (2, 3, 2, 6, 5), (1, 5, 1, 2, 8))


def small_grid_net(random, dtype=np.float64):
    """Draw parameters and statistics with which many numbers lie between 0 and 6."""
    groups = []
    for shapes in parameter_shapes(STAGES, stem=5, head=11, classes=7):
        group = {name: random.normal(size=shape) for name, shape in shapes.items()}
        for name, value in group.items():
            if name.endswith("beta"):
                group[name] = value + 2
            elif name.endswith("variance"):
                group[name] = 0.5 + value**2
        groups.append({name: value.astype(dtype) for name, value in group.items()})
    return groups
