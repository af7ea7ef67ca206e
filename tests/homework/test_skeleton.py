"""Skeletons: cut out of the source as it stands, and nothing of the answer left in them."""

import ast
import inspect
import sys
from functools import cache
from importlib import import_module
from types import ModuleType

import pytest

from satt.errors import SattError
from satt.homework.folder import folder_files, places
from satt.homework.sets import Function, find_source, load_set, set_names, with_level
from satt.homework.skeleton import make_given, make_skeleton

ASKED = [(name, function) for name in set_names() for function in load_set(name).functions]
IDS = [f"{name}-{function.name}" for name, function in ASKED]
HINTS = ("Think first.", "Then write " + "one long line " * 12 + "to the end.")
SOURCE = '''"""A module."""

from functools import reduce

from satt.layers.sigmoid import sigmoid_forward

LIMIT = 3


# What it computes with.
def _helper(x):
    return reduce(max, x)


def stays(x):
    """Not asked for."""
    return x + LIMIT


@staticmethod
def thing_forward(
    x, y=(1, 2),
):
    """Do it — without é trouble.

    Parameters
    ----------
    x : float
    """
    # The secret.
    z = _helper(x) * 2

    return z + sigmoid_forward(y)[0]
    # Said afterwards.


def thing_backward(dout, cache):
    """Undo it.

    Since out = 2 x:

        dx = 2 dout

    Parameters
    ----------
    dout : float

    Returns
    -------
    dx : float

    Notes
    -----
    The derivation again.
    """
    return 2 * dout
'''


@cache
def files_of(set_name, level="normal"):
    return folder_files(with_level(load_set(set_name), level))


def asked(*names, level="normal"):
    return [Function(name, "satt.layers.thing", "thing.py", 5, HINTS, level) for name in names]


def cut(*names, level="normal", leave_out=(), source=SOURCE):
    place = {"satt.layers.sigmoid": "given.sigmoid"}.get
    return make_skeleton(source, asked(*names, level=level), set(leave_out), place)


def statements(tree):
    """Every statement of some code as text, but for docstrings; whatever it is indented by."""
    return {
        ast.dump(node) for node in ast.walk(tree)
        if isinstance(node, ast.stmt) and not isinstance(node, (ast.FunctionDef, ast.ClassDef))
        and not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
    }


def function_node(source, name):
    return next(node for node in ast.parse(source).body
                if isinstance(node, ast.FunctionDef) and node.name == name)


# What says nothing: an argument that was left out, sizes by their letters, a cache taken apart.
def says_something(text):
    node_kinds = ("Call", "BinOp", "For(", "While", "AugAssign")
    return any(kind in text for kind in node_kinds)


@pytest.mark.parametrize(("set_name", "function"), ASKED, ids=IDS)
def test_nothing_of_a_body_is_left_in_the_folder(set_name, function):
    source = find_source(function.source).read_text(encoding="utf-8")
    # Imports of satt are rewritten in the folder, so that bodies are compared without them.
    body = function_node(source, function.name)
    answers = {text for text in statements(body) if says_something(text)}
    assert answers
    for name, text in files_of(set_name).items():
        if name.endswith(".py"):
            found = answers & statements(ast.parse(text))
            assert not found, f"{name}: {found}"


def test_a_body_that_is_left_would_be_found():
    for _, function in ASKED:
        source = find_source(function.source).read_text(encoding="utf-8")
        body = statements(function_node(source, function.name))
        answers = {text for text in body if says_something(text)}
        assert answers & statements(ast.parse("if True:\n    pass\n" + source))


@pytest.mark.parametrize("level", ["normal", "hard"])
@pytest.mark.parametrize(("set_name", "function"), ASKED, ids=IDS)
def test_a_skeleton_keeps_the_signature_and_does_nothing(set_name, function, level):
    module = compiled(files_of(set_name, level)[function.file], function.file)
    written = vars(module)[function.name]
    reference = getattr(import_module(function.source), function.name)
    assert inspect.signature(written) == inspect.signature(reference)
    arguments = [None for p in inspect.signature(written).parameters.values()
                 if p.default is p.empty]
    with pytest.raises(NotImplementedError, match=function.name):
        written(*arguments)
    kept = inspect.cleandoc(written.__doc__)
    whole = inspect.cleandoc(reference.__doc__)
    if level == "normal" or not function.is_backward:
        assert kept == whole
    else:
        assert len(kept) < len(whole)
        assert kept.startswith(whole.split("\n\n")[0])
        assert kept[kept.index("Returns\n"):] == whole[whole.index("Returns\n"):]
        assert ("Parameters\n" in kept) == ("Parameters\n" in whole)


def compiled(text, file):
    """The skeleton's module; there is something for all that it imports from its folder."""
    code = compile(text, file, "exec")
    before = dict(sys.modules)
    for node in ast.parse(text).body:
        if isinstance(node, ast.ImportFrom) and node.module.split(".")[0] not in before:
            for name in (node.module.split(".")[0], node.module):
                sys.modules[name] = Anything(name)
    module = ModuleType(file.removesuffix(".py"))
    try:
        exec(code, vars(module))
    finally:
        for name in set(sys.modules) - set(before):
            del sys.modules[name]
    return module


class Anything(ModuleType):
    __path__ = ()

    def __getattr__(self, name):
        return ModuleType(name)


