"""A page on the class: which mistake how often, so what to go over in the next lecture."""

from collections import Counter
from dataclasses import dataclass
from html import escape

from satt.homework.reports.words import points_text

KIND_WORDS = {
    "scale": "a factor is missing or too much",
    "sign": "the sign",
    "transposed": "a transpose",
    "zero": "stays zero",
    "missing-sum": "a sum is missing",
    "shape": "the shape",
    "ignores-upstream": "the gradient from above is not used",
    "missing-path": "one of several paths is missing",
    "last-step-only": "only the last step counts",
    "first-step-only": "only the first step counts",
    "permuted": "the order",
    "overwrites-repeats": "overwrites where it should add",
    "border": "the border",
    "padding-leak": "the mask",
    "missing-activation-gradient": "an activation's slope is missing",
    "not-repeatable": "another result the second time",
    "forward-inconsistent": "another result the second time",
    "dtype": "the precision",
    "nan": "NaN or infinity",
    "not-written": "not written",
    "missing": "not there",
    "raises": "raises an exception",
    "time": "runs on when the time is over",
    "ended": "ends its process",
    "imports-satt": "imports satt",
    "consequence": "wrong, as what it calls is",
    "forward-wrong": "not judged, the forward is wrong",
    "not-graded": "could not be graded",
    "mutates": "changes what it was given",
    "unknown": "wrong, for no usual reason",
    "wrong": "wrong values",
}


@dataclass(frozen=True)
class Mistake:
    """One mistake of a class.

    Attributes
    ----------
    function : str
    kind : str
        As in `Verdict`.
    parts : tuple of str
        In which outputs or gradients it shows, most often first.
    count : int
        Of submissions.
    example : str
        What one of them was told.
    """

    function: str
    kind: str
    parts: tuple[str, ...]
    count: int
    example: str

    @property
    def label(self):
        """The mistake in a few words."""
        parts = f" ({', '.join(self.parts[:3])})" if self.parts else ""
        return f"{self.function}{parts}: {KIND_WORDS.get(self.kind, self.kind)}"


def count_mistakes(results):
    """Count what went wrong in a class, by function and diagnosis.

    Parameters
    ----------
    results : list of SubmissionResult

    Returns
    -------
    mistakes : list of Mistake
        The most frequent first. What no lecture helps against (no time, not written, a
        consequence of something else) comes last.
    """
    counts, parts, examples = Counter(), {}, {}
    for result in results:
        for function in result.functions:
            seen = {}
            if function.problem:
                seen[function.kind] = ((), function.problem)
            for verdict in function.wrong if not function.problem else ():
                kind = "consequence" if function.calls else verdict.kind
                known, text = seen.get(kind, ((), ""))
                text = text or f"it calls {', '.join(function.calls)}" * bool(function.calls)
                seen[kind] = ((*known, verdict.part), text or verdict.hint or verdict.text)
            if function.impure:
                known, text = seen.get("mutates", ((), ""))
                seen["mutates"] = (known, text or function.impure[0])
            for kind, (those, text) in seen.items():
                key = function.name, kind
                counts[key] += 1
                parts.setdefault(key, Counter()).update(dict.fromkeys(those, 1))
                examples.setdefault(key, text)
    found = [
        Mistake(name, kind, tuple(p for p, _ in parts[name, kind].most_common()), count,
                examples[name, kind])
        for (name, kind), count in counts.items()
    ]
    later = (
        "time", "ended", "imports-satt", "consequence", "forward-wrong", "not-written", "missing",
        "not-graded",
    )
    return sorted(found, key=lambda m: (m.kind in later, -m.count, m.function, m.kind))


def class_page(homework, results, mistakes, pairs, plot):
    """Write the page.

    Parameters
    ----------
    homework : HomeworkSet
    results : list of SubmissionResult
    mistakes : list of Mistake
    pairs : list of Pair
        Similar submissions, see `satt.homework.similarity`.
    plot : str
        The picture's file name.

    Returns
    -------
    html : str
    """
    scores = sorted(result.score for result in results)
    middle = scores[len(scores) // 2]
    mean = sum(scores) / len(scores)
    most = points_text(homework.points)
    parts = [
        f"<h1>{escape(homework.name)}: {escape(homework.title)}</h1>",
        f"<p>{len(results)} submission(s). Of {most} points: mean {mean:.1f}, median "
        f"{middle:.1f}, lowest {scores[0]:.1f}, highest {scores[-1]:.1f}.</p>",
        "<h2>What to go over in the next lecture</h2>",
        f'<img src="{escape(plot)}" alt="How often each mistake was made">',
        _table(
            ["submissions", "mistake", "what they were told"],
            [[m.count, m.label, m.example] for m in mistakes],
        ) if mistakes else "<p>Nothing: all is right.</p>",
        "<h2>Function by function</h2>",
        _table(["function", "points", "mean", "all right", "not written"],
               _function_rows(homework, results)),
        "<h2>To look at by hand</h2>",
        _to_look_at(results),
        "<h2>Similar code</h2>",
        _similar(pairs),
    ]
    return PAGE.replace("TITLE", escape(homework.title)).replace("BODY", "\n".join(parts))


def _function_rows(homework, results):
    for place, function in enumerate(homework.functions):
        found = [result.functions[place] for result in results]
        mean = sum(f.score for f in found) / len(found)
        yield [
            function.name, points_text(function.points), f"{mean:.1f}",
            f"{sum(f.ok for f in found)}", f"{sum(f.kind == 'not-written' for f in found)}",
        ]


def _to_look_at(results):
    rows = [
        [result.name, result.problem or "; ".join(dict.fromkeys(
            f"{f.name}: {f.problem}" for f in result.functions if f.kind in ("time", "ended")
        )) or "; ".join(result.notes)]
        for result in results
        if result.problem or result.notes
        or any(f.kind in ("time", "ended") for f in result.functions)
    ]
    return _table(["submission", "why"], rows) if rows else "<p>None.</p>"


def _similar(pairs):
    if not pairs:
        return "<p>None.</p>"
    rows = [[f"{p.share:.0%}", p.one, p.other, ", ".join(p.functions)] for p in pairs]
    return "<p>The code is the same after renaming; look at both before you judge.</p>" + _table(
        ["the same", "submission", "and", "in"], rows
    )


def _table(head, rows):
    cells = "".join(f"<th>{escape(text)}</th>" for text in head)
    lines = "".join(
        f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in row)}</tr>\n" for row in rows
    )
    return f"<table><tr>{cells}</tr>\n{lines}</table>"


PAGE = """\
<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>TITLE</title><style>
body { font: 16px/1.5 sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em; }
table { border-collapse: collapse; } td, th { padding: 0.2em 0.8em 0.2em 0; text-align: left;
vertical-align: top; border-bottom: 1px solid #ccc; } img { max-width: 100%; }
</style></head><body>
BODY
</body></html>
"""
