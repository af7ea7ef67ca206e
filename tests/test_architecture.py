"""The house rules that a machine can hold: who imports whom, and what no file may do.

Every file is read, none is run.
"""

import ast
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SATT = {
    "errors", "shapes", "layers", "kernels", "ops", "models", "decoding", "data", "metrics",
    "training", "figures", "homework", "commands", "cli",
}

# Which rooms a room may import, besides itself. Arrows are transitive and written out: training
# may import layers because it may import models.
MAY_IMPORT = {
    "errors": set(),
    "shapes": {"errors"},
    "layers": set(),
    "kernels": {"errors", "shapes", "layers"},
    "ops": {"errors", "shapes", "layers", "kernels"},
    "models": {"errors", "shapes", "layers", "kernels", "ops"},
    "decoding": {"errors", "shapes", "layers", "kernels", "ops", "models"},
    "data": {"errors", "shapes"},
    "metrics": {"errors", "shapes", "data"},
    "training": {
        "errors", "shapes", "layers", "kernels", "ops", "models", "decoding", "data", "metrics",
    },
    "figures": {"errors", "shapes", "data", "metrics"},
    # The references and figures of the sets use layers; the data are seen by a trained encoder.
    "homework": {
        "errors", "shapes", "layers", "kernels", "ops", "models", "data", "metrics", "gradcheck",
        "gradcheck.cases",
    },
    # The command line's two parts, of which only the first may know the second.
    "cli": SATT | {"satt", "gradcheck", "gradcheck.cases"},
    "commands": SATT - {"cli"} | {"satt", "gradcheck", "gradcheck.cases"},
    "satt": set(),
    "gradcheck": {"gradcheck.cases"},
    "gradcheck.cases": {"gradcheck", "errors", "shapes", "layers", "kernels", "ops", "models"},
    "lessons": SATT | {"satt", "gradcheck", "gradcheck.cases"},
}

# The packages from outside that a room may import.
MAY_USE = {
    "errors": set(),
    "shapes": {"numpy"},
    "layers": {"numpy"},
    "kernels": {"numpy", "scipy"},
    "ops": set(),
    "models": {"numpy"},
    "decoding": {"numpy"},
    "data": {"numpy", "scipy", "PIL", "tqdm"},
    "metrics": {"numpy", "scipy"},
    "training": {"numpy", "tqdm"},
    "figures": {"numpy", "scipy", "PIL", "matplotlib"},
    "homework": {"numpy", "tqdm", "matplotlib"},
    "cli": {"numpy", "PIL", "tqdm"},
    "commands": {"numpy", "PIL", "tqdm"},
    "satt": set(),
    "gradcheck": {"numpy", "matplotlib", "tqdm"},
    "gradcheck.cases": {"numpy"},
    # The last four lie beside the lessons, which are scripts and no package.
    "lessons": {"numpy", "scipy", "PIL", "matplotlib", "tqdm", "showing", "trained", "slide",
                "photos"},
}

LONGEST_LAYER = 150
UNSAFE_MODULES = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve",
                  "marshal"}
# The weights of PyTorch are pickles: this file reads them and calls nothing that they name, which
# `tests/models/test_torch_file.py` holds.
MAY_UNPICKLE = {"satt/models/torch_file.py imports pickle"}
# Their `open` gives bytes or no file of ours.
OTHER_OPENS = {"Image", "zipfile", "tarfile", "wave", "os", "webbrowser"}
# Their `open` is of bytes unless the mode says "t".
COMPRESSED = {"gzip", "bz2", "lzma"}


def python_files(*folders):
    """Return the paths of a folder's modules relative to the root, as in an import's dots."""
    return sorted(
        path.relative_to(ROOT).as_posix()
        for folder in folders for path in (ROOT / folder).rglob("*.py")
    )


def read(path):
    return (ROOT / path).read_text(encoding="utf-8")


