"""The command `gradcheck`: every backward of satt against its forward, in one table."""

import argparse
import difflib
import json
import math
import os
import sys
import time

from gradcheck.cases.layers import layer_cases
from gradcheck.cases.models import model_cases
from gradcheck.check import check_case

DESCRIPTION = """\
Check every backward of satt's layers, and of the whole captioner, against the slopes of its
forward, in float64 and with a random gradient from above. Prints a row for each case; where a
check fails, also which gradient is wrong, at which entry, and what was expected there."""

EXAMPLES = """\
examples:
  gradcheck                  all layers, then the captioner
  gradcheck softmax          one layer, in all its variants
  gradcheck lstm-masked gru  one variant of a layer, and another layer
  gradcheck captioner        the whole captioner, in all its variants
  gradcheck --json           for programs: a list with one object for each case

exit code: 0 all right, 1 a check failed, 2 a check could not run, or no such case"""

OK, FAILED, COULD_NOT_RUN = 0, 1, 2
LONGEST_LIST = 60  # characters for the names of a case's arguments
VERDICTS = {OK: "ok", FAILED: "FAILED", COULD_NOT_RUN: "could not run"}
COLOURS = {OK: "32", FAILED: "31", COULD_NOT_RUN: "31"}


def main(arguments=None):
    """Run the command.

    Parameters
    ----------
    arguments : list of str, optional
        What follows the command's name; by default, what the process was called with.

    Returns
    -------
    code : int
        0 if everything asked for is right, 1 if a check failed, 2 if one could not run or is not
        known.
    """
    parser = argparse.ArgumentParser(
        prog="gradcheck",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="name", help="a layer or model, or a variant")
    parser.add_argument("--json", action="store_true", help="print JSON instead of the table")
    options = parser.parse_args(arguments)

    cases = all_cases()
    for name in options.names:
        if not any(_is_meant(name, case) for case in cases):
            print(_unknown(name, cases), file=sys.stderr)
            return COULD_NOT_RUN
    if options.names:
        cases = [case for case in cases if any(_is_meant(name, case) for name in options.names)]
    return _print_json(cases) if options.json else _print_table(cases)


def all_cases():
    """List the cases of all rooms, the quick ones first.

    Returns
    -------
    cases : list of Case
    """
    return [*layer_cases(), *model_cases()]


def _is_meant(name, case):
    """Tell whether a name is the case's, or that of the operation it is a variant of."""
    return case.name == name or case.name.startswith(name + "-")


def _unknown(name, cases):
    """Say that there is no such case, and which come close."""
    names = [case.name for case in cases]
    close = difflib.get_close_matches(name, names, n=5) or [n for n in names if name in n]
    hint = f"did you mean {', '.join(close)}?" if close else "`gradcheck` alone lists them all"
    return f"gradcheck: no case is called {name!r}; {hint}"


def _run(case):
    """Check a case: its outcome, the report (None if there is none), the fault, the seconds."""
    start = time.perf_counter()
    try:
        report, fault = check_case(case), ""
        outcome = OK if report.ok else FAILED
    except Exception as error:  # whatever a layer raises: the other cases still have to run
        report, fault, outcome = None, f"{type(error).__name__}: {error}", COULD_NOT_RUN
    return outcome, report, fault, time.perf_counter() - start


def _print_table(cases):
    """Print a row for each case as soon as it is done, then what is wrong; return the worst."""
    arguments = [_listed([*case.inputs]) for case in cases]
    wide = max(len(case.name) for case in cases), max(map(len, [*arguments, "arguments"]))
    print(f"{'case':{wide[0]}}  {'arguments':{wide[1]}}  worst error     time")
    results = []
    for case, names in zip(cases, arguments, strict=True):
        results.append(_run(case))
        outcome, report, _, seconds = results[-1]
        error = f"{report.max_error:.1e}" if report else "-"
        row = f"{case.name:{wide[0]}}  {names:{wide[1]}}  {error:>11}  {seconds:5.2f} s"
        print(f"{row}  {_coloured(outcome)}", flush=True)

    for case, (outcome, report, fault, _) in zip(cases, results, strict=True):
        if outcome != OK:
            print(f"\n{case.name}: {_coloured(outcome)}\n{report or fault}")
    right = sum(outcome == OK for outcome, *_ in results)
    print(f"\n{right} of {len(cases)} right, {sum(seconds for *_, seconds in results):.1f} s")
    return max(outcome for outcome, *_ in results)


def _listed(names):
    """Write names side by side; where there are too many, the first ones and how many more."""
    shown = len(names)
    while shown > 1 and len(", ".join(names[:shown])) > LONGEST_LIST:
        shown -= 1
    more = [f"{len(names) - shown} more"] if shown < len(names) else []
    return ", ".join([*names[:shown], *more])


def _print_json(cases):
    """Print a list with one object for each case; return the worst outcome."""
    results = [_run(case) for case in cases]
    objects = [
        {
            "name": case.name,
            "verdict": VERDICTS[outcome],
            "seconds": round(seconds, 3),
            "max_error": _number(report and report.max_error),
            "problems": [*report.problems] if report else [fault],
            "gradients": [_as_object(g) for g in report.gradients.values()] if report else [],
        }
        for case, (outcome, report, fault, seconds) in zip(cases, results, strict=True)
    ]
    print(json.dumps(objects, indent=2))
    return max(outcome for outcome, *_ in results)


def _as_object(gradient):
    return {
        "name": gradient.name,
        "ok": gradient.ok,
        "max_error": _number(gradient.max_error),
        "worst_index": gradient.worst_index,
        "yours": _number(gradient.yours),
        "expected": _number(gradient.expected),
        "problem": gradient.problem,
    }


def _number(value):
    """Leave out what JSON has no word for: infinity and NaN."""
    return value if value is not None and math.isfinite(value) else None


def _coloured(outcome):
    """Colour a verdict, if it is read on a terminal that has not declined colours."""
    if sys.stdout.isatty() and not os.environ.get("NO_COLOR"):
        return f"\033[{COLOURS[outcome]}m{VERDICTS[outcome]}\033[0m"
    return VERDICTS[outcome]


if __name__ == "__main__":
    sys.exit(main())
