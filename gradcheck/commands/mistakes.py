"""`gradcheck mistakes`: what students get wrong, and who notices it."""

import json

from gradcheck.commands.results import FAILED, OK
from gradcheck.commands.table import FAINT, GREEN, RED, YELLOW, coloured

DESCRIPTION = """\
Check a collection of backward passes with the mistakes that students make. For each one: what the
diagnosis says, and whether the check that courses usually teach misses it (central differences
with an upstream of ones, parameters only, one relative error below 1e-4 for a whole tensor)."""

EXAMPLES = """\
examples:
  gradcheck mistakes           a row for each mistake, and the totals
  gradcheck mistakes --json    for programs: one object with the totals and a list

exit code: 0 every mistake is caught, 1 one is not, 2 it could not run, 130 interrupted"""


def add_arguments(parser):
    """Add the arguments of the subcommand: it has none of its own.

    Parameters
    ----------
    parser : argparse.ArgumentParser
    """


def run(options):
    """Run the subcommand.

    Parameters
    ----------
    options : argparse.Namespace

    Returns
    -------
    code : int
    """
    from gradcheck.cases.mistakes import mistakes
    from gradcheck.textbook import misses

    collected = mistakes()
    widths = [max(len(getattr(m, name)) for m in collected) for name in ("name", "kind")]
    if not options.json:
        print(f"{'mistake':{widths[0]}}  {'diagnosis':{widths[1]}}  usual check  what is wrong")
    objects = []
    for mistake in collected:
        objects.append(_judge(mistake, bool(misses([mistake]))))
        if not options.json:
            print(_row(objects[-1], widths), flush=True)

    totals = {
        "mistakes": len(objects),
        "caught": sum(found["caught"] for found in objects),
        "diagnosed": sum(found["cause"] == found["kind"] for found in objects),
        "missed_by_textbook": sum(found["missed_by_textbook"] for found in objects),
    }
    if options.json:
        print(json.dumps(totals | {"list": objects}, indent=2))
    else:
        print(
            f"\n{totals['mistakes']} mistakes: {totals['caught']} caught, "
            f"{totals['diagnosed']} of them with the right diagnosis; "
            f"the usual check misses {totals['missed_by_textbook']}"
        )
    return OK if totals["caught"] == totals["mistakes"] else FAILED


def _judge(mistake, is_missed):
    """Check a mistake: is it caught, and what is said to be its cause?"""
    from gradcheck.check import check_case

    report = check_case(mistake.case)
    cause = report.causes[0] if report.causes else None
    return {
        "name": mistake.name,
        "layer": mistake.layer,
        "about": mistake.about,
        "caught": not report.ok,
        "kind": mistake.kind,
        "cause": cause.kind if cause else None,
        "factor": cause.factor if cause else None,
        "hint": cause.hint if cause else None,
        "missed_by_textbook": is_missed,
    }


def _row(found, widths):
    said = (found["cause"] or "-") if found["caught"] else "not caught"
    is_right = found["caught"] and found["cause"] == found["kind"]
    colour = GREEN if is_right else YELLOW if found["caught"] else RED
    usual = "misses it" if found["missed_by_textbook"] else "sees it"
    more = "" if is_right else f" (it is {found['kind']})"
    said = coloured(said.ljust(widths[1]), colour)
    about = coloured(found["about"], FAINT) + more
    return f"{found['name']:{widths[0]}}  {said}  {usual:11}  {about}"
