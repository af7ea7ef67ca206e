"""What a student may get wrong, as changes of one node of a syntax tree.

An operator takes a node and yields what may stand in its place; of a node that is none of its
business it makes nothing. Its name, with spaces, is what a mutant of it is called.
"""

import ast

EVERYTHING = ast.Slice(None, None, None)


def drop_term(node):
    """Make a or b of a + b, and a or -b of a - b."""
    if _is_binary(node, ast.Add):
        yield from (node.left, node.right)
    if _is_binary(node, ast.Sub):
        yield from (node.left, _negative(node.right))


def drop_factor(node):
    """Make a or b of a * b, and a of a / b and of a ** b."""
    if _is_binary(node, ast.Mult, ast.Div, ast.FloorDiv, ast.Pow):
        yield node.left
    if _is_binary(node, ast.Mult):
        yield node.right


def flip_sign(node):
    """Exchange plus and minus; turn round the sign of a product or of what is returned."""
    if _is_binary(node, ast.Add, ast.Sub):
        other = ast.Sub() if isinstance(node.op, ast.Add) else ast.Add()
        yield ast.BinOp(node.left, other, node.right)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield node.operand
    if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add | ast.Sub):
        other = ast.Sub() if isinstance(node.op, ast.Add) else ast.Add()
        yield ast.AugAssign(node.target, other, node.value)
    if isinstance(node, ast.Assign) and _is_binary(node.value, ast.Mult, ast.MatMult, ast.Div):
        yield ast.Assign(node.targets, _negative(node.value))
    if isinstance(node, ast.Return):
        for values, put in _returned(node):
            for i, value in enumerate(values):
                if not isinstance(value, ast.Starred | ast.Tuple):
                    yield put([*values[:i], _negative(value), *values[i + 1 :]])


def swap_operands(node):
    """Exchange the two sides of what does not commute."""
    if _is_binary(node, ast.Sub, ast.Div, ast.FloorDiv, ast.MatMult, ast.Pow):
        yield ast.BinOp(node.right, node.op, node.left)


def swap_axes(node):
    """Exchange neighbours in a shape, an index or a transpose; take axis 0 for 1, 1 for 0."""
    if isinstance(node, ast.Call) and _called(node) in ("reshape", "transpose"):
        for args in _swapped(node.args):
            yield ast.Call(node.func, args, node.keywords)
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Tuple):
        for index in _swapped(node.slice.elts):
            yield ast.Subscript(node.value, ast.Tuple(index, ast.Load()), node.ctx)
    if isinstance(node, ast.keyword) and node.arg == "axis":
        if isinstance(node.value, ast.Constant) and node.value.value in (0, 1):
            yield ast.keyword("axis", ast.Constant(1 - node.value.value))


def swap_values(node):
    """Exchange neighbours in a list, a tuple (the order of gradients, too) or a call."""
    if isinstance(node, ast.List):
        for elements in _swapped(node.elts):
            yield ast.List(elements, node.ctx)
    if isinstance(node, ast.Tuple):
        for elements in _swapped(node.elts):
            yield ast.Tuple(elements, node.ctx)
    if isinstance(node, ast.Call) and _called(node) not in ("reshape", "transpose"):
        for args in _swapped(node.args):
            yield ast.Call(node.func, args, node.keywords)


def forget_sum(node):
    """Leave a sum out, sum over all axes, take the mean, or only the first of the terms."""
    if not (isinstance(node, ast.Call) and _called(node) == "sum"):
        return
    if isinstance(node.func, ast.Attribute):
        summed, keywords = node.func.value, {word.arg: word.value for word in node.keywords}
        yield summed
        yield ast.Call(node.func, [], [])
        yield ast.Call(ast.Attribute(summed, "mean", ast.Load()), node.args, node.keywords)
        first = ast.Constant(0)
        if "keepdims" in keywords:
            first = ast.List([first], ast.Load())
        axis = [word for word in node.keywords if word.arg == "axis"]
        yield ast.Call(ast.Attribute(summed, "take", ast.Load()), [first], axis)


def forget_transpose(node):
    """Leave out `.T` or `.transpose(...)`."""
    if isinstance(node, ast.Attribute) and node.attr == "T":
        yield node.value
    if isinstance(node, ast.Call) and _called(node) == "transpose":
        yield node.func.value


def forget_mask(node):
    """Make a or b of np.where(mask, a, b)."""
    if isinstance(node, ast.Call) and _called(node) == "where" and len(node.args) == 3:
        yield from node.args[1:]


