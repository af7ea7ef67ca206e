"""`results.json` as Gradescope reads it.

Format: https://gradescope-autograders.readthedocs.io/en/latest/specs/ . What the hidden cases say
is shown when the marks are published, as is what they bring, so that nobody tries until they fit.
"""

from dataclasses import replace

from satt.homework.reports.words import points_text, what_is_wrong


def gradescope_results(result):
    """Make what `results.json` holds.

    Parameters
    ----------
    result : SubmissionResult

    Returns
    -------
    dict
    """
    tests = [test for function in result.functions for test in _tests(function)]
    output = [result.problem] if result.problem else []
    output.append(_sum(tests))
    output += result.notes
    return {
        "score": result.score,
        "execution_time": round(result.seconds, 2),
        "output": "\n".join(output),
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": [{"number": str(n), **test} for n, test in enumerate(tests, start=1)],
        "extra_data": {"max_score": result.points},
    }


def _sum(tests):
    """Add up what a student may know: Gradescope hides the score while tests are hidden."""
    shown = [test for test in tests if test["visibility"] == "visible"]
    score, most = (points_text(sum(test[key] for test in shown)) for key in ("score", "max_score"))
    if len(shown) == len(tests):
        return f"{score} of {most} points"
    return f"{score} of {most} points by the shown cases; the hidden ones come with the marks"


def _tests(function):
    """One test for each part and group of cases; one for a function that did not run at all."""
    if function.problem:
        yield _test(function.name, 0.0, function.points, function.problem, "visible")
        return
    for part in function.parts:
        for is_hidden in (False, True):
            worth = function.worth(part, is_hidden)
            if not worth:
                continue
            group = tuple(v for v in function.verdicts if v.is_hidden == is_hidden)
            lines = what_is_wrong(replace(function, verdicts=group), part) + _changes(function)
            which = "hidden cases" if is_hidden else "shown cases"
            yield _test(
                f"{function.name}: {part}, {which}",
                function.earned(part, is_hidden),
                worth,
                "\n".join(lines) or "right",
                "after_published" if is_hidden else "visible",
            )


def _changes(function):
    return [f"a fifth of the points is lost: {text}" for text in function.impure]


def _test(name, score, most, output, visibility):
    return {
        "name": name,
        "score": round(score, 4),
        "max_score": round(most, 4),
        "status": "passed" if score >= most - 1e-9 else "failed",
        "output": output,
        "output_format": "text",
        "visibility": visibility,
    }
