"""`gradcheck NAME...`: the cases of satt's layers, kernels and models."""

import difflib
import time

from gradcheck.cases.grid_nets import grid_net_cases
from gradcheck.cases.kernels import kernel_cases
from gradcheck.cases.layers import layer_cases
from gradcheck.cases.models import model_cases
from gradcheck.check import check_case
from gradcheck.commands.results import could_not_run, draw, from_report, one_line


def all_cases():
    """List the cases of all rooms, the quick ones first.

    Returns
    -------
    cases : list of Case
    """
    return [*layer_cases(), *grid_net_cases(), *kernel_cases(), *model_cases()]


def is_meant(name, case):
    """Tell whether a name is the case's, or that of the operation it is a variant of.

    Parameters
    ----------
    name : str
    case : Case

    Returns
    -------
    bool
    """
    return case.name == name or case.name.startswith(name + "-")


def unknown(name, cases):
    """Say that there is no such case, and which come close.

    Parameters
    ----------
    name : str
    cases : list of Case

    Returns
    -------
    str
    """
    names = [case.name for case in cases]
    known = [*names, "mutate", "mistakes"]
    close = difflib.get_close_matches(name, known, n=5) or [n for n in names if name in n]
    hint = f"did you mean {', '.join(close)}?" if close else "`gradcheck` alone lists them all"
    return f"no case is called {name!r}; {hint}"


def run(cases, method="both", plot=None):
    """Check cases one after the other.

    Parameters
    ----------
    cases : list of Case
    method : str, optional
        As for `check`.
    plot : str, optional
        The folder for the heat maps of what failed.

    Yields
    ------
    Result
    """
    for case in cases:
        start = time.perf_counter()
        try:
            report = check_case(case, method=method)
            result = from_report(case, report, time.perf_counter() - start)
            if plot and not report.ok:
                draw(report, case.name, plot)
        except Exception as error:  # whatever a layer raises: the other cases still have to run
            seconds = time.perf_counter() - start
            result = could_not_run(case.name, one_line(error), case.inputs, seconds)
        yield result
