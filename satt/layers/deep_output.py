"""The deep output layer: the last word, the state and the context meet before the vocabulary.

Paper, equation 7: p(y_t) ~ exp(L_o (E y_{t-1} + L_h h_t + L_z z_t)). This file is the bracket;
L_o is a `linear` after it. The paper writes the plain sum, the authors' code has a tanh around it.
"""

import numpy as np

from satt.layers.linear import linear_backward, linear_forward


def deep_output_forward(embedded, state, context, W_state, W_context, b, activation="tanh"):
    """Add the three sources of the next word in the embedding's space.

    Parameters
    ----------
    embedded : ndarray, shape (..., E)
        The embedding of the previous word; the leading axes are (N,) for one step, or (N, T) for
        all steps at once.
    state : ndarray, shape (..., H)
        The decoder's state after this step.
    context : ndarray, shape (..., D)
    W_state : ndarray, shape (H, E)
    W_context : ndarray, shape (D, E)
    b : ndarray, shape (E,)
    activation : {"tanh", "identity"}, optional
        "tanh" as in the authors' code, "identity" as in the paper.

    Returns
    -------
    hidden : ndarray, shape (..., E)
    cache : tuple
        What `deep_output_backward` needs.

    Raises
    ------
    KeyError
        If `activation` is neither "tanh" nor "identity".
    """
    from_state, state_cache = linear_forward(state, W_state)
    from_context, context_cache = linear_forward(context, W_context, b)
    function = {"tanh": np.tanh, "identity": np.positive}[activation]
    hidden = function(embedded + from_state + from_context)
    return hidden, (hidden, activation, state_cache, context_cache)


def deep_output_backward(dhidden, cache):
    """Send the gradient back to the word, the state and the context.

    With pre = embedded + state W_state + context W_context + b and hidden = tanh(pre) or pre:

        dpre      = dhidden (1 - hidden^2), or dhidden      since tanh' = 1 - tanh^2
        dembedded = dpre                                    a sum hands its gradient to each term
        dstate    = dpre W_state^T      dW_state   = state^T dpre
        dcontext  = dpre W_context^T    dW_context = context^T dpre      db = sum of dpre

    where the products and the sum run over all leading axes.

    Returns
    -------
    dembedded : ndarray, shape (..., E)
    dstate : ndarray, shape (..., H)
    dcontext : ndarray, shape (..., D)
    dW_state : ndarray, shape (H, E)
    dW_context : ndarray, shape (D, E)
    db : ndarray, shape (E,)
    """
    hidden, activation, state_cache, context_cache = cache
    slope = 1 - hidden**2 if activation == "tanh" else 1
    dpre = dhidden * slope
    dstate, dW_state, _ = linear_backward(dpre, state_cache)
    dcontext, dW_context, db = linear_backward(dpre, context_cache)
    return dpre, dstate, dcontext, dW_state, dW_context, db
