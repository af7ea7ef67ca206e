"""How long a class takes to grade, some of it endless.

    python tests/benchmarks/homework_grading.py 200 --jobs 2 --endless 0.05

Of the endless submissions every other one loops in one function, the rest in every file that it
has, which is as long as a submission can take. The others are right, half written, or hold one
of the mistakes of students.
"""

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from satt.cli import main as satt  # noqa: E402
from satt.homework.folder import write_folder  # noqa: E402
from satt.homework.sets import load_set  # noqa: E402
from tests.homework.planting import plant, plantable  # noqa: E402
from tests.homework.solved import solve  # noqa: E402

LOOP = "while True:\n    pass\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("count", type=int)
    parser.add_argument("--set", default="hw4")
    parser.add_argument("--jobs", default="2")
    parser.add_argument("--endless", type=float, default=0.05)
    parser.add_argument("--keep", metavar="FOLDER", help="where to leave submissions and marks")
    options = parser.parse_args()
    base = Path(options.keep or tempfile.mkdtemp())
    write_class(base / "submissions", load_set(options.set), options.count, options.endless)
    start = time.perf_counter()
    code = satt(["homework", "grade", str(base / "submissions"), "--set", options.set, "--out",
                 str(base / "marks"), "--jobs", options.jobs])
    print(f"{options.count} submissions in {time.perf_counter() - start:.0f} s, exit code {code}")
    if not options.keep:
        shutil.rmtree(base)


def write_class(folder, homework, count, endless):
    """Write submissions of all kinds."""
    random = np.random.default_rng(0)
    functions = {function.name: function for function in homework.functions}
    planted = plantable(functions)
    loops = round(count * endless)
    handed_out = folder / "student-000"
    write_folder(homework, handed_out)
    for number in reversed(range(count)):  # the first is what the others are copied from
        place = folder / f"student-{number:03}"
        if number:
            shutil.copytree(handed_out, place)
        kind = "loops" if number < loops else random.choice(["right", "half", "mistake"],
                                                            p=[0.2, 0.2, 0.6])
        half = random.permutation([*functions])[: len(functions) // 2]
        solve(place, homework, half if kind == "half" else None)
        if kind == "mistake":
            mistake, name = planted[random.integers(len(planted))]
            plant(place / functions[name].file, mistake)
        if kind == "loops":
            files = sorted({function.file for function in functions.values()})
            for file in files if number % 2 else files[:1]:
                with open(place / file, "a", encoding="utf-8") as source:
                    source.write("\n\n" + LOOP)


if __name__ == "__main__":
    main()
