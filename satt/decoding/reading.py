"""Reading along: where a model looks while it is given the words of a caption."""

import numpy as np


def attention_while_reading(model, images, words):
    """Give a model the right words one by one, and note where it looks before each next one.

    This is how it looks in training (teacher forcing). The words are the same at every moment of
    a training, so that its attention can be compared from moment to moment.

    Parameters
    ----------
    model : object with `start` and `step`
        As `satt.decoding` describes.
    images : what `model.start` takes, N items
    words : ndarray of integers, shape (N, T + 1)
        Each row `<start> y_1 .. y_T`, as `caption_arrays` writes it.

    Returns
    -------
    attention : ndarray, shape (N, T, L)
        Row t is where it looks when y_{t+1} is to be said.
    """
    memory, state = model.start(images)
    looked = []
    for t in range(words.shape[1] - 1):
        _, attention, state = model.step(words[:, t], memory, state)
        looked.append(attention)
    return np.stack(looked, axis=1)
