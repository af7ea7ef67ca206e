"""Which gradient belongs to which input."""


def by_receiver(pair_case, returned):
    """Sort what a backward returned by the inputs' names.

    Parameters
    ----------
    pair_case : PairCase
    returned : tuple or list
        Possibly a stranger's.

    Returns
    -------
    gradients : dict from str to object
        Empty if they cannot be sorted.
    fault : str
        Why not; else empty.
    """
    wanted = pair_case.receivers
    if pair_case.sort is not None:
        try:
            found = pair_case.sort(returned)
        except ValueError as error:
            return {}, f"the backward returned something else: {error}"
        return {name: found.get(name) for name in wanted}, ""
    returned = tuple(returned) if isinstance(returned, (tuple, list)) else (returned,)
    # A single gradient may be a list of numbers, but not of one gradient for each input.
    if len(returned) != len(wanted):
        return {}, (
            f"the backward returned {len(returned)} gradient(s), expected {len(wanted)} "
            f"({', '.join('d' + name for name in wanted)})"
        )
    return dict(zip(wanted, returned, strict=True)), ""