def room_of(module):
    """Return the room that a module of satt, gradcheck or lessons stands in."""
    parts = module.split(".")
    if parts[0] == "satt" and len(parts) > 1:
        return "cli" if parts[1] == "__main__" else parts[1]
    if parts[:2] == ["gradcheck", "cases"]:
        return "gradcheck.cases"
    return parts[0]


def module_of(path):
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def is_module(name):
    place = ROOT / name.replace(".", "/")
    return place.is_dir() or place.with_suffix(".py").is_file()


def imported_modules(path, tree):
    """Yield the full name of every module that a file imports, anywhere in it."""
    package = module_of(path).split(".")
    if not path.endswith("/__init__.py"):
        package = package[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            source = ".".join(base + (node.module.split(".") if node.module else []))
            for alias in node.names:
                whole = f"{source}.{alias.name}"
                yield whole if is_module(whole) else source
        elif isinstance(node, ast.Call) and called_name(node) in ("import_module", "__import__"):
            if node.args and isinstance(node.args[0], ast.Constant):
                yield str(node.args[0].value)


def called_name(call):
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", None)


def import_mistakes(path, source):
    """Return a line for each import that the tables above do not allow."""
    room = room_of(module_of(path))
    if room not in MAY_IMPORT:
        return [f"{path} stands in no room: give room {room} its arrows in {Path(__file__).name}"]
    mistakes = []
    for module in imported_modules(path, ast.parse(source)):
        top = module.split(".")[0]
        if top in ("satt", "gradcheck", "lessons"):
            other = room_of(module)
            allowed = other == room or other in MAY_IMPORT[room]
        else:
            other = top
            allowed = top in sys.stdlib_module_names or top in MAY_USE[room]
        if not allowed:
            mistakes.append(f"{path} imports {module}: room {room} may not import room {other}"
                            if top in ("satt", "gradcheck", "lessons")
                            else f"{path} imports {module}: room {room} may not use {other}")
    return mistakes


def private_names(path, source):
    """Return a line for each name with a leading underscore that a lesson imports or reaches."""
    return [
        f"{path} imports {alias.name}: lessons use public names only"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, (ast.Import, ast.ImportFrom))
        and not (isinstance(node, ast.ImportFrom) and node.module == "__future__")
        for alias in node.names
        if any(part.startswith("_") for part in alias.name.split("."))
    ]


def opens_text_without_encoding(call):
    """Say whether a call opens, reads or writes text and leaves the encoding to the machine."""
    name, is_method = called_name(call), isinstance(call.func, ast.Attribute)
    keywords = {keyword.arg for keyword in call.keywords}
    if "encoding" in keywords or name not in ("open", "fdopen", "read_text", "write_text"):
        return False
    if name == "read_text":
        return not call.args
    if name == "write_text":
        return len(call.args) < 2
    owner = call.func.value.id if is_method and isinstance(call.func.value, ast.Name) else None
    if owner in OTHER_OPENS and name == "open":
        return False
    path_is_argument = not is_method or owner in COMPRESSED | {"io", "os", "codecs", "builtins"}
    mode = mode_of(call, 1 if path_is_argument else 0)
    if mode is None:
        # A first argument that is no mode: the `open` of an archive, which gives bytes.
        return path_is_argument
    return "t" in mode if owner in COMPRESSED else "b" not in mode


def mode_of(call, position):
    """Return the mode of an `open` call, or None if what stands there is no mode."""
    given = [keyword.value for keyword in call.keywords if keyword.arg == "mode"]
    given += call.args[position:position + 1]
    if not given:
        return "r"
    value = getattr(given[0], "value", None)
    return value if isinstance(value, str) and value and set(value) <= set("rwaxbt+") else None


