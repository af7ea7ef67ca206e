"""How the learning rate goes over the training."""

import math


def warmup_cosine(step, total_steps, warmup_steps, peak, final=0.0):
    """Rise in a line to the peak, then fall along half a cosine (Loshchilov and Hutter 2017).

        step < warmup_steps:  peak (step + 1) / (warmup_steps + 1)
        then:                 final + (peak - final) (1 + cos(pi x)) / 2,
                              x = (step - warmup_steps) / (total_steps - warmup_steps)

    Parameters
    ----------
    step : int
        The first step is 0 and already learns; the peak is at `warmup_steps`.
    total_steps : int
        From here on the rate is `final`.
    warmup_steps : int
    peak, final : float

    Returns
    -------
    learning_rate : float
    """
    if step < warmup_steps:
        return peak * (step + 1) / (warmup_steps + 1)
    if step >= total_steps:
        return final
    x = (step - warmup_steps) / (total_steps - warmup_steps)
    return final + (peak - final) * (1 + math.cos(math.pi * x)) / 2


def warmup_trapezoid(step, total_steps, warmup_steps, peak, falling=0.6):
    """Rise in a line to the peak, stay there, and fall in a line to zero.

        step < warmup_steps:  peak (step + 1) / (warmup_steps + 1)
        then:                 peak min(1, (total_steps - step) / (falling total_steps))

    The longer a high rate lasts the further the parameters get, and what it has left rough is made
    smooth by any slow fall (Hägele et al. 2024, "Scaling Laws and Compute-Optimal Training Beyond
    Fixed Training Durations"). In a training that is short for its task, that is worth a few
    hundred steps of the cosine.

    Parameters
    ----------
    step, total_steps, warmup_steps, peak
        As for `warmup_cosine`; the rate is 0 from `total_steps` on.
    falling : float
        Share of the steps, the last ones, in which the rate falls.

    Returns
    -------
    learning_rate : float
    """
    if step < warmup_steps:
        return peak * (step + 1) / (warmup_steps + 1)
    return peak * min(1.0, max(0, total_steps - step) / (falling * total_steps))


SCHEDULES = {"cosine": warmup_cosine, "trapezoid": warmup_trapezoid}
