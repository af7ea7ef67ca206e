"""Pieces of an array that stay in the processor's cache while they are worked on."""

CACHE = 300_000  # bytes: with what else is needed, a second-level cache holds twice as much
LARGER_CACHE = 1_200_000  # bytes: of the third level, which is as near for the quickest steps


def pieces(count, bytes_each, together=None):
    """Cut `count` rows into pieces of about so many bytes together, by default `CACHE`.

    Returns
    -------
    list of slice
        Of like length, the first the longest; never empty.
    """
    most = max(1, min(count, (together or CACHE) // bytes_each))
    number = -(-count // most)
    most = -(-count // number)
    return [slice(begin, min(begin + most, count)) for begin in range(0, count, most)]
