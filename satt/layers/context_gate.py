"""The gate on the context: the state decides how much the picture counts for the next word.

Paper, section 4.2.1: z_t = beta_t sum_i alpha_ti a_i with beta_t = sigma(f_beta(h_{t-1})),
one scalar per image and step, not one per feature.
"""

from satt.layers.linear import linear_backward, linear_forward
from satt.layers.sigmoid import sigmoid_backward, sigmoid_forward


def context_gate_forward(context, state, W, b):
    """Scale the context by a number between 0 and 1 that the state chooses.

    Parameters
    ----------
    context : ndarray, shape (N, D)
    state : ndarray, shape (N, H)
        The decoder's state before this step.
    W : ndarray, shape (H, 1)
    b : ndarray, shape (1,)

    Returns
    -------
    gated : ndarray, shape (N, D)
    cache : tuple
        What `context_gate_backward` needs.
    """
    score, linear_cache = linear_forward(state, W, b)
    context_gate, sigmoid_cache = sigmoid_forward(score)
    return context_gate * context, (context, context_gate, sigmoid_cache, linear_cache)


def context_gate_backward(dgated, cache):
    """Send the gradient back to the context, and through the gate to the state.

    From gated[n, d] = beta[n] context[n, d], beta = sigma(u), u = state W + b:

        dcontext[n, d] = beta[n] dgated[n, d]                  a shut gate lets nothing back
        dbeta[n]       = sum_d dgated[n, d] context[n, d]      one number scaled all D entries
        du[n]          = dbeta[n] beta[n] (1 - beta[n])
        dstate = du W^T,   dW = state^T du,   db = sum_n du[n]

    Returns
    -------
    dcontext : ndarray, shape (N, D)
    dstate : ndarray, shape (N, H)
    dW : ndarray, shape (H, 1)
    db : ndarray, shape (1,)
    """
    context, context_gate, sigmoid_cache, linear_cache = cache
    dcontext_gate = (dgated * context).sum(axis=1, keepdims=True)
    dstate, dW, db = linear_backward(sigmoid_backward(dcontext_gate, sigmoid_cache), linear_cache)
    return context_gate * dgated, dstate, dW, db
