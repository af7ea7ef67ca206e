"""What came of a check: a row and a text for people, objects for programs."""

import math
from dataclasses import dataclass, field
from pathlib import Path

OK, FAILED, COULD_NOT_RUN = 0, 1, 2
VERDICTS = {OK: "ok", FAILED: "FAILED", COULD_NOT_RUN: "could not run"}


@dataclass(frozen=True)
class Result:
    """What came of one check. It holds nothing that JSON cannot, so that processes can pass it on.

    Attributes
    ----------
    name : str
        The case's.
    outcome : int
        `OK`, `FAILED` or `COULD_NOT_RUN`; the worst of all is the command's exit code.
    arguments : list of str
    central, complex_step : float or None
        The largest error of each method; None where there is none, or none that is finite.
    seconds : float
    text : str
        The report of a check that failed, or in one line why it could not run; else empty.
    objects : list of dict
        What `--json` prints: one for each argument, and one for each other problem.
    """

    name: str
    outcome: int
    arguments: list[str] = field(default_factory=list)
    central: float | None = None
    complex_step: float | None = None
    seconds: float = 0.0
    text: str = ""
    objects: list[dict] = field(default_factory=list)


def from_report(case, report, seconds, doubts=()):
    """Make a result of what a check found.

    Parameters
    ----------
    case : Case
    report : Report
    seconds : float
    doubts : sequence of str, optional
        What else is wrong, and cannot be known from the pair alone; each fails the check.

    Returns
    -------
    Result
    """
    outcome = OK if report.ok and not doubts else FAILED
    known = {"verdict": VERDICTS[outcome], "seconds": round(seconds, 3)}
    objects = [_gradient_object(case.name, g, known) for g in report.gradients.values()]
    for problem, cause in zip(report.problems, report.problem_causes, strict=True):
        objects.append(_object(case.name, None, False, problem, cause, **known))
    objects += [_object(case.name, None, False, doubt, **known) for doubt in doubts]
    return Result(
        case.name,
        outcome,
        [*case.inputs],
        _finite(report.max_error_central),
        _finite(report.max_error_complex),
        seconds,
        "" if outcome == OK else "\n".join([*doubts, *([] if report.ok else [str(report)])]),
        objects,
    )


def could_not_run(name, why, arguments=(), seconds=0.0):
    """Make a result of a check that could not be made.

    Parameters
    ----------
    name : str
    why : str
        In one line.
    arguments : sequence of str, optional
    seconds : float, optional

    Returns
    -------
    Result
    """
    known = {"verdict": VERDICTS[COULD_NOT_RUN], "seconds": round(seconds, 3)}
    objects = [_object(name, None, False, why, **known)]
    return Result(name, COULD_NOT_RUN, [*arguments], None, None, seconds, why, objects)


def draw(report, name, folder):
    """Save the heat map of a report's errors.

    Parameters
    ----------
    report : Report
    name : str
        The case's: the file is called so.
    folder : str or Path
    """
    report.plot(Path(folder) / f"{name.replace('/', '-')}.png")


def one_line(error):
    """Write an exception in one line, whatever it is and however long.

    Parameters
    ----------
    error : BaseException

    Returns
    -------
    str
    """
    kind = type(error).__name__
    try:
        message = " ".join(str(error).split())
    except Exception:  # a class of somebody else's, whose text cannot be had
        message = ""
    message = message if len(message) <= 300 else message[:297] + "..."
    return f"{kind}: {message}" if message else kind


def _gradient_object(name, gradient, known):
    return _object(
        name,
        gradient.name,
        gradient.ok,
        gradient.problem,
        gradient.cause,
        central=_finite(gradient.central_error),
        complex=_finite(gradient.complex_error),
        worst_index=None if gradient.worst_index is None else [*gradient.worst_index],
        yours=_finite(gradient.yours),
        expected=_finite(gradient.expected),
        **known,
    )


def _object(name, argument, ok, problem="", cause=None, central=None, complex=None, **others):
    return {
        "name": name,
        "argument": argument,
        "central": central,
        "complex": complex,
        "ok": bool(ok),
        "cause": cause.kind if cause else None,
        "factor": _finite(cause.factor) if cause else None,
        "hint": cause.hint if cause else None,
        "evidence": (cause.evidence or None) if cause else None,
        "problem": problem or None,
        **others,
    }


def _finite(value):
    """Leave out what JSON has no word for: infinity and NaN."""
    return float(value) if value is not None and math.isfinite(value) else None
