"""`satt homework new`: the folder to hand out."""

from pathlib import Path

from satt.commands.arguments import SEED
from satt.commands.output import prepare_folder
from satt.errors import SattError

NAME = "new"
SUMMARY = "make a folder to hand out"
DESCRIPTION = """\
Make the folder that students get: files with gaps, cut out of satt as it is installed; given/ with
code and data that help; README.md, which says what to do and how it is marked; figure.py, which
draws what their finished code makes; homework.ini, by which `satt homework check` knows the set.

Nothing in it needs satt, and nothing in it gives an answer of this set away. But later sets give
what earlier ones ask for: hand out hw4 when hw3 has been handed in."""
EXAMPLES = """\
examples:
  satt homework new hw3                           the folder hw3/
  satt homework new hw4 --out group-7 --seed 7    scenes of their own for each group
  satt homework new hw1 --level hard              without the derivations
  satt homework new mine.ini --out week-5         a set of your own; to begin one:
  satt homework teacher hw4 --ini > mine.ini      a copy of hw4's, to change as you like"""


def add_arguments(parser):
    """Add what `run` takes."""
    parser.add_argument("set", metavar="SET", help="such as hw3, or an INI file of your own")
    parser.add_argument("--out", metavar="FOLDER", help="where to (default: the set's name)")
    parser.add_argument("--seed", type=SEED, default=0, metavar="N",
                        help="another seed, other scenes (default: %(default)s)")
    parser.add_argument("--level", choices=("normal", "hard"),
                        help="for all functions; hard leaves the derivations out (default: as the "
                        "INI file says, in satt's own sets normal)")
    parser.add_argument("--overwrite", action="store_true",
                        help="write into a folder that is not empty, over files of the same names")


def run(options):
    """Make it."""
    from satt.homework.folder import write_folder
    from satt.homework.sets import load_set, with_level

    homework = load_set(options.set)
    if options.level:
        homework = with_level(homework, options.level)
    folder = Path(options.out or homework.name)
    if folder.is_dir() and any(folder.iterdir()) and not options.overwrite:
        raise SattError(
            f"--out: {folder} is not empty; choose another folder, or add --overwrite to write "
            "over files of the same names"
        )
    written = write_folder(homework, prepare_folder(folder), options.seed)

    to_fill = sorted({function.file for function in homework.functions})
    given = [path for path in written if path.parts[0] == "given" and path.stem != "__init__"]
    others = [path.name for path in written if len(path.parts) == 1 and path.name not in to_fill]
    print(f"{folder}: {homework.title}; {len(homework.functions)} functions, "
          f"{homework.points:g} points, about {homework.hours:g} hours")
    print(f"  to fill   {', '.join(to_fill)}")
    print(f"  given/    {', '.join(sorted(path.name for path in given))}")
    print(f"  and       {', '.join(sorted(others))}")
    print(f"hand out {folder}; students begin with its README.md. For yourself: satt homework "
          f"teacher {options.set}")
    return 0
