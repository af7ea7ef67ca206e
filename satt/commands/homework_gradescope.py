"""`satt homework gradescope`: the same grader as a zip for Gradescope."""

from pathlib import Path

from satt.commands.output import prepare_folder
from satt.errors import SattError

NAME = "gradescope"
SUMMARY = "make the autograder to upload to Gradescope"
DESCRIPTION = """\
Make the zip of an autograder for Gradescope (Assignment, Configure Autograder, Upload). It holds
satt and the set; when the image is built, Python and NumPy are installed, and nothing is fetched
afterwards. Students see the shown cases at once and the hidden ones when you publish the marks.
Their code runs as another user, who can read neither the answers nor the marks."""
EXAMPLES = """\
examples:
  satt homework gradescope hw4                            hw4-autograder.zip
  satt homework gradescope my_hw4.ini --out mine.zip      a set of your own"""


def add_arguments(parser):
    """Add what `run` takes."""
    parser.add_argument("set_name", metavar="SET", help="hw1 to hw5, or an .ini file of yours")
    parser.add_argument("--out", metavar="ZIP", help="(default: SET-autograder.zip)")


def run(options):
    """Write the zip."""
    from satt.homework.autograder import write_autograder
    from satt.homework.sets import load_set

    homework = load_set(options.set_name)
    path = Path(options.out or f"{homework.name}-autograder.zip")
    if path.suffix != ".zip":
        raise SattError(f"--out: expected a name that ends in .zip, got {path.name!r}")
    if path.is_dir():
        raise SattError(f"--out: {path} is a folder; choose another name")
    prepare_folder(path.parent)
    write_autograder(options.set_name, path)
    print(f"{path}: {path.stat().st_size / 2**20:.1f} MB; upload it as the autograder of "
          f"{homework.name} ({homework.points:g} points)")
    return 0
