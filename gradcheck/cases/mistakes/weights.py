"""Mistakes in what attention does with its scores: softmax, sum, gate and penalty."""

from dataclasses import replace

import numpy as np

from gradcheck.cases.mistakes.mistake import uses, wrong_backward
from satt.layers.context_gate import context_gate_backward
from satt.layers.doubly_stochastic import doubly_stochastic_backward
from satt.layers.linear import linear_backward
from satt.layers.softmax import softmax_backward, softmax_forward


def weight_mistakes(cases, random):
    """List the mistakes; parameters as for `linear_mistakes`."""
    softmax, masked = cases["softmax"], cases["softmax-masked"]
    weighted_sum, gate, penalty = (
        cases[name] for name in ("weighted_sum", "context_gate", "doubly_stochastic")
    )
    masked_penalty = cases["doubly_stochastic-masked"]
    single = replace(softmax, inputs={"scores": random.normal(size=(4, 1))})
    # The second image has no location that may be looked at.
    allowed = np.array([[True, False, True, True, False, True], [False] * 6])
    nothing_allowed = replace(
        masked, inputs={"scores": random.normal(size=(2, 6))}, options={"mask": allowed}
    )
    by_weight = uses(
        softmax,
        ("scores",),
        {
            "through its own weight": lambda da, cache: (_through_its_own_weight(da, cache),),
            "through the other weights": lambda da, cache: (_through_the_others(da, cache),),
        },
    )
    by_fraction = uses(
        softmax,
        ("scores",),
        {
            "above the fraction's bar": lambda da, cache: (_above_the_bar(da, cache),),
            "below the fraction's bar": lambda da, cache: (_below_the_bar(da, cache),),
        },
    )
    return [
        wrong_backward(softmax, "missing-path", softmax_is_diagonal, partials=by_weight),
        wrong_backward(softmax, "missing-path", softmax_holds_its_sum, partials=by_fraction),
        wrong_backward(softmax, "sign", softmax_takes_the_average_first),
        wrong_backward(single, "vacuous", softmax_is_diagonal_over_one_location),
        wrong_backward(masked, "padding-leak", softmax_forgets_the_mask, _softmax_keeping_scores),
        wrong_backward(nothing_allowed, "nan", softmax_divides_by_an_empty_row),
        wrong_backward(weighted_sum, "missing-sum", weighted_sum_does_not_sum_over_depth),
        wrong_backward(weighted_sum, "ignores-upstream", weighted_sum_copies_the_attention),
        wrong_backward(weighted_sum, "transposed", weighted_sum_puts_depth_before_locations),
        wrong_backward(weighted_sum, "scale", weighted_sum_divides_by_the_locations),
        wrong_backward(gate, "missing-activation-gradient", context_gate_skips_the_sigmoid),
        wrong_backward(gate, "shape", context_gate_returns_a_number_for_db),
        wrong_backward(gate, "scale", context_gate_averages_over_depth),
        wrong_backward(penalty, "scale", doubly_stochastic_forgets_the_2),
        wrong_backward(penalty, "scale", doubly_stochastic_forgets_the_mean),
        wrong_backward(penalty, "sign", doubly_stochastic_takes_the_lack_for_the_excess),
        wrong_backward(masked_penalty, "padding-leak", doubly_stochastic_forgets_the_mask),
        wrong_backward(penalty, "last-step-only", doubly_stochastic_pays_the_last_step),
        wrong_backward(penalty, "first-step-only", doubly_stochastic_pays_the_first_step),
        wrong_backward(penalty, "shape", doubly_stochastic_forgets_the_time_axis),
        wrong_backward(penalty, "ignores-upstream", doubly_stochastic_ignores_its_weight),
    ]


def _through_its_own_weight(dattention, cache):
    attention, _ = cache
    return dattention * attention * (1 - attention)


def _through_the_others(dattention, cache):
    return softmax_backward(dattention, cache) - _through_its_own_weight(dattention, cache)


def softmax_is_diagonal(dattention, cache):
    """The slope is taken as a (1 - a), as if a score moved no weight but its own."""
    return _through_its_own_weight(dattention, cache)


def softmax_is_diagonal_over_one_location(dattention, cache):
    """The slope is taken as a (1 - a), and tried where there is one location, of weight 1."""
    return _through_its_own_weight(dattention, cache)


def _above_the_bar(dattention, cache):
    attention, _ = cache
    return attention * dattention


def _below_the_bar(dattention, cache):
    attention, axis = cache
    return -attention * (attention * dattention).sum(axis=axis, keepdims=True)


def softmax_holds_its_sum(dattention, cache):
    """exp(e) / S is differentiated with S held constant."""
    return _above_the_bar(dattention, cache)


def softmax_takes_the_average_first(dattention, cache):
    """The difference is taken the wrong way round: average minus dattention."""
    attention, axis = cache
    average = (attention * dattention).sum(axis=axis, keepdims=True)
    return attention * (average - dattention)


