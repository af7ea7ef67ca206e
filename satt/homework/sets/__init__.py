"""The homework sets: which functions each one asks for, with points and hints.

A set is a folder here: `set.ini` names the functions; `student.md` and `teacher.md` become what
students and teachers read; `figure.py` draws what the finished functions make. What is asked for
and is no layer of satt has its reference beside them. An INI file of a teacher's own can be loaded
as well, and takes all else from the set that it is based on.
"""

import ast
import configparser
import importlib.util
import math
import re
from dataclasses import dataclass, replace
from pathlib import Path

from satt.errors import SattError

HERE = Path(__file__).resolve().parent
LEVELS = ("normal", "hard")
KEYS = {"source", "file", "points", "hints", "level"}
SET_KEYS = {"title", "lessons", "hours", "based_on", "leave_out"}
# What homework.ini, which lies in a handed-out folder, tells beside the set.
ABOUT = "homework"
TAKEN = {"figure.py", "train.py", "given.py"}
NUMBERED = re.compile(r"^\d+[.)]\s+")


@dataclass(frozen=True)
class Function:
    """One function that is asked for.

    Attributes
    ----------
    name : str
    source : str
        The module that holds the reference, as "satt.layers.alignment".
    file : str
        The file in the handed-out folder, as "alignment.py".
    points : float
    hints : tuple of str
    level : {"normal", "hard"}
        Hard: without the derivation.
    """

    name: str
    source: str
    file: str
    points: float
    hints: tuple
    level: str

    @property
    def is_backward(self):
        """Whether it returns gradients, so that it can have points for each."""
        return self.name.endswith("_backward")


@dataclass(frozen=True)
class HomeworkSet:
    """One homework.

    Attributes
    ----------
    name : str
    title : str
    lessons : tuple of int
        To be read before.
    hours : float
        It takes about so long.
    functions : tuple of Function
        In the order of the README.
    folder : Path
        Where README, figure and data come from.
    based_on : str
        The name of that folder's set.
    leave_out : tuple of str
        Helpers that would give an answer away, as "satt.layers.conv2d._columns".
    """

    name: str
    title: str
    lessons: tuple
    hours: float
    functions: tuple
    folder: Path
    based_on: str
    leave_out: tuple = ()

    @property
    def points(self):
        """All points together."""
        return sum(function.points for function in self.functions)


def set_names():
    """List the sets of satt.

    Returns
    -------
    names : list of str
    """
    return sorted(path.parent.name for path in HERE.glob("*/set.ini"))


def load_set(name):
    """Read a set: one of satt's, or an INI file of your own.

    Parameters
    ----------
    name : str or Path
        As "hw3"; or the path of a file that ends in .ini, such as the `homework.ini` of a folder
        that was handed out.

    Returns
    -------
    homework : HomeworkSet

    Raises
    ------
    SattError
        If there is no such set, or something in its INI file is wrong.
    """
    if str(name) in set_names():
        return _read(HERE / str(name) / "set.ini", str(name))
    path = Path(name)
    if path.suffix != ".ini":
        raise SattError(
            f"homework: there is no set {str(name)!r}; choose one of {', '.join(set_names())}, "
            "or give the path of an .ini file"
        )
    return _read(path, path.stem)


def with_level(homework, level):
    """Set the level of all functions of a set.

    Parameters
    ----------
    homework : HomeworkSet
    level : {"normal", "hard"}

    Returns
    -------
    homework : HomeworkSet
        Another one.
    """
    functions = tuple(replace(function, level=level) for function in homework.functions)
    return replace(homework, functions=functions)


def find_source(module):
    """Find the file of a module without importing it.

    Parameters
    ----------
    module : str
        As "satt.layers.alignment".

    Returns
    -------
    path : Path, or None if there is no such module
    """
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        return None
    return Path(spec.origin) if spec and spec.origin else None


