"""Explanation: the slope of an activation was left out, or taken of the wrong function.

Where a factor such as 1 - tanh^2 is missing, yours over expected is 1 / (1 - y^2) with y an array
that the forward knows: its output, something in its cache, or tanh of one of these. The factor may
stand before a matrix product and still be seen, in the Jacobian: with one output entry at a time
it is a number, and passes through the product.
"""

from dataclasses import replace

import numpy as np

from gradcheck.diagnosis.cause import Cause
from gradcheck.diagnosis.evidence import same

ENOUGH = 4  # entries with values of their own
FEW = 12
SIGMOID = "sigmoid, s (1 - s)", lambda s: s * (1 - s)


def missing_slope(e):
    """Yours over expected is one over the slope of an activation."""
    if e.jacobians is not None:
        return _in_jacobian(e)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = e.analytic / e.numeric
    if not np.all(np.isfinite(ratios)):
        return None
    spread = [(name, y) for name, y in _activations(e) if y.shape == ratios.shape]
    return _explain(e, ratios, spread)


def missing_mask(e):
    """Right wherever the expected is not zero, and something where it is."""
    mine, expected = e.jacobians or (e.analytic, e.numeric)
    silent = expected == 0 if e.ratios is None else ~np.isfinite(e.ratios)
    leaks = silent & (mine != 0 if e.ratios is None else np.isinf(e.ratios))
    # A mask stops more than an entry here and there.
    few = np.count_nonzero(leaks) < max(2, 0.05 * np.count_nonzero(~silent))
    if few or np.all(silent) or _mixes_examples(e, leaks):
        return None
    if same(mine[~silent], expected[~silent]):
        return _mask_cause(e, "left out", "right wherever the true slope is not zero")
    if not np.any(mine[~silent]):
        return _mask_cause(e, "turned round", "zero exactly where the true slope is not")
    factor = np.sum(mine[~silent] * expected[~silent]) / np.sum(expected[~silent] ** 2)
    if same(mine[~silent], factor * expected[~silent]):
        return _mask_cause(e, "left out", f"{factor:g} times the expected where that is not zero")
    return None


