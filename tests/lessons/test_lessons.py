"""Every lesson holds to the form that `lessons/README.md` promises, runs, and draws."""

import ast
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from satt.commands import demo
from satt.commands.lessons import read_lesson, read_lessons
from satt.data.scenes.dataset import draw_scenes
from satt.training.keeping import load_captioner, save_captioner

try:
    import resource
except ImportError:  # not on Windows
    resource = None

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "lessons"
LESSONS = read_lessons(FOLDER)
SOLUTIONS = sorted((FOLDER / "solutions").glob("*.py"))
README = (FOLDER / "README.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (\d+) \| \[(.+?)\]\((.+?)\) \| (.+?) \| (\d+) \| (.+?) \|$", re.MULTILINE)

# That a lesson may run, of a processor that counts to two million in so many, and in proportion of
# a slower one; `pytest -m slow -rP tests/lessons` prints how long each took.
SECONDS, COUNTING = 60, 0.16
SOLUTION_SECONDS = 120  # some run their lesson first
ENOUGH_FIGURES, ENOUGH_EXERCISES, ENOUGH_ROWS = 2, 3, 9
SMALLEST = 480, 280  # pixels
GIVE_UP = 900  # seconds on the clock, however busy the machine

each_lesson = pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.path.stem)
each_script = pytest.mark.parametrize(
    "path", [lesson.path for lesson in LESSONS] + SOLUTIONS,
    ids=lambda path: path.relative_to(FOLDER).with_suffix("").as_posix(),
)


