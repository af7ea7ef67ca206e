"""Mistakes in the decoder: what a step gives out is also used inside, and every step counts."""

import numpy as np

from gradcheck.cases.mistakes.mistake import uses, wrong_backward
from satt.layers.attention_lstm import attention_lstm_backward
from satt.layers.attention_lstm_step import attention_lstm_step_backward

OUTPUTS = ("state", "cell", "context", "attention")


def attention_lstm_mistakes(cases, random):
    """List the mistakes; parameters as for `linear_mistakes`."""
    step, sequence = cases["attention_lstm_step"], cases["attention_lstm-shared-grid"]
    forgotten = "missing-path"
    output_uses = uses(
        step,
        tuple(step.inputs),
        {f"through the new {name}": _through(place) for place, name in enumerate(OUTPUTS)},
    )
    return [
        wrong_backward(
            step, forgotten, attention_lstm_step_forgets_the_context_given_out,
            partials=output_uses,
        ),
        wrong_backward(
            step, forgotten, attention_lstm_step_forgets_the_penalty, partials=output_uses
        ),
        wrong_backward(step, "permuted", attention_lstm_step_exchanges_state_and_cell),
        wrong_backward(step, "zero", attention_lstm_step_has_no_gradient_for_the_keys),
        wrong_backward(sequence, "first-step-only", attention_lstm_overwrites_dgrid),
        wrong_backward(sequence, "scale", attention_lstm_averages_over_the_captions),
        wrong_backward(sequence, "permuted", attention_lstm_collects_dx_backwards),
        wrong_backward(sequence, "missing-sum", attention_lstm_has_a_grid_for_each_caption),
        wrong_backward(
            cases["attention_lstm-lengths"], "missing-activation-gradient",
            attention_lstm_learns_from_padding,
        ),
    ]


def _through(place):
    """Return the backward of a step of which only one output has been used."""

    def backward(dout, cache):
        dout = [d if n == place else np.zeros_like(d) for n, d in enumerate(dout)]
        return attention_lstm_step_backward(dout, cache)

    return backward


def attention_lstm_step_forgets_the_context_given_out(dout, cache):
    """The context goes to the LSTM and out to the words; only what the LSTM sends is used."""
    dstate, dcell, dcontext, dattention = dout
    return attention_lstm_step_backward((dstate, dcell, 0 * dcontext, dattention), cache)


def attention_lstm_step_forgets_the_penalty(dout, cache):
    """What the penalty sends back to the attention is not added to what the context sends."""
    dstate, dcell, dcontext, dattention = dout
    return attention_lstm_step_backward((dstate, dcell, dcontext, 0 * dattention), cache)


def attention_lstm_step_exchanges_state_and_cell(dout, cache):
    """The gradients of the old state and the old cell are returned in the wrong order."""
    dx, dstate, dcell, *others = attention_lstm_step_backward(dout, cache)
    return dx, dcell, dstate, *others


def attention_lstm_step_has_no_gradient_for_the_keys(dout, cache):
    """The keys are taken for constants: they were made before the time loop."""
    dx, dstate, dcell, dgrid, dkeys, *others = attention_lstm_step_backward(dout, cache)
    return dx, dstate, dcell, dgrid, np.zeros_like(dkeys), *others


def attention_lstm_overwrites_dgrid(dout, cache):
    """In the loop back through time stands `dgrid = ...` for `dgrid += ...`; so for dkeys."""
    dx, dinitial_state, dinitial_cell, _, _, *dparameters = attention_lstm_backward(dout, cache)
    dstates, dcontexts, dattention = dout
    steps, repeats, *_ = cache
    dstate = dcell = np.zeros_like(dinitial_state)
    for t in reversed(range(len(steps))):
        dstep = (dstates[:, t] + dstate, dcell, dcontexts[:, t], dattention[:, t])
        _, dstate, dcell, *of_the_grid = attention_lstm_step_backward(dstep, steps[t])
    dgrid, dkeys = (d.reshape(-1, repeats, *d.shape[1:]).sum(axis=1) for d in of_the_grid[:2])
    return dx, dinitial_state, dinitial_cell, dgrid, dkeys, *dparameters


def attention_lstm_averages_over_the_captions(dout, cache):
    """The captions of an image share its grid; their gradients are averaged, not added up."""
    dx, dstate, dcell, dgrid, dkeys, *dparameters = attention_lstm_backward(dout, cache)
    _, repeats, *_ = cache
    return dx, dstate, dcell, dgrid / repeats, dkeys / repeats, *dparameters


def attention_lstm_collects_dx_backwards(dout, cache):
    """dx is collected while walking from the last step to the first, and not turned round."""
    dx, *others = attention_lstm_backward(dout, cache)
    return dx[:, ::-1], *others


def attention_lstm_has_a_grid_for_each_caption(dout, cache):
    """The grid was repeated for each caption of an image, and so the gradients are returned."""
    steps, _, *others = cache
    dx, dstate, dcell, _, _, *dparameters = attention_lstm_backward(dout, cache)
    _, _, _, dgrid, dkeys, *_ = attention_lstm_backward(dout, (steps, 1, *others))
    return dx, dstate, dcell, dgrid, dkeys, *dparameters


def attention_lstm_learns_from_padding(dout, cache):
    """What comes after a caption's end was set to zero; its gradient is used all the same."""
    steps, repeats, has_ended, looked_up = cache
    return attention_lstm_backward(dout, (steps, repeats, np.zeros_like(has_ended), looked_up))
