"""The mutants that no input can tell from the original: a list with proofs, computed anew."""

import importlib.resources
import json
import warnings

import numpy as np

from gradcheck.mutate.parts import differentiated
from gradcheck.purity import as_tuple, call

INPUTS = 20
AGREE = 1e-12


def listed():
    """Read the checked-in list.

    Returns
    -------
    proofs : dict
        From a mutant's key to the sentence that says why it is equivalent.
    """
    file = importlib.resources.files("gradcheck.cases") / "equivalent_mutants.json"
    entries = json.loads(file.read_text(encoding="utf-8"))
    names = ("function", "operator", "before", "after", "occurrence")
    return {tuple(entry[name] for name in names): entry["proof"] for entry in entries}


def difference(mutant, seed=0):
    """Say how a mutant's results differ from the original's on new random inputs.

    Parameters
    ----------
    mutant : Mutant
    seed : int, optional
        Of the inputs: `INPUTS` draws for each case, of the case's shapes.

    Returns
    -------
    str
        Empty if all agree to `AGREE`, measured against the original's largest entry.
    """
    for case in mutant.cases:
        random = np.random.default_rng([seed, 2])
        changed = mutant.of(case)
        for _ in range(INPUTS):
            try:
                names = differing(case, changed, _drawn(case, random), seed)
            except Exception as error:
                return f"{case.name}: {type(error).__name__}: {error}"
            if names:
                return f"{case.name}: the gradient of {names[0]} is another one"
    return ""


def differing(case, backward, inputs, seed=0):
    """List the arguments of a case for which another backward returns something else.

    Parameters
    ----------
    case : Case
    backward : callable
        Whatever it raises is passed on.
    inputs : dict
        In the place of the case's.
    seed : int, optional
        Of the upstream.

    Returns
    -------
    names : list of str
    """
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        wanted, got = (
            _results(case.forward, each, inputs, case.options, seed)
            for each in (case.backward, backward)
        )
        pairs = zip(differentiated(case), wanted, got, strict=True)
        return [name for name, one, other in pairs if not _agree(one, other)]


def _drawn(case, random):
    """Draw inputs like those of a case: normal floats, and integers from those of the case.

    The zeros of words stay where they are: in captions they are the padding after the last word.
    """
    drawn = {}
    for name, value in case.inputs.items():
        drawn[name] = value
        if value is not None:
            value = np.asarray(value)
            is_float = value.dtype.kind == "f"
            drawn[name] = (
                random.normal(size=value.shape)
                if is_float
                else random.choice(value.reshape(-1), size=value.shape)
            )
        if name == "words":
            others = random.choice(value[value != 0], size=value.shape)
            drawn[name] = np.where(value == 0, 0, others)
    return drawn


def _results(forward, backward, inputs, options, seed):
    """Run a pair under a random upstream, the same for both that are compared."""
    out, cache, _ = call(forward, inputs, options)
    random = np.random.default_rng([seed, 3])
    upstream = tuple(np.asarray(random.normal(size=np.shape(o))) for o in as_tuple(out))
    returned = backward(upstream if isinstance(out, tuple) else upstream[0], cache)
    return tuple(returned) if isinstance(returned, list) else as_tuple(returned)


def _agree(one, other):
    if one is None or other is None:
        return one is other
    one, other = np.asarray(one), np.asarray(other)
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    with np.errstate(invalid="ignore"):
        distance = np.max(np.abs(one - other), initial=0)
    return bool(distance <= AGREE * np.max(np.abs(one), initial=0))