@pytest.mark.parametrize(("set_name", "function"), ASKED, ids=IDS)
def test_the_hints_are_numbered_comments_in_their_order(set_name, function):
    text = files_of(set_name)[function.file]
    lines = text.splitlines()
    node = function_node(text, function.name)
    assert len(node.body) == 2
    assert isinstance(node.body[1], ast.Raise)
    comments = [line.strip() for line in lines[node.body[0].end_lineno:node.body[1].lineno - 1]]
    assert comments[0] == "# Hints:"
    said = " ".join(comment.removeprefix("#").strip() for comment in comments[1:])
    expected = [f"{number}. {hint}" for number, hint in enumerate(function.hints, start=1)]
    assert said.split() == " ".join(expected).split()
    assert max(map(len, lines)) <= 99


@pytest.mark.parametrize("set_name", set_names())
def test_no_name_is_used_that_is_not_there(set_name):
    for name, text in files_of(set_name).items():
        if not name.endswith(".py"):
            continue
        tree = ast.parse(text)
        known = set(dir(__builtins__) if not isinstance(__builtins__, dict) else __builtins__)
        known |= {"__file__", "__name__", "__doc__"}
        for node in ast.walk(tree):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                known |= {(a.asname or a.name).split(".")[0] for a in node.names}
            elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                known.add(node.name)
            elif isinstance(node, ast.arg):
                known.add(node.arg)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                known.add(node.id)
            elif isinstance(node, ast.ExceptHandler) and node.name:
                known.add(node.name)
        used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        assert used <= known, f"{name}: {used - known}"


@pytest.mark.parametrize("set_name", set_names())
def test_nothing_in_a_folder_imports_satt(set_name):
    for name, text in files_of(set_name).items():
        if name.endswith(".py"):
            for node in ast.walk(ast.parse(text)):
                modules = [a.name for a in node.names] if isinstance(node, ast.Import) else []
                modules += [node.module] if isinstance(node, ast.ImportFrom) else []
                assert not [m for m in modules if m.split(".")[0] in ("satt", "gradcheck")], name


def test_a_body_goes_and_all_else_stays():
    text = cut("thing_forward")
    assert "secret" not in text
    assert "Said afterwards" not in text
    assert "sigmoid_forward(y)" not in text
    assert "from given.sigmoid import sigmoid_forward\n" in text
    assert "import numpy as np\n" in text
    assert '@staticmethod\ndef thing_forward(\n    x, y=(1, 2),\n):\n    """Do it — wit' in text
    assert 'without é trouble.\n\n    Parameters' in text
    assert "    return x + LIMIT\n" in text
    assert "    return 2 * dout\n" in text
    assert "    # 1. Think first.\n    # 2. Then write one long line" in text
    compile(text, "thing.py", "exec")


def test_imports_stand_in_order_and_only_where_they_are_used():
    lines = cut("thing_forward").splitlines()
    assert lines[2:6] == ["from functools import reduce", "", "import numpy as np", ""]
    assert "from functools" not in cut("thing_forward", leave_out=["_helper"])
    numpy_first = '"""A."""\nimport numpy as np\n\n\ndef thing_forward(x):\n    return np.exp(x)\n'
    assert cut("thing_forward", source=numpy_first).count("import numpy") == 1


def test_a_helper_that_would_give_it_away_is_left_out_with_its_comment():
    text = cut("thing_forward", leave_out=["_helper"])
    assert "_helper" not in text
    assert "What it computes with" not in text
    assert "LIMIT" in text


def test_a_helper_that_something_given_needs_stays():
    text = cut("thing_backward", leave_out=["_helper", "LIMIT"])
    assert "def _helper" in text
    assert "LIMIT = 3" in text
    compile(text, "thing.py", "exec")


def test_hard_takes_the_derivation_out_of_the_backward_alone():
    text = cut("thing_forward", "thing_backward", level="hard")
    doc = ast.get_docstring(function_node(text, "thing_backward"))
    assert doc == ("Undo it.\n\nParameters\n----------\ndout : float\n\n"
                   "Returns\n-------\ndx : float")
    assert "without é trouble" in text


@pytest.mark.parametrize("body", [
    "def thing_forward(x): return x + 1",
    "def thing_forward(x):\n    return x + 1",
    'def thing_forward(x): "Say."; return x + 1',
    'def thing_forward(x):\n    "Say."\n    return x + 1',
    "async_ = 1\n\n\ndef thing_forward(\n    x,\n):\n\n    def inner(y):\n        return y\n\n"
    "    return inner(x) + 1",
])
def test_a_function_of_any_form_is_emptied(body):
    text = cut("thing_forward", source=body)
    space = {}
    exec(compile(text, "thing.py", "exec"), space)
    assert "+ 1" not in text
    with pytest.raises(NotImplementedError, match="thing_forward is not written yet"):
        space["thing_forward"](1)


@pytest.mark.parametrize("line", [
    "import satt.layers.softmax",
    "def f():\n    from satt.layers.softmax import softmax_forward",
    "from satt.layers import softmax",
])
def test_an_import_that_cannot_be_rewritten_is_refused(line):
    with pytest.raises(SattError, match="import"):
        make_given(line, places(load_set("hw3")))


def test_a_skeleton_follows_its_source():
    """A function that is renamed inside, or computes otherwise, is cut as it then stands."""
    changed = SOURCE.replace("z = _helper(x) * 2", "answer = [_helper(x) for _ in range(2)]")
    assert cut("thing_forward") == cut("thing_forward", source=changed)
    longer = SOURCE.replace("y=(1, 2),", "y=(1, 2), w=None,")
    assert "w=None" in cut("thing_forward", source=longer)
