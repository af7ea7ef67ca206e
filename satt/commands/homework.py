"""`satt homework`: folders to hand out, and what becomes of them."""

import argparse

from satt.commands import (
    homework_check,
    homework_grade,
    homework_gradescope,
    homework_list,
    homework_new,
    homework_teacher,
)

NAME = "homework"
SUMMARY = "hand out homework, check it, grade it"
DESCRIPTION = """\
Homework made of satt's own source: the functions of a lesson with their signatures, docstrings and
derivations, and hints where the bodies were. A folder that is handed out needs no satt; only
`check` does."""
EXAMPLES = """\
examples:
  satt homework                          the sets: what each asks for, and how long it takes
  satt homework new hw3 --out hw3/       the folder to hand out
  satt homework check                    in that folder: what is right, what is wrong, and why
  satt homework grade submissions/ --set hw3 --out marks/
                                         marks with reasons, and what to go over
  satt homework gradescope hw3           the same as an autograder for Gradescope
  satt homework teacher hw3              for the teacher only: what it trains, usual mistakes
each action has a --help of its own, with examples: satt homework new --help"""
ACTIONS = (
    homework_list, homework_new, homework_check, homework_teacher, homework_grade,
    homework_gradescope,
)


def add_arguments(parser):
    """Add what `run` takes: an action, each with arguments of its own."""
    looks = {"formatter_class": argparse.RawDescriptionHelpFormatter, "allow_abbrev": False}
    parsers = parser.add_subparsers(dest="action", metavar="ACTION", title="actions")
    parser.set_defaults(act=homework_list.run)
    for action in ACTIONS:
        sub_parser = parsers.add_parser(
            action.NAME, help=action.SUMMARY, description=action.DESCRIPTION,
            epilog=action.EXAMPLES, **looks,
        )
        action.add_arguments(sub_parser)
        sub_parser.set_defaults(act=action.run)


def run(options):
    """Do what was asked for; without an action, list the sets."""
    return options.act(options)
