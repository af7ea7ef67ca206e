"""`satt homework grade`: marks with reasons for all submissions, and a page on the class."""

import json
import os
import re
from pathlib import Path

from satt.commands.arguments import SECONDS, whole_number
from satt.commands.output import prepare_folder
from satt.errors import SattError

NAME = "grade"
SUMMARY = "grade submissions: marks with reasons, and what to go over"
DESCRIPTION = """\
Grade every folder, .zip and .tar.gz in SUBMISSIONS. The code runs in processes that have no
network, little memory and little time where the system allows; it sees neither satt nor the marks.
Whatever one of them does, the others get their marks. Run it as root (in a container, say) and the
code runs as another user.

Written to OUT:
  NAME/results.json   marks and reasons, as Gradescope reads them
  marks.csv           a line for each submission
  class.html          which mistake how often: what to go over in the next lecture (class.png)
  similar.csv         pairs with the same code after renaming, also against satt's own source"""
EXAMPLES = """\
examples:
  satt homework grade submissions/ --set hw4 --out marks/
  satt homework grade submissions/ --set hw4 --out marks/ --past 2024/submissions --past 2023/
                                        look for code of past years as well
  satt homework grade submissions/ --set my_hw4.ini --out marks/ --jobs 4"""

OF_THE_CLASS = ("marks.csv", "class.html", "class.png", "similar.csv")


def add_arguments(parser):
    """Add what `run` takes."""
    parser.add_argument("folder", metavar="SUBMISSIONS", help="with a folder or archive for each")
    parser.add_argument("--set", required=True, metavar="SET", dest="set_name",
                        help="hw1 to hw5, or an .ini file of yours")
    parser.add_argument("--out", required=True, metavar="OUT", help="folder for what is written")
    parser.add_argument("--past", action="append", default=[], metavar="FOLDER",
                        help="submissions of a past year to compare with; may be repeated")
    parser.add_argument("--jobs", type=whole_number(1, 256), default=os.cpu_count() or 1,
                        help="submissions at a time (default: one for each processor)")
    parser.add_argument("--function-seconds", type=SECONDS, default=10.0, metavar="S",
                        help="for all cases of a function (default: 10)")
    parser.add_argument("--submission-seconds", type=SECONDS, default=60.0, metavar="S",
                        help="for all functions of a submission (default: 60)")
    parser.add_argument("--memory", type=whole_number(256, 65_536), default=2048, metavar="MB",
                        help="address space of a submission's process (default: 2048)")


def run(options):
    """Grade, write, and sum up."""
    from tqdm import tqdm

    from satt.homework.grade import grade_all
    from satt.homework.isolation import isolation
    from satt.homework.process import Limits
    from satt.homework.reports.gradescope import gradescope_results
    from satt.homework.reports.marks import write_marks
    from satt.homework.sets import load_set

    homework = load_set(options.set_name)
    submissions = _submissions(options.folder, "SUBMISSIONS")
    past = [p for folder in options.past for p in _submissions(folder, "--past")]
    out = prepare_folder(options.out)
    limits = Limits(options.function_seconds, options.submission_seconds, options.memory * 2**20)
    print(f"{len(submissions)} submission(s); the code runs in {isolation().describe()}")
    results = []
    bar = tqdm(total=len(submissions), unit="submission", desc=homework.name)
    try:
        with bar:
            for result in grade_all(submissions, options.set_name, limits, options.jobs):
                results.append(result)
                _write(out / _file_name(result.name) / "results.json",
                       json.dumps(gradescope_results(result), indent=2))
                bar.set_postfix_str(f"mean {sum(r.score for r in results) / len(results):.1f}")
                bar.update()
    except KeyboardInterrupt:
        if results:
            write_marks(out / "marks.csv", results)
        raise KeyboardInterrupt(
            f"interrupted; the marks of {len(results)} of {len(submissions)} are in {out}"
        ) from None
    results.sort(key=lambda result: result.name)
    _write_class(out, homework, results, submissions, past)
    return 0


def _write_class(out, homework, results, submissions, past):
    """Write what concerns all submissions together."""
    from satt.figures.class_mistakes import draw_class_mistakes
    from satt.homework.reports.class_page import class_page, count_mistakes
    from satt.homework.reports.marks import write_marks, write_similar
    from satt.homework.similarity import find_similar

    write_marks(out / "marks.csv", results)
    pairs = find_similar(submissions, homework, past)
    write_similar(out / "similar.csv", pairs)
    mistakes = count_mistakes(results)
    draw_class_mistakes([(m.label, m.count) for m in mistakes], len(results),
                        f"{homework.name}: how often each mistake was made", out / "class.png")
    _write(out / "class.html", class_page(homework, results, mistakes, pairs, "class.png"))
    mean = sum(result.score for result in results) / len(results)
    print(f"mean {mean:.1f} of {homework.points:g} points; marks: {out / 'marks.csv'}, "
          f"the class: {out / 'class.html'}")
    for mistake in mistakes[:3]:
        print(f"  {mistake.count} x {mistake.label}")
    stuck = [r.name for r in results if r.problem]
    if stuck:
        print(f"could not be graded, look at them by hand: {', '.join(stuck[:10])}")
    if pairs:
        print(f"the same code after renaming in {len(pairs)} pair(s): {out / 'similar.csv'}")


def _submissions(text, option):
    from satt.homework.archives import find_submissions, submission_name

    folder = Path(text)
    if not folder.is_dir():
        raise SattError(f"{option}: there is no folder {folder}; give one with the submissions")
    found = find_submissions(folder)
    if not found:
        raise SattError(
            f"{option}: {folder} holds no submission; expected a folder, .zip or .tar.gz for each"
        )
    names = {}
    for path in found:
        other = names.setdefault(_file_name(submission_name(path)).casefold(), path)
        if other is not path:
            raise SattError(
                f"{option}: {other.name} and {path.name} have the same name; rename one"
            )
    return found


def _file_name(name):
    """A folder's name that any system allows, whatever a student called the archive."""
    name = re.sub(r"[^\w. -]", "_", name).strip(" .") or "submission"
    return f"{name}_" if name.casefold() in OF_THE_CLASS else name


def _write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")