def unsafe_use(node):
    """Say what is unsafe in a node, or return None."""
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        names = [alias.name for alias in node.names]
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else names
        for name in names:
            if name.split(".")[0] in UNSAFE_MODULES:
                return f"imports {name}"
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Name) and node.func.id in ("eval", "exec"):
            return f"calls {node.func.id}"
        if called_name(node) in ("eval", "exec") and getattr(
            getattr(node.func, "value", None), "id", None
        ) == "builtins":
            return f"calls builtins.{node.func.attr}"
        pickles = {k.arg: getattr(k.value, "value", None) for k in node.keywords}
        if pickles.get("allow_pickle", False) is not False:
            return "calls with allow_pickle"
        owner = getattr(getattr(node.func, "value", None), "id", None)
        loads = called_name(node) == "load" and owner in ("np", "numpy")
        if (loads or called_name(node) == "read_array") and "allow_pickle" not in pickles:
            return "reads arrays without allow_pickle=False"
        if called_name(node) in ("extract", "extractall", "unpack_archive"):
            return "unpacks an archive, whose members may lead out of the folder"
    return None


def text_mistakes(path, source):
    return [
        f"{path}:{node.lineno} opens text without encoding=\"utf-8\""
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and opens_text_without_encoding(node)
    ]


def unsafe_mistakes(path, source):
    return [
        f"{path}:{node.lineno} {what}"
        for node in ast.walk(ast.parse(source)) if (what := unsafe_use(node))
    ]


def all_mistakes(rule, *folders):
    paths = python_files(*folders)
    assert paths, f"no modules in {folders}"
    return [mistake for path in paths for mistake in rule(path, read(path))]


def test_arrows_point_one_way():
    mistakes = all_mistakes(import_mistakes, "satt", "gradcheck", "lessons")
    assert not mistakes, "\n" + "\n".join(mistakes)


def test_the_table_itself_has_no_circle():
    # gradcheck and its cases are one package: the core lists the cases, which use the core.
    below = set()
    while below != SATT:
        more = {room for room in SATT - below if MAY_IMPORT[room] & SATT - {room} <= below}
        assert more, f"a circle among {sorted(SATT - below)}"
        below |= more


def test_the_arrows_are_transitive():
    for room in SATT:
        for other in MAY_IMPORT[room] & SATT:
            missing = MAY_IMPORT[other] - MAY_IMPORT[room] - {room}
            assert not missing, f"{room} may import {other}, but not {missing}"


def test_lessons_use_public_names():
    mistakes = [m for path in python_files("lessons") for m in private_names(path, read(path))]
    assert not mistakes, "\n" + "\n".join(mistakes)


def test_text_is_opened_as_utf8():
    mistakes = all_mistakes(text_mistakes, "satt", "gradcheck", "lessons")
    assert not mistakes, "\n" + "\n".join(mistakes)


def test_nothing_unpickles_or_evaluates():
    mistakes = all_mistakes(unsafe_mistakes, "satt", "gradcheck", "lessons")
    without_lines = {re.sub(r":\d+", "", mistake, count=1) for mistake in mistakes}
    assert without_lines == MAY_UNPICKLE, "\n" + "\n".join(mistakes)


def test_a_layer_file_has_at_most_150_lines():
    lengths = {path: len(read(path).splitlines()) for path in python_files("satt/layers")}
    assert lengths, "no layers"
    long = {path: lines for path, lines in lengths.items() if lines > LONGEST_LAYER}
    assert not long, f"more than {LONGEST_LAYER} lines, so two operations: {long}"