def forget_index(node):
    """Leave an index out, whole or one axis of it."""
    if not isinstance(node, ast.Subscript):
        return
    if isinstance(node.ctx, ast.Load):
        yield node.value
    if isinstance(node.slice, ast.Tuple):
        index = node.slice.elts
        for i, element in enumerate(index):
            if isinstance(element, ast.Slice) and (element.lower or element.upper):
                shorter = [*index[:i], EVERYTHING, *index[i + 1 :]]
            elif isinstance(element, ast.Constant) and element.value is None:
                shorter = [*index[:i], *index[i + 1 :]]
            elif not isinstance(element, ast.Slice):
                shorter = [*index[:i], EVERYTHING, *index[i + 1 :]]
            else:
                continue
            yield ast.Subscript(node.value, ast.Tuple(shorter, ast.Load()), node.ctx)


def take_first(node):
    """Take the first entry in place of the one of an index."""
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Name | ast.BinOp):
        yield ast.Subscript(node.value, ast.Constant(0), node.ctx)


def overwrite(node):
    """Put `=` for `+=`; with an index, also leave the index out."""
    if isinstance(node, ast.AugAssign):
        yield ast.Assign([node.target], node.value)
        if isinstance(node.target, ast.Subscript):
            whole = ast.Name(node.target.value.id, ast.Store())
            yield ast.AugAssign(whole, node.op, node.value)


def change_constant(node):
    """Put another number, a wrong word, True for False; start a sum from ones."""
    if isinstance(node, ast.Constant):
        value = node.value
        if isinstance(value, bool):
            yield ast.Constant(not value)
        elif isinstance(value, int | float):
            yield from (ast.Constant(value + 1), ast.Constant(value - 1))
        elif isinstance(value, str):
            yield ast.Constant(value + "?")
    if isinstance(node, ast.Attribute) and node.attr in ("zeros", "zeros_like"):
        yield ast.Attribute(node.value, node.attr.replace("zeros", "ones"), ast.Load())


def change_slice(node):
    """Leave a slice's bound or step out, or move the bound by one."""
    if not isinstance(node, ast.Slice):
        return
    for part in ("lower", "upper", "step"):
        bound = getattr(node, part)
        if bound is None:
            continue
        for other in (
            None,
            ast.BinOp(bound, ast.Add(), ast.Constant(1)),
            ast.BinOp(bound, ast.Sub(), ast.Constant(1)),
        ):
            parts = {name: getattr(node, name) for name in ("lower", "upper", "step")}
            yield ast.Slice(**(parts | {part: other}))


def forget_call(node):
    """Leave a call out: `reversed(x)` or `np.stack(x, ...)` becomes x."""
    if not (isinstance(node, ast.Call) and node.args):
        return
    function = node.func
    is_numpy = isinstance(function, ast.Attribute) and ast.unparse(function).startswith("np.")
    if is_numpy or (isinstance(function, ast.Name) and function.id == "reversed"):
        yield node.args[0]


def forget_statement(node):
    """Leave out a line that changes something which is there without it as well."""
    # A plain `name = ...` may be the first one; without it the mutant would only raise.
    rebinds = isinstance(node, ast.Assign) and (
        isinstance(node.targets[0], ast.Subscript)
        or ast.unparse(node.targets[0]) in {ast.unparse(part) for part in ast.walk(node.value)}
    )
    calls = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    if rebinds or calls or isinstance(node, ast.AugAssign):
        yield ast.Pass()


def change_condition(node):
    """Turn a condition into its opposite, or decide it once and for all."""
    if isinstance(node, ast.IfExp):
        yield ast.IfExp(ast.UnaryOp(ast.Not(), node.test), node.body, node.orelse)
        yield from (node.body, node.orelse)
    if isinstance(node, ast.If):
        for test in (
            ast.UnaryOp(ast.Not(), node.test),
            ast.Constant(True),
            ast.Constant(False),
        ):
            yield ast.If(test, node.body, node.orelse)
    if isinstance(node, ast.BoolOp):
        other = ast.And() if isinstance(node.op, ast.Or) else ast.Or()
        yield ast.BoolOp(other, node.values)
        yield from node.values


OPERATORS = (
    drop_term,
    drop_factor,
    flip_sign,
    swap_operands,
    swap_axes,
    swap_values,
    forget_sum,
    forget_transpose,
    forget_mask,
    forget_index,
    take_first,
    overwrite,
    change_constant,
    change_slice,
    forget_call,
    forget_statement,
    change_condition,
)


def _is_binary(node, *kinds):
    return isinstance(node, ast.BinOp) and isinstance(node.op, kinds)


def _negative(value):
    return ast.UnaryOp(ast.USub(), value)


def _called(call):
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", None)


def _returned(node):
    """Give the values of a `return`, and a function that makes one of other values."""
    if isinstance(node.value, ast.Tuple):
        yield node.value.elts, lambda values: ast.Return(ast.Tuple(values, ast.Load()))
    else:
        yield [node.value], lambda values: ast.Return(values[0])


def _swapped(elements):
    """Exchange each pair of neighbours in a list in turn."""
    for i in range(len(elements) - 1):
        yield [*elements[:i], elements[i + 1], elements[i], *elements[i + 2 :]]
