"""Sampling: the next word drawn by its probability."""

from satt.decoding.roll_out import roll_out
from satt.errors import SattError


def sample(
    model, inputs, random, temperature=1.0, max_length=20, start=1, stop=2, pad=0, excluded=()
):
    """Caption a batch with words drawn from softmax(logits / temperature).

    The draw is a maximum: if every log probability gets a Gumbel number g of its own added, the
    largest of log p_v / temperature + g_v falls on v with exactly that softmax's probability
    (Gumbel 1954). Multiplied by the temperature it also holds for 0, which is greedy decoding.

    Parameters
    ----------
    model, inputs, max_length, start, stop, pad, excluded
        As for `satt.decoding.roll_out.roll_out`.
    random : numpy.random.Generator
    temperature : float
        1 is the model's own distribution, less is more cautious, 0 is greedy.

    Returns
    -------
    captions : list of Decoded
        One an item; the log probability is the model's own, at temperature 1.

    Raises
    ------
    SattError
        If the temperature is negative or `max_length` is not at least 1.
    """
    if temperature < 0:
        raise SattError(f"temperature: expected 0 or more, got {temperature}")

    def choose(log_probabilities):
        noise = random.gumbel(size=log_probabilities.shape)
        return (log_probabilities + temperature * noise).argmax(axis=1)

    return roll_out(model, inputs, choose, max_length, start, stop, pad, excluded)
