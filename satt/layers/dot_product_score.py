"""The dot-product score: a location counts as far as its key points the way of the query.

Luong et al. 2015, section 3.1, "dot"; Chan et al. 2015 (Listen, Attend and Spell):
e = <phi(s), psi(h)>, where phi and psi are the maps that make the query and the keys.
With scale = 1 / sqrt(A) it is the score of Vaswani et al. 2017, equation 1.
"""


def dot_product_score_forward(keys, query, scale=1.0):
    """Score every location by its dot product with the query.

    Parameters
    ----------
    keys : ndarray, shape (N, L, A)
    query : ndarray, shape (N, A)
        The state, projected to the width of the keys.
    scale : float, optional
        With A independent entries of mean 0 and variance 1 in both vectors, the dot product has
        variance A; 1 / sqrt(A) brings it back to 1 and so keeps the softmax from saturating.

    Returns
    -------
    scores : ndarray, shape (N, L)
    cache : tuple
        What `dot_product_score_backward` needs.
    """
    # 1 / np.sqrt(A) is a float64 scalar, which would turn float32 keys into float64 scores.
    scale = float(scale)
    scores = scale * (keys @ query[:, :, None])[:, :, 0]
    return scores, (keys, query, scale)


def dot_product_score_backward(dscores, cache):
    """Send the gradient of the scores back to the keys and to the query.

    From scores[n, l] = scale sum_a keys[n, l, a] query[n, a]:

        dkeys[n, l, a] = scale dscores[n, l] query[n, a]           towards the query or away
        dquery[n, a]   = scale sum_l dscores[n, l] keys[n, l, a]   one query met every location

    The second line is a weighted sum of the keys, with dscores as the weights.

    Returns
    -------
    dkeys : ndarray, shape (N, L, A)
    dquery : ndarray, shape (N, A)
    """
    keys, query, scale = cache
    scaled = scale * dscores
    dkeys = scaled[:, :, None] * query[:, None, :]
    dquery = (scaled[:, None, :] @ keys)[:, 0, :]
    return dkeys, dquery
