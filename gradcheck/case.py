"""A case: a forward, its backward, and the small inputs on which the pair is checked."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Case:
    """What one check needs.

    Attributes
    ----------
    name : str
        The operation's name; a variant follows after a hyphen, as in "lstm-masked".
    forward, backward : callable
        The pair, in the convention of `gradcheck.check`.
    inputs : dict from str to ndarray or None
        The positional arguments of `forward`, in its order. Arrays of floats are differentiated,
        all others are only passed on.
    options : dict
        The keyword arguments of `forward`: strides, masks, constants.
    zero : tuple of str
        The inputs whose true gradient is zero everywhere.
    partials : dict
        Parts of gradients by name, for the diagnosis, as in `gradcheck.check`.
    complex_step : bool
        Whether the forward lets complex numbers through; if not, the check does without them.
    """

    name: str
    forward: Callable
    backward: Callable
    inputs: dict[str, np.ndarray | None]
    options: dict = field(default_factory=dict)
    zero: tuple[str, ...] = ()
    partials: dict = field(default_factory=dict)
    complex_step: bool = True
