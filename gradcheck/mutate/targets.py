"""Of which functions does the backward of a case consist, and how is one of them replaced?"""

import copy
import inspect
from types import CellType, CodeType, FunctionType, MethodType


def functions_of(backward, others=()):
    """List the functions that a backward consists of: itself, and what it calls by name.

    Followed are functions and, where a backward is made of a model, the model's methods. Functions
    of modules (`np.where`, `ops.relu_backward`) are not followed, nor those in `others`.

    Parameters
    ----------
    backward : function
    others : collection of function
        The backwards of other cases, which have mutants of their own.

    Returns
    -------
    functions : list of function
    """
    found, owners = [], _owners(backward)
    waiting = [backward]
    while waiting:
        function = waiting.pop()
        if function in found or (function in others and function is not backward):
            continue
        found.append(function)
        for name in sorted(_names(function.__code__)):
            for called in (function.__globals__.get(name), *(_method(o, name) for o in owners)):
                if isinstance(called, FunctionType):
                    waiting.append(called)
    return found


def is_written_out(function):
    """Tell whether a function stands in a module or class, not inside of another function.

    Parameters
    ----------
    function : function

    Returns
    -------
    bool
    """
    return "<locals>" not in function.__qualname__


def name_of(function):
    """Give the dotted name of a function or method.

    Parameters
    ----------
    function : function

    Returns
    -------
    str
    """
    return f"{function.__module__}.{function.__qualname__}"


def rebuilt(backward, functions, changed=None, code=None):
    """Copy a backward with all the functions it consists of; one of them gets another code.

    Nothing of the originals changes: the copies live in copies of their modules' namespaces, and
    the methods of a model in a copy of the model.

    Parameters
    ----------
    backward : function
    functions : list of function
        From `functions_of`.
    changed : function, optional
        The one that gets another code.
    code : code, optional

    Returns
    -------
    backward : function
    """
    namespaces = {id(f.__globals__): dict(f.__globals__) for f in functions}
    copies = {}
    for function in functions:
        copies[function] = FunctionType(
            code if function is changed else function.__code__,
            namespaces[id(function.__globals__)],
            function.__name__,
            function.__defaults__,
            function.__closure__,
        )
        copies[function].__kwdefaults__ = function.__kwdefaults__
    for namespace in namespaces.values():
        for name, value in namespace.items():
            if isinstance(value, FunctionType) and value in copies:
                namespace[name] = copies[value]
    if not _owners(backward):
        return copies[backward]

    def moved(value):
        methods = {f.__name__: f for f in functions if _method(value, f.__name__) is f}
        if not methods:
            return value
        value = copy.copy(value)
        for name, function in methods.items():
            setattr(value, name, MethodType(copies[function], value))
        return value

    outer = copies[backward]
    closure = tuple(CellType(moved(cell.cell_contents)) for cell in backward.__closure__)
    return FunctionType(
        outer.__code__, outer.__globals__, outer.__name__, outer.__defaults__, closure
    )


def _owners(backward):
    """List the objects with methods written in Python that a function made inside another uses."""
    contents = [cell.cell_contents for cell in backward.__closure__ or ()]
    return [
        value
        for value in contents
        if not isinstance(value, type | FunctionType)
        and any(inspect.isfunction(attribute) for attribute in vars(type(value)).values())
    ]


def _method(value, name):
    found = inspect.getattr_static(type(value), name, None)
    return found if isinstance(found, FunctionType) else None


def _names(code):
    """Collect the names of globals and attributes that a piece of code uses, inner code too."""
    inner = [constant for constant in code.co_consts if isinstance(constant, CodeType)]
    return set(code.co_names).union(*map(_names, inner))
