"""`satt homework list`: the sets, and what one of them asks for."""

from satt.commands.output import print_table

NAME = "list"
SUMMARY = "list the sets, or the functions of one"
DESCRIPTION = """\
List the homework sets; with the name of one, or an INI file of your own, what it asks for."""
EXAMPLES = """\
examples:
  satt homework list                all sets
  satt homework list hw4            functions, files, points of homework 4
  satt homework list mine.ini       of a set of your own: is the file right?"""


def add_arguments(parser):
    """Add what `run` takes."""
    parser.add_argument("set", nargs="?", metavar="SET", help="such as hw4, or an INI file")


def run(options):
    """List."""
    from satt.homework.sets import load_set, set_names

    if getattr(options, "set", None) is None:
        rows = [("set", "title", "functions", "hours", "lessons")]
        for name in set_names():
            homework = load_set(name)
            lessons = ", ".join(map(str, homework.lessons))
            rows.append((name, homework.title, str(len(homework.functions)),
                         f"{homework.hours:g}", lessons))
        width = max(len(row[1]) for row in rows)
        print_table([(f"{name:4}  {title:{width}}", *rest) for name, title, *rest in rows])
        print("\none of them: satt homework list hw4; the folder: satt homework new hw4")
        return 0
    homework = load_set(options.set)
    print(f"{homework.name}: {homework.title}\n")
    rows = [("function", "points", "file", "level")]
    rows += [(f.name, f"{f.points:g}", f.file, f.level) for f in homework.functions]
    print_table([*rows, ("all", f"{homework.points:g}", "", "")])
    return 0
