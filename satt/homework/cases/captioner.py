"""Cases of the captioner and of what trains it and lets it speak."""

import numpy as np

from gradcheck.case import Case
from satt.homework.cases.captioner_uses import captioner_uses
from satt.homework.cases.case import CallCase, PairCase
from satt.homework.child.trees import Made
from satt.homework.sets.hw5 import adam, beam_search, captioner
from satt.homework.sets.hw5.parameters import initial_parameters
from satt.metrics.bleu import corpus_bleu

L, D, A, H, E, V = 5, 4, 3, 4, 3, 7
BEFORE_PARAMETERS = ("grid", "words")


def captioner_cases():
    """List the cases of the whole forward and backward.

    Returns
    -------
    cases : list of PairCase
    """
    random = np.random.default_rng(13)
    usual = np.array([[1, 4, 3, 4, 2], [1, 5, 2, 0, 0]])
    plain = np.array([[1, 3, 6, 2], [1, 4, 5, 2], [1, 6, 6, 2]])
    return [
        _pair(random, usual, "two captions, one of them filled up", penalty=0.7),
        _pair(random, usual, "without the penalty", penalty=0.0),
        _pair(random, plain, "no padding", is_hidden=True, penalty=0.3),
        _pair(random, np.array([[1, 5, 5, 5, 2]]), "one image, a repeated word", is_hidden=True,
              penalty=1.0, context_scale=1.0),
        _pair(random, np.array([[1, 2], [1, 2]]), "captions of one word", is_hidden=True,
              penalty=0.5),
    ]


def _pair(random, words, about, is_hidden=False, **options):
    params = _parameters(random)
    inputs = {"grid": random.normal(size=(len(words), L, D)), "words": words, **params}
    partials = captioner_uses(inputs["grid"], words, params, options)
    case = Case("captioner", _forward, _backward, inputs, options, partials=partials)
    return PairCase(case, about, is_hidden, arrange=_arranged, sort=_sorted)


def _arranged(inputs):
    params = {name: x for name, x in inputs.items() if name not in BEFORE_PARAMETERS}
    return inputs["grid"], inputs["words"], params


def _sorted(returned):
    """Lay the two things that `captioner_backward` returns side by side."""
    if not isinstance(returned, tuple) or len(returned) != 2 or not isinstance(returned[1], dict):
        raise ValueError("expected dgrid and a dictionary of gradients, one for each parameter")
    return {"grid": returned[0], **returned[1]}


def _forward(grid, words, *parameters, **options):
    """Take the parameters one by one.

    Returns
    -------
    loss : scalar
    cache : tuple
    """
    params = dict(zip(_names(), parameters, strict=True))
    return captioner.captioner_forward(grid, words, params, **options)


def _backward(dloss, cache):
    dgrid, gradients = captioner.captioner_backward(dloss, cache)
    return dgrid, *(gradients[name] for name in _names())


def _names():
    return list(initial_parameters(2, 1, 1, 1, 1, np.random.default_rng(0)))


def _parameters(random):
    """Away from the start, where many parameters are zero and hide mistakes."""
    params = initial_parameters(V, D, A, H, E, random, np.float64)
    return {name: x + 0.3 * random.normal(size=x.shape) for name, x in params.items()}


def speaking_cases():
    """List the cases of `captioner_start` and `captioner_step`.

    Returns
    -------
    cases : list of CallCase
    """
    random = np.random.default_rng(17)
    cases = []
    for count, about, is_hidden in ((3, "three images", False), (1, "one image", True)):
        params, grid = _parameters(random), random.normal(size=(count, L, D))
        keys = grid @ params["decoder.alignment.W_grid"]
        state = random.normal(size=(count, H)), random.normal(size=(count, H))
        words = random.integers(V, size=count)
        for scale in (0.1, 1.0):
            cases.append(CallCase(
                "captioner_step", captioner.captioner_step,
                (words, (grid, keys), state, params), f"{about}, context_scale {scale:g}",
                {"context_scale": scale}, is_hidden,
            ))
        cases.append(CallCase("captioner_start", captioner.captioner_start, (grid, params), about,
                              is_hidden=is_hidden))
    return cases


def adam_cases():
    """List the cases of `adam_step`.

    Returns
    -------
    cases : list of CallCase
    """
    random = np.random.default_rng(19)

    def case(shape, steps, about, words="", scale=1.0, is_hidden=False, **options):
        param, gradient, mean = (random.normal(size=shape) for _ in range(3))
        square = random.random(shape)
        if steps == 1:
            mean, square = np.zeros(shape), np.zeros(shape)
        arguments = param, scale * gradient, mean, scale**2 * square, steps
        options = {"learning_rate": 0.1, **options}
        return CallCase("adam_step", adam.adam_step, arguments, about, options, is_hidden, words)

    root = "epsilon is added to the root of the mean square, not under it."
    return [
        case((3, 2), 1, "the first step",
             "The first averages began at 0: divide them by 1 - beta^steps."),
        case((3, 2), 10, "the tenth step"),
        case((4,), 3, "gradients next to nothing", root, scale=1e-6, is_hidden=True, epsilon=1e-6),
        case((2, 2), 5, "other betas", "beta1 and beta2 are given: use them.", is_hidden=True,
             beta1=0.5, beta2=0.7),
    ]


