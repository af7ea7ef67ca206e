"""A function's result in words."""

import textwrap

WIDTH = 96


def points_text(points):
    """Write points without needless digits.

    Parameters
    ----------
    points : float

    Returns
    -------
    str
    """
    return f"{round(points, 2):g}"


def what_is_wrong(result, part=None):
    """Say what is wrong with a function, with the likely reasons.

    Parameters
    ----------
    result : FunctionResult
    part : str, optional
        Only what concerns this part.

    Returns
    -------
    lines : list of str
        Empty if nothing is.
    """
    if result.problem:
        return [result.problem]
    said, lines = {}, []
    if result.calls and any(not v.ok for v in result.verdicts) and part is None:
        verb = "is" if len(result.calls) == 1 else "are"
        lines.append(f"it calls {', '.join(result.calls)}, which {verb} wrong: correct that first")
    for verdict in result.wrong:
        if part is not None and verdict.part != part:
            continue
        same = verdict.text, verdict.hint
        if same in said:
            continue
        said[same] = verdict
        parts = [v.part for v in result.wrong if (v.text, v.hint) == same]
        subject = "" if verdict.text.startswith(verdict.part) else f"{', '.join(parts)}: "
        cases = _cases(result, verdict)
        lines.append(f"{subject if part is None else ''}{verdict.text} ({cases})")
        if verdict.hint:
            lines += _indented(verdict.hint)
    for text in result.impure if part is None else ():
        lines += ["a fifth of the points is lost:", *_indented(text)]
    return lines


def _cases(result, verdict):
    """Say in which case, and in how many others, a part goes wrong."""
    of_part = [v for v in result.verdicts if v.part == verdict.part]
    if verdict.is_hidden:
        of_part = [v for v in of_part if v.is_hidden]
    else:
        of_part = [v for v in of_part if not v.is_hidden]
    wrong = sum(not v.ok for v in of_part)
    kind = "hidden case" if verdict.is_hidden else "case"
    more = f", as {wrong} of {len(of_part)} {kind}s" if len(of_part) > 1 else ""
    return f"{kind}: {verdict.about}{more}"


def _indented(text):
    return textwrap.wrap(text, WIDTH, initial_indent="  ", subsequent_indent="  ")
