"""The checks at the door of a model: errors that name the argument and say what to do."""

import numpy as np

from satt.errors import SattError


def check_shape(name, array, expected, hint="", sizes=None):
    """Compare an array's shape with the shape that is written in the notation.

    Parameters
    ----------
    name : str
        What the caller calls the array.
    array : ndarray
    expected : tuple of int or str
        One entry an axis: a number, or a letter that stands for the same number wherever it
        occurs, such as ("N", "L", "D").
    hint : str
        What to do if the shape is wrong.
    sizes : dict from str to int, optional
        The letters known so far. New letters are added to it if the shape is right.

    Returns
    -------
    sizes : dict from str to int
        The same dictionary, to hand to the next check.

    Raises
    ------
    SattError
        If it is no array, has another number of axes, or an axis has another size.
    """
    sizes = {} if sizes is None else sizes
    if not isinstance(array, np.ndarray):
        raise SattError(_message(name, expected, f"a {type(array).__name__}", hint, sizes))
    found = dict(sizes)
    right = array.ndim == len(expected)
    for axis, size in zip(expected, array.shape, strict=False):
        wanted = found.setdefault(axis, size) if isinstance(axis, str) else axis
        right = right and size == wanted
    if not right:
        raise SattError(_message(name, expected, array.shape, hint, sizes))
    sizes.update(found)
    return sizes


def check_words(name, words, vocabulary_size):
    """Check that an array holds word ids of a vocabulary.

    Parameters
    ----------
    name : str
        What the caller calls the array.
    words : ndarray of integers
    vocabulary_size : int
        The ids run from 0 to `vocabulary_size - 1`.

    Raises
    ------
    SattError
        If it is no array of integers, or an id lies outside.
    """
    expected = f"{name}: expected integers from 0 to {vocabulary_size - 1}"
    if not isinstance(words, np.ndarray) or not np.issubdtype(words.dtype, np.integer):
        got = words.dtype if isinstance(words, np.ndarray) else f"a {type(words).__name__}"
        raise SattError(f"{expected}, got {got}; encode the words with a Vocabulary first")
    outside = (words < 0) | (words >= vocabulary_size)
    if outside.any():
        place = tuple(int(i) for i in np.argwhere(outside)[0])
        raise SattError(
            f"{expected}, got {words[place]} at {place}; "
            "encode the words with the vocabulary that the model was built for"
        )


def _message(name, expected, got, hint, sizes):
    axes = ", ".join(str(axis) for axis in expected) + ("," if len(expected) == 1 else "")
    known = {axis: sizes[axis] for axis in expected if axis in sizes}
    where = " with " + ", ".join(f"{k} = {v}" for k, v in known.items()) if known else ""
    return f"{name}: expected ({axes}){where}, got {got}" + (f"; {hint}" if hint else "")