@pytest.mark.parametrize(("path", "line", "expected"), [
    ("satt/layers/x.py", "import satt.models.captioner",
     "satt/layers/x.py imports satt.models.captioner: room layers may not import room models"),
    ("satt/layers/x.py", "from satt.errors import SattError",
     "satt/layers/x.py imports satt.errors: room layers may not import room errors"),
    ("satt/layers/x.py", "import scipy.ndimage",
     "satt/layers/x.py imports scipy.ndimage: room layers may not use scipy"),
    ("satt/data/x.py", "def f():\n    from ..layers import softmax",
     "satt/data/x.py imports satt.layers.softmax: room data may not import room layers"),
    ("satt/data/__init__.py", "from ..layers.softmax import softmax_forward",
     "satt/data/__init__.py imports satt.layers.softmax: room data may not import room layers"),
    ("satt/data/scenes/x.py", "from ...layers import softmax",
     "satt/data/scenes/x.py imports satt.layers.softmax: room data may not import room layers"),
    ("satt/metrics/x.py", "import importlib\nimportlib.import_module('satt.cli')",
     "satt/metrics/x.py imports satt.cli: room metrics may not import room cli"),
    ("gradcheck/x.py", "from satt import layers",
     "gradcheck/x.py imports satt.layers: room gradcheck may not import room layers"),
    ("satt/cellar/x.py", "",
     "satt/cellar/x.py stands in no room: give room cellar its arrows in test_architecture.py"),
])
def test_a_wrong_import_is_reported(path, line, expected):
    assert import_mistakes(path, line) == [expected]


@pytest.mark.parametrize(("path", "line"), [
    ("satt/layers/x.py", "import math\nimport numpy as np\nfrom satt.layers.softmax import y"),
    ("satt/training/x.py", "from satt.layers import softmax\nfrom satt.metrics import bleu"),
    ("satt/models/x.py", "from satt import ops"),
    ("satt/figures/x.py", "from matplotlib.figure import Figure"),
    ("satt/cli.py", "from satt import __version__"),
    ("gradcheck/cases/x.py", "from satt.layers.softmax import softmax_forward"),
    ("lessons/01_x.py", "import satt.models.captioner, gradcheck"),
])
def test_a_right_import_is_not_reported(path, line):
    assert import_mistakes(path, line) == []


@pytest.mark.parametrize("line", [
    "open(p)", "open(p, 'w')", "open(p, mode='a')", "p.open()", "p.open('w')", "p.read_text()",
    "p.write_text(s)", "io.open(p)", "gzip.open(p, 'rt')", "open(p, mode)",
])
def test_text_without_an_encoding_is_found(line):
    assert len(text_mistakes("x.py", line)) == 1


@pytest.mark.parametrize("line", [
    "open(p, 'rb')", "open(p, encoding='utf-8')", "p.open('wb')", "p.open('r', encoding='utf-8')",
    "p.read_text(encoding='utf-8')", "p.write_text(s, encoding='utf-8')", "Image.open(p)",
    "zipfile.open(p)", "archive.open(name)", "archive.open('grid.npy')", "gzip.open(p)",
    "p.read_bytes()", "os.open(p, flags)", "p.read_text('utf-8')",
])
def test_bytes_and_named_encodings_are_left_alone(line):
    assert text_mistakes("x.py", line) == []


@pytest.mark.parametrize("line", [
    "import pickle", "from pickle import loads", "import numpy, shelve", "eval('1')", "exec(s)",
    "np.load(p, allow_pickle=True)", "np.load(p, allow_pickle=flag)", "np.load(p, None, True)",
    "import builtins\nbuiltins.exec(s)", "np.load(p)", "np.lib.format.read_array(file)",
    "archive.extractall(folder)", "archive.extract(name)", "shutil.unpack_archive(p)",
])
def test_what_is_unsafe_is_found(line):
    assert len(unsafe_mistakes("x.py", line)) == 1


@pytest.mark.parametrize("line", [
    "json.load(file)", "np.load(p, allow_pickle=False)", "model.eval()", "import json",
])
def test_what_is_safe_is_left_alone(line):
    assert unsafe_mistakes("x.py", line) == []


def test_a_private_name_in_a_lesson_is_found():
    found = private_names("lessons/x.py", "from satt.figures.fonts import _missing, romanise")
    assert found == ["lessons/x.py imports _missing: lessons use public names only"]
    assert private_names("lessons/x.py", "from __future__ import annotations") == []
