"""What the explanations look at: two gradients, what surrounds them, and experiments."""

from copy import copy
from functools import cached_property

import numpy as np

# Two arrays are the same if no entry differs by more than this share of its size, or of the RMS.
CLOSE = 1e-6

# Both Jacobians are made in full, one upstream after the other, if they are no larger than this.
MOST_ENTRIES = 400_000
MOST_UPSTREAMS = 500


def rms(array):
    """Take the root of the mean square of what is known.

    Parameters
    ----------
    array : ndarray

    Returns
    -------
    float
    """
    known = np.asarray(array)[np.isfinite(array)]
    return float(np.sqrt(np.mean(np.square(known)))) if known.size else 0.0


def same(some, others, close=CLOSE):
    """Tell whether two arrays agree in every entry, far beyond chance.

    Parameters
    ----------
    some, others : ndarray
        NaN in `others` marks entries that are not known; they are left out.
    close : float, optional

    Returns
    -------
    bool
    """
    some, others = np.asarray(some), np.asarray(others)
    if some.shape != others.shape:
        return False
    known = np.isfinite(others)
    some, others = some[known], others[known]
    return bool(np.all(np.abs(some - others) <= close * np.maximum(np.abs(others), rms(others))))


def tuple_of(arrays):
    """Put a single array into a tuple, and make arrays of all.

    Parameters
    ----------
    arrays : ndarray or sequence of ndarray or None

    Returns
    -------
    tuple of ndarray
    """
    if arrays is None:
        return ()
    arrays = arrays if isinstance(arrays, tuple | list) else (arrays,)
    return tuple(np.asarray(array) for array in arrays)


def arrays_in(nest):
    """List all arrays of numbers in a nest of tuples, lists and dicts.

    Parameters
    ----------
    nest : object

    Returns
    -------
    list of ndarray
    """
    if isinstance(nest, dict):
        nest = tuple(nest.values())
    if isinstance(nest, tuple | list):
        return [array for part in nest for array in arrays_in(part)]
    if isinstance(nest, np.ndarray | np.generic) and nest.dtype.kind in "fiub":
        return [np.asarray(nest)]
    return []


