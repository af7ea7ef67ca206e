"""The run: every mutant under the check, with a bar."""

import warnings
from dataclasses import dataclass, field

import numpy as np
from tqdm import tqdm

from gradcheck.cases.grid_nets import grid_net_cases
from gradcheck.cases.layers import layer_cases
from gradcheck.cases.models import model_cases
from gradcheck.check import check_case
from gradcheck.mutate.equivalent import difference, differing, listed
from gradcheck.mutate.mutants import mutants
from gradcheck.mutate.parts import parts_of


@dataclass
class Count:
    """How many mutants of one function there were, and what became of them."""

    mutants: int = 0
    caught: int = 0
    equivalent: int = 0


@dataclass
class Outcome(Count):
    """What a run found.

    Attributes
    ----------
    mutants, caught, equivalent : int
        Equivalent are those that the checked-in list names and the recomputation confirms.
    survivors : list of str
        A line for each mutant that is neither: it passes the check though it is not listed, or it
        is listed though it computes something else. Also for each entry of the list that fits no
        mutant.
    functions : dict from str to Count
        The same numbers for each function.
    """

    survivors: list[str] = field(default_factory=list)
    functions: dict[str, Count] = field(default_factory=dict)


def run(seed=0, sample=None, progress=True, cases=None):
    """Break every backward in many ways, and see whether the check notices.

    Each mutant is checked on the cases of its backward, the smallest first, until one fails.

    Parameters
    ----------
    seed : int, optional
        Of the sample, and of the inputs on which equivalence is recomputed.
    sample : int, optional
        Try only so many mutants.
    progress : bool, optional
        Show a bar.
    cases : list of Case, optional
        Those of all layers and models of satt, if left out.

    Returns
    -------
    Outcome

    Raises
    ------
    ValueError
        If a case fails as it is, so that its mutants would show nothing.
    """
    proofs = listed()
    if cases is None:
        cases = [*layer_cases(), *grid_net_cases(), *model_cases()]
        tried = mutants(cases)
    else:
        tried = mutants(cases)
        functions = {mutant.function for mutant in tried}
        proofs = {key: proof for key, proof in proofs.items() if key[0] in functions}
    outcome = Outcome(survivors=_unknown(proofs, tried))
    if sample is not None and sample < len(tried):
        chosen = np.random.default_rng(seed).choice(len(tried), sample, replace=False)
        tried = [tried[i] for i in sorted(chosen)]

    parts, trusted = {case.name: parts_of(case) for case in cases}, set()
    bar = tqdm(tried, disable=not progress, unit="mutant", dynamic_ncols=True)
    for mutant in bar:
        bar.set_postfix_str(f"{len(outcome.survivors)} survived", refresh=False)
        for case in mutant.cases:
            if case.name not in trusted:
                _ensure_it_passes(case, parts[case.name])
                trusted.add(case.name)
        fate, survivor = _fate(mutant, proofs, parts, seed)
        for count in (outcome, outcome.functions.setdefault(mutant.function, Count())):
            count.mutants += 1
            count.caught += fate == "caught"
            count.equivalent += fate == "equivalent"
        if survivor:
            outcome.survivors.append(survivor)
    return outcome


def _unknown(proofs, tried):
    """Name the entries of the list that fit no mutant: the source has changed since."""
    gone = proofs.keys() - {mutant.key for mutant in tried}
    return [
        f"{function}: {operator}: {before}  ->  {after}: is listed, but there is no such mutant"
        for function, operator, before, after, _ in sorted(gone)
    ]


def _fate(mutant, proofs, parts, seed):
    """Say what became of a mutant, and if it survived, how."""
    is_listed = mutant.key in proofs
    caught = _is_caught(mutant, parts)
    if caught and not is_listed:
        return "caught", ""
    if caught:
        return "survived", f"{mutant}: is listed as equivalent, but the check tells it apart"
    differs = difference(mutant, seed)
    if is_listed and not differs:
        return "equivalent", ""
    if is_listed:
        return "survived", f"{mutant}: is listed as equivalent, but in {differs}"
    if differs:
        return "survived", f"{mutant}: passes the check, but in {differs}"
    return "survived", f"{mutant}: computes the same; list it with a proof"


def _is_caught(mutant, parts):
    """Tell whether the check fails, looking first where a single run shows a difference."""
    changed = [(case, mutant.of(case)) for case in mutant.cases]
    for case, backward in changed:
        try:
            suspects = differing(case, backward, case.inputs)
        except Exception:
            suspects = case.inputs
        suspects = [part for part in parts[case.name] if part.name in suspects]
        if not _passes(case, backward, suspects):
            return True
    return any(not _passes(case, backward, parts[case.name]) for case, backward in changed)


def _passes(case, backward, parts):
    """Check parts of a case, by the complex step only if the differences found nothing wrong."""
    methods = ("central", "complex") if case.complex_step else ("central",)
    checked = [part.with_backward(backward) for part in parts]
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # a mutant may divide by zero: it will be noticed
        try:
            return all(check_case(c, method=m).ok for m in methods for c in checked)
        except Exception:
            return False


def _ensure_it_passes(case, parts):
    if not _passes(case, case.backward, parts):
        raise ValueError(f"{case.name}: fails as it is; mend it first, then try its mutants")
