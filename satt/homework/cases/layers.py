"""Cases of satt's layers: those of gradcheck are shown, others of other shapes are hidden.

The hidden ones are where code that is right on one batch goes wrong: one image, no padding, an
image that is not square, a repeated word, one step, a masked row, a tie, scores that overflow.
"""

import importlib
from dataclasses import replace

import numpy as np

from gradcheck.case import Case
from gradcheck.cases.layers import layer_cases
from gradcheck.cases.mistakes import mistakes
from satt.homework.cases.case import PairCase

# What is special about gradcheck's cases, by what stands in their names after the layer's.
SPECIAL = {
    "": "the usual sizes",
    "1x1": "filters of 1x1",
    "T/L": "target T/L",
    "without-bias": "without a bias",
}


def pair_cases(name):
    """List the cases of a layer.

    Parameters
    ----------
    name : str
        As "alignment".

    Returns
    -------
    cases : list of PairCase
        Empty if none are known.
    """
    known = [case for case in layer_cases() if case.forward.__name__ == f"{name}_forward"]
    if not known:
        return []
    module = importlib.import_module(f"satt.layers.{name}")
    pair = [getattr(module, f"{name}_{half}") for half in ("forward", "backward")]

    def made(table, seed, is_hidden):
        cases = table.get(name, lambda random: [])(np.random.default_rng(seed))
        return [
            PairCase(Case(name, *pair, inputs, options), about, is_hidden)
            for about, inputs, options in cases
        ]

    return [
        *made(_SIMPLE, 3, False),
        *(PairCase(_with_parts(case), _about(case.name.removeprefix(name).lstrip("-")))
          for case in known),
        *made(_HIDDEN, 7, True),
    ]


def _about(variant):
    return SPECIAL.get(variant, variant.replace("-", " "))


def _with_parts(case):
    """Add the parts of the gradients by use, where the collection of mistakes has them."""
    parts = {}
    for mistake in mistakes():
        other = mistake.case
        same = other.inputs.keys() == case.inputs.keys() and all(
            _equal(other.inputs[name], case.inputs[name]) for name in case.inputs
        )
        if mistake.layer == case.forward.__name__.removesuffix("_forward") and same:
            parts |= other.partials if _equal_options(other.options, case.options) else {}
    return replace(case, partials=parts) if parts else case


def _equal(a, b):
    return a is b or a is not None and b is not None and np.array_equal(a, b)


def _equal_options(a, b):
    return a.keys() == b.keys() and all(
        _equal(np.asarray(a[key]), np.asarray(b[key])) for key in a
    )


def _normal(random, **shapes):
    return {
        name: None if shape is None else random.normal(size=shape)
        for name, shape in shapes.items()
    }


def _simple_linear(random):
    return [("a batch of rows", _normal(random, x=(4, 3), W=(3, 2), b=2), {})]


def _simple_conv2d(random):
    inputs = _normal(random, x=(2, 5, 4, 2), W=(3, 3, 2, 3), b=3)
    return [("padding 1", inputs, {"padding": 1})]


def _linear(random):
    return [
        ("one row, no batch", _normal(random, x=(4,), W=(4, 3), b=3), {}),
        ("one image", _normal(random, x=(1, 4), W=(4, 2), b=2), {}),
        ("three leading axes", _normal(random, x=(2, 3, 2, 4), W=(4, 5), b=5), {}),
        ("a square matrix", _normal(random, x=(5, 3), W=(3, 3), b=3), {}),
        ("without a bias, no batch", _normal(random, x=(3,), W=(3, 2), b=None), {}),
    ]


def _relu(random):
    x = random.normal(size=(1, 3, 5))
    return [
        ("one image", {"x": x}, {}),
        ("a single axis", _normal(random, x=7), {}),
        ("large and small numbers", {"x": x * 10.0 ** np.arange(-2, 3)}, {}),
    ]


def _softmax(random):
    scores = random.normal(size=(3, 4, 5))
    mask = np.ones((3, 1, 5), dtype=bool)
    mask[0, 0, 2:] = mask[2, 0, 0] = False
    empty = np.array([[True, True, False], [False, False, False], [True, False, True]])
    return [
        ("scores of a thousand", {"scores": 1000 * scores}, {}),
        ("scores of minus a thousand", {"scores": scores - 1000}, {}),
        ("one row", _normal(random, scores=(1, 6)), {}),
        ("the first axis", {"scores": scores}, {"axis": 0}),
        ("a mask that is repeated", {"scores": scores}, {"mask": mask}),
        ("a row with nothing allowed", _normal(random, scores=(3, 3)), {"mask": empty}),
        ("a large score under the mask", {"scores": scores + 500 * ~mask}, {"mask": mask}),
    ]


