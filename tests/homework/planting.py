"""Mistakes of students, planted into a folder in which all else is right."""

import inspect
import re
import textwrap

from gradcheck.cases.mistakes import mistakes


def plantable(functions):
    """List the mistakes of gradcheck's collection that fit functions of a set.

    Parameters
    ----------
    functions : collection of str
        The functions that are asked for.

    Returns
    -------
    found : list of (Mistake, str)
        Each with the name of the function that is wrong.
    """
    found = []
    for mistake in mistakes():
        wrong = wrong_half(mistake)
        if wrong in functions:
            found.append((mistake, wrong))
    return found


def wrong_half(mistake):
    """Name the function of satt that a mistake is a wrong form of."""
    for half in ("backward", "forward"):
        function = getattr(mistake.case, half)
        slip = mistake.name.removeprefix(f"{mistake.layer}-").replace("-", "_")
        if function.__name__.endswith(slip):
            return f"{mistake.layer}_{half}"
    return None


def plant(path, mistake):
    """Put the wrong function, with what it needs, in the place of the right one.

    Parameters
    ----------
    path : Path
        The student's file, with the right functions.
    mistake : Mistake
    """
    layer, text = mistake.layer, path.read_text(encoding="utf-8")
    halves = {half: getattr(mistake.case, half) for half in ("forward", "backward")}
    module = inspect.getmodule(halves["backward"])
    theirs = {h: f for h, f in halves.items() if f.__module__.startswith("gradcheck")}
    if not module.__name__.startswith("gradcheck"):
        module = inspect.getmodule(halves["forward"])
    source = _with_helpers(module, [f.__name__ for f in theirs.values()])
    for half in halves:
        # What the mistake takes from satt is the right function, which is given another name.
        right = f"{layer}_{half}"
        source = re.sub(rf"\b{right}\b", f"right_{right}", source)
        text = f"{text}\n\nright_{right} = {right}\n"
    text += "\n\n" + source
    for half, function in theirs.items():
        text += f"\n{layer}_{half} = {function.__name__}\n"
    path.write_text(text, encoding="utf-8")


def _with_helpers(module, names):
    """Cut functions out of a module, and what they use of it, constants and functions."""
    tree_source, wanted, done = inspect.getsource(module), list(names), {}
    import ast

    tree = ast.parse(tree_source)
    defined = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            defined[node.name] = node
        elif isinstance(node, ast.Assign):
            for target in ast.walk(node):
                if isinstance(target, ast.Name) and isinstance(target.ctx, ast.Store):
                    defined[target.id] = node
    while wanted:
        name = wanted.pop()
        if name in done or name not in defined:
            continue
        done[name] = defined[name]
        used = {n.id for n in ast.walk(defined[name]) if isinstance(n, ast.Name)}
        wanted += sorted(used & defined.keys())
    lines = tree_source.splitlines()
    nodes = sorted({id(n): n for n in done.values()}.values(), key=lambda n: n.lineno)
    return "\n\n\n".join(
        textwrap.dedent("\n".join(lines[n.lineno - 1 : n.end_lineno])) for n in nodes
    ) + "\n"
