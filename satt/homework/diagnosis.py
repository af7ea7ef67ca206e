"""Why a student's gradient is wrong: gradcheck's diagnosis, the backward in another process."""

import re
from dataclasses import replace

import numpy as np

from gradcheck.check import parts_by_argument
from gradcheck.diagnosis import diagnose_all
from satt.homework.child.trees import build, flatten
from satt.homework.expected import key_of
from satt.homework.receivers import by_receiver

IN_THE_CACHE = re.compile(r"number \d+ of the arrays in the cache")


class RemoteProbe:
    """What gradcheck's diagnosis may ask about one argument.

    Parameters
    ----------
    student : Student
    name : str
        The argument's.
    """

    def __init__(self, student, name):
        expected = student.expected
        self.out, self.cache, self.options = expected.out, expected.cache, expected.case.options
        returned = student.gradients_under(expected.upstream)
        self.all_analytic = {n: np.asarray(g) for n, g in returned.items() if g is not None}
        self.all_numeric = {n: g for n, g in expected.gradients.items() if g is not None}
        self._student, self._name = student, name

    def analytic(self, upstream):
        """The student's gradient; raises KeyError where there is none."""
        return self._student.gradients_under(upstream)[self._name]

    def numeric(self, upstream):
        """The true gradient."""
        expected = self._student.expected
        known = expected.by_key.get(key_of(upstream))
        return (expected.gradients_under(upstream) if known is None else known)[self._name]


class Student:
    """A student's backward in one case, under any upstream.

    Parameters
    ----------
    session : Session
    function : str
        The backward's name.
    expected : Expected
    header, arrays : dict
        The message that has forward and backward computed.
    returned : dict from str to object
        The gradients under the case's own upstream.
    """

    def __init__(self, session, function, expected, header, arrays, returned):
        self.expected = expected
        self._session, self._function = session, function
        self._header, self._arrays = header, arrays
        self._known = {key_of(expected.upstream): returned}
        self._fetch_units()

    def gradients_under(self, upstream):
        """Take the gradients under an upstream, from memory or from the process.

        Parameters
        ----------
        upstream : sequence of ndarray

        Returns
        -------
        gradients : dict from str to object
            Empty if they cannot be had.
        """
        key = key_of(upstream)
        if key not in self._known:
            arrays = dict(self._arrays)
            header = self._header | {"upstreams": flatten([list(upstream)], arrays)}
            reply, arrays = self._session.ask(self._function, header, arrays)
            found = (reply.get("backward") or {}).get("gradients")
            self._known[key] = self._sorted(found[0], arrays) if found else {}
        return self._known[key]

    def _sorted(self, tree, arrays):
        return by_receiver(self.expected.pair_case, build(tree, arrays))[0]

    def _fetch_units(self):
        """Fetch those under upstreams that are 1 at one entry, all at once."""
        keys = [key for key, _ in self.expected.units or ()]
        if not keys:
            return
        header = self._header | {"units": True}
        reply, arrays = self._session.ask(self._function, header, self._arrays)
        tree = (reply.get("backward") or {}).get("units")
        stacked = self._sorted(tree, arrays) if isinstance(tree, dict) else {}
        stacked = {name: np.asarray(g) for name, g in stacked.items() if g is not None}
        if not stacked or any(g.shape[:1] != (len(keys),) for g in stacked.values()):
            return
        for place, key in enumerate(keys):
            self._known[key] = {name: g[place] for name, g in stacked.items()}


def causes(student, wrong):
    """Explain all wrong gradients in one case.

    Parameters
    ----------
    student : Student
    wrong : list of str
        The arguments whose gradients are wrong.

    Returns
    -------
    causes : dict from str to Cause

    Raises
    ------
    Ended
        If the process ends over it.
    """
    expected = student.expected
    case, upstream = expected.case, expected.upstream
    numeric = {name: g for name, g in expected.gradients.items() if g is not None}
    dout = upstream if isinstance(expected.out, tuple) else upstream[0]
    parts = parts_by_argument(case.partials, numeric, dout)
    returned = student.gradients_under(upstream)
    pairs = {name: (returned[name], numeric[name]) for name in wrong}
    probes = {name: RemoteProbe(student, name) for name in wrong}
    found = diagnose_all(pairs, case.inputs, upstream, parts, probes)
    return {name: replace(cause, hint=_of_any_cache(cause.hint)) for name, cause in found.items()}


def _of_any_cache(hint):
    """The diagnosis looked at the reference's cache, and a student's may be laid out otherwise."""
    return IN_THE_CACHE.sub("something that the forward computes on its way", hint)