class Evidence:
    """One wrong gradient with all that is known about it.

    Parameters
    ----------
    analytic : array_like or None
        What the backward returned.
    numeric : ndarray
        The true gradient; NaN at entries that were not taken.
    inputs : dict from str to ndarray, optional
    upstream : ndarray or tuple of ndarray, optional
    partials : dict from str to ndarray, optional
        The parts that the true gradient is the sum of.
    name : str, optional
        The argument's.
    probe : object, optional
        Makes experiments: `analytic(upstream)` and `numeric(upstream)` are the two gradients under
        another upstream; `out`, `cache`, `options`, `all_analytic` and `all_numeric` may be there.
    """

    def __init__(
        self, analytic, numeric, inputs=None, upstream=None, partials=None, name=None, probe=None
    ):
        self.returned = analytic
        self.analytic = None if analytic is None else np.asarray(analytic)
        if self.analytic is not None and self.analytic.dtype.kind in "fiub":
            self.analytic = self.analytic.astype(np.float64)
        self.numeric = np.asarray(numeric, dtype=np.float64)
        self.inputs = {} if inputs is None else inputs
        self.upstream = tuple_of(upstream)
        self.partials = {} if partials is None else partials
        self.name = name or "this argument"
        self.probe = probe

    def ask(self, what, default=None):
        """Take something that a probe may or may not offer.

        Parameters
        ----------
        what : str
        default : object, optional

        Returns
        -------
        object
        """
        found = getattr(self.probe, what, None)
        return default if found is None else found

    @property
    def options(self):
        """The keyword arguments of the forward."""
        return self.ask("options", {})

    @cached_property
    def right(self):
        """The names of the arguments whose gradients are right."""
        analytic, numeric = self.ask("all_analytic", {}), self.ask("all_numeric", {})
        found = [name for name in numeric if analytic.get(name) is not None]
        return {name for name in found if same(analytic[name], numeric[name])}

    def analytic_under(self, *upstream):
        """Ask the backward for this gradient under another upstream.

        Parameters
        ----------
        *upstream : ndarray
            One for each output.

        Returns
        -------
        ndarray or None
            None if it cannot be had.
        """
        try:
            found = np.asarray(self.probe.analytic(upstream))
        except Exception:  # the backward is a stranger's, and anything may go wrong in it
            return None
        fits = found.shape == self.analytic.shape and found.dtype.kind in "fiu"
        return found.astype(np.float64) if fits and np.all(np.isfinite(found)) else None

    @cached_property
    def places(self):
        """For every output entry the number of its array and its index there."""
        return [(k, i) for k, array in enumerate(self.upstream) for i in np.ndindex(array.shape)]

    @cached_property
    def jacobians(self):
        """Both Jacobians, one row per output entry, each row of the argument's shape.

        A backward is linear in the upstream, so its gradients under upstreams that are 1 at one
        entry and 0 elsewhere say all that it can do. None where there is no probe, where they
        would be too large, or where the backward is not linear.
        """
        count = len(self.places)
        if self.probe is None or not self.upstream or count > MOST_UPSTREAMS:
            return None
        if count * self.numeric.size > MOST_ENTRIES or self.analytic.shape != self.numeric.shape:
            return None
        analytic, numeric = [], []
        for k, index in self.places:
            upstream = tuple(np.zeros(array.shape) for array in self.upstream)
            upstream[k][index] = 1
            row = self.analytic_under(*upstream)
            if row is None:
                return None
            analytic.append(row)
            numeric.append(np.asarray(self.probe.numeric(upstream), dtype=np.float64))
        analytic, numeric = np.stack(analytic), np.stack(numeric)
        weights = np.concatenate([array.reshape(-1) for array in self.upstream])
        if not same(np.tensordot(weights, analytic, 1), self.analytic):
            return None
        return analytic, numeric

    @cached_property
    def all_slopes(self):
        """The backward's whole Jacobian, where this is a view of some of its rows."""
        return self.jacobians[0]

    @cached_property
    def ratios(self):
        """Yours over expected for each entry of the Jacobians, or None.

        NaN where both are next to nothing, infinite where only the expected is.
        """
        if self.jacobians is None:
            return None
        analytic, numeric = self.jacobians
        # What is left of a saturated slope is too small to divide by, and no zero either.
        is_zero = np.abs(numeric) <= 1e-7 * rms(numeric)
        ratios = np.where(np.abs(analytic) <= 1e-3 * rms(numeric), np.nan, np.inf)
        return np.where(is_zero, ratios, analytic / np.where(is_zero, 1, numeric))

    def at_first_step(self):
        """Look only at what the first step of a sequence sends back.

        A weight that serves every step is met there once, before anything was carried on.

        Returns
        -------
        Evidence or None
            None where no output has a time axis (the second of three), or nothing is wrong yet.
        """
        rows = [row for row, (_, index) in enumerate(self.places) if len(index) == 3]
        rows = [row for row in rows if self.places[row][1][1] == 0]
        if self.jacobians is None or not 0 < len(rows) < len(self.places):
            return None
        view = copy(self)
        firsts = {k: self.upstream[k][:, :1] for k in sorted({self.places[r][0] for r in rows})}
        view.__dict__ = {key: value for key, value in self.__dict__.items() if key != "ratios"}
        view.upstream, view.partials = tuple(firsts.values()), {}
        view.all_slopes = self.jacobians[0]
        view.places = [(k, i) for k, a in enumerate(view.upstream) for i in np.ndindex(a.shape)]
        view.jacobians = tuple(jacobian[rows] for jacobian in self.jacobians)
        weights = np.concatenate([array.reshape(-1) for array in view.upstream])
        view.analytic, view.numeric = (np.tensordot(weights, j, 1) for j in view.jacobians)
        return None if same(*view.jacobians) else view

    @cached_property
    def arrays(self):
        """All arrays that the backward may have used, by a name to speak of them."""
        named = {name: np.asarray(a) for name, a in self.inputs.items() if a is not None}
        named |= {name: np.asarray(a) for name, a in self.options.items() if np.ndim(a)}
        outs = tuple_of(self.ask("out"))
        named |= {"the output" if k == 0 else f"output {k}": a for k, a in enumerate(outs)}
        cached = arrays_in(self.ask("cache", ()))
        named |= {f"number {i} of the arrays in the cache": a for i, a in enumerate(cached)}
        # What stands in the cache and is an input as well is called by the better name.
        seen = {}
        for name, array in named.items():
            seen.setdefault((array.shape, array.tobytes()), (name, array))
        return dict(seen.values())
