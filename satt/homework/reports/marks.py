"""`marks.csv`: a line for each submission, a column for each function."""

import csv


def write_marks(path, results):
    """Write the marks as a table.

    Parameters
    ----------
    path : Path
    results : list of SubmissionResult
        All of one set.
    """
    names = [function.name for function in results[0].functions]
    with open(path, "w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["submission", "score", "max_score", *names, "problem", "seconds"])
        for result in results:
            scores = [f"{function.score:.2f}" for function in result.functions]
            table.writerow([
                plain(result.name), f"{result.score:.2f}", f"{result.points:g}", *scores,
                plain(result.problem), f"{result.seconds:.1f}",
            ])


def plain(text):
    """Keep a spreadsheet from taking a name that a student chose for a formula.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
    """
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def write_similar(path, pairs):
    """Write pairs of submissions with the same code as a table.

    Parameters
    ----------
    path : Path
    pairs : list of Pair
    """
    with open(path, "w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["share", "submission", "and", "functions"])
        for pair in pairs:
            table.writerow([f"{pair.share:.2f}", plain(pair.one), plain(pair.other),
                            " ".join(pair.functions)])
