"""A linear map of the last axis: every feature of the output is a weighted sum of the input's.

The workhorse of every equation here: W s, the vocabulary's logits L_o(...), the grid's projection.
"""


def linear_forward(x, W, b=None):
    """Multiply the last axis by a matrix and add a bias.

    Parameters
    ----------
    x : ndarray, shape (..., I)
        Any number of leading axes (batch, time, locations); they stay as they are.
    W : ndarray, shape (I, O)
    b : ndarray, shape (O,), optional
        Left out where it would only be a second bias to the same sum.

    Returns
    -------
    out : ndarray, shape (..., O)
    cache : tuple
        What `linear_backward` needs.
    """
    # One flat product: with more than two axes, matmul would run one small product per batch item.
    out = (x.reshape(-1, W.shape[0]) @ W).reshape(*x.shape[:-1], W.shape[1])
    if b is not None:
        out = out + b
    return out, (x, W, b is not None)


def linear_backward(dout, cache):
    """Send the gradient back to the input, the matrix and the bias.

    With m for a position in the leading axes, from out[m, o] = sum_i x[m, i] W[i, o] + b[o]:

        dx[m, i] = sum_o dout[m, o] W[i, o]      dx = dout W^T
        dW[i, o] = sum_m x[m, i] dout[m, o]      dW = x^T dout; W served every m, so they add
        db[o]    = sum_m dout[m, o]

    Each product is the only one of its factors whose shape fits, which is a way to remember them.

    Returns
    -------
    dx : ndarray, shape (..., I)
    dW : ndarray, shape (I, O)
    db : ndarray, shape (O,), or None where there was no `b`
    """
    x, W, has_bias = cache
    flat_dout = dout.reshape(-1, W.shape[1])
    dx = (flat_dout @ W.T).reshape(x.shape)
    dW = x.reshape(-1, W.shape[0]).T @ flat_dout
    db = flat_dout.sum(axis=0) if has_bias else None
    return dx, dW, db


def linear_parameters_backward(dout, cache):
    """Send the gradient back to the matrix and the bias only.

    In training, nobody asks the first layer of a net for the gradient of its input.

    Returns
    -------
    dW : ndarray, shape (I, O)
    db : ndarray, shape (O,), or None where there was no `b`
    """
    x, W, has_bias = cache
    flat_dout = dout.reshape(-1, W.shape[1])
    return x.reshape(-1, W.shape[0]).T @ flat_dout, flat_dout.sum(axis=0) if has_bias else None
