"""What a check found, as values for a program, as a table for a reader, and as a picture."""

import textwrap
from dataclasses import dataclass

import numpy as np

from gradcheck.diagnosis import Cause

WIDTH = 96  # of the sentences under the table


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
    central_error, complex_error : float or None
        The largest error of all entries by each method; None where it was not used, or where the
        two gradients could not be compared.
    worst_index : tuple of int or None
        Where the larger of both is.
    problem : str
        What the errors do not say, such as a wrong shape; empty if there is nothing.
    cause : Cause or None
        Why it is wrong; None if it is right.
    is_vacuous : bool
        Whether both gradients are zero.
    """

    name: str
    analytic: np.ndarray | None
    numeric: np.ndarray
    tolerance: float
    central_error: float | None = None
    complex_error: float | None = None
    worst_index: tuple[int, ...] | None = None
    problem: str = ""
    cause: Cause | None = None
    is_vacuous: bool = False

    @property
    def max_error(self):
        """The larger error; infinite where the two gradients could not be compared."""
        return _largest([self.central_error, self.complex_error])

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
    problem_causes : tuple of Cause
        One for each problem.
    redrawn : int
        How often the inputs had to be moved, because the forward has a kink just there.
    """

    gradients: dict[str, Gradient]
    problems: tuple[str, ...] = ()
    problem_causes: tuple[Cause, ...] = ()
    redrawn: int = 0

    @property
    def ok(self):
        """Whether every gradient is right and nothing else is wrong."""
        return not self.problems and all(gradient.ok for gradient in self.gradients.values())

    @property
    def cause(self):
        """The first cause that concerns the pair as a whole; None if there is none."""
        return self.problem_causes[0] if self.problem_causes else None

    @property
    def causes(self):
        """All causes: those of the pair as a whole first, then one for each wrong gradient."""
        of_gradients = (gradient.cause for gradient in self.gradients.values())
        return [*self.problem_causes, *(cause for cause in of_gradients if cause is not None)]

    @property
    def max_error(self):
        """The largest error of all arguments; infinite if nothing could be compared."""
        return _largest([gradient.max_error for gradient in self.gradients.values()])

    @property
    def max_error_central(self):
        """The largest error by central differences; None where there is none."""
        return self._largest_of("central_error")

    @property
    def max_error_complex(self):
        """The largest error by the complex step; None where there is none."""
        return self._largest_of("complex_error")

    def _largest_of(self, name):
        errors = [getattr(gradient, name) for gradient in self.gradients.values()]
        errors = [error for error in errors if error is not None]
        return float(np.max(errors)) if errors else None

    def __str__(self):
        """Lay out a row for each argument, then what is wrong and why."""
        wrong = [gradient for gradient in self.gradients.values() if not gradient.ok]
        rows = [["argument", "shape", "central", "complex step", "verdict"]]
        if wrong:
            rows[0] += ["worst at", "yours", "expected", "ratio"]
        rows += [_row(gradient) for gradient in self.gradients.values()]
        lines = aligned(rows) if self.gradients else []
        for problem, cause in zip(self.problems, self.problem_causes, strict=True):
            lines += ["", problem, *_explained(cause)]
        for gradient in wrong:
            title = gradient.problem or "the gradient is wrong"
            lines += ["", f"{gradient.name}: {title}", *_explained(gradient.cause)]
        if self.redrawn:
            lines += ["", f"the inputs were moved {self.redrawn} time(s), away from a kink"]
        return "\n".join(lines).lstrip("\n")

    def plot(self, path=None):
        """Draw the error of every entry as a heat map, one for each argument.

        Parameters
        ----------
        path : str or Path, optional
            Where to save the picture.

        Returns
        -------
        figure : matplotlib.figure.Figure
        """
        from gradcheck.plot import plot_errors

        return plot_errors(self, path)


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
    errors = [
        "-" if error is None else f"{error:.1e}"
        for error in (gradient.central_error, gradient.complex_error)
    ]
    row = [gradient.name, str(gradient.numeric.shape), *errors, verdict]
    if gradient.ok or gradient.worst_index is None:
        return row
    ratio = "-" if gradient.ratio is None else f"{gradient.ratio:.4g}"
    index = ", ".join(map(str, gradient.worst_index))
    return [*row, f"[{index}]", f"{gradient.yours:.6g}", f"{gradient.expected:.6g}", ratio]


def _explained(cause):
    """Name a cause, and give its hint in lines of a readable width."""
    if cause is None:
        return []
    factor = "" if cause.factor is None else f" (factor {cause.factor:.4g})"
    hint = textwrap.wrap(cause.hint, WIDTH, initial_indent="  ", subsequent_indent="  ")
    return [f"  cause: {cause.kind}{factor}", *hint]


def _largest(errors):
    """Take the largest error, infinite if there is none."""
    known = [error for error in errors if error is not None]
    return float(np.max(known)) if known else np.inf  # the built-in max may drop a NaN
