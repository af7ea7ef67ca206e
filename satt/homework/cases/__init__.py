"""What every function of a homework is tried on: shown cases for `check`, hidden ones for `grade`.

    case               what a case is
    layers             the layers of satt
    gradient_check     the functions of a gradient check
    captioner          the captioner, its training step, beam search, BLEU
"""

import functools

from satt.errors import SattError
from satt.homework.cases.captioner import (
    adam_cases,
    beam_cases,
    bleu_cases,
    captioner_cases,
    speaking_cases,
)
from satt.homework.cases.gradient_check import gradient_check_cases
from satt.homework.cases.layers import pair_cases

HALVES = ("_forward", "_backward")


@functools.cache
def cases_of(name):
    """List the cases of what a homework asks for.

    Parameters
    ----------
    name : str
        A pair's, as "alignment"; or a function's that is no half of a pair, as "adam_step".

    Returns
    -------
    cases : tuple of PairCase or of CallCase
        The shown ones first.

    Raises
    ------
    SattError
        If there are none.
    """
    if name == "captioner":
        return tuple(captioner_cases())
    single = [
        *gradient_check_cases(), *speaking_cases(), *adam_cases(), *beam_cases(), *bleu_cases(),
    ]
    found = [case for case in single if case.name == name] or pair_cases(name)
    if not found:
        raise SattError(f"{name}: there are no cases to grade it by; leave it out of the set")
    return tuple(sorted(found, key=lambda case: case.is_hidden))


def stem(function):
    """Name the pair that a function is half of; others are called as they are.

    Parameters
    ----------
    function : str
        As "alignment_backward".

    Returns
    -------
    name : str
    """
    for half in HALVES:
        function = function.removesuffix(half)
    return function
