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
