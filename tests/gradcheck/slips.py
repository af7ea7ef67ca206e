"""Diagnosing a pair of functions without the check around it: true slopes by the complex step."""

import copy

import numpy as np

from gradcheck.diagnosis import diagnose_all

STEP = 1e-30


class Probe:
    """The experiments that the diagnosis asks for, made on one argument of a pair."""

    def __init__(self, name, forward, backward, inputs, options):
        self.name, self.inputs, self.options = name, inputs, options
        self.forward = lambda given: forward(*copy.deepcopy(given).values(), **options)
        self.backward = backward
        self.floats = [n for n, a in inputs.items() if a is not None and a.dtype.kind == "f"]
        self.out, self.cache = self.forward(inputs)
        self.all_analytic, self.all_numeric, self.jacobian = {}, {}, None

    def shaped(self, upstream):
        return copy.deepcopy(upstream if isinstance(self.out, tuple) else upstream[0])

    def returned(self, upstream):
        returned = self.backward(self.shaped(upstream), copy.deepcopy(self.cache))
        returned = returned if isinstance(returned, tuple) else (returned,)
        takers = [n for n, a in self.inputs.items() if n in self.floats or a is None]
        return dict(zip(takers, returned, strict=True))

    def analytic(self, upstream):
        return self.returned(upstream)[self.name]

    def numeric(self, upstream):
        if self.jacobian is None:
            x, rows = self.inputs[self.name], []
            for index in np.ndindex(x.shape):
                moved = x.astype(complex)
                moved[index] += 1j * STEP
                out = self.forward(self.inputs | {self.name: moved})[0]
                outs = out if isinstance(out, tuple) else (out,)
                rows.append(np.concatenate([np.asarray(o).imag.reshape(-1) for o in outs]) / STEP)
            self.jacobian = np.stack(rows)
        weights = np.concatenate([np.reshape(u, -1) for u in upstream])
        return (self.jacobian @ weights).reshape(self.inputs[self.name].shape)


def explain(forward, backward, inputs, options=None, partials=None, seed=1):
    """Return the causes of all wrong gradients of a pair, by argument."""
    options = options or {}
    inputs = {n: None if a is None else np.asarray(a) for n, a in inputs.items()}
    first = Probe(next(iter(inputs)), forward, backward, inputs, options)
    outs = first.out if isinstance(first.out, tuple) else (first.out,)
    random = np.random.default_rng([seed, 1])
    upstream = tuple(np.asarray(random.normal(size=np.shape(o))) for o in outs)
    probes = {n: Probe(n, forward, backward, inputs, options) for n in first.floats}
    analytic = first.returned(upstream)
    numeric = {n: probe.numeric(upstream) for n, probe in probes.items()}
    for probe in probes.values():
        probe.all_analytic, probe.all_numeric = analytic, numeric
    wrong = {
        n: (analytic[n], numeric[n]) for n in numeric
        if np.shape(analytic[n]) != numeric[n].shape
        or not np.allclose(analytic[n], numeric[n], rtol=1e-8, atol=1e-10)
        or np.asarray(analytic[n]).dtype != np.float64
    }
    parts = {}
    for label, part in (partials or {}).items():
        name, part = part if isinstance(part, tuple) else (None, part)
        part = part(first.shaped(upstream)) if callable(part) else part
        for n in [name] if name else [n for n in numeric if numeric[n].shape == np.shape(part)]:
            parts.setdefault(n, {})[label] = part
    return diagnose_all(wrong, inputs, upstream, parts, probes)