def cells(path):
    """Split a script in the percent format into pairs (is markdown, text)."""
    head, *parts = re.split(r"^# %%", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert head == "", f"{path.name} does not begin with a cell"
    for part in parts:
        first, _, text = part.partition("\n")
        yield first.strip() == "[markdown]", text


def private_uses(source):
    """List the names with a leading underscore that are imported, or reached by a dot."""
    tree = ast.parse(source)
    names = [
        name for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)
        for name in [getattr(node, "module", None) or "", *(alias.name for alias in node.names)]
    ]
    names += [node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    parts = (part for name in names for part in name.split("."))
    return [part for part in parts if part.startswith("_") and not part.startswith("__")]


def shown_names(source):
    """List what a lesson shows, as patterns of file names: one for each call of `show`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and getattr(node.func, "id", None) == "show":
            name = node.args[1]
            parts = name.values if isinstance(name, ast.JoinedStr) else [name]
            yield "".join(getattr(part, "value", "*") if isinstance(part, ast.Constant) else "*"
                          for part in parts)


def run(path, folder):
    """Run a script without a screen; return how it ended and its seconds of processor."""
    environment = os.environ | {
        "MPLBACKEND": "Agg", "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8",
        "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "VECLIB_MAXIMUM_THREADS": "1",
    }
    begin = processor_seconds()
    ended = subprocess.run(
        [sys.executable, path], cwd=folder, env=environment, capture_output=True,
        encoding="utf-8", timeout=GIVE_UP,
    )
    return ended, processor_seconds() - begin


def processor_seconds():
    """What all processes that were started here and have ended took; the clock on Windows."""
    if resource is None:
        return time.monotonic()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def slowness():
    """How many times as long as `COUNTING` this machine needs now; at least 1."""
    begin = time.process_time()
    sum(i * i for i in range(2_000_000))
    return max(1, (time.process_time() - begin) / COUNTING)


# --- the form -----------------------------------------------------------------------------------


def test_the_numbers_are_different():
    numbers = [lesson.number for lesson in LESSONS]
    assert len(set(numbers)) == len(numbers) > 0


@each_lesson
def test_it_needs_lessons_that_exist_and_come_before(lesson):
    existing = {other.number for other in LESSONS}
    assert set(lesson.needs) <= existing
    assert all(need < lesson.number for need in lesson.needs)


@each_lesson
def test_the_header_says_what_will_be_seen(lesson):
    _, header = next(cells(lesson.path))
    assert "What you will see" in header
    assert 5 <= lesson.minutes <= 90


@each_script
def test_the_cells_parse(path):
    code = 0
    for is_markdown, text in cells(path):
        if is_markdown:
            wrong = [line for line in text.splitlines() if line and not line.startswith("#")]
            assert not wrong, f"no comment in a cell of markdown: {wrong[0]}"
        else:
            ast.parse(text)
            code += 1
    assert code


@each_script
def test_it_uses_public_names(path):
    assert private_uses(path.read_text(encoding="utf-8")) == []


@each_lesson
def test_what_limits_the_threads_is_imported_first(lesson):
    tree = ast.parse(lesson.path.read_text(encoding="utf-8"))
    first = next(node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom))
    assert getattr(first, "module", None) == "showing"


@pytest.mark.parametrize("already, expected", [({}, "1"), ({"OMP_NUM_THREADS": "2"}, "2")])
def test_numpy_finds_the_threads_limited(already, expected):
    code = (
        "import os, sys\n"
        "def seen(event, arguments):\n"
        "    if event == 'import' and arguments[0] == 'numpy':\n"
        "        print(os.environ.get('OMP_NUM_THREADS'))\n"
        "        os._exit(0)\n"
        "sys.addaudithook(seen)\n"
        "import showing\n"
    )
    surroundings = {name: value for name, value in os.environ.items() if "THREADS" not in name}
    surroundings |= {"PYTHONPATH": os.pathsep.join([str(ROOT), str(FOLDER)])} | already
    ended = subprocess.run([sys.executable, "-u", "-c", code], env=surroundings,
                           capture_output=True, encoding="utf-8")
    assert ended.stdout.strip() == expected, ended.stderr


@each_script
def test_it_asserts_what_it_claims(path):
    asserts = [
        node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Assert)
    ]
    assert len(asserts) >= 3


@each_lesson
@pytest.mark.parametrize("calls", [{"check"}, {"trained_captioner", "captioner_of_photographs"}],
                         ids=["a_gradient_in_front_of_the_reader", "a_trained_captioner"])
def test_it_looks_at(lesson, calls):
    tree = ast.parse(lesson.path.read_text(encoding="utf-8"))
    called = {node.func.id for node in ast.walk(tree)
              if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    assert calls & called


@each_lesson
def test_it_ends_with_exercises_that_have_solutions(lesson):
    text = lesson.path.read_text(encoding="utf-8")
    _, heading, exercises = text.partition("\n# ## Exercises\n")
    assert heading
    numbers = re.findall(r"^# (?:\*\*)?(?:Exercise )?(\d)[.:]", exercises, re.MULTILINE)
    assert len(set(numbers)) >= ENOUGH_EXERCISES
    assert (FOLDER / "solutions" / lesson.path.name).is_file()
    assert f"solutions/{lesson.path.name}" in exercises


def test_every_solution_has_a_lesson():
    assert {path.name for path in SOLUTIONS} <= {lesson.path.name for lesson in LESSONS}


@each_lesson
def test_it_names_its_place_in_the_lecture_or_the_paper(lesson):
    text = lesson.path.read_text(encoding="utf-8")
    assert re.search(r"\blecture|\bsections? \d", text)
    assert "Where to read on" in text


@each_lesson
def test_its_figures_carry_its_number(lesson):
    names = list(shown_names(lesson.path.read_text(encoding="utf-8")))
    assert len(names) >= ENOUGH_FIGURES
    assert all(name.startswith(f"{lesson.number:02}_") for name in names)


# --- the map ------------------------------------------------------------------------------------


def test_the_readme_has_a_row_for_every_lesson():
    rows = {int(number): path for number, _, path, *_ in ROW.findall(README)}
    assert rows == {lesson.number: lesson.path.name for lesson in LESSONS}


@each_lesson
def test_the_row_says_what_the_lesson_says(lesson):
    rows = {int(number): row for number, *row in ROW.findall(README)}
    title, path, place, minutes, files = rows[lesson.number]
    assert (title, path) == (lesson.title, lesson.path.name)
    assert int(minutes) == lesson.minutes
    assert re.search(r"lecture|paper|\d{4}|§", place)
    for file in re.findall(r"`(.+?)`", files):
        assert (ROOT / file).exists(), file
    assert "`" in files


def test_the_picture_shows_these_lessons():
    assert "](map.png)" in README
    with Image.open(FOLDER / "map.png") as picture:
        drawn = json.loads(picture.text["Lessons"])
    expected = [[lesson.number, lesson.title, list(lesson.needs)] for lesson in LESSONS]
    assert drawn == expected, "draw it again: python lessons/map.py"


def test_the_glossary_has_a_whole_row_for_each_term():
    lines = (FOLDER / "glossary.md").read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line[1:-1].split("|")] for line in lines if line[:2] == "| "]
    (titles, *rows) = rows
    assert titles == ["English", "Korean", "Symbol", "satt", "In one line"]
    assert 30 <= len(rows) <= 65
    assert len({english for english, *_ in rows}) == len(rows)
    for english, korean, _, satt, line in rows:
        assert english and any("가" <= letter <= "힣" for letter in korean) and line.endswith(".")
        for path in re.findall(r"`(\S+\.py)`", satt):
            assert (ROOT / path).is_file(), path


# --- the rules catch what they are for ----------------------------------------------------------


def test_a_private_name_is_found():
    assert private_uses("from satt.figures.fonts import _missing") == ["_missing"]
    assert private_uses("import satt\nsatt._hidden.x") == ["_hidden"]
    assert private_uses("x.__name__") == []


def test_names_of_figures_are_found():
    source = 'show(a, "07_b")\nfor t in x:\n    show(a, f"07_step_{t}_back")\naxes.imshow(a, b)'
    assert list(shown_names(source)) == ["07_b", "07_step_*_back"]


@pytest.mark.parametrize("header, lacks", [
    ("# # 1. A title\n#\n# What you need: nothing.\n#\n# How long it runs: a second.", "minutes"),
    ("# # 1. A title\n#\n# How long. 5 minutes.", "What you need"),
    ("# # A title\n#\n# What you need: nothing.\n#\n# How long. 5 minutes.", "title"),
])
def test_a_header_that_lacks_something_is_found(header, lacks, tmp_path):
    path = tmp_path / "01_x.py"
    path.write_text(f"# %% [markdown]\n{header}\n\n# %%\nx = 1\n", encoding="utf-8")
    with pytest.raises(ValueError, match=lacks):
        read_lesson(path)


# --- running ------------------------------------------------------------------------------------


def assert_it_runs_in_time(path, folder, limit):
    ended, seconds = run(path, folder)
    print(f"{path.name}: {seconds:.0f} s")  # pytest -rP shows it
    assert ended.returncode == 0, ended.stderr
    assert seconds < limit * slowness(), f"{path.name} took {seconds:.0f} s of a processor"


@pytest.mark.slow
@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_a_solution_runs_from_anywhere_in_time(path, tmp_path):
    assert_it_runs_in_time(path, tmp_path, SOLUTION_SECONDS)


@pytest.mark.slow
@each_lesson
def test_a_lesson_runs_from_anywhere_in_time_and_draws(lesson, tmp_path):
    begin = time.time() - 2  # some file systems count in twos
    assert_it_runs_in_time(lesson.path, tmp_path, SECONDS)
    assert_it_has_drawn(lesson.path.read_text(encoding="utf-8"), FOLDER / "figures", begin)


@pytest.mark.slow
def test_lesson_8_shows_what_the_demo_has_recorded(tmp_path):
    demo_folder = tmp_path / "satt-demo"
    demo_folder.mkdir()
    model, vocabulary, _ = load_captioner(FOLDER / "captioner.npz")
    validation = draw_scenes("validation", 20, model.settings.image_size, seed=5, progress=False)
    snapshots, trained = demo.Snapshots(model, vocabulary, validation), model.arrays()
    for step, sharpness in enumerate((0, 0.3, 1)):  # from even attention to what was learned
        model.restore(trained)
        model.sharpen(sharpness)
        snapshots.take(step)
    demo._draw_training(demo_folder, [], snapshots)
    save_captioner(demo_folder / "checkpoint.npz", model, vocabulary, {"seed": 5})

    ended, _ = run(FOLDER / "08_the_captioner_learns.py", tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert f"[captioner: {Path('satt-demo') / 'checkpoint.npz'}]" in ended.stdout
    assert f"caption: {' '.join(snapshots.words[:-1])}\n" in ended.stdout


def assert_it_has_drawn(source, figures, begin):
    for pattern in shown_names(source):
        paths = [path for path in figures.glob(f"{pattern}.png") if path.stat().st_mtime >= begin]
        assert paths, f"{pattern}.png has not been drawn"
        for path in paths:
            assert_it_can_be_seen(path)


def assert_it_can_be_seen(path):
    with Image.open(path) as picture:
        pixels = np.asarray(picture.convert("RGB"))
    height, width, _ = pixels.shape
    assert width >= SMALLEST[0] and height >= SMALLEST[1], f"{path.name} is small"
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 10, f"{path.name} is blank"
    assert pixels.std() > 5, f"{path.name} is nearly blank"


@pytest.mark.parametrize("size, fault", [((600, 400), "blank"), ((100, 100), "small")])
def test_a_figure_that_shows_nothing_is_found(size, fault, tmp_path):
    Image.new("RGB", size, "white").save(tmp_path / "x.png")
    with pytest.raises(AssertionError, match=fault):
        assert_it_can_be_seen(tmp_path / "x.png")


@pytest.mark.parametrize("source, fault", [
    ("1 / 0", "ZeroDivisionError"),
    ("assert 1 == 2", "AssertionError"),
    ("import time\nwhile time.process_time() < 1:\n    pass", "took"),
])
def test_a_script_that_fails_or_takes_too_long_is_found(source, fault, tmp_path):
    path = tmp_path / "x.py"
    path.write_text(source, encoding="utf-8")
    with pytest.raises(AssertionError, match=fault):
        assert_it_runs_in_time(path, tmp_path, 0.1)


def test_a_figure_that_was_not_drawn_now_is_found(tmp_path):
    source = 'show(figure, "07_scores")'
    with pytest.raises(AssertionError, match="07_scores.png has not been drawn"):
        assert_it_has_drawn(source, tmp_path, 0)
    random = np.random.default_rng(0).integers(0, 256, (300, 500, 3), dtype=np.uint8)
    Image.fromarray(random).save(tmp_path / "07_scores.png")
    assert_it_has_drawn(source, tmp_path, 0)
    with pytest.raises(AssertionError, match="has not been drawn"):
        assert_it_has_drawn(source, tmp_path, time.time() + 10)
