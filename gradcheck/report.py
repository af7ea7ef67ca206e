"""What a check found, as values for a program and as a table for a reader."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Gradient:
    """What was found about one argument.

    Attributes
    ----------
    name : str
    analytic : ndarray or None
        What the backward returned.
    numeric : ndarray
        What the forward says, of the argument's shape; NaN at entries that were not sampled.
    tolerance : float
    max_error : float
        The largest error of all entries; infinite where the two could not be compared.
    worst_index : tuple of int or None
        Where that error is.
    problem : str
        What the error does not say, such as a wrong shape; empty if there is nothing.
    """

    name: str
    analytic: np.ndarray | None
    numeric: np.ndarray
    tolerance: float
    max_error: float = np.inf
    worst_index: tuple[int, ...] | None = None
    problem: str = ""

    @property
    def ok(self):
        """Whether the two gradients agree and the comparison shows something."""
        return not self.problem and bool(self.max_error <= self.tolerance)

    @property
    def yours(self):
        """The backward's value at the worst entry, None where nothing could be compared."""
        return None if self.worst_index is None else float(self.analytic[self.worst_index])

    @property
    def expected(self):
        """The forward's slope at the worst entry, None where nothing could be compared."""
        return None if self.worst_index is None else float(self.numeric[self.worst_index])

    @property
    def ratio(self):
        """Yours over expected at the worst entry; None where that means nothing."""
        return self.yours / self.expected if self.expected else None


@dataclass(frozen=True)
class Report:
    """What a check found.

    Attributes
    ----------
    gradients : dict from str to Gradient
        One for each argument that is differentiated, in the order of the arguments; empty if the
        check had to stop before it could compare any.
    problems : tuple of str
        What is wrong with the pair of functions as a whole.
    """

    gradients: dict[str, Gradient]
    problems: tuple[str, ...] = ()

    @property
    def ok(self):
        """Whether every gradient is right and nothing else is wrong."""
        return not self.problems and all(gradient.ok for gradient in self.gradients.values())

    @property
    def max_error(self):
        """The largest error of all arguments; infinite if nothing could be compared."""
        if not self.gradients:
            return np.inf
        # np.max, as the built-in max may drop a NaN.
        return float(np.max([gradient.max_error for gradient in self.gradients.values()]))

    def __str__(self):
        """Lay out a row for each argument, then a line for each problem."""
        rows = [["argument", "shape", "max error", "verdict"]]
        if not all(gradient.ok for gradient in self.gradients.values()):
            rows[0] += ["worst at", "yours", "expected", "ratio"]
        rows += [_row(gradient) for gradient in self.gradients.values()]
        lines = aligned(rows) if self.gradients else []
        lines += [f"{g.name}: {g.problem}" for g in self.gradients.values() if g.problem]
        return "\n".join([*lines, *self.problems])


def aligned(rows):
    """Pad the cells of a table so that its columns stand below each other.

    Parameters
    ----------
    rows : list of list of str
        A row may be shorter than the others.

    Returns
    -------
    lines : list of str
    """
    widths = [0] * max(map(len, rows))
    for row in rows:
        for column, cell in enumerate(row):
            widths[column] = max(widths[column], len(cell))
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip()
        for row in rows
    ]


def _row(gradient):
    verdict = "ok" if gradient.ok else "FAILED"
    row = [gradient.name, str(gradient.numeric.shape), f"{gradient.max_error:.1e}", verdict]
    if gradient.ok or gradient.worst_index is None:
        return row
    ratio = "-" if gradient.ratio is None else f"{gradient.ratio:.4g}"
    index = ", ".join(map(str, gradient.worst_index))
    return [*row, f"[{index}]", f"{gradient.yours:.6g}", f"{gradient.expected:.6g}", ratio]
