"""The table of results on a terminal or in a file: rows, colours, and what is wrong below."""

import os
import sys

from gradcheck.commands.results import COULD_NOT_RUN, FAILED, OK, VERDICTS

LONGEST_LIST = 48  # characters for the names of a case's arguments
GREEN, RED, YELLOW, BOLD, FAINT = "32", "31", "33", "1", "2"
COLOURS = {OK: GREEN, FAILED: RED, COULD_NOT_RUN: YELLOW}


class Table:
    """Prints a row for each result as soon as it is there.

    Parameters
    ----------
    names : list of str
        Of all cases to come, for the width of their column.
    arguments : list of list of str
        The arguments of all cases to come, for the same reason.
    """

    def __init__(self, names, arguments):
        self._name = max(map(len, ["case", *names]))
        self._arguments = max(map(len, ["arguments", *map(listed, arguments)]))
        self._has_header = False
        self._last_reason = ""

    def add(self, result):
        """Print the row of a result.

        Parameters
        ----------
        result : Result
        """
        if result.outcome == COULD_NOT_RUN:
            verdict = coloured(f"{VERDICTS[COULD_NOT_RUN]}:", YELLOW)
            said = "for the same reason" if result.text == self._last_reason else result.text
            self._last_reason = result.text
            print(f"{result.name:{self._name}}  {verdict} {said}", flush=True)
            return
        if not self._has_header:
            self._has_header = True
            header = f"{'case':{self._name}}  {'arguments':{self._arguments}}"
            print(coloured(f"{header}  central  complex step     time", BOLD))
        row = f"{result.name:{self._name}}  {listed(result.arguments):{self._arguments}}"
        row += f"  {_error(result.central):>7}  {_error(result.complex_step):>12}"
        print(f"{row}  {result.seconds:5.2f} s  {_verdict(result)}", flush=True)


def print_details(results):
    """Print what is wrong with each check that failed, then how many are right.

    Parameters
    ----------
    results : list of Result
    """
    told = set()
    for result in results:
        if result.outcome == FAILED:
            what = _what_is_wrong(result)
            text = " in the same way" if what in told else f"\n{result.text}"
            print(f"\n{coloured(result.name + ':', BOLD)} {_verdict(result)}{text}")
            told.add(what)
    right = sum(result.outcome == OK for result in results)
    seconds = sum(result.seconds for result in results)
    print(f"\n{right} of {len(results)} right, {seconds:.1f} s")


def listed(names):
    """Write names side by side; where there are too many, the first ones and how many more.

    Parameters
    ----------
    names : list of str

    Returns
    -------
    str
    """
    shown = len(names)
    while shown > 1 and len(", ".join(names[:shown])) > LONGEST_LIST:
        shown -= 1
    more = [f"{len(names) - shown} more"] if shown < len(names) else []
    return ", ".join([*names[:shown], *more])


def coloured(text, colour):
    """Colour a text, if it is read on a terminal that has not declined colours.

    Parameters
    ----------
    text : str
    colour : str
        The number of an ANSI sequence.

    Returns
    -------
    str
    """
    declined = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    if not sys.stdout.isatty() or declined:
        return text
    return f"\033[{colour}m{text}\033[0m"


def _what_is_wrong(result):
    """Sum up a failure, but for the numbers: variants of a layer often fail in the same way."""
    wrong = [thing for thing in result.objects if not thing["ok"]]
    operation = result.name.split("-")[0]
    return operation, *((t["argument"], t["cause"], t["factor"], t["problem"]) for t in wrong)


def _verdict(result):
    return coloured(VERDICTS[result.outcome], COLOURS[result.outcome])


def _error(value):
    return "-" if value is None else f"{value:.1e}"
