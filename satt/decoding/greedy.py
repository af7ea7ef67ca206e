"""Greedy decoding: always the most probable next word."""

from satt.decoding.roll_out import roll_out


def greedy(model, inputs, max_length=20, start=1, stop=2, pad=0, excluded=()):
    """Caption a batch with the most probable word at every step.

    It is quick, but not the most probable caption: a good first word may lead to poor ones.

    Parameters
    ----------
    model, inputs, max_length, start, stop, pad, excluded
        As for `satt.decoding.roll_out.roll_out`.

    Returns
    -------
    captions : list of Decoded
        One an item.

    Raises
    ------
    SattError
        If `max_length` is not at least 1.
    """

    def choose(log_probabilities):
        return log_probabilities.argmax(axis=1)

    return roll_out(model, inputs, choose, max_length, start, stop, pad, excluded)
