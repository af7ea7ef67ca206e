"""What Gradescope's `run_autograder` runs: one submission graded, `results.json` written."""

import json
import sys
from pathlib import Path

from satt.homework.grade import grade
from satt.homework.process import Limits
from satt.homework.reports.gradescope import gradescope_results
from satt.homework.sets import load_set


def main(arguments):
    """Grade a submission.

    Parameters
    ----------
    arguments : list of str
        The set, the submission's folder, and where to write the results.
    """
    set_name, submission, results = arguments
    result = grade(Path(submission), load_set(set_name), Limits())
    text = json.dumps(gradescope_results(result), indent=2)
    Path(results).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