def _read(path, name):
    parser = configparser.ConfigParser(interpolation=None, strict=True)
    parser.optionxform = str
    try:
        parser.read_string(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SattError(f"{path}: {error.strerror}; give the path of an INI file") from error
    except (configparser.Error, UnicodeDecodeError) as error:
        raise SattError(f"{path}: this is no INI file in UTF-8: {error}") from error
    if not parser.has_section("set"):
        raise SattError(f"{path}: expected a section [set] with title, lessons and hours; add it")
    about = parser["set"]
    _refuse_unknown(path, "set", about, SET_KEYS)
    if parser.has_section(ABOUT):
        name = parser[ABOUT].get("set", name)
    names = [section for section in parser.sections() if section not in ("set", ABOUT)]
    if not names:
        raise SattError(f"{path}: no function is asked for; add a section such as [relu_forward]")
    functions = tuple(_function(path, section, parser[section]) for section in names)
    _refuse_two_places(path, functions)
    own = path.parent == HERE / name
    based_on = name if own else about.get("based_on", "")
    if based_on not in set_names():
        raise SattError(
            f"{path}, [set] based_on: expected one of {', '.join(set_names())}, whose README, "
            f"figure and data go with it, got {based_on!r}"
        )
    return HomeworkSet(
        name=name,
        title=_needed(path, "set", about, "title"),
        lessons=_numbers(path, about),
        hours=_positive(path, "set", about, "hours"),
        functions=functions,
        folder=HERE / based_on,
        based_on=based_on,
        leave_out=tuple(about.get("leave_out", "").split()),
    )


def _function(path, name, section):
    _refuse_unknown(path, name, section, KEYS)
    source = _needed(path, name, section, "source")
    where = find_source(source) if source.startswith("satt.") else None
    if where is None:
        raise SattError(
            f"{path}, [{name}] source: there is no module {source!r} in satt; "
            "expected one such as satt.layers.alignment"
        )
    tree = ast.parse(where.read_text(encoding="utf-8"))
    there = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    if name not in there:
        raise SattError(
            f"{path}, [{name}]: there is no such function in {source}; "
            f"there are {', '.join(there) or 'none'}"
        )
    file = section.get("file", source.rpartition(".")[2] + ".py")
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*\.py", file):
        raise SattError(
            f"{path}, [{name}] file: expected a name such as {source.rpartition('.')[2]}.py, "
            f"without folders, got {file!r}"
        )
    lines = (NUMBERED.sub("", line.strip()) for line in section.get("hints", "").splitlines())
    hints = tuple(line for line in lines if line)
    if not hints:
        raise SattError(f"{path}, [{name}] hints: there are none; write one a line, indented")
    level = section.get("level", "normal")
    if level not in LEVELS:
        raise SattError(
            f"{path}, [{name}] level: expected one of {', '.join(LEVELS)}, got {level!r}"
        )
    points = _positive(path, name, section, "points")
    return Function(name, source, file, points, hints, level)


def _refuse_two_places(path, functions):
    """A module stands in one file of the folder, and a file holds one module."""
    place, module = {}, {}
    for function in functions:
        if place.setdefault(function.source, function.file) != function.file:
            raise SattError(
                f"{path}, [{function.name}] file: {function.source} is in "
                f"{place[function.source]} already; give all its functions the same file"
            )
        if module.setdefault(function.file, function.source) != function.source or (
            function.file in TAKEN
        ):
            raise SattError(
                f"{path}, [{function.name}] file: {function.file} holds something else already; "
                "give it another name"
            )


def _refuse_unknown(path, name, section, known):
    for key in section:
        if key not in known:
            raise SattError(
                f"{path}, [{name}]: there is no {key!r}; expected {', '.join(sorted(known))}"
            )


def _needed(path, name, section, key):
    value = section.get(key, "").strip()
    if not value:
        raise SattError(f"{path}, [{name}]: {key} is missing; add a line '{key} = ...'")
    return value


def _positive(path, name, section, key):
    text = _needed(path, name, section, key)
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise SattError(f"{path}, [{name}] {key}: expected a number above 0, got {text!r}")
    return int(value) if value.is_integer() else value


def _numbers(path, about):
    text = _needed(path, "set", about, "lessons")
    if not re.fullmatch(r"\d+(\s*,\s*\d+)*", text):
        raise SattError(f"{path}, [set] lessons: expected numbers such as '4, 6, 7', got {text!r}")
    return tuple(int(number) for number in text.split(","))
