"""What a function is tried on: a pair's inputs, or the arguments of a single function."""

from collections.abc import Callable
from dataclasses import dataclass, field

from gradcheck.case import Case


@dataclass(frozen=True)
class PairCase:
    """Inputs for a forward and its backward.

    Attributes
    ----------
    case : Case
        With the reference's pair. All inputs stand side by side in it.
    about : str
        What is special, as "one image"; said to the student where it goes wrong.
    is_hidden : bool
        Whether only the grader uses it.
    arrange : callable or None
        From the inputs by name to the positional arguments; None where they are the same.
    sort : callable or None
        From what a backward returned to gradients by name, or raises ValueError; None where they
        come in the order of the inputs.
    """

    case: Case
    about: str
    is_hidden: bool = False
    arrange: Callable | None = None
    sort: Callable | None = None

    @property
    def receivers(self):
        """The inputs that get a gradient, in order; None for one that is None."""
        return [
            name for name, value in self.case.inputs.items()
            if value is None or value.dtype.kind == "f"
        ]


@dataclass(frozen=True)
class CallCase:
    """Arguments for a function that is no layer.

    Attributes
    ----------
    name : str
        The function's.
    reference : callable
    arguments : tuple
        Numbers, texts, arrays, nests of these, and `Made` functions.
    about : str
    options : dict
    is_hidden : bool
    words : str
        What is likely wrong if only this case fails; empty if that cannot be told.
    slips : tuple of (str, callable)
        What else one may have computed, each in words and as a function of the same arguments.
    tolerance : float
        The largest relative error that passes.
    rounding : float
        A difference that passes whatever its size, where the result itself is rounding.
    """

    name: str
    reference: Callable
    arguments: tuple
    about: str
    options: dict = field(default_factory=dict)
    is_hidden: bool = False
    words: str = ""
    slips: tuple = ()
    tolerance: float = 1e-6
    rounding: float = 0.0
