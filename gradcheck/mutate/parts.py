"""A case argument by argument, with a forward that works nothing out twice.

Of a wrong backward mostly several gradients are wrong, and one is enough to know. And all mutants
of a backward are held against the same forward, whose slopes take most of a check's time.
"""

import copy
import hashlib
from dataclasses import dataclass

import numpy as np

from gradcheck.case import Case


@dataclass(frozen=True)
class Part:
    """One argument of a case.

    Attributes
    ----------
    name : str
        The argument's.
    place : int
        Of its gradient among those that the backward returns.
    missing : tuple of int
        The places of inputs that are None, and so must be their gradients.
    count : int
        How many gradients there have to be.
    case : Case
        The forward as a function of this argument alone, and the backward of the whole case.
    """

    name: str
    place: int
    missing: tuple[int, ...]
    count: int
    case: Case

    def with_backward(self, backward):
        """Make the case of this argument with another backward of the whole case.

        Parameters
        ----------
        backward : callable

        Returns
        -------
        Case
        """

        def backward_of_part(dout, cache):
            returned = backward(dout, cache)
            returned = returned if isinstance(returned, tuple | list) else (returned,)
            if len(returned) != self.count:
                raise ValueError(f"{len(returned)} gradients, expected {self.count}")
            if any(returned[place] is not None for place in self.missing):
                raise ValueError("a gradient for an input that is None")
            return returned[self.place]

        case = self.case
        return Case(
            case.name, case.forward, backward_of_part, case.inputs, {}, case.zero,
            complex_step=case.complex_step,
        )


def parts_of(case):
    """Take a case apart.

    Parameters
    ----------
    case : Case

    Returns
    -------
    list of Part
        One for each differentiated argument, the smallest first.
    """
    receivers = differentiated(case)
    missing = tuple(i for i, name in enumerate(receivers) if case.inputs[name] is None)
    parts = [
        Part(
            name, place, missing, len(receivers),
            Case(
                f"{case.name}: {name}", _forward_of(case, name), case.backward,
                {name: case.inputs[name]}, {}, (name,) if name in case.zero else (),
                complex_step=case.complex_step,
            ),
        )
        for place, name in enumerate(receivers)
        if place not in missing
    ]
    return sorted(parts, key=lambda part: sum(v.size for v in part.case.inputs.values()))


def differentiated(case):
    """List the inputs of a case for which its backward returns a gradient.

    Parameters
    ----------
    case : Case

    Returns
    -------
    names : list of str
    """
    return [
        name
        for name, value in case.inputs.items()
        if value is None or np.asarray(value).dtype.kind == "f"
    ]


def _forward_of(case, name):
    """Make the forward a function of one argument, which remembers its outputs.

    At the case's own inputs it is always run anew: there the cache is used as well, and a mutant
    may spoil it, and what is in it.
    """
    known, own = {}, _key(case.inputs[name])

    def run(inputs, x):
        return case.forward(*(inputs | {name: x}).values(), **copy.deepcopy(case.options))

    def forward(x):
        key = _key(x)
        if key == own:
            return run(copy.deepcopy(case.inputs), x)
        if key not in known:
            known[key] = run(case.inputs, x)[0]
        return known[key], None

    return forward


def _key(array):
    array = np.asarray(array)
    return array.dtype.str, hashlib.blake2b(array.tobytes(), digest_size=16).digest()
