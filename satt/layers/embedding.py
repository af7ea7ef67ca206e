"""The embedding: a word's number looks up a row of a matrix, the word's vector.

The paper's E y_{t-1}, with y a one-hot vector: a product with a one-hot vector is a row of E.
"""

import numpy as np


def embedding_forward(words, W):
    """Look up the vectors of some words.

    Parameters
    ----------
    words : ndarray of int, any shape, as (N, T)
        Numbers of words, each in 0 .. V - 1.
    W : ndarray, shape (V, E)
        One row per word of the vocabulary.

    Returns
    -------
    out : ndarray, shape (..., E)
    cache : tuple
        What `embedding_backward` needs.
    """
    return W[words], (words, W.shape)


def embedding_backward(dout, cache):
    """Give each row the gradient of every place where its word stood.

    From out[p] = W[words[p]], with p for a place in the batch:

        dW[v] = sum of dout[p] over the places p with words[p] = v

    A word that stands twice is used twice, so its gradients add; `dW[words] += dout` would keep
    only one of them. A word that does not occur gets exactly zero.

    Returns
    -------
    dW : ndarray, shape (V, E)
    """
    words, shape = cache
    # Sorted by word, the places of one word stand together, and reduceat adds each such run.
    flat_words = words.reshape(-1)
    order = np.argsort(flat_words, kind="stable")
    present, starts = np.unique(flat_words[order], return_index=True)
    dW = np.zeros(shape, dout.dtype)
    dW[present] = np.add.reduceat(dout.reshape(-1, shape[1])[order], starts, axis=0)
    return dW