def beam_cases():
    """List the cases of `beam_step` and `beam_search`.

    Returns
    -------
    cases : list of CallCase
    """
    random = np.random.default_rng(23)

    def logs(*shape, stop=2, reluctance=0.0, random=random):
        scores = random.normal(size=shape) * 2
        scores[..., stop] -= reluctance
        return scores - np.log(np.exp(scores).sum(axis=-1, keepdims=True))

    def step(totals, finished, about, words="", is_hidden=False, size=5):
        totals, finished = np.array(totals), np.array(finished)
        arguments = totals, logs(len(totals), size), finished, 2
        return CallCase("beam_step", beam_search.beam_step, arguments, about, is_hidden=is_hidden,
                        words=words)

    def search(about, words="", is_hidden=False, steps=4, size=5, reluctance=2.0, seed=None,
               **options):
        table = logs(steps, size, size, size, stop=options.get("stop", 2), reluctance=reluctance,
                     random=random if seed is None else np.random.default_rng(seed))
        made = Made("table_step", table=table)
        state = np.zeros((1, 1), dtype=int), np.zeros((1, 1), dtype=int)
        return CallCase("beam_search", beam_search.beam_search, (made, state), about, options,
                        is_hidden, words)

    keeps = "A finished caption keeps its place, is continued by stop, and keeps its total."
    place = "A place that is not taken has the total -inf: nothing continues it."
    parents = "The state and the words of each caption must follow its parent."
    divided = "Compare totals divided by ((5 + T) / 6)^length_penalty, stop word counted in T."
    return [
        step([-1.0, -2.0, -2.5], [False] * 3, "three captions",
             "Log probabilities are added, not multiplied; the K best of all K V continuations."),
        step([-1.0, -9.0, -2.5], [False, True, False], "a finished caption", keeps),
        step([0.0, -np.inf, -np.inf], [False] * 3, "places that are not taken", place),
        step([-3.0], [False], "a beam of one", is_hidden=True),
        step([-8.0, -9.0], [True, True], "all finished", keeps, is_hidden=True),
        step([-1.0, -1.2, -1.4, -30.0], [False, False, False, True], "a late finished caption",
             keeps, is_hidden=True, size=9),
        search("a beam of three", parents),
        search("a beam of one, which is greedy", beam_size=1),
        search("no length penalty", divided, length_penalty=0.0),
        # With this seed an unfinished caption is the more probable one.
        search("some are finished at the end", "If one is finished, the unfinished do not count.",
               reluctance=1.0, seed=11, max_length=4),
        search("no time to finish", "If none is finished, the unfinished ones are compared.",
               is_hidden=True, beam_size=2, max_length=3, reluctance=50.0),
        search("a beam of five", parents, is_hidden=True, beam_size=5, steps=7),
        search("a strong length penalty", divided, is_hidden=True, length_penalty=2.0, size=7),
        search("other words for start and stop", is_hidden=True, start=3, stop=4),
    ]


def bleu_cases():
    """List the cases of `corpus_bleu`.

    Returns
    -------
    cases : list of CallCase
    """

    def case(candidates, references, about, words="", is_hidden=False):
        arguments = (
            [text.split() for text in candidates],
            [[text.split() for text in several] for several in references],
        )
        return CallCase("corpus_bleu", corpus_bleu, arguments, about, is_hidden=is_hidden,
                        words=words)

    clip = "A phrase counts at most as often as one reference has it: clip the counts."
    corpus = "Add the counts over all images before dividing; BLEU is no mean over captions."
    closest = "r takes for each candidate the reference closest in length, of two the shorter."
    short = "Captions shorter than the references are punished by exp(1 - r / c), longer ones not."
    return [
        case(["a red bird on the water"], [["a red bird on the lake", "a bird on water"]],
             "one image"),
        case(["the the the the the the the"], [["the cat is on the mat"]], "one word repeated",
             clip),
        case(["a fish in the sea today", "a small red bird sits on grass"],
             [["a fish in the sea", "the fish swims in the sea"],
              ["a red bird on the green grass", "a small red bird is on grass"]], "two images",
             corpus),
        case(["a red bird sits", "the fish"],
             [["a red bird sits on the grass now"], ["the fish in the water"]], "short captions",
             short, is_hidden=True),
        case(["a b c d e f", "g h"], [["a b c d e", "a b c d e f g"], ["g h i", "g"]],
             "two references equally close", closest, is_hidden=True),
        case(["a cat sat here now"], [["dogs ran off then fast"]], "nothing in common",
             "Where some p_n is 0, BLEU-n is 0.", is_hidden=True),
        case(["a", "a red bird on the grass"], [["a"], ["a red bird on the grass"]],
             "a caption of one word", is_hidden=True),
        case(["a a red red bird", "a a"], [["a red bird", "a a red"], ["a b", "b a a"]],
             "phrases clipped by different references", clip, is_hidden=True),
    ]
