"""`gradcheck mutate`: is every way of breaking a backward noticed?"""

import argparse
import json
import sys

from gradcheck.commands.results import COULD_NOT_RUN, FAILED, OK
from gradcheck.commands.table import GREEN, RED, coloured

# More mutants than this that no check can tell from the original would be an excuse.
MOST_EQUIVALENT = 0.03

DESCRIPTION = """\
Make mutants of every backward pass of satt: drop a term, flip a sign, forget a sum, a transpose,
a mask, change a constant, corrupt the smallest entries. Then check each one. A mutant that passes
is a survivor, unless it computes the same as the original: those are listed with a proof in the
package, and are computed anew here."""

EXAMPLES = """\
examples:
  gradcheck mutate                  all mutants: some minutes
  gradcheck mutate --sample 50      50 of them, drawn at random
  gradcheck mutate --sample 50 --seed 7
  gradcheck mutate --json           for programs: one object with mutants, caught, equivalent
                                    and survivors

exit code: 0 all are caught but for the equivalent, which are at most 3 %; 1 otherwise; 2 it could
not run; 130 interrupted"""


def add_arguments(parser):
    """Add the arguments of the subcommand.

    Parameters
    ----------
    parser : argparse.ArgumentParser
    """
    parser.add_argument(
        "--sample", type=_whole_number(1), metavar="N", help="only N of them (default: all)"
    )
    parser.add_argument(
        "--seed", type=_whole_number(0), default=0, metavar="N",
        help="of the sample and inputs (default: 0)",
    )


def run(options):
    """Run the subcommand.

    Parameters
    ----------
    options : argparse.Namespace

    Returns
    -------
    code : int
    """
    from gradcheck import mutate

    progress = not options.json or sys.stderr.isatty()
    try:
        outcome = mutate.run(seed=options.seed, sample=options.sample, progress=progress)
    except ValueError as error:  # a case fails as it is: its mutants would show nothing
        print(f"gradcheck: {error}", file=sys.stderr)
        return COULD_NOT_RUN
    few = outcome.equivalent <= MOST_EQUIVALENT * outcome.mutants or options.sample is not None
    right = few and not outcome.survivors
    if options.json:
        names = ("mutants", "caught", "equivalent")
        counts = {name: getattr(outcome, name) for name in names}
        print(json.dumps(counts | {"survivors": [*outcome.survivors]}, indent=2))
        return OK if right else FAILED
    wide = max(map(len, ["backward", *outcome.functions]))
    print(f"{'backward':{wide}}  mutants  caught  equivalent")
    for name, count in outcome.functions.items():
        print(f"{name:{wide}}  {count.mutants:7}  {count.caught:6}  {count.equivalent:10}")
    for survivor in outcome.survivors:
        print(f"{coloured('survivor', RED)}  {survivor}")
    counted = f"{outcome.mutants} mutants: {outcome.caught} caught, "
    counted += f"{outcome.equivalent} equivalent"
    survived = f"{len(outcome.survivors)} survived"
    print(f"\n{counted}, {coloured(survived, GREEN if right else RED)}")
    if not few:
        print(f"more than {MOST_EQUIVALENT:.0%} of the mutants are taken for equivalent")
    return OK if right else FAILED


def _whole_number(lowest):
    """Make a type for argparse: an int from `lowest` on."""

    def convert(text):
        try:
            value = int(text)
        except ValueError:
            value = None
        if value is None or value < lowest:
            raise argparse.ArgumentTypeError(
                f"expected a whole number from {lowest} on, got {text!r:.60}"
            )
        return value

    return convert
