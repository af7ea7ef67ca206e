"""`satt homework teacher`: what the teacher of a set should know."""

NAME = "teacher"
SUMMARY = "what the teacher of a set should know"
DESCRIPTION = """\
Print, in Markdown, what a set trains, which mistakes are usual and what to say to them, how to set
points and levels, and how to grade. None of it is in the folder that students get.

With --ini, print the set's INI file instead: functions, points, hints, levels. Change a copy of it
as you like, and give `satt homework new` its path."""
EXAMPLES = """\
examples:
  satt homework teacher hw3                      read it here
  satt homework teacher hw3 > hw3-teacher.md     or keep it
  satt homework teacher hw4 --ini > mine.ini     begin a set of your own"""


def add_arguments(parser):
    """Add what `run` takes."""
    parser.add_argument("set", metavar="SET", help="such as hw3, or an INI file of your own")
    parser.add_argument("--ini", action="store_true", help="print the INI file, to be changed")


def run(options):
    """Print it."""
    from satt.homework.folder import set_ini, teacher_text
    from satt.homework.sets import load_set

    homework = load_set(options.set)
    print((set_ini if options.ini else teacher_text)(homework), end="")
    return 0
