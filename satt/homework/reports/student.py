"""What a student reads: each function and gradient, right or wrong, and the likely reason."""

from satt.homework.reports.words import points_text, what_is_wrong


def student_lines(result):
    """Write the report of a check.

    Parameters
    ----------
    result : SubmissionResult
        By the shown cases.

    Returns
    -------
    lines : list of str
    """
    lines, width = [], max(len(function.name) for function in result.functions)
    for function in result.functions:
        points = f"{points_text(function.score):>5} / {points_text(function.points)}"
        lines.append(f"{function.name:{width}}  {points:>11}  {verdict_of(function)}")
    for function in result.functions:
        wrong = [] if function.kind == "not-written" else what_is_wrong(function)
        if wrong:
            lines += ["", f"{function.name} ({function.file}):", *(f"  {w}" for w in wrong)]
    if result.notes:
        lines += ["", *result.notes]
    if result.noise.strip():
        lines += ["", "your code prints (the beginning):", *_noise(result.noise)]
    score, points = points_text(result.score), points_text(result.points)
    lines += ["", f"{score} of {points} points so far, by the cases that are shown; the grader "
              "tries others too"]
    return lines


def verdict_of(function):
    """Sum a function's result up.

    Parameters
    ----------
    function : FunctionResult

    Returns
    -------
    str
        As "right", "not written yet", or which gradients are right and which are wrong.
    """
    if function.kind == "not-written":
        own = function.problem.startswith(function.name)
        return "not written yet" if own else function.problem
    if function.problem:
        return "WRONG: see below"
    marks = {}
    for part in function.parts:
        found = [v.ok for v in function.verdicts if v.part == part]
        marks[part] = all(found)
    if function.ok:
        return f"right: {', '.join(marks)}"
    right = [part for part, ok in marks.items() if ok]
    wrong = [part for part, ok in marks.items() if not ok]
    texts = [f"WRONG: {', '.join(wrong)}"] if wrong else []
    texts += [f"right: {', '.join(right)}"] if right else []
    texts += ["changes what it was given"] if function.impure else []
    return "; ".join(texts)


def as_json(result):
    """Make of a result what JSON can hold.

    Parameters
    ----------
    result : SubmissionResult

    Returns
    -------
    dict
    """
    return {
        "score": result.score,
        "points": result.points,
        "ok": result.ok,
        "problem": result.problem or None,
        "notes": list(result.notes),
        "functions": [
            {
                "name": f.name,
                "file": f.file,
                "score": round(f.score, 4),
                "points": f.points,
                "ok": f.ok,
                "problem": f.problem or None,
                "changes": list(f.impure),
                "parts": [
                    {
                        "name": part,
                        "ok": not f.problem
                        and all(v.ok for v in f.verdicts if v.part == part),
                        "wrong": [
                            {"case": v.about, "cause": v.kind, "text": v.text, "hint": v.hint}
                            for v in f.wrong if v.part == part
                        ],
                    }
                    for part in f.parts
                ],
            }
            for f in result.functions
        ],
    }


def _noise(text):
    lines = ["".join(c for c in line if c.isprintable()) for line in text.splitlines()[:8]]
    return [f"  {line[:94]}" for line in lines]
