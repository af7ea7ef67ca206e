"""Which submissions hold the same code, names, comments and layout aside?

A function becomes the sequence of its syntax, every name replaced by its order of appearance, and
is compared by the runs of `RUN` neighbours that two have in common. Left out are what was handed
out, and what more than a few share: there is one obvious way to write a ReLU. So a pair that is
reported has more in common than the task; it is for the teacher to look at, no proof.
"""

import ast
from collections import Counter
from dataclasses import dataclass

from satt.errors import SattError
from satt.homework.archives import python_files, root_of, submission_name
from satt.homework.folder import folder_files
from satt.homework.sets import find_source

RUN = 12
SHARED_BY = 8  # what more submissions than this have is the task's; of a large class a quarter
LEAST = 40  # runs of which a submission must have that many, or there is nothing to compare
ALIKE = 0.7
REFERENCE = "satt's own source"


@dataclass(frozen=True)
class Pair:
    """Two submissions with the same code.

    Attributes
    ----------
    one, other : str
        Names; the other may be `REFERENCE`, or of a past year.
    share : float
        How much of the smaller one is in the larger one.
    functions : tuple of str
        The functions that are the same.
    """

    one: str
    other: str
    share: float
    functions: tuple[str, ...]


def find_similar(submissions, homework, past=()):
    """Compare submissions with each other, with past ones, and with the reference.

    Parameters
    ----------
    submissions, past : sequence of Path
        Folders or archives.
    homework : HomeworkSet

    Returns
    -------
    pairs : list of Pair
        The most alike first.
    """
    handed_out = _functions(folder_files(homework), homework)
    known = set().union(*(runs for _, runs in handed_out.values())) if handed_out else set()
    present = {submission_name(path): _read(path, homework, known) for path in submissions}
    earlier = {f"past: {submission_name(p)}": _read(p, homework, known) for p in past}
    reference = _functions(_reference(homework), homework)
    earlier[REFERENCE] = {name: (d, runs - known) for name, (d, runs) in reference.items()}
    counts = Counter(run for one in present.values() for run in _runs(one))
    most = max(SHARED_BY, len(present) // 4)
    common = {run for run, count in counts.items() if count > most}
    names, pairs = list(present), []
    for place, name in enumerate(names):
        pairs += [
            _compare(name, present[name], other, present[other], common)
            for other in names[place + 1 :]
        ]
        # What many have out of one source is no less from there.
        pairs += [_compare(name, present[name], *other, set()) for other in earlier.items()]
    pairs = [pair for pair in pairs if pair is not None]
    return sorted(pairs, key=lambda pair: (-pair.share, pair.one, pair.other))


def _compare(name, functions, other, others, common):
    mine, theirs = _runs(functions) - common, _runs(others) - common
    smaller = min(len(mine), len(theirs))
    if smaller < LEAST:
        return None
    share = len(mine & theirs) / smaller
    if share < ALIKE:
        return None
    same = [
        function for function, (digest, runs) in functions.items()
        if function in others and others[function][0] == digest and runs
    ]
    return Pair(name, other, share, tuple(same))


def _runs(functions):
    return set().union(*(runs for _, runs in functions.values())) if functions else set()


def _read(path, homework, known):
    """Take the functions of a submission without what was handed out."""
    wanted = {function.file for function in homework.functions}
    try:
        files = python_files(path)
    except SattError:
        return {}
    root = root_of(files, wanted)
    sources = {
        name.removeprefix(root): data.decode("utf-8", errors="replace")
        for name, data in files.items() if name.startswith(root)
    }
    found = _functions(sources, homework)
    return {name: (digest, runs - known) for name, (digest, runs) in found.items()}


def _reference(homework):
    modules = {function.source: function.file for function in homework.functions}
    return {file: find_source(m).read_text(encoding="utf-8") for m, file in modules.items()}


def _functions(sources, homework):
    """Digest every function in the homework's files: its whole sequence, and the runs in it."""
    wanted, found = {function.file for function in homework.functions}, {}
    for file, source in sources.items():
        if file not in wanted:
            continue
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        for node in tree.body:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                words = _words(node)
                runs = {hash(words[k : k + RUN]) for k in range(len(words) - RUN + 1)}
                found[node.name] = hash(words), runs
    return found


def _words(function):
    """Write a function's syntax as a sequence in which names are numbers."""
    body = function.body
    if ast.get_docstring(function, clean=False) is not None:
        body = body[1:]
    numbers, words = {}, []
    waiting = [*reversed(body), function.args]
    while waiting:
        node = waiting.pop()
        words.append(type(node).__name__)
        if isinstance(node, (ast.Name, ast.arg)):
            name = node.id if isinstance(node, ast.Name) else node.arg
            words.append(numbers.setdefault(name, len(numbers)))
            continue
        if isinstance(node, ast.Constant):
            words.append(repr(node.value)[:40])
        elif isinstance(node, ast.Attribute):
            words.append(node.attr)
        elif isinstance(node, ast.FunctionDef):
            numbers.setdefault(node.name, len(numbers))
        children = [
            child for child in ast.iter_child_nodes(node)
            if not isinstance(child, (ast.expr_context, ast.operator, ast.unaryop, ast.cmpop))
        ]
        operators = [
            type(child).__name__ for child in ast.iter_child_nodes(node)
            if isinstance(child, (ast.operator, ast.unaryop, ast.cmpop))
        ]
        words += operators
        waiting += reversed(children)
    return tuple(words)
