"""The folder that students get: skeletons, `given/`, a README, a figure to earn."""

import importlib
from pathlib import Path

from satt.errors import SattError
from satt.homework.sets import find_source
from satt.homework.skeleton import make_given, make_skeleton, satt_modules

# What is the same in every README: how to work, how it is marked; how to grade.
HANDOUT = Path(__file__).resolve().parent / "handout"
SCRIPTS = ("figure.py", "train.py")
GIVEN_DOCSTRING = '"""What is given: it may be imported and read, and need not be changed."""\n'


def folder_files(homework):
    """Make all files of a folder that do not depend on the seed.

    Parameters
    ----------
    homework : HomeworkSet

    Returns
    -------
    files : dict from str to str
        Under their paths in the folder, with / between the parts.

    Raises
    ------
    SattError
        If two modules would have the same name there.
    """
    files, asked, left_out = {}, asked_for(homework), {}
    new_place = places(homework)
    for name in homework.leave_out:
        module, _, what = name.rpartition(".")
        left_out.setdefault(module, set()).add(what)
    wanted = []

    for module, functions in asked.items():
        source = _read(module)
        file = functions[0].file
        files[file] = make_skeleton(source, functions, left_out.get(module, set()), new_place)
        wanted += satt_modules(source)
    for script in SCRIPTS:
        path = homework.folder / script
        if path.exists():
            source = path.read_text(encoding="utf-8")
            files[script] = make_given(source, new_place)
            wanted += satt_modules(source)

    came_from = {}
    while wanted:
        module = wanted.pop(0)
        name = new_place(module)
        if module in asked or came_from.get(name) == module:
            continue
        if name in came_from:
            raise SattError(f"{name}: both {came_from[name]} and {module} would stand there")
        came_from[name] = module
        source = _read(module)
        files[name.replace(".", "/") + ".py"] = make_given(source, new_place)
        wanted += satt_modules(source)
    files["given/__init__.py"] = GIVEN_DOCSTRING
    files["README.md"] = _readme(homework)
    return files


def asked_for(homework):
    """Group the functions of a set by the modules that they are cut out of.

    Parameters
    ----------
    homework : HomeworkSet

    Returns
    -------
    asked : dict from str to list of Function
    """
    asked = {}
    for function in homework.functions:
        asked.setdefault(function.source, []).append(function)
    return asked


def places(homework):
    """Say where the modules of satt stand in a folder.

    Parameters
    ----------
    homework : HomeworkSet

    Returns
    -------
    new_place : callable
        From "satt.layers.sigmoid" to "given.sigmoid", or to "sigmoid" where it is asked for.
    """
    asked = asked_for(homework)

    def new_place(module):
        if module in asked:
            return asked[module][0].file.removesuffix(".py")
        where = find_source(module)
        if where is None or where.name == "__init__.py":
            raise SattError(
                f"homework: {module} cannot be copied into a folder; import names from a module "
                "that is a file, as in: from satt.layers.softmax import softmax_forward"
            )
        return f"given.{module.rpartition('.')[2]}"

    return new_place


def write_folder(homework, folder, seed=0):
    """Write the folder that is handed out.

    Parameters
    ----------
    homework : HomeworkSet
    folder : Path
        Is made if it is not there. Files of the same names are overwritten.
    seed : int, optional
        Of the data: each student or group can have scenes of their own.

    Returns
    -------
    written : list of Path
        Relative to the folder.

    Raises
    ------
    SattError
        If the set cannot be made into a folder.
    """
    files = folder_files(homework)
    files["homework.ini"] = _homework_ini(homework, seed)
    for name, text in files.items():
        path = Path(folder) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    data = f"satt.homework.sets.{homework.based_on}.data"
    made = []
    if find_source(data) is not None:
        made = importlib.import_module(data).write_data(Path(folder) / "given", seed)
    return [Path(name) for name in files] + [Path("given") / name for name in made]


def teacher_text(homework):
    """What the teacher of a set should know; not for the folder.

    Parameters
    ----------
    homework : HomeworkSet

    Returns
    -------
    text : str
        Markdown.
    """
    return _fill(homework, "teacher.md")


def _readme(homework):
    return _fill(homework, "student.md")


def _fill(homework, name):
    """Read a text of the set and put in what its INI file says."""
    text = (homework.folder / name).read_text(encoding="utf-8")
    parts = {
        "work": (HANDOUT / "work.md").read_text(encoding="utf-8").strip(),
        "grading": (HANDOUT / "grading.md").read_text(encoding="utf-8").strip(),
        "name": homework.based_on,
        "title": homework.title,
        "lessons": _listed(homework.lessons),
        "hours": f"{homework.hours:g}",
        "points": points_table(homework),
    }
    # `work` and `grading` come first: there are other parts in them.
    for part, value in parts.items():
        text = text.replace("{" + part + "}", value)
    return text


def points_table(homework):
    """List functions, files and points as a table in Markdown.

    Parameters
    ----------
    homework : HomeworkSet

    Returns
    -------
    table : str
    """
    rows = [f"| `{f.name}` | `{f.file}` | {f.points:g} |" for f in homework.functions]
    return "\n".join(["| function | file | points |", "|---|---|---|", *rows,
                      f"| all | | {homework.points:g} |"])


def _listed(numbers):
    """4, 6, 7 and 10"""
    texts = [str(number) for number in numbers]
    if len(texts) == 1:
        return f"lesson {texts[0]}"
    return f"lessons {', '.join(texts[:-1])} and {texts[-1]}"


def set_ini(homework):
    """Write a set as an INI file that can be changed and loaded again.

    Parameters
    ----------
    homework : HomeworkSet

    Returns
    -------
    text : str
    """
    lines = [
        "[set]", f"title = {homework.title}",
        f"lessons = {', '.join(map(str, homework.lessons))}", f"hours = {homework.hours:g}",
        "# README, figure and data come from:", f"based_on = {homework.based_on}",
    ]
    if homework.leave_out:
        lines += ["# Helpers that are not handed out, as they would give an answer away:",
                  "leave_out =", *(f"    {name}" for name in homework.leave_out)]
    for function in homework.functions:
        lines += [
            "", f"[{function.name}]", f"source = {function.source}", f"file = {function.file}",
            f"points = {function.points:g}", f"level = {function.level}", "hints =",
            *(f"    {hint}" for hint in function.hints),
        ]
    return "\n".join(lines) + "\n"


def _homework_ini(homework, seed):
    """What `satt homework check` reads; it can be loaded as a set."""
    about = [
        "# What this folder asks for, for `satt homework check`. Nothing here needs a change.",
        "", "[homework]", f"set = {homework.name}", f"version = {_version()}", f"seed = {seed}",
        "", "",
    ]
    return "\n".join(about) + set_ini(homework)


def _version():
    from importlib import metadata

    try:
        return metadata.version("satt")
    except metadata.PackageNotFoundError:
        return "unknown"


def _read(module):
    return find_source(module).read_text(encoding="utf-8")