def _sequence_cross_entropy(random):
    def case(shape, mask, scale=1.0, targets=None):
        logits = scale * random.normal(size=shape)
        words = random.integers(shape[2], size=shape[:2])
        inputs = {"logits": logits, "targets": words if targets is None else targets}
        return inputs, {"mask": mask}

    ends = np.arange(5) < np.array([5, 3, 1])[:, None]
    return [
        ("one caption of one word", *case((1, 1, 4), np.ones((1, 1), bool))),
        ("captions of 5, 3 and 1 words", *case((3, 5, 6), ends)),
        ("a repeated word", *case((2, 4, 5), np.ones((2, 4), bool), targets=np.full((2, 4), 3))),
        ("scores of a thousand", *case((2, 3, 5), np.ones((2, 3), bool), 1000.0)),
    ]


def _conv2d(random):
    def case(x, W, has_bias=True, **options):
        return _normal(random, x=x, W=W, b=W[3] if has_bias else None), options

    return [
        ("padding 0, height and width differ", *case((2, 4, 7, 2), (3, 3, 2, 3))),
        ("padding 1, height and width differ", *case((2, 6, 3, 2), (3, 3, 2, 3), padding=1)),
        ("one image, one channel", *case((1, 5, 5, 1), (2, 2, 1, 1))),
        ("stride 3 that leaves a rim", *case((1, 8, 7, 2), (2, 3, 2, 3), stride=3)),
        ("padding 2, stride 2, a filter that is not square",
         *case((2, 5, 6, 1), (2, 3, 1, 2), stride=2, padding=2)),
        ("a filter as large as the image", *case((2, 3, 4, 2), (3, 4, 2, 5))),
        ("padding without a bias", *case((1, 4, 3, 2), (3, 3, 2, 2), False, padding=1)),
    ]


def _max_pool(random):
    ties = random.integers(3, size=(2, 4, 6, 2)).astype(float)
    return [
        ("one image, height and width differ", _normal(random, x=(1, 4, 6, 2)), {}),
        ("negative numbers only", {"x": -1 - random.random((2, 4, 4, 3))}, {}),
        ("ties", {"x": ties}, {}),
        ("windows that overlap everywhere", _normal(random, x=(1, 5, 4, 2)),
         {"size": 3, "stride": 1}),
        ("a rim left over", _normal(random, x=(2, 8, 5, 1)), {"size": 3}),
        ("a stride larger than the window", _normal(random, x=(1, 7, 8, 2)),
         {"size": 2, "stride": 3}),
    ]


def _average_pool(random):
    return [
        ("one image, height and width differ", _normal(random, x=(1, 4, 6, 2)), {}),
        ("windows that overlap everywhere", _normal(random, x=(1, 5, 4, 2)),
         {"size": 3, "stride": 1}),
        ("a rim left over", _normal(random, x=(2, 8, 5, 1)), {"size": 3}),
        ("a stride larger than the window", _normal(random, x=(1, 7, 8, 2)),
         {"size": 2, "stride": 3}),
    ]


def _step(random, before, gates, N, E, H):
    return _normal(random, x=(N, E), **dict.fromkeys(before, (N, H)), W_x=(E, gates * H),
                   W_state=(H, gates * H), b=gates * H)


def _steps(random, before, gates, N, T, E, H):
    inputs = _step(random, before, gates, N, E, H)
    return inputs | {"x": random.normal(size=(N, T, E))}


def _step_cases(before, gates):
    def cases(random):
        zero = _step(random, before, gates, 3, 2, 4)
        return [
            ("one row", _step(random, before, gates, 1, 3, 4), {}),
            ("input and state of one width", _step(random, before, gates, 4, 3, 3), {}),
            ("the first step, from zeros", zero | {n: np.zeros((3, 4)) for n in before}, {}),
        ]

    return cases


