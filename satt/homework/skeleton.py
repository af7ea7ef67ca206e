"""A file of satt becomes one with gaps: signature, docstring and hints stay, the body goes.

What is cut is the source as it stands today, so that a skeleton is never older than the library.
The source needs no marks for this.
"""

import ast
import sys
import textwrap

from satt.errors import SattError

WIDTH = 99
INDENT = "    "
# The sections of a docstring that say how a function is called; all else may explain it.
CALLING = ("Parameters", "Returns", "Raises")
NUMPY = "import numpy as np"


def make_skeleton(source, functions, leave_out, new_place):
    """Make the file that students fill.

    Parameters
    ----------
    source : str
        Of a module of satt.
    functions : sequence of Function
        Those of this module that are asked for.
    leave_out : set of str
        Functions, classes and constants at the top level that are dropped, unless something that
        is not asked for, and so stays, uses them.
    new_place : callable
        From a module of satt to where it stands in the folder, as "given.sigmoid".

    Returns
    -------
    skeleton : str

    Raises
    ------
    SattError
        If the source imports satt in a way that cannot be rewritten.
    """
    tree, lines = ast.parse(source), source.splitlines()
    asked = {function.name: function for function in functions}
    leave_out = leave_out - _needed(tree, leave_out | set(asked))
    for node in reversed(tree.body):
        start, end = _span(node, lines)
        name = getattr(node, "name", None)
        if name in asked and isinstance(node, ast.FunctionDef):
            lines[start:end] = [*_head(node, lines, asked[name].level), *_gap(asked[name])]
        elif leave_out & _names_of(node):
            while start and lines[start - 1].startswith("#"):
                start -= 1
            lines[start:end] = []
    return _tidy(_rewrite(lines, new_place, leave_out, is_skeleton=True))


def make_given(source, new_place):
    """Make a copy of a module that needs no satt: its imports point into the folder.

    Parameters
    ----------
    source : str
    new_place : callable
        As for `make_skeleton`.

    Returns
    -------
    copy : str

    Raises
    ------
    SattError
        If the source imports satt in a way that cannot be rewritten.
    """
    return _tidy(_rewrite(source.splitlines(), new_place, set(), is_skeleton=False))


def satt_modules(source):
    """List the modules of satt that a source imports at its top level.

    Parameters
    ----------
    source : str

    Returns
    -------
    modules : list of str
    """
    return [
        node.module for node in ast.parse(source).body
        if isinstance(node, ast.ImportFrom) and _is_satt(node.module)
    ]


def _span(node, lines):
    """Where a node begins and ends, with its decorators and the comments that belong to it."""
    first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))]) - 1
    end = node.end_lineno
    if isinstance(node, ast.FunctionDef):
        # A comment after the last statement is the body's, though no node holds it.
        for place in range(end, len(lines)):
            if lines[place].startswith((" ", "\t")):
                end = place + 1
            elif lines[place].strip():
                break
    return first, end


def _needed(tree, gone):
    """The names that are used by what stays when some names at the top level are gone."""
    needed, before = set(), None
    while needed != before:
        before = needed
        staying = [node for node in tree.body if not (gone - needed) & _names_of(node)]
        needed = {each.id for node in staying for each in ast.walk(node)
                  if isinstance(each, ast.Name)}
    return needed


def _names_of(node):
    """The names that a statement at the top level defines."""
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return {node.name}
    targets = node.targets if isinstance(node, ast.Assign) else ()
    return {target.id for target in targets if isinstance(target, ast.Name)}


def _head(node, lines, level):
    """The lines from the first decorator to the end of the docstring."""
    start, _ = _span(node, lines)
    first = node.body[0]
    before = _cut(lines[first.lineno - 1], first.col_offset)
    signature = lines[start:first.lineno - 1] + ([before.rstrip()] if before.strip() else [])
    if ast.get_docstring(node, clean=False) is None:
        return signature
    docstring = lines[first.lineno - 1:first.end_lineno]
    docstring[-1] = _cut(docstring[-1], first.end_col_offset)
    docstring[0] = INDENT + docstring[0][len(before):]
    if level == "hard" and node.name.endswith("_backward"):
        docstring = _without_derivation(docstring)
    return [*signature, *docstring]


def _cut(line, column):
    """What stands before a column; the parser counts bytes, not characters."""
    return line.encode()[:column].decode()


