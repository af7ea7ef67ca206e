"""A mistake: a wrong pair of functions, the inputs that show it, and what a checker should say."""

import inspect
from dataclasses import dataclass, replace

from gradcheck.case import Case


@dataclass(frozen=True)
class Mistake:
    """What a student did, and the cause that a teaching assistant would name.

    Attributes
    ----------
    name : str
        The layer, a hyphen, and what is done wrong.
    layer : str
        The layer's name; "attention" for several layers together.
    kind : str
        The cause that a check should find, one of `gradcheck.diagnosis.KINDS`.
    case : Case
        With the wrong function in the place of the right one.
    about : str
        One sentence on what the student did: the docstring of the wrong function.
    """

    name: str
    layer: str
    kind: str
    case: Case
    about: str


def wrong_backward(case, kind, backward, forward=None, partials=None):
    """Put a wrong backward into a right case.

    Parameters
    ----------
    case : Case
    kind : str
        As in `Mistake`.
    backward : callable
        Its name is the layer's name and what is wrong; its docstring says it in one sentence.
    forward : callable, optional
        A right one whose cache the backward knows; the case's own if left out.
    partials : dict, optional
        The gradients by use, as `uses` gives them.

    Returns
    -------
    Mistake
    """
    pair = {"forward": forward or case.forward, "backward": backward}
    return _mistake(backward, kind, replace(case, **pair, partials=partials or {}))


def wrong_forward(case, kind, forward, backward=None):
    """Put a wrong forward into a right case.

    Parameters
    ----------
    case : Case
    kind : str
        As in `Mistake`.
    forward : callable
        Its name and docstring say what is wrong, as those of the backward elsewhere.
    backward : callable, optional
        The one that fits the forward's cache; the case's own if left out.

    Returns
    -------
    Mistake
    """
    pair = {"forward": forward, "backward": backward or case.backward}
    return _mistake(forward, kind, replace(case, **pair))


def uses(case, names, backward_of):
    """Split the gradients of some inputs by their uses, for a case's `partials`.

    Parameters
    ----------
    case : Case
        With the right pair of functions.
    names : tuple of str
        The inputs.
    backward_of : dict from str to callable
        For each use, as "through the mean", a function like the backward that returns the
        gradients of these inputs by this use alone, in a tuple.

    Returns
    -------
    partials : dict from str to (str, callable)
        Labels, as "x through the mean", to the input's name and a function from the upstream to
        the partial gradient.
    """
    _, cache = case.forward(*case.inputs.values(), **case.options)
    return {
        f"{name} {use}": (name, _Part(backward, cache, place))
        for place, name in enumerate(names)
        for use, backward in backward_of.items()
    }


@dataclass(frozen=True)
class _Part:
    """One of the gradients that a backward returns, as a function of the upstream alone."""

    backward: object
    cache: object
    place: int

    def __call__(self, upstream):
        return self.backward(upstream, self.cache)[self.place]


def _mistake(function, kind, case):
    layer = case.name.split("-")[0]
    what = function.__name__.removeprefix(f"{layer}_").replace("_", "-")
    name, about = f"{layer}-{what}", " ".join(inspect.getdoc(function).split())
    return Mistake(name, layer, kind, replace(case, name=name), about)
