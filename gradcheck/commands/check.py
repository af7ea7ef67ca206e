"""`gradcheck NAME... FILE...`: cases of satt's layers and models, and files of students."""

import argparse
import contextlib
import difflib
import json
import os
import sys
from pathlib import Path

from gradcheck.commands.results import COULD_NOT_RUN, OK

DESCRIPTION = """\
Check backward passes that were written by hand against the slopes of their forward: every input
and parameter, in float64, with a random gradient from above, by central differences and by the
complex step. What fails is diagnosed: which gradient, at which entry, and what is likely wrong."""

EXAMPLES = """\
examples:
  gradcheck                  all layers of satt, then the whole captioner
  gradcheck lstm             one layer, in all its variants
  gradcheck lstm-masked gru  one variant of a layer, and another layer
  gradcheck mine.py          every pair NAME_forward and NAME_backward of your own file
  gradcheck --json mine.py   the same for programs: one object for each case and argument
  gradcheck mistakes         what it says to mistakes that students make
  gradcheck mutate           break every backward of satt in many ways: is each one noticed?

your own file:
  A layer of satt, with the arguments that satt gives it, is checked on satt's own cases, and its
  forward against satt's:

      def relu_forward(x):
          return np.maximum(x, 0), x

      def relu_backward(dout, cache):
          return dout * (cache > 0)

  For any other pair, add a function that returns inputs to check it on, small and with another
  size for each axis: a dict in the order of the forward's arguments, or a pair (inputs, options):

      def example_gain():
          random = np.random.default_rng(0)
          return {"x": random.normal(size=(2, 3)), "gain": random.normal(size=3)}

  Arrays of floats are differentiated; words, masks and options are passed on as they are. The
  file runs in a process of its own: an endless loop there ends after --time-limit.

how to read the table:
  central       the largest error of an entry by central differences; below 1e-6 is right
  complex step  the same by the complex step, which is exact to rounding. Code must let complex
                numbers through: np.zeros_like(x) or dtype=x.dtype for a buffer, x.real in a
                comparison, no np.abs or np.std. Where it cannot: --method central

exit code: 0 all right, 1 a check failed, 2 a check could not run, or no such case, 130 interrupted
"""


def add_arguments(parser):
    """Add the arguments of the command.

    Parameters
    ----------
    parser : argparse.ArgumentParser
    """
    parser.add_argument(
        "names", nargs="*", metavar="NAME",
        help="a layer or model of satt, a variant of one, or the path of a Python file",
    )
    parser.add_argument(
        "--method", choices=["both", "central", "complex"], default="both",
        help="how slopes are taken (default: both)",
    )
    parser.add_argument(
        "--time-limit", type=_seconds, default=20.0, metavar="SECONDS",
        help="for each check of a file of yours (default: 20)",
    )
    parser.add_argument(
        "--plot", metavar="FOLDER", help="save a heat map of the errors of each case that fails"
    )


def run(options):
    """Run the command.

    Parameters
    ----------
    options : argparse.Namespace

    Returns
    -------
    code : int
    """
    # Late, so that help needs none of it.
    from gradcheck.commands import layers

    cases, files = layers.all_cases(), []
    for name in options.names:
        if any(layers.is_meant(name, case) for case in cases):
            continue
        if not _is_path(name):
            return _refuse(layers.unknown(name, cases))
        if not Path(name).is_file():
            return _refuse(_no_file(name))
        files.append(name)
    if options.names:
        wanted = options.names
        cases = [case for case in cases if any(layers.is_meant(name, case) for name in wanted)]
    if options.plot is not None:
        try:
            os.makedirs(options.plot, exist_ok=True)
        except OSError as error:
            why = f"{options.plot!r} cannot be a folder: {error.strerror}"
            return _refuse(f"--plot: {why}; choose another one")
    return _check(cases, files, options)


def _refuse(message):
    print(f"gradcheck: {' '.join(message.split())}", file=sys.stderr)
    return COULD_NOT_RUN


def _check(cases, files, options):
    """Check cases and files, print as they finish, and return the worst outcome."""
    from gradcheck.commands import layers, process
    from gradcheck.commands.table import Table, print_details

    notes_to = sys.stderr if options.json else sys.stdout
    results = []

    def take(result, table):
        results.append(result)
        if not options.json:
            table.add(result)

    table = Table([case.name for case in cases], [[*case.inputs] for case in cases])
    for result in layers.run(cases, options.method, options.plot):
        take(result, table)
    for path in files:
        table, notes = None, []
        events = process.run_file(path, options.time_limit, options.method, options.plot)
        with contextlib.closing(events):  # and the process with it, whatever ends this loop
            for event, *values in events:
                if event == "columns":
                    table = table or Table(*values)
                elif event == "result":
                    take(*values, table or Table([Path(path).name], []))
                else:
                    notes.extend(values)
        for note in dict.fromkeys(notes):
            print(f"note: {note}", file=notes_to)
    objects = [item for result in results for item in result.objects]
    if options.method == "both" and any("complex-safe" in (o["problem"] or "") for o in objects):
        advice = "`--method central` checks code that no complex number gets through"
        print(f"note: {advice}", file=notes_to)
    if options.json:
        print(json.dumps(objects, indent=2))
    else:
        print_details(results)
    return max((result.outcome for result in results), default=OK)


def _seconds(text):
    """Read a number of seconds for argparse."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 86400:
        raise argparse.ArgumentTypeError(
            f"expected seconds above 0, up to 86400, got {text!r:.60}"
        )
    return value


def _is_path(name):
    """Tell whether a word that is no case's name can only be meant as a path."""
    separators = [separator for separator in (os.sep, os.altsep) if separator]
    is_python = name.lower().endswith(".py")
    return is_python or any(s in name for s in separators) or Path(name).exists()


def _no_file(name):
    """Say that there is no such file, and which comes close."""
    path = Path(name)
    if not name:
        return "NAME: expected a case or a Python file, got ''; `gradcheck` alone checks all cases"
    if path.is_dir():
        return f"{name} is a folder; name a Python file in it"
    others = [other.name for other in path.parent.glob("*.py")] if path.parent.is_dir() else []
    close = difflib.get_close_matches(path.name, others, n=3)
    hint = f"did you mean {', '.join(close)}?" if close else "correct the path"
    return f"{name}: there is no such file; {hint}"
