"""A student's file: what it is to import it, and which pairs of functions are in it."""

import difflib
import importlib.machinery
import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path

HALVES = ("_forward", "_backward")


class CannotCheck(ValueError):
    """Why a pair, or a whole file, cannot be checked: one line, with what to do."""


@dataclass(frozen=True)
class Pair:
    """What a file says of one operation; None for what it does not have.

    Attributes
    ----------
    name : str
        What stands before `_forward` and `_backward`.
    forward, backward : callable or None
    example : callable or None
        Gives inputs for the two.
    """

    name: str
    forward: object
    backward: object
    example: object = None


def load(path):
    """Import a file from where it stands, whatever its name.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    module

    Raises
    ------
    BaseException
        Whatever the file raises; `describe` makes a line of it.
    """
    path = Path(path).resolve()
    name = path.stem if path.stem not in sys.modules else f"{path.stem}_of_a_student"
    spec = importlib.util.spec_from_file_location(name, path, loader=_Fresh(name, str(path)))
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


class _Fresh(importlib.machinery.SourceFileLoader):
    """Reads the source each time: a compiled file is taken for new if two edits share a second."""

    def get_code(self, fullname):
        return self.source_to_code(self.get_data(self.path), self.path)


def find_pairs(module):
    """List the operations of a module, in the order in which they stand there.

    Parameters
    ----------
    module : module

    Returns
    -------
    pairs : list of Pair
        Those of which a half is defined here, also where the other half is missing. What is
        imported from elsewhere as a whole, or begins with an underscore, is left out.
    """
    found = {
        name: value
        for name, value in vars(module).items()
        if callable(value) and name.endswith(HALVES) and not name.startswith("_")
    }
    own = [name for name, value in found.items() if not _is_imported(value, module)]
    stems = dict.fromkeys(name.removesuffix("_forward").removesuffix("_backward") for name in own)
    return [
        Pair(
            stem,
            found.get(f"{stem}_forward"),
            found.get(f"{stem}_backward"),
            getattr(module, f"example_{stem}", None),
        )
        for stem in stems
    ]


def _is_imported(value, module):
    """Tell whether another module has this very function, and not only what decorated it."""
    home, name = getattr(value, "__module__", None), getattr(value, "__name__", "")
    return home != module.__name__ and getattr(sys.modules.get(home), name, None) is value


def missing_half(pair, module):
    """Say which half of a pair is not there.

    Parameters
    ----------
    pair : Pair
    module : module
        Where it was looked for.

    Returns
    -------
    str
        Empty if both are there.
    """
    if pair.forward and pair.backward:
        return ""
    there, lacking = HALVES if pair.forward else HALVES[::-1]
    wanted = pair.name + lacking
    others = [name for name, value in vars(module).items() if callable(value)]
    others = [name for name in others if name != pair.name + there]
    close = difflib.get_close_matches(wanted, others, n=1, cutoff=0.85)
    advice = f"is {close[0]} misspelt?" if close else "add it, or rename the one that is there"
    return f"there is {pair.name}{there} but no {wanted}; {advice}"
