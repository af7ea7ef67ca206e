"""`satt lessons`: the list of the lessons, and a lesson run.

The lessons are scripts in the folder `lessons/` of the source. What the list says of a lesson
stands in the lesson itself, in its first cell:

    # # Lesson 4: the grid
    #
    # **What you need.** Lesson 3 (convolution) and lesson 1 (gradient check).
    #
    # **How long.** 30 minutes to read, some 10 seconds to run.
"""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from satt.commands.arguments import whole_number
from satt.errors import SattError

NAME = "lessons"
SUMMARY = "list the lessons, or run one"
DESCRIPTION = """\
List the lessons: scripts that build attention step by step, with small numbers and pictures. With
a number, run that lesson; its figures go to lessons/figures/. Better still, read it while it runs:
VS Code, Spyder and jupytext open a lesson as a notebook. Where a lesson looks into a trained
captioner, it is the one that `satt demo` left in the current folder, or else one of its own.

The lessons come with the source of satt; an installed package alone does not have them."""
EXAMPLES = """\
examples:
  satt lessons                the list: number, title, minutes, lessons to read before
  satt lessons 1              run lesson 1
  satt lessons 7              run lesson 7"""

PACKAGE = Path(__file__).resolve().parents[2]
SCRIPTS = "[0-9][0-9]_*.py"
# "lessons 2 (softmax), 4 and 5": a number, perhaps what it is about, and so on.
ABOUT = r"\d+(?:\s*\([^)]*\))?"
NEEDED = re.compile(rf"\blessons?\s+({ABOUT}(?:(?:,|,?\s+and)\s+{ABOUT})*)", re.IGNORECASE)


@dataclass(frozen=True)
class Lesson:
    """What the list says of a lesson.

    Attributes
    ----------
    path : Path
    number : int
    title : str
    needs : tuple of int
        Lessons to read before, in order.
    minutes : int
        To read and run it.
    """

    path: Path
    number: int
    title: str
    needs: tuple
    minutes: int


def add_arguments(parser):
    """Add what `run` takes."""
    parser.add_argument("number", nargs="?", type=whole_number(1, 99), metavar="NUMBER",
                        help="run this lesson (default: list them all)")


def run(options):
    """List, or run one."""
    lessons = read_lessons(find_lessons())
    if options.number is None:
        _print_list(lessons)
        return 0
    for lesson in lessons:
        if lesson.number == options.number:
            return _run(lesson)
    numbers = ", ".join(str(lesson.number) for lesson in lessons)
    raise SattError(f"NUMBER: there is no lesson {options.number}; choose one of {numbers}")


def find_lessons():
    """Find the folder with the lessons: beside the package, or in the current folder.

    Returns
    -------
    folder : Path

    Raises
    ------
    SattError
        If it is in neither place.
    """
    for place in (PACKAGE, Path.cwd()):
        if any((place / "lessons").glob(SCRIPTS)):
            return place / "lessons"
    raise SattError(
        "lessons: there are none beside the installed package nor in the current folder; they "
        "come with the source: go to the folder that satt was installed from, or unpack its "
        ".tar.gz, and ask again there"
    )


def read_lessons(folder):
    """Read the headers of all lessons in a folder, in the order of their numbers.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    lessons : list of Lesson

    Raises
    ------
    SattError
        If a header lacks a part.
    """
    return [read_lesson(path) for path in sorted(folder.glob(SCRIPTS))]


def read_lesson(path):
    """Read the header of a lesson.

    Parameters
    ----------
    path : Path

    Returns
    -------
    lesson : Lesson

    Raises
    ------
    SattError
        If it lacks a part.
    """
    cell = path.read_text(encoding="utf-8").split("\n# %%")[0]
    lines = [line.removeprefix("#").strip().replace("**", "") for line in cell.splitlines()]
    paragraphs = [" ".join(part.split("\n")) for part in "\n".join(lines).split("\n\n")]

    def find(pattern, what):
        found = (re.match(pattern, paragraph) for paragraph in paragraphs)
        first = next((match for match in found if match), None)
        if first is None:
            raise SattError(f"{path}: expected {what} in the first cell; add it")
        return first

    _, number, title = find(
        r"(?:%% \[markdown\] )?# (Lesson )?(\d+)[.:] (.+)", "'# Lesson 1: its title'"
    ).groups()
    if int(number) != int(path.name[:2]):
        raise SattError(f"{path}: the title says lesson {number}; give both the same number")
    need = find(r"What you need[.:] .+", "a paragraph 'What you need. Lesson 1 ...'").group()
    minutes = find(
        r"How long.*?(\d+) minutes", "a paragraph 'How long. 30 minutes to read ...'"
    ).group(1)
    # What helps is not needed: "Lesson 4; it helps to have seen lesson 8."
    needed = " ".join(NEEDED.findall(need.split("helps")[0]))
    without_subjects = re.sub(r"\([^)]*\)", "", needed)
    needs = sorted({int(number) for number in re.findall(r"\d+", without_subjects)})
    return Lesson(path, int(number), title[0].upper() + title[1:], tuple(needs), int(minutes))


def _print_list(lessons):
    width = max(len(lesson.title) for lesson in lessons)
    print(f"{'':>2}  {'lesson':{width}}  minutes  needs")
    for lesson in lessons:
        needs = ", ".join(map(str, lesson.needs)) or "-"
        print(f"{lesson.number:>2}  {lesson.title:{width}}  {lesson.minutes:>7}  {needs}")
    print(f"\nrun one: satt lessons {lessons[0].number}; read them: {lessons[0].path.parent}")


def _run(lesson):
    """Run a lesson in a process of its own, with this Python and this satt.

    It runs in the current folder: there it finds what `satt demo` has left.
    """
    paths = [str(PACKAGE), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    # What the terminal cannot show is written as a number; a lesson does not end because of it.
    environment.setdefault("PYTHONIOENCODING", ":backslashreplace")
    folder = lesson.path.parent
    print(f"lesson {lesson.number}: {lesson.title} ({lesson.path})\n", flush=True)
    code = subprocess.run([sys.executable, lesson.path], env=environment)
    if code.returncode:
        raise SattError(
            f"lesson {lesson.number} ended with exit code {code.returncode}; the lines above say "
            "why"
        )
    print(f"\nfigures: {folder / 'figures'}")
    return 0
