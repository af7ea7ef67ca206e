"""What a wrong forward may have computed instead: the same without one of its arguments, and
slips that are known.
"""

import numpy as np


def likenesses(name, forward, inputs, options):
    """List other results of a forward, each with the words that explain it.

    Parameters
    ----------
    name : str
        The pair's.
    forward : callable
        The reference.
    inputs, options : dict
        Of the case.

    Yields
    ------
    words : str
    outputs : tuple of ndarray
    """
    for words, slip in _SLIPS.get(name, ()):
        result = _try(slip, inputs, options)
        if result is not None:
            yield words, result
    for option in options:
        others = {key: value for key, value in options.items() if key != option}
        result = _try(lambda i, o: forward(*i.values(), **o)[0], inputs, others)
        if result is not None:
            yield f"This is what one gets without {option}: is it used?", result
    for argument, value in inputs.items():
        if value is not None and value.dtype.kind == "f":
            without = inputs | {argument: np.zeros_like(value)}
            result = _try(lambda i, o: forward(*i.values(), **o)[0], without, options)
            if result is not None:
                yield f"This is what one gets if {argument} were zero: is it used?", result


def _try(function, inputs, options):
    try:
        with np.errstate(all="ignore"):
            out = function(inputs, options)
    except Exception:  # without a mask, say, there may be no result at all
        return None
    return out if isinstance(out, tuple) else (out,)


def _apart(i, o):
    query = i["state"] @ i["W_state"] + i["b"]
    return (np.tanh(i["keys"]) + np.tanh(query)[:, None, :]) @ i["v"]


def _without_tanh(i, o):
    return (i["keys"] + (i["state"] @ i["W_state"] + i["b"])[:, None, :]) @ i["v"]


def _softmax(scores, axis):
    e = np.exp(scores - scores.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def _softmax_of_all(i, o):
    return _softmax(i["scores"].reshape(-1), 0).reshape(i["scores"].shape)


def _masked_afterwards(i, o):
    return _softmax(i["scores"], o.get("axis", -1)) * o["mask"]


def _loss_terms(i, o):
    p = _softmax(i["logits"], -1)
    N, T, _ = p.shape
    rows = p[np.arange(N)[:, None], np.arange(T), i["targets"]]
    return -np.log(rows), np.broadcast_to(o["mask"], (N, T)).astype(bool)


def _per_word(i, o):
    losses, mask = _loss_terms(i, o)
    return losses[mask].mean()


def _summed(i, o):
    losses, mask = _loss_terms(i, o)
    return losses[mask].sum()


def _unmasked(i, o):
    losses, _ = _loss_terms(i, o)
    return losses.sum() / len(losses)


def _flipped(i, o):
    from gradcheck.cases.layers import conv2d_forward

    turned = i | {"W": np.ascontiguousarray(i["W"][::-1, ::-1])}
    return conv2d_forward(*turned.values(), **o)[0]


def _mean_instead(i, o):
    from gradcheck.cases.layers import average_pool_forward

    return average_pool_forward(i["x"], **o)[0]


def _averaged(i, o):
    return np.mean(i["attention"][:, :, None] * i["grid"], axis=1)


def _lstm_step_with(order):
    """The gates cut in another order than i, f, o, g."""

    def step(i, o):
        pre = i["x"] @ i["W_x"] + i["state"] @ i["W_state"] + i["b"]
        gates = dict(zip(order, np.split(pre, 4, axis=1), strict=True))
        s = {name: 1 / (1 + np.exp(-gates[name])) for name in "ifo"}
        cell = s["f"] * i["cell"] + s["i"] * np.tanh(gates["g"])
        return s["o"] * np.tanh(cell), cell

    return step


def _closed_gate(i, o):
    gate = i["state"] @ i["W"] + i["b"]
    return gate * i["context"]


def _deviation(power, mean):
    def loss(i, o):
        attention = i["attention"]
        N, T, L = attention.shape
        mask = np.ones((N, T)) if o.get("mask") is None else np.asarray(o["mask"], float)
        target = o.get("target", 1.0)
        target = mask.sum(1, keepdims=True) / L if target == "T/L" else target
        excess = np.abs((attention * mask[:, :, None]).sum(1) - target) ** power
        return mean(excess)

    return loss


_SLIPS = {
    "alignment": (
        ("The tanh must hold the sum of key and query: with a tanh for each, the state adds the "
         "same to all locations, and the attention never looks at it.", _apart),
        ("The tanh is missing.", _without_tanh),
    ),
    "softmax": (
        ("This is a softmax over all scores together: each row along the axis sums to 1.",
         _softmax_of_all),
        ("The mask is applied after the division, so the rows no longer sum to 1.",
         _masked_afterwards),
    ),
    "sequence_cross_entropy": (
        ("The sum is divided by the number of words; divide it by the number of captions.",
         _per_word),
        ("The sum is not divided by the number of captions.", _summed),
        ("Steps that do not count are in the sum: the mask is not used.", _unmasked),
    ),
    "conv2d": (("The filters are turned by half a turn: no flip is wanted here.", _flipped),),
    "max_pool": (("This is the mean of each window, expected its largest value.", _mean_instead),),
    "weighted_sum": (
        ("The sum is divided by the number of locations; the attention sums to 1 already.",
         _averaged),
    ),
    "lstm_step": tuple(
        (f"The gates are cut in the order {', '.join(order)}; they stand in the order i, f, o, g.",
         _lstm_step_with(order))
        for order in ("ifgo", "figo", "fiog", "gifo", "igfo", "ofig")
    ),
    "context_gate": (("The sigmoid round the gate is missing.", _closed_gate),),
    "doubly_stochastic": (
        ("The squares are averaged over locations as well; the mean is one over the images.",
         _deviation(2, np.mean)),
        ("The squares are summed over the images; reduction says to average them.",
         _deviation(2, np.sum)),
        ("Absolute values are summed, expected squares.",
         _deviation(1, lambda x: x.sum() / len(x))),
    ),
}