def softmax_forgets_the_mask(dattention, cache):
    """The backward takes the softmax of the scores again, this time without the mask."""
    scores, axis = cache
    _, cache_without_mask = softmax_forward(scores, axis=axis)
    return softmax_backward(dattention, cache_without_mask)


def softmax_divides_by_an_empty_row(dattention, cache):
    """The weights are divided by their sum once more, to be sure, and an empty row has 0."""
    attention, axis = cache
    with np.errstate(invalid="ignore"):
        attention = attention / attention.sum(axis=axis, keepdims=True)
    return softmax_backward(dattention, (attention, axis))


def _softmax_keeping_scores(scores, axis=-1, mask=None):
    attention, _ = softmax_forward(scores, axis, mask)
    return attention, (scores, axis)


def weighted_sum_does_not_sum_over_depth(dcontext, cache):
    """A weight scaled all D features of its location, but dattention is not summed over them."""
    attention, grid = cache
    return dcontext[:, None, :] * grid, attention[:, :, None] * dcontext[:, None, :]


def weighted_sum_copies_the_attention(dcontext, cache):
    """dgrid is the attention, repeated over the depth; the gradient from above is left out."""
    attention, grid = cache
    dattention = np.einsum("nd,nld->nl", dcontext, grid)
    return dattention, np.repeat(attention[:, :, None], grid.shape[2], axis=2)


def weighted_sum_puts_depth_before_locations(dcontext, cache):
    """dgrid comes out as (N, D, L): the outer product has its factors the wrong way round."""
    attention, grid = cache
    dattention = np.einsum("nd,nld->nl", dcontext, grid)
    return dattention, dcontext[:, :, None] * attention[:, None, :]


def weighted_sum_divides_by_the_locations(dcontext, cache):
    """dgrid is divided by L, as if the context were a mean and not a weighted sum."""
    attention, grid = cache
    dattention = np.einsum("nd,nld->nl", dcontext, grid)
    return dattention, attention[:, :, None] * dcontext[:, None, :] / grid.shape[1]


def context_gate_skips_the_sigmoid(dgated, cache):
    """The slope s (1 - s) of the gate is left out on the way to the state."""
    context, context_gate, _, linear_cache = cache
    dscore = (dgated * context).sum(axis=1, keepdims=True)
    return context_gate * dgated, *linear_backward(dscore, linear_cache)


def context_gate_returns_a_number_for_db(dgated, cache):
    """db is summed over all axes: a number, while b is a vector with one entry."""
    dcontext, dstate, dW, db = context_gate_backward(dgated, cache)
    return dcontext, dstate, dW, db.sum()


def context_gate_averages_over_depth(dgated, cache):
    """The gate's gradient is the mean over the features where the sum belongs."""
    dcontext, *through_gate = context_gate_backward(dgated, cache)
    return dcontext, *(gradient / dgated.shape[1] for gradient in through_gate)


def doubly_stochastic_forgets_the_2(dloss, cache):
    """The square is differentiated without its 2."""
    excess, mask, divisor = cache
    return np.repeat(dloss * excess[:, None, :] / divisor, mask.shape[1], axis=1)


def doubly_stochastic_forgets_the_mean(dloss, cache):
    """The penalty is a mean over the images, but its gradient is not divided by their number."""
    excess, mask, _ = cache
    return np.repeat(dloss * 2 * excess[:, None, :], mask.shape[1], axis=1)


def doubly_stochastic_takes_the_lack_for_the_excess(dloss, cache):
    """From (target - total)^2 the inner minus is forgotten."""
    return -doubly_stochastic_backward(dloss, cache)


def doubly_stochastic_forgets_the_mask(dloss, cache):
    """Steps after the end word are pushed like all others."""
    excess, mask, divisor = cache
    return np.repeat(dloss * 2 * excess[:, None, :] / divisor, mask.shape[1], axis=1)


def doubly_stochastic_pays_the_last_step(dloss, cache):
    """The total is known at the last step, and the gradient is given to that step alone."""
    excess, mask, divisor = cache
    dattention = np.zeros((*mask.shape, excess.shape[1]))
    dattention[:, -1] = dloss * 2 * excess / divisor
    return dattention


def doubly_stochastic_pays_the_first_step(dloss, cache):
    """A `return` inside the loop over time ends it after the first step."""
    excess, mask, divisor = cache
    dattention = np.zeros((*mask.shape, excess.shape[1]))
    for t in range(mask.shape[1]):
        dattention[:, t] = dloss * 2 * excess / divisor
        return dattention


def doubly_stochastic_forgets_the_time_axis(dloss, cache):
    """The gradient of the total is returned, (N, L), and not handed to every step."""
    excess, _, divisor = cache
    return dloss * 2 * excess / divisor


def doubly_stochastic_ignores_its_weight(dloss, cache):
    """dloss is ignored, and with it the penalty's weight lambda."""
    return doubly_stochastic_backward(1, cache)
