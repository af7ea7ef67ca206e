"""What the reference says to a case, computed once for all submissions."""

from functools import cached_property

import numpy as np

from gradcheck.compare import rms
from gradcheck.diagnosis.evidence import tuple_of
from satt.homework.child.students import MOST_UNITS
from satt.homework.names import output_names

UPSTREAM_SEED = (5, 1)
_known = {}


def expected(case):
    """Take what is expected in a case.

    Parameters
    ----------
    case : PairCase

    Returns
    -------
    Expected
    """
    if id(case) not in _known:
        _known[id(case)] = Expected(case)
    return _known[id(case)]


class Expected:
    """Outputs and gradients of the reference under a random upstream.

    Parameters
    ----------
    pair_case : PairCase
    """

    def __init__(self, pair_case):
        case = pair_case.case
        self.pair_case, self.case = pair_case, case
        self.out, self.cache = case.forward(*case.inputs.values(), **case.options)
        self.outputs = tuple_of(self.out)
        self.names = output_names(case.forward, len(self.outputs))
        random = np.random.default_rng(UPSTREAM_SEED)
        self.upstream = tuple(np.asarray(random.normal(size=out.shape)) for out in self.outputs)
        self.scale = rms(*self.upstream)

    @cached_property
    def gradients(self):
        """The true gradients by the names of the inputs; None for an input that is None."""
        return self.gradients_under(self.upstream)

    def gradients_under(self, upstream):
        """Take the gradients under another upstream.

        Parameters
        ----------
        upstream : tuple of ndarray

        Returns
        -------
        dict from str to ndarray or None
        """
        dout = tuple(upstream) if isinstance(self.out, tuple) else upstream[0]
        returned = self.case.backward(dout, self.cache)
        returned = returned if isinstance(returned, tuple) else (returned,)
        return dict(zip(self.pair_case.receivers, returned, strict=True))

    @cached_property
    def units(self):
        """The gradients under each upstream that is 1 at one entry, or None if they are many.

        In the order of the entries; each by the upstream's bytes, so that it can be found again.
        """
        if sum(out.size for out in self.outputs) > MOST_UNITS:
            return None
        found = []
        for k, out in enumerate(self.outputs):
            for index in np.ndindex(out.shape):
                upstream = tuple(np.zeros(part.shape) for part in self.outputs)
                upstream[k][index] = 1
                found.append((key_of(upstream), self.gradients_under(upstream)))
        return found

    @cached_property
    def by_key(self):
        """The same as a dict; empty where they are many."""
        return dict(self.units or ())


def key_of(upstream):
    """Make of an upstream what can be looked up.

    Parameters
    ----------
    upstream : sequence of ndarray

    Returns
    -------
    bytes
    """
    return b"".join(np.asarray(part, dtype=np.float64).tobytes() for part in upstream)
