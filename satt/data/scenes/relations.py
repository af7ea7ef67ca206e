"""How two things stand to each other: said where it is plain, true where it holds at all."""

from satt.data.scenes.lexicon import ABOVE, BEHIND, IN_FRONT, NEXT_TO


def holds(relation, a, b, plainly=False):
    """Whether thing `a` stands in this relation to thing `b`.

    Parameters
    ----------
    relation : {"next to", "above", "in front of", "behind"}
    a, b : Thing
    plainly : bool
        A speaker says it only where it holds plainly; a judge lets a close call pass.

    Returns
    -------
    bool

    Raises
    ------
    ValueError
        If there is no such relation.
    """
    if relation == NEXT_TO:
        far, level = (0.42, 0.22) if plainly else (0.60, 0.35)
        grounded = not (a.flies or b.flies)
        return grounded and abs(a.x - b.x) <= far and abs(a.base - b.base) <= level
    if relation == ABOVE:
        beside, higher = (0.35, 0.15) if plainly else (0.50, 0.05)
        return a.flies and not b.flies and abs(a.x - b.x) <= beside and b.y - a.y >= higher
    if relation == BEHIND:
        return holds(IN_FRONT, b, a, plainly)
    if relation == IN_FRONT:
        lower, common = (0.05, 0.25) if plainly else (0.0, 0.0)
        return (
            not (a.flies or b.flies)
            and a.base - b.base >= lower
            and _common(a.x, a.half_width, b.x, b.half_width) > common
            and _common(a.y, a.half_height, b.y, b.half_height) > 0
        )
    raise ValueError(f"relation: expected next to, above, in front of or behind, got {relation!r}")


def _common(a, half_a, b, half_b):
    """How much of the smaller of two intervals lies in the other, as a share; negative apart."""
    common = min(a + half_a, b + half_b) - max(a - half_a, b - half_b)
    return common / (2 * min(half_a, half_b))
