"""What a student's code did instead of returning, in a line; never with a line of anyone else."""

from satt.homework.process import Ended


def told(failure, is_hidden=False):
    """Put a failure into words.

    Parameters
    ----------
    failure : dict
        As the child tells it: it may hold anything.
    is_hidden : bool, optional
        Whether the case is hidden: an exception's text may then tell its numbers.

    Returns
    -------
    kind, text : str
    """
    failure = failure if isinstance(failure, dict) else {}
    kind, text = _word(failure, "type"), _word(failure, "text")
    if failure.get("missing"):
        return "missing", text
    if kind == "NotImplementedError":
        place = _word(failure, "function")
        return "not-written", f"{place} is not written yet" if place else "not written yet"
    if "may not import" in text and any(name in text for name in ("satt", "gradcheck")):
        return "imports-satt", text
    if not kind:
        return "wrong", text or "it returned something that is no array of numbers"
    said = kind if is_hidden or not text else f"{kind}: {text}"
    where = place_in_words(failure)
    return "raises", f"{said}, at {where}" if where else said


def ended(error, seconds):
    """Put the end of a process into words.

    Parameters
    ----------
    error : Ended
    seconds : float
        That the function had.

    Returns
    -------
    kind, text : str
    """
    assert isinstance(error, Ended)
    if not error.is_time:
        return "ended", str(error)
    if "submission" in str(error):
        return "time", f"not run: {error}"
    where = place_in_words(error.where)
    at = f", at {where}" if where else ""
    return "time", f"still running after {seconds:g} s{at}: an endless loop?"


def place_in_words(facts):
    """Name a line of a student's file.

    Parameters
    ----------
    facts : dict
        With "file", "line", "function" and "source", or some of them.

    Returns
    -------
    str
        Empty if there is none.
    """
    line, file = facts.get("line"), _word(facts, "file")
    if not isinstance(line, int) or not file:
        return ""
    function, source = _word(facts, "function"), _word(facts, "source")
    inside = f" in {function}" if function and function != "<module>" else ""
    quoted = f" (`{source[:80]}`)" if source else ""
    return f"line {line} of {file}{inside}{quoted}"


def _word(facts, name):
    """Take a text that a stranger wrote: in one line, not too long, and nothing else."""
    value = facts.get(name)
    return "".join(c for c in " ".join(value.split()) if c.isprintable())[:300] if isinstance(
        value, str
    ) else ""
