"""The order in which explanations are tried, and what one argument tells about another.

A rule takes the `Evidence` about one argument and returns a `Cause`, or None if it does not hold.
Simple before clever, specific before general. A rule speaks only if all entries agree with it; the
last few, which are likely rather than certain, give way to what another argument shows clearly.
"""

from dataclasses import replace

from gradcheck.diagnosis.activation import missing_mask, missing_slope, varying_slope
from gradcheck.diagnosis.axes import (
    product_with_transposed,
    transposed,
    upstream_with_axes_exchanged,
)
from gradcheck.diagnosis.blocks import (
    block_factor,
    factor_of_each_slice,
    permuted_blocks,
    permuted_entries,
)
from gradcheck.diagnosis.border import border, rim_of_the_output
from gradcheck.diagnosis.cause import Cause
from gradcheck.diagnosis.evidence import Evidence
from gradcheck.diagnosis.factor import constant_factor, zero
from gradcheck.diagnosis.order import gradient_of_another
from gradcheck.diagnosis.padding import padding_leak, silent_rows_leak
from gradcheck.diagnosis.paths import (
    lost_contributions,
    lost_number,
    lost_product,
    named_path,
    one_factor_in_part,
    one_window,
    only_this_one,
    sparser,
)
from gradcheck.diagnosis.precision import not_finite, not_numbers, other_precision
from gradcheck.diagnosis.repeats import overwrites_repeats
from gradcheck.diagnosis.shapes import not_returned, not_summed, wrong_shape
from gradcheck.diagnosis.shared import shared_statistic, target_of_softmax
from gradcheck.diagnosis.steps import nothing_carried, one_step_only, wrongly_carried
from gradcheck.diagnosis.upstream import ignores_upstream, right_under_ones

# Of a gradient with another shape than its argument, only these can be asked.
OF_ANY_SHAPE = (
    not_returned,
    not_numbers,
    not_finite,
    gradient_of_another,
    transposed,
    not_summed,
    wrong_shape,
)

CERTAIN = (
    zero,
    ignores_upstream,
    other_precision,
    constant_factor,
    product_with_transposed,
    named_path,
    overwrites_repeats,
    one_step_only,
    nothing_carried,
    upstream_with_axes_exchanged,
    permuted_blocks,
    permuted_entries,
    padding_leak,
    one_window,
    border,
    rim_of_the_output,
    shared_statistic,
    target_of_softmax,
    block_factor,
    missing_slope,
    lost_contributions,
    one_factor_in_part,
    missing_mask,
    silent_rows_leak,
)

# What one step of a sequence does wrong is plain in the first step and blurred in the later ones.
AT_FIRST_STEP = (
    permuted_blocks,
    block_factor,
    missing_slope,
    lost_contributions,
    one_factor_in_part,
)

LIKELY = (
    lost_product,
    lost_number,
    factor_of_each_slice,
    varying_slope,
    right_under_ones,
    wrongly_carried,
    sparser,
    only_this_one,
)

# These concern one argument's own line, and explain no other argument.
OF_ITS_OWN = {
    not_returned,
    not_numbers,
    not_finite,
    gradient_of_another,
    transposed,
    not_summed,
    wrong_shape,
    zero,
    other_precision,
    overwrites_repeats,
    one_window,
    border,
}


def diagnose(
    analytic, numeric, inputs=None, upstream=None, partials=None, name=None, probe=None
):
    """Find the likeliest explanation of a wrong gradient.

    Parameters
    ----------
    analytic : array_like or None
        What the backward returned.
    numeric : array_like
        The true gradient; NaN at entries that are not known.
    inputs : dict from str to ndarray, optional
        All arguments of the forward: words, masks and matrices help to explain.
    upstream : ndarray or tuple of ndarray, optional
        One for each output.
    partials : dict from str to ndarray, optional
        The parts that the true gradient is the sum of, one for each use of the argument.
    name : str, optional
        The argument's.
    probe : object, optional
        Makes experiments, see `gradcheck.diagnosis.evidence.Evidence`.

    Returns
    -------
    Cause
        Its kind is "unknown" if no explanation holds.
    """
    evidence = Evidence(analytic, numeric, inputs, upstream, partials, name, probe)
    return _explain(evidence)[0]


def diagnose_all(wrong, inputs=None, upstream=None, partials=None, probes=None):
    """Explain all wrong gradients of one backward.

    One slip often spoils several gradients, some of them beyond recognition: a slope left out in
    one gate is plain in the bias and blurred in the input. What has no certain explanation of its
    own is therefore given that of the clearest other one.

    Parameters
    ----------
    wrong : dict from str to (array_like or None, ndarray)
        For each wrong argument the analytic and the numeric gradient.
    inputs, upstream
        As for `diagnose`.
    partials : dict from str to (dict from str to ndarray), optional
        For each argument its named parts.
    probes : dict from str to object, optional

    Returns
    -------
    causes : dict from str to Cause
        In the order of `wrong`.
    """
    partials, probes, found = partials or {}, probes or {}, {}
    for name, (analytic, numeric) in wrong.items():
        evidence = Evidence(
            analytic, numeric, inputs, upstream, partials.get(name), name, probes.get(name)
        )
        found[name] = _explain(evidence)
    clear = {name: cause for name, (cause, is_clear, rule) in found.items()
             if is_clear and rule not in OF_ITS_OWN}
    causes = {}
    for name, (cause, is_clear, _) in found.items():
        if not is_clear and clear:
            cause = _same_slip(name, *next(iter(clear.items())))
        causes[name] = cause
    return causes


def _explain(evidence):
    """Give a cause, whether it is certain, and the rule that found it."""
    for rule in (*OF_ANY_SHAPE, *CERTAIN):
        cause = rule(evidence)
        if cause:
            return cause, True, rule
    first_step = evidence.at_first_step()
    for rule in AT_FIRST_STEP if first_step else ():
        cause = rule(first_step)
        if cause:
            return cause, True, rule
    for rule in LIKELY:
        cause = rule(evidence)
        if cause:
            return cause, False, rule
    return _unknown(evidence), False, None


def _same_slip(name, other, shown):
    """Explain one argument by what another one shows."""
    return replace(
        shown,
        hint=f"{name} shows nothing simple by itself, but {other} does, and one slip on the way to"
        f" both would explain {name} too. {shown.hint}",
    )


def _unknown(e):
    return Cause(
        "unknown",
        f"None of the usual slips gives this gradient of {e.name}. Derive its line once more on"
        " paper for a single number each, and check the intermediate gradients one by one.",
        evidence="every explanation tried disagrees in some entries",
    )
