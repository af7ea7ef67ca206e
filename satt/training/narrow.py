"""Filters that see the middles of their windows first, and left and right of them alike later.

A vector of the grid sees four to five locations across. So a thin thing, such as a person, is seen
as well from the location beside it, and where it is described best is left to chance. In some
trainings all people were found one location to their left. The captions did not suffer, so
that nothing in the loss ever put it right; but the attention points beside the thing.

While the last filters keep to the middles of their windows, a vector sees 20 pixels across and not
36, and the decoder learns to look where the thing is. When the rest of the windows opens, it goes
on looking where it looked, most times. A filter that weighs what is left of its middle as it
weighs what is right helps it to: the locations on both sides of a thing are then described much
alike, and the one between them like no other. Nothing is lost where captions do not tell left from
right, as those of drawn scenes do not.
"""

from satt.models.encoder import BLOCKS

LAST = f"encoder.conv{BLOCKS}.W"


def begin_narrow(params):
    """Set the last filters to zero around the middles of their windows, in place.

    The middles are enlarged, so that filters drawn at random are about as large as they were.

    Parameters
    ----------
    params : dict of ndarray
        Of a captioner with an encoder.
    """
    params[LAST] *= params[LAST].shape[0]
    keep_narrow(params)


def keep_narrow(arrays):
    """Set what belongs to the last filters, but not to the middles of their windows, to zero.

    Parameters
    ----------
    arrays : dict of ndarray
        Parameters or gradients; changed in place, if they have these filters at all.
    """
    if LAST in arrays:
        filters = arrays[LAST]
        middle = filters.shape[0] // 2, filters.shape[1] // 2
        kept = filters[middle].copy()
        filters[...] = 0
        filters[middle] = kept


def keep_even(gradients):
    """Have the last filters learn the same for the left and the right of their windows.

    Both get the mean of their gradients. So what has been alike, as after `begin_narrow`, remains
    alike.

    Parameters
    ----------
    gradients : dict of ndarray
        Changed in place, if it has these filters at all.
    """
    if LAST in gradients:
        filters = gradients[LAST]
        filters[...] = (filters + filters[:, ::-1]) / 2
