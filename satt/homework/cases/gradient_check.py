"""Cases of the functions of which a gradient check is made."""

import numpy as np

from satt.homework.cases.case import CallCase
from satt.homework.child.trees import Made
from satt.homework.sets.hw1 import gradient_check as reference


def gradient_check_cases():
    """List the cases of `numerical_gradient`, `relative_error` and `check_gradients`.

    Returns
    -------
    cases : list of CallCase
    """
    random = np.random.default_rng(11)
    return [*_numerical(random), *_errors(random), *_checks(random)]


def _numerical(random):
    def case(shape, about, h=1e-5, **settings):
        weights, x = random.normal(size=shape), random.normal(size=shape)
        # A central difference has no more digits than this; a forward difference has fewer.
        return CallCase(
            "numerical_gradient", reference.numerical_gradient,
            (Made("cubic", weights=weights), x, h), about, tolerance=1e-8, slips=SLOPES,
            **settings,
        )

    return [
        case((4,), "a vector"),
        case((2, 3), "a matrix"),
        case((3,), "a coarse step of 0.1", 0.1),
        case((2, 1, 3, 2), "four axes", is_hidden=True),
        case((), "a single number", is_hidden=True),
        case((2, 2), "a step of 0.5", 0.5, is_hidden=True),
    ]


def _errors(random):
    def case(mine, numerical, about, words="", **settings):
        mine, numerical = np.asarray(mine, float), np.asarray(numerical, float)
        return CallCase("relative_error", reference.relative_error, (mine, numerical), about,
                        words=words, slips=ERRORS, **settings)

    many = random.normal(size=(20, 30))
    one_wrong = many.copy()
    one_wrong[7, 3] *= 1.5
    worst = "Take the largest error of all entries: a mean hides one wrong entry among many."
    return [
        case([1.0, 2.0], [1.1, 2.0], "two entries", worst),
        case([0.0, 3.0], [0.0, 3.0], "an entry that is zero on both sides",
             "0 against 0 is no error: the floor keeps the division from being 0 / 0."),
        case([1e-12, 1.0], [-1e-12, 1.0], "next to nothing on both sides",
             "What is smaller than the floor is measured against the floor."),
        case(one_wrong, many, "one wrong entry among 600", worst, is_hidden=True),
        case([-2.0, 3.0], [2.0, 3.0], "a sign that is wrong",
             "Of sizes the absolute values count: otherwise a sign goes unnoticed.",
             is_hidden=True),
        case([[1.0], [2.0]], [[1.5], [2.0]], "mine smaller in one entry, another axis more",
             worst, is_hidden=True),
        CallCase("relative_error", reference.relative_error,
                 (np.array([1e-3, 0.5]), np.array([2e-3, 0.5])), "another floor",
                 {"floor": 0.1}, is_hidden=True),
    ]


def _one_sided(f, x, h=1e-5):
    moves = np.eye(x.size).reshape(x.size, *x.shape) * h
    return np.array([(f(x + move) - f(x)) / h for move in moves]).reshape(x.shape)


def _signed(mine, numerical, floor=1e-8):
    return np.max(np.abs(mine - numerical) / np.maximum(np.maximum(mine, numerical), floor))


def _averaged(mine, numerical, floor=1e-8):
    size = np.maximum(np.maximum(np.abs(mine), np.abs(numerical)), floor)
    return np.mean(np.abs(mine - numerical) / size)


SLOPES = (
    ("The slope is taken to one side only: use f(x + h) and f(x - h), and divide by 2 h.",
     _one_sided),
)
ERRORS = (
    ("Of sizes the absolute values count: without them a wrong sign may go unnoticed.", _signed),
    ("This is the mean: it hides one wrong entry among many; take the largest.", _averaged),
)


def _checks(random):
    def case(pair, inputs, out_shape, about, words="", forward=None, backward=None, **settings):
        arguments = (
            Made(f"{forward or pair}_forward"),
            Made(backward or f"{pair}_backward", **settings.pop("made", {})),
            inputs,
            random.normal(size=out_shape),
        )
        # The errors of right gradients are rounding, which depends on the order of summing.
        return CallCase("check_gradients", reference.check_gradients, arguments, about,
                        words=words, tolerance=1e-3, rounding=1e-7, **settings)

    def normal(*shapes):
        return [random.normal(size=shape) for shape in shapes]

    matrices = (3, 4), (4, 2)
    single = "A backward with a single gradient returns it without a tuple."
    upstream = "The loss is the sum of upstream * out, so that its slope is what backward returns."
    return [
        case("bilinear", normal(*matrices), (3, 2), "a right pair", upstream),
        case("bilinear", normal(*matrices), (3, 2), "a pair whose second gradient is wrong",
             made={"factor": 1.5}),
        case("square", normal((2, 3)), (2, 3), "a pair with one input", single),
        case("square", normal((4,)), (4,), "a wrong pair with one input", single,
             made={"factor": -1.0}, is_hidden=True),
        case("rowwise", normal((2, 4)), (2, 4), "a softmax whose backward returns zeros",
             upstream, backward="silent_backward", is_hidden=True),
        case("bilinear", normal((1, 2), (2, 2)), (1, 2), "one row", upstream, is_hidden=True),
    ]
