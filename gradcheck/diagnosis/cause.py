"""What a diagnosis says: a stable kind, a sentence that helps, and the evidence for it."""

from dataclasses import dataclass

KINDS = (
    "scale",
    "sign",
    "transposed",
    "zero",
    "missing-sum",
    "shape",
    "ignores-upstream",
    "missing-path",
    "last-step-only",
    "first-step-only",
    "permuted",
    "overwrites-repeats",
    "border",
    "padding-leak",
    "missing-activation-gradient",
    "mutates",
    "not-repeatable",
    "dtype",
    "nan",
    "forward-inconsistent",
    "vacuous",
    "unknown",
)


@dataclass(frozen=True)
class Cause:
    """The likeliest explanation of a wrong gradient.

    Parameters
    ----------
    kind : str
        One of `KINDS`; these strings are stable and may be tested for.
    hint : str
        One or two sentences: the argument, what its gradient looks like, where to look.
    factor : float, optional
        Where the explanation is a constant factor: yours = factor * expected.
    evidence : str
        What was measured, e.g. "agrees with -1 times the expected in all 24 entries".

    Raises
    ------
    ValueError
        For a kind that is not in `KINDS`.
    """

    kind: str
    hint: str
    factor: float | None = None
    evidence: str = ""

    def __post_init__(self):
        if self.kind not in KINDS:
            raise ValueError(f"kind is {self.kind!r}, but must be one of {', '.join(KINDS)}")
