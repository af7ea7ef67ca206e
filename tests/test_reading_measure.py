"""An afternoon is a measure: the captioner, the layers it uses and the training loop are short.

Counted are lines of code, without docstrings, comments and blank lines. Imports are followed name
by name, so that a layer that `satt/ops.py` offers to others is not counted here.
"""

import ast
import io
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CAPTIONER, TRAINER = "satt/models/captioner.py", "satt/training/trainer.py"
MOST_LINES = 1500
NO_CODE = {
    tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT,
    tokenize.ENCODING, tokenize.ENDMARKER,
}


def code_lines(source):
    """Return how many lines of a source hold code."""
    lines = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in NO_CODE:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(source)):
        documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
        if isinstance(node, documented) and ast.get_docstring(node, clean=False) is not None:
            lines.difference_update(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    return len(lines)


def file_of(module, root):
    """Return the path of a module relative to the root, or None if it is not ours."""
    place = Path(*module.split("."))
    for path in (place.with_suffix(".py"), place / "__init__.py"):
        if (root / path).is_file():
            return path.as_posix()
    return None


def imports_of(path, root):
    """Return (module, name, local name) for each name that a file imports from satt.

    The name is None where the module itself is imported.
    """
    tree = ast.parse((root / path).read_text(encoding="utf-8"))
    package = path.removesuffix(".py").split("/")[:-1]
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name, None, alias.asname or alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join(base + ([node.module] if node.module else []))
            for alias in node.names:
                local = alias.asname or alias.name
                if file_of(f"{module}.{alias.name}", root):
                    found.append((f"{module}.{alias.name}", None, local))
                else:
                    found.append((module, alias.name, local))
    return tree, [entry for entry in found if entry[0].split(".")[0] == "satt"]


def home_of(module, name, root):
    """Return the file where a name is written, through files that only hand it on.

    A name of satt/kernels is read in the plain layer that defines it.
    """
    path = file_of(module, root)
    assert path, f"{module} is imported, but there is no such file"
    if path.startswith("satt/kernels/"):
        plain = [
            layer.relative_to(root).as_posix() for layer in (root / "satt/layers").glob("*.py")
            if name in defined_in(layer)
        ]
        assert len(plain) == 1, f"{module}.{name} has no single plain layer: {plain}"
        return plain[0]
    if path == "satt/ops.py" or path.endswith("/__init__.py"):
        for other, inner, local in imports_of(path, root)[1]:
            if local == name:
                return home_of(other, inner, root) if inner else file_of(other, root)
    return path


def defined_in(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def files_used_by(path, root):
    """Return the files of satt that a file uses, found name by name."""
    tree, entries = imports_of(path, root)
    used = set()
    for module, name, local in entries:
        if name is not None:
            used.add(home_of(module, name, root))
            continue
        # A module as a whole: what counts is which of its names the file touches.
        names = {
            node.attr for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) == local
        }
        assert names, f"{path} imports {module} and uses none of its names"
        used |= {home_of(module, name, root) for name in names}
    return used


def files_to_read(root):
    """Return the captioner, the training loop, and the models and layers that they reach."""
    for path in (CAPTIONER, TRAINER):
        assert (root / path).is_file(), f"{path} does not exist"
    found, waiting = set(), [CAPTIONER, TRAINER]
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        found.add(path)
        waiting += [
            other for other in files_used_by(path, root)
            if other.startswith(("satt/models/", "satt/layers/"))
        ]
    return sorted(found)


def test_the_captioner_can_be_read_in_an_afternoon(capsys):
    lines = {
        path: code_lines((ROOT / path).read_text(encoding="utf-8")) for path in files_to_read(ROOT)
    }
    layers = sum(path.startswith("satt/layers/") for path in lines)
    total = sum(lines.values())
    with capsys.disabled():
        print(f"\nreading measure: {total} lines of code (at most {MOST_LINES}) in {len(lines)} "
              f"files, {layers} of them layers")
    assert layers >= 8, f"the search for layers found only {layers}: {sorted(lines)}"
    said = f"are {total:,} lines of code in {len(lines)} files"
    assert said in (ROOT / "README.md").read_text(encoding="utf-8")
    assert total <= MOST_LINES, "\n".join(f"{count:5} {path}" for path, count in lines.items())


@pytest.mark.parametrize(("source", "expected"), [
    ("", 0),
    ('"""One."""\n\n# two\nx = 1  # three\n', 1),
    ('def f(x):\n    """A\n\n    docstring.\n    """\n    return (\n        x\n    )\n', 4),
    ('class A:\n    "Doc."\n    x = """two\nlines"""\n', 3),
    ('x = 1\n"""A string that is no docstring."""\n', 2),
])
def test_what_counts_as_a_line_of_code(source, expected):
    assert code_lines(source) == expected


def write_tree(root, files):
    for path, source in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(source, encoding="utf-8")


SMALL_TREE = {
    CAPTIONER: "from satt import ops\nfrom satt.models.encoder import encode\n"
               "def f():\n    return ops.a_forward(), encode()\n",
    "satt/models/__init__.py": "",
    "satt/models/encoder.py": "from satt.ops import b_forward\ndef encode():\n    b_forward()\n",
    "satt/models/translator.py": "",
    "satt/ops.py": "from satt.layers.a import a_forward\nfrom satt.layers.c import c_forward\n"
                   "from satt.kernels.b import b_forward as b_forward\n",
    "satt/kernels/b.py": "def b_forward():\n    pass\n",
    "satt/layers/a.py": "from .d import d_forward\ndef a_forward():\n    d_forward()\n",
    "satt/layers/b.py": "def b_forward():\n    pass\n",
    "satt/layers/c.py": "def c_forward():\n    pass\n",
    "satt/layers/d.py": "def d_forward():\n    pass\n",
    TRAINER: "from satt.training.log import append\ndef train():\n    append()\n",
    "satt/training/log.py": "def append():\n    pass\n",
}


def test_names_are_followed_to_their_plain_layers(tmp_path):
    write_tree(tmp_path, SMALL_TREE)
    assert files_to_read(tmp_path) == [
        "satt/layers/a.py", "satt/layers/b.py", "satt/layers/d.py", CAPTIONER,
        "satt/models/encoder.py", TRAINER,
    ]


def test_a_missing_file_is_named(tmp_path):
    write_tree(tmp_path, {CAPTIONER: ""})
    with pytest.raises(AssertionError, match="satt/training/trainer.py does not exist"):
        files_to_read(tmp_path)
