"""`satt homework check`: what is right in a student's folder, what is wrong, and likely why."""

import json
from pathlib import Path

from satt.commands.arguments import SECONDS
from satt.errors import SattError

NAME = "check"
SUMMARY = "check a folder: right or wrong, gradient by gradient, and why"
DESCRIPTION = """\
Check the functions in a folder that `satt homework new` made: each output and each gradient, right
or wrong, with the likely reason in words. Functions that are not written yet are passed over, so
check as often as you like. Your code runs in a process of its own, and is ended when it takes too
long; it may not import satt.

The grader tries the same cases and others: other shapes, one image, no padding, a word twice."""
EXAMPLES = """\
examples:
  satt homework check                   the current folder
  satt homework check hw4               another one
  satt homework check hw4 --only alignment_backward
                                        one function
  satt homework check --json            the same for programs

exit code: 0 all right, 1 something is wrong or not written yet, 2 it could not be checked"""

INI = "homework.ini"
RIGHT, NOT_YET = 0, 1


def add_arguments(parser):
    """Add what `run` takes."""
    parser.add_argument("folder", nargs="?", default=".", metavar="FOLDER",
                        help="with your files (default: the current folder)")
    parser.add_argument("--set", metavar="SET", dest="set_name",
                        help=f"which homework it is (default: what {INI} in it says)")
    parser.add_argument("--only", metavar="FUNCTION", action="append",
                        help="check this function alone; may be given several times")
    parser.add_argument("--time-limit", type=SECONDS, default=10.0, metavar="SECONDS",
                        help="for each function (default: 10)")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options):
    """Check a folder, and print what is found."""
    from satt.homework.grade import grade
    from satt.homework.process import Limits
    from satt.homework.reports.student import as_json, student_lines

    folder = Path(options.folder)
    if not folder.is_dir():
        raise SattError(f"FOLDER: there is no folder {folder}; give the one with your files")
    homework = _set_of(folder, options.set_name)
    only = _known(homework, options.only)
    limits = Limits(options.time_limit, max(60.0, 6 * options.time_limit))
    result = grade(folder, homework, limits, with_hidden=False, keep_output=not options.json,
                   only=only)
    if result.problem:
        raise SattError(result.problem)
    if options.json:
        print(json.dumps(as_json(result), indent=2))
    else:
        print("\n".join(student_lines(result)))
    return RIGHT if result.ok else NOT_YET


def _set_of(folder, set_name):
    from satt.homework.sets import load_set

    if set_name is not None:
        return load_set(set_name)
    if not (folder / INI).is_file():
        raise SattError(
            f"FOLDER: there is no {INI} in {folder.resolve()}, which says what is asked for; "
            "go to the folder that you were given, or name the homework with --set hw4"
        )
    return load_set(folder / INI)


def _known(homework, names):
    """See that functions that are asked for are there."""
    known = [function.name for function in homework.functions]
    for name in names or ():
        if name not in known:
            raise SattError(f"--only: there is no {name!r}; choose of {', '.join(known)}")
    return names