def _without_derivation(docstring):
    """Keep what a docstring's first line says, and the sections on how to call it."""
    if len(docstring) == 1:
        return docstring
    quotes = docstring[-1].strip()[-3:]
    body = [*docstring[:-1], docstring[-1].rstrip()[:-3].rstrip()]
    blank = next((n for n, line in enumerate(body) if not line.strip()), len(body))
    kept, keeping = body[:blank], False
    for n in range(blank, len(body)):
        is_heading = n + 1 < len(body) and set(body[n + 1].strip()) == {"-"}
        if is_heading:
            keeping = body[n].strip() in CALLING
            kept = _without_blank_end(kept) + ([""] if keeping else [])
        if keeping:
            kept.append(body[n])
    kept = _without_blank_end(kept)
    indent = docstring[0][:len(docstring[0]) - len(docstring[0].lstrip())]
    return [*kept, indent + quotes] if len(kept) > 1 else [kept[0] + quotes]


def _without_blank_end(lines):
    while lines and not lines[-1].strip():
        lines = lines[:-1]
    return lines


def _gap(function):
    """What stands where the body stood."""
    lines = [f"{INDENT}# Hints:"]
    for number, hint in enumerate(function.hints, start=1):
        lines += textwrap.wrap(
            hint, WIDTH, initial_indent=f"{INDENT}# {number}. ",
            subsequent_indent=f"{INDENT}#    ", break_long_words=False, break_on_hyphens=False,
        )
    return [*lines, f'{INDENT}raise NotImplementedError("{function.name} is not written yet")']


def _rewrite(lines, new_place, dropped, is_skeleton):
    """Point imports of satt into the folder; in a skeleton, drop those that only a body used."""
    tree = ast.parse("\n".join(lines))
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    lines = list(lines)
    for node in reversed(tree.body):
        if not isinstance(node, (ast.Import, ast.ImportFrom)):
            continue
        is_numpy = isinstance(node, ast.Import) and node.names[0].name == "numpy"
        if isinstance(node, ast.ImportFrom) and _is_satt(node.module):
            names = [alias for alias in node.names if alias.name not in dropped]
            new = _import_line(new_place(node.module), names) if names else []
        elif isinstance(node, ast.Import) and any(_is_satt(a.name) for a in node.names):
            raise SattError(
                f"{ast.unparse(node)}: homework cannot rewrite this; import names from the "
                "module instead: from satt.layers.softmax import softmax_forward"
            )
        elif is_skeleton and not is_numpy and not used & {_bound(a) for a in node.names}:
            new = []
        else:
            continue
        lines[node.lineno - 1:node.end_lineno] = new
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)) and node not in tree.body:
            module = getattr(node, "module", None) or node.names[0].name
            if _is_satt(module):
                raise SattError(f"{ast.unparse(node)}: import satt at the top of the file")
    if is_skeleton and NUMPY not in lines:
        lines = _with_numpy(lines)
    return lines


def _with_numpy(lines):
    """Add NumPy: every layer can be written with it, whatever the reference is written with."""
    tree = ast.parse("\n".join(lines))
    place = tree.body[0].end_lineno if ast.get_docstring(tree) is not None else 0
    for node in tree.body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            module = getattr(node, "module", None) or node.names[0].name
            if module.split(".")[0] in sys.stdlib_module_names:
                place = node.end_lineno
    before, after = lines[:place], lines[place:]
    while after and not after[0].strip():
        del after[0]
    gap = [""] if after and after[0].startswith(("from ", "import ")) else ["", ""]
    return [*before, "", NUMPY, *gap, *after]


def _is_satt(module):
    return module is not None and (module == "satt" or module.startswith("satt."))


def _bound(alias):
    return alias.asname or alias.name.split(".")[0]


def _import_line(module, aliases):
    names = sorted(f"{a.name} as {a.asname}" if a.asname else a.name for a in aliases)
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= WIDTH:
        return [line]
    return [f"from {module} import (", *(f"{INDENT}{name}," for name in names), ")"]


def _tidy(lines):
    """At most two blank lines one after the other, none at either end."""
    kept = []
    for line in lines:
        if line.strip() or kept[-2:] != ["", ""]:
            kept.append(line.rstrip())
    return "\n".join(kept).strip("\n") + "\n"
