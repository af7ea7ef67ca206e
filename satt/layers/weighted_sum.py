"""The context vector: a grid averaged with the attention as weights.

Lecture: c_t = sum_ij a_{t,i,j} h_{i,j}.  Paper, soft attention: z_t = sum_i alpha_{t,i} a_i.
"""


def weighted_sum_forward(attention, grid):
    """Blend the locations of a grid into one vector.

    Parameters
    ----------
    attention : ndarray, shape (N, L)
        How much each location counts; each row sums to 1.
    grid : ndarray, shape (N, L, D)
        One feature vector per location.

    Returns
    -------
    context : ndarray, shape (N, D)
    cache : tuple
        What `weighted_sum_backward` needs.
    """
    # For each image a row (1, L) times a matrix (L, D): twice as fast as einsum("nl,nld->nd").
    context = (attention[:, None, :] @ grid)[:, 0, :]
    return context, (attention, grid)


def weighted_sum_backward(dcontext, cache):
    """Send the gradient of the context back to the attention and to the grid.

    From context[n, d] = sum_l attention[n, l] grid[n, l, d]:

        dattention[n, l] = sum_d dcontext[n, d] grid[n, l, d]    did it hold what was wanted?
        dgrid[n, l, d]   = attention[n, l] dcontext[n, d]        blamed as much as it was used

    Returns
    -------
    dattention : ndarray, shape (N, L)
    dgrid : ndarray, shape (N, L, D)
    """
    attention, grid = cache
    dattention = (grid @ dcontext[:, :, None])[:, :, 0]
    dgrid = attention[:, :, None] * dcontext[:, None, :]
    return dattention, dgrid