def varying_slope(e):
    """Each output entry has a factor of its own, above 1: some activation's slope is missing."""
    if e.ratios is None or not e.numeric.ndim:
        return None
    for rows, blocks in _views(e):
        ratios = e.ratios[rows]
        ratios = ratios.reshape(len(ratios), -1, blocks, e.ratios.shape[-1] // blocks)
        ratios = np.moveaxis(ratios, 2, 1).reshape(len(ratios), blocks, -1)
        if np.any(np.isinf(ratios)):
            continue
        known = np.isfinite(ratios)
        low = np.min(np.where(known, ratios, np.inf), axis=2)
        high = np.max(np.where(known, ratios, -np.inf), axis=2)
        there = np.any(known, axis=2)
        if not np.all(np.abs(high - low)[there] <= 1e-4 * np.abs(high[there])):
            continue
        if not np.any(np.count_nonzero(known, axis=2) > 1):
            continue
        wrong = np.any(there & (np.abs(high - 1) > 1e-5), axis=0)
        factors = high[:, wrong][there[:, wrong]]
        if len(np.unique(np.round(factors, 6))) >= ENOUGH and np.all(factors > 1):
            return _cause(e, "a slope between 0 and 1 that differs from output to output",
                          "each output's factor is above 1 and the same for all entries")
    return None


def _in_jacobian(e):
    """Compare with activations laid out by output, by argument entry, or by example and column."""
    shape = e.numeric.shape
    for rows, blocks in _views(e):
        ratios = e.ratios[rows]
        if not len(ratios) or np.any(np.isinf(ratios)):
            continue
        places = [e.places[row] for row in np.arange(len(e.places))[rows]]
        width = (shape[-1] if shape else 1) // blocks
        spread = [
            (name, np.broadcast_to(laid, ratios.shape))
            for name, y in _activations(e)
            for laid in _laid_out(y, e, places, shape, blocks, width)
        ]
        kept, causes = ratios.reshape(*ratios.shape[:-1], blocks, width) if shape else ratios, []
        for block in range(blocks):
            part = kept[..., block, :] if shape else kept
            known = np.isfinite(part)
            if not np.any(known) or np.all(np.abs(part[known] - 1) < 1e-5):
                continue
            some = [
                (name, (y.reshape(kept.shape)[..., block, :] if shape else y)[known])
                for name, y in spread
            ]
            cause = _explain(e, part[known], some)
            if cause and blocks > 1:
                which = f" It shows in block {block} of {blocks} of the last axis, from 0."
                cause = replace(cause, hint=cause.hint + which)
            causes.append(cause)
        if causes and all(causes):
            return causes[0]
    return None


def _views(e):
    """Yield what rows of the Jacobian to look at, and how many blocks of gates to tell apart."""
    groups = [slice(None)]
    if len(e.upstream) > 1:
        groups += [np.array([j == k for j, _ in e.places]) for k in range(len(e.upstream))]
    width = e.numeric.shape[-1] if e.numeric.ndim else 1
    for rows in groups:
        for blocks in (1, 2, 3, 4):
            if width % blocks == 0 and (blocks == 1 or width > blocks):
                yield rows, blocks


def _laid_out(y, e, places, shape, blocks, width):
    """Yield an activation spread over (outputs, argument) in every way in which it fits."""
    outs = {e.upstream[k].shape for k, _ in places}
    ones = (1,) * len(shape)
    if y.size < 2:
        return
    if y.shape == shape:
        yield y[None]
    if len(outs) > 1 or not places[0][1]:
        return
    out, index = outs.pop(), np.array([index for _, index in places])
    # An output's own activation; of one of the first step the cache may know no time axis.
    for kept in [list(range(len(out)))] + ([[0, 2]] if len(out) == 3 and out[1] == 1 else []):
        sizes = [out[axis] for axis in kept]
        if y.ndim == len(kept) and all(
            a in (1, b) for a, b in zip(y.shape, sizes, strict=True)
        ):
            yield y[tuple((index[:, kept] % np.array(y.shape)).T)].reshape(-1, *ones)
        # A hidden layer's: it has the output's leading axes and the columns of a weight.
        leading = y.ndim - 1
        if shape and 0 < leading <= len(kept) and y.shape == (*sizes[:leading], width):
            at = y[tuple(index[:, kept[:leading]].T)]
            yield np.tile(at, blocks).reshape(-1, *ones[1:], shape[-1])


def _activations(e):
    """List what may be an activation: arrays at hand, and tanh and sigmoid of them."""
    for name, array in e.arrays.items():
        if array.dtype.kind == "f" and array.ndim:
            yield name, array
            yield f"tanh of {name}", np.tanh(array)
            yield f"the sigmoid of {name}", 0.5 * (1 + np.tanh(array / 2))


def _explain(e, ratios, spread):
    """Find the activation whose slope makes yours the expected: yours = used / slope expected."""
    if not spread or ratios.size < ENOUGH or len(np.unique(np.round(ratios, 6))) < 2:
        return None
    names, ys = [name for name, _ in spread], np.stack([y.reshape(-1) for _, y in spread])
    ratios = ratios.reshape(-1)
    few = np.linspace(0, len(ratios) - 1, FEW).astype(int)  # most guesses fail at a few entries
    bounded = np.all(np.abs(ys) < 1, axis=1)
    used = [
        ("nothing", np.ones_like), ("y", lambda y: y), ("1 - y", lambda y: 1 - y),
        ("1 + y", lambda y: 1 + y), ("-y", lambda y: -y),
    ]
    of_another = [("1 - z^2", lambda z: 1 - z * z), ("z (1 - z)", lambda z: z * (1 - z))]
    for text, slope in (("tanh, 1 - y^2", lambda y: 1 - y * y), SIGMOID):
        for i in np.flatnonzero(bounded & ((text[0] == "t") | np.all(ys > 0, axis=1))):
            wanted = ratios * slope(ys[i])
            for what, function in used:
                if _agree(wanted, function(ys[i]), few):
                    if what == "nothing":
                        what = f"the slope of the {text} (y or s is {names[i]})"
                        return _cause(e, what, "with it all entries agree")
                    return _wrong_slope(e, text, f"{what} stands for it, y being {names[i]}")
            for what, function in of_another:
                near = np.isclose(wanted[few], function(ys[:, few]), rtol=1e-5).all(axis=1)
                for j in np.flatnonzero(near):
                    if _agree(wanted, function(ys[j]), few):
                        return _wrong_slope(e, text, f"{what} stands for it, z being {names[j]}")
    for i in np.flatnonzero(np.all((ys > 0) & (ys < np.inf), axis=1)):
        if _agree(ratios * ys[i], np.ones(len(ratios)), few):
            return _cause(e, f"the factor {names[i]}", "all entries agree with it")
    return None


def _agree(some, others, few):
    return np.allclose(some[few], others[few], rtol=1e-5) and same(some, others, 1e-5)


def _cause(e, what, evidence):
    return Cause(
        "missing-activation-gradient",
        f"The gradient of {e.name} lacks {what}: it passed an activation without being multiplied"
        " by its slope. Multiply what comes from above by that slope before it goes on.",
        evidence=evidence,
    )


def _wrong_slope(e, text, evidence):
    return Cause(
        "missing-activation-gradient",
        f"On the way to {e.name} the slope of an activation is not the right one: expected that of"
        f" {text}, with y or s the activation's output.",
        evidence=evidence,
    )


def _mask_cause(e, how, evidence):
    return Cause(
        "missing-activation-gradient",
        f"The gradient of {e.name} also reaches entries that did not move the output: a mask is"
        f" {how}, such as that of a ReLU (input > 0), of a maximum's winner or of a dropout.",
        evidence=evidence,
    )


def _mixes_examples(e, leaks):
    """Tell whether one example's output sends something to another example."""
    if e.ratios is None or not e.numeric.ndim:
        return False
    for row, (k, index) in enumerate(e.places):
        if index and e.upstream[k].shape[0] == e.numeric.shape[0] and e.numeric.ndim > 1:
            if np.any(np.delete(leaks[row], index[0], axis=0)):
                return True
    return False
