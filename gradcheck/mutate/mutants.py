"""The mutants of the backwards of some cases, each with the cases that must notice it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gradcheck.case import Case
from gradcheck.mutate.mutations import mutations
from gradcheck.mutate.parts import differentiated
from gradcheck.mutate.targets import functions_of, is_written_out, name_of, rebuilt

# What is left of a gradient when nearly all of it is right: the smallest entries are wrong, and
# not by much. No ratio of whole tensors notices that.
SMALLEST, WRONG_BY = 0.1, 0.01


@dataclass(frozen=True)
class Mutant:
    """One way to break a backward.

    Attributes
    ----------
    function : str
        The dotted name of the function that is changed.
    operator, before, after, occurrence
        As those of `gradcheck.mutate.mutations.Mutation`.
    cases : tuple of Case
        All those in whose backward the function takes part, the smallest first.
    of : callable
        `of(case) -> backward`, the mutant in the place of that case's backward.
    """

    function: str
    operator: str
    before: str
    after: str
    occurrence: int
    cases: tuple[Case, ...]
    of: Callable

    @property
    def key(self):
        """What identifies the mutant, in whatever order they are made."""
        return self.function, self.operator, self.before, self.after, self.occurrence

    def __str__(self):
        again = f" (occurrence {self.occurrence})" if self.occurrence else ""
        return f"{self.function}: {self.operator}: {self.before}  ->  {self.after}{again}"


def mutants(cases):
    """List all mutants of the backwards of some cases.

    Parameters
    ----------
    cases : list of Case

    Returns
    -------
    list of Mutant
    """
    backwards = {case.backward for case in cases}
    reached, users = {}, {}
    for case in sorted(cases, key=_size):
        reached[case.backward] = functions_of(case.backward, backwards)
        for function in filter(is_written_out, reached[case.backward]):
            users.setdefault(function, []).append(case)
    found = []
    for function, its_cases in users.items():
        found += [
            Mutant(
                name_of(function), m.operator, m.before, m.after, m.occurrence, tuple(its_cases),
                _rewriting(function, m.code, reached),
            )
            for m in mutations(function)
        ]
    return found + _corruptions(users, reached)


def _size(case):
    return sum(np.size(value) for value in case.inputs.values())


def _rewriting(function, code, reached):
    return lambda case: rebuilt(case.backward, reached[case.backward], function, code)


def _corruptions(users, reached):
    """Make, for each gradient, a mutant whose smallest entries are a little too large."""
    arguments = {}
    for functions in reached.values():
        for function in [*filter(is_written_out, functions)][:1]:
            arguments[function] = {
                name: None  # a dict for its order
                for case in users[function]
                for name in differentiated(case)
                if case.inputs[name] is not None and name not in case.zero
            }
    after = f"its smallest {SMALLEST:.0%} are {WRONG_BY:.0%} too large"
    return [
        Mutant(
            name_of(function), "corrupt the smallest", f"the gradient of {name}", after, 0,
            tuple(case for case in users[function] if case.inputs.get(name) is not None),
            _corrupting(name),
        )
        for function, names in arguments.items()
        for name in names
    ]


def _corrupting(name):
    def of(case):
        place = differentiated(case).index(name)

        def backward(dout, cache):
            returned = case.backward(dout, cache)
            gradients = list(returned) if isinstance(returned, tuple | list) else [returned]
            gradients[place] = corrupted(gradients[place])
            return tuple(gradients)

        return backward

    return of


def corrupted(gradient):
    """Make the smallest entries of a gradient a little too large, zeros aside.

    Parameters
    ----------
    gradient : ndarray

    Returns
    -------
    ndarray, the same shape
    """
    size = np.abs(gradient)
    count = max(1, int(SMALLEST * np.count_nonzero(size)))
    order = np.argsort(np.where(size > 0, size, np.inf), axis=None, kind="stable")
    wrong = gradient.copy()
    wrong.flat[order[:count]] *= 1 + WRONG_BY
    return wrong