def _sequence_cases(before, gates):
    def cases(random):
        def inputs(N, T, E=2, H=3):
            return _steps(random, before, gates, N, T, E, H)

        ends = np.arange(5) < np.array([5, 3, 1])[:, None]
        silent = np.array([[True, True, True], [False, False, False]])
        return [
            ("one step", inputs(3, 1), {}),
            ("one caption", inputs(1, 4), {}),
            ("captions of 5, 3 and 1 words", inputs(3, 5), {"mask": ends}),
            ("a caption that is masked as a whole", inputs(2, 3), {"mask": silent}),
            ("input and state of one width", inputs(2, 3, 3, 3), {}),
        ]

    return cases


def _alignment(random):
    def inputs(N, L, A, H):
        return _normal(random, keys=(N, L, A), state=(N, H), W_state=(H, A), b=A, v=A)

    return [
        ("one image", inputs(1, 5, 3, 4), {}),
        ("one location", inputs(3, 1, 2, 4), {}),
        ("alignment and state of one width", inputs(2, 4, 3, 3), {}),
        ("an alignment of width 1", inputs(2, 4, 1, 3), {}),
    ]


def _weighted_sum(random):
    one_hot = {"attention": np.eye(4)[[1, 3, 1]], "grid": random.normal(size=(3, 4, 2))}
    return [
        ("one image", _normal(random, attention=(1, 5), grid=(1, 5, 3)), {}),
        ("one location", _normal(random, attention=(3, 1), grid=(3, 1, 4)), {}),
        ("as many locations as dimensions", _normal(random, attention=(2, 4), grid=(2, 4, 4)), {}),
        ("all attention on one location", one_hot, {}),
    ]


def _context_gate(random):
    def inputs(N, D, H):
        return _normal(random, context=(N, D), state=(N, H), W=(H, 1), b=1)

    return [
        ("one image", inputs(1, 5, 3), {}),
        ("a context of width 1", inputs(3, 1, 4), {}),
        ("context and state of one width", inputs(2, 4, 4), {}),
    ]


def _attention_lstm_step(random):
    def inputs(N, L, D, A, H, E, is_gated=True):
        gate = {"W_gate": (H, 1), "b_gate": 1} if is_gated else {}
        return _normal(
            random, x=(N, E), state=(N, H), cell=(N, H), grid=(N, L, D), keys=(N, L, A),
            W_query=(H, A), b_query=A, v=A, W_x=(E + D, 4 * H), W_state=(H, 4 * H), b=4 * H,
            **gate,
        )

    return [
        ("one image", inputs(1, 4, 3, 2, 3, 2), {}),
        ("one location", inputs(2, 1, 3, 2, 3, 2), {"context_scale": 0.5}),
        ("all widths the same", inputs(2, 3, 3, 3, 3, 3), {}),
        ("without a gate, a scaled context", inputs(2, 4, 3, 2, 3, 2, False),
         {"context_scale": 0.2}),
    ]


def _doubly_stochastic(random):
    def attention(*shape):
        return {"attention": random.dirichlet(np.ones(shape[-1]), size=shape[:-1])}

    ends = np.arange(4) < np.array([4, 2, 1])[:, None]
    return [
        ("one caption of one word", attention(1, 1, 5), {}),
        ("captions of 4, 2 and 1 words", attention(3, 4, 5), {"mask": ends}),
        ("captions of 4, 2 and 1 words, target T/L", attention(3, 4, 5),
         {"mask": ends, "target": "T/L"}),
        ("target T/L without a mask", attention(2, 3, 5), {"target": "T/L"}),
        ("another target, summed", attention(2, 3, 4), {"target": 0.5, "reduction": "sum"}),
        ("a mask of numbers", attention(3, 4, 5), {"mask": ends.astype(np.int64)}),
    ]


# Shown before gradcheck's: what most students write first works on these or on nothing.
_SIMPLE = {"linear": _simple_linear, "conv2d": _simple_conv2d}
_HIDDEN = {
    "linear": _linear,
    "relu": _relu,
    "softmax": _softmax,
    "sequence_cross_entropy": _sequence_cross_entropy,
    "conv2d": _conv2d,
    "max_pool": _max_pool,
    "average_pool": _average_pool,
    "rnn_step": _step_cases(["state"], 1),
    "rnn": _sequence_cases(["initial_state"], 1),
    "lstm_step": _step_cases(["state", "cell"], 4),
    "lstm": _sequence_cases(["initial_state", "initial_cell"], 4),
    "alignment": _alignment,
    "weighted_sum": _weighted_sum,
    "context_gate": _context_gate,
    "attention_lstm_step": _attention_lstm_step,
    "doubly_stochastic": _doubly_stochastic,
}
