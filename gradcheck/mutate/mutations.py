"""All mutants of one function: its syntax tree, each time with one other node."""

import ast
import inspect
import textwrap
from collections import Counter
from dataclasses import dataclass
from types import CodeType

from gradcheck.mutate.operators import OPERATORS

# Of each variable this many others take the place.
OTHERS = 2

# What these decide is not in any number: whether to raise at unequal lengths, how to sort.
HARMLESS_KEYWORDS = {"strict", "kind"}

# A mutant whose loop never ends is stopped: far more rounds than any case needs.
MOST_ROUNDS = 10_000


@dataclass(frozen=True)
class Mutation:
    """One change of a function.

    Attributes
    ----------
    operator : str
        What was done, as "drop term".
    before, after : str
        The changed statement; of a block the line at its head.
    occurrence : int
        From 0: the same change may be possible at several places.
    code : code
        Of the changed function.
    """

    operator: str
    before: str
    after: str
    occurrence: int
    code: CodeType


def mutations(function):
    """List every mutant of a function that is another function.

    A change that leaves the code as it was, or that is the same as another one, is left out, and
    so is one that is no Python.

    Parameters
    ----------
    function : function
        Written in a file, without decorators.

    Returns
    -------
    list of Mutation
    """
    tree = _tree(function)
    seen, counts, found = {_signature(_compiled(tree))}, Counter(), []
    for operator, before, after in _changes(tree):
        try:
            code = _compiled(tree)
        except (SyntaxError, ValueError, TypeError):  # such as a star where none may stand
            continue
        signature = _signature(code)
        if signature not in seen:
            seen.add(signature)
            occurrence = counts[operator, before, after]
            counts[operator, before, after] += 1
            found.append(Mutation(operator, before, after, occurrence, code))
    return found


def _tree(function):
    """Parse a function, without its docstring, and let every loop end."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    if ast.get_docstring(tree):
        del tree.body[0]
    loops = [node for node in ast.walk(tree) if isinstance(node, ast.For | ast.While)]
    for number, loop in enumerate(loops):
        rounds = f"rounds_of_loop_{number}"
        loop.body[:0] = _guard(
            f"{rounds} += 1\n"
            f"if {rounds} > {MOST_ROUNDS}: raise RuntimeError('a loop without an end')"
        )
        tree.body[:0] = _guard(f"{rounds} = 0")
    return tree


def _guard(source):
    statements = ast.parse(source).body
    for statement in statements:
        statement.is_guard = True
    return statements


def _changes(tree):
    """Change the tree, yield the operator and the statement before and after, change it back."""
    bound = _bindings(tree)
    for statement, parent, field, index, node in list(_places(tree, None)):
        changes = [(op.__name__, other) for op in OPERATORS for other in op(node)]
        changes += [("wrong_variable", other) for other in _other_variables(node, parent, bound)]
        before = _head(statement)
        for name, other in changes:
            _put(parent, field, index, other)
            yield name.replace("_", " "), before, _head(other if node is statement else statement)
            _put(parent, field, index, node)


def _places(node, statement):
    """Yield every node below a node: its statement, its parent, field and index there, itself."""
    for field, value in ast.iter_fields(node):
        children = enumerate(value) if isinstance(value, list) else [(None, value)]
        for index, child in children:
            is_mutable = isinstance(child, ast.AST) and not isinstance(child, ast.arguments)
            if not is_mutable or hasattr(child, "is_guard") or _is_harmless(child):
                continue
            stands_in = child if isinstance(child, ast.stmt) else statement
            yield stands_in, node, field, index, child
            if not isinstance(child, ast.JoinedStr) and not _is_minus_one(child):
                yield from _places(child, stands_in)


def _is_harmless(node):
    """Tell whether no change of a node could matter: a check computes in float64 throughout."""
    return (
        getattr(node, "arg", None) in HARMLESS_KEYWORDS
        or (isinstance(node, ast.Attribute) and node.attr == "dtype")
        or (isinstance(node, ast.Call) and ast.unparse(node.func) == "np.result_type")
    )


def _is_minus_one(node):
    """Tell whether a node is -1, which stands for "whatever is left", as does -2."""
    return isinstance(node, ast.UnaryOp) and ast.unparse(node) == "-1"


def _put(parent, field, index, node):
    if index is None:
        setattr(parent, field, node)
    else:
        getattr(parent, field)[index] = node


def _bindings(tree):
    """List the local names in the order in which they get a value, each with the line."""
    lines = {argument.arg: 0 for argument in tree.args.args}
    for _, _, _, _, node in _places(tree, None):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            lines.setdefault(node.id, node.lineno)
    return lines


def _other_variables(node, parent, bound):
    """Yield the likeliest mix-ups: names that have a value there, of the same kind, close by."""
    if not (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in bound):
        return
    if isinstance(parent, ast.Call) and parent.func is node:
        return
    names = list(bound)

    def kind(name):  # a gradient, a weight, a size, something for the backward, or a value
        return name.startswith("d"), name.startswith("W"), name.isupper(), name.endswith("cache")

    def distance(name):
        return kind(name) != kind(node.id), abs(names.index(name) - names.index(node.id))

    others = [name for name in names if bound[name] < node.lineno and name not in (node.id, "_")]
    for name in sorted(others, key=distance)[:OTHERS]:
        yield ast.Name(name, ast.Load())


def _head(statement):
    """Write a statement as it stands in a file; of a block, the line at its head."""
    head = ast.unparse(ast.fix_missing_locations(statement)).strip().split("\n")[0]
    # Python 3.10 puts brackets around the targets, later ones do not.
    for target in getattr(statement, "targets", [getattr(statement, "target", None)]):
        if isinstance(target, ast.Tuple):
            written = ast.unparse(target)
            head = head.replace(f"{written} = ", f"{written[1:-1]} = ", 1)
            head = head.replace(f"for {written} in", f"for {written[1:-1]} in", 1)
    return head


def _compiled(tree):
    """Compile a function to its code."""
    module = ast.Module([ast.fix_missing_locations(tree)], [])
    code = compile(module, "<mutant>", "exec", dont_inherit=True)
    return next(constant for constant in code.co_consts if isinstance(constant, CodeType))


def _signature(code):
    """Return what two pieces of code that do the same by construction have in common."""
    constants = tuple(
        _signature(constant) if isinstance(constant, CodeType) else (type(constant), constant)
        for constant in code.co_consts
    )
    return code.co_code, constants, code.co_names, code.co_varnames
