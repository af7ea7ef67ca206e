"""Explanation: where an index stands twice, only one of its gradients was kept."""

import numpy as np

from gradcheck.diagnosis.cause import Cause
from gradcheck.diagnosis.evidence import CLOSE, rms


def overwrites_repeats(e):
    """Rows that were looked up twice are wrong, those that were looked up once are right."""
    if e.numeric.ndim == 0:
        return None
    tolerance = CLOSE * np.maximum(np.abs(e.numeric), rms(e.numeric))
    wrong = np.abs(e.analytic - e.numeric) > tolerance
    for name, words in (*e.inputs.items(), *e.options.items()):
        words = np.asarray(words)
        if words.dtype.kind not in "iu" or words.size < 2 or words.min() < 0:
            continue
        if words.max() >= len(e.numeric):
            continue
        times = np.bincount(words.reshape(-1), minlength=len(e.numeric))
        wrong_rows = np.any(wrong.reshape(len(wrong), -1), axis=1)
        looked_up = np.any((e.numeric != 0).reshape(len(wrong), -1), axis=1)
        silent = ~np.any((e.analytic != 0).reshape(len(wrong), -1), axis=1)
        once = wrong_rows & ((times < 2) | silent)
        if np.any(looked_up & (times == 0)) or np.any(once):
            continue
        which = _single_contribution(e, words, wrong_rows)
        if which or np.any(times == 1):
            return Cause(
                "overwrites-repeats",
                f"The gradient of {e.name} is wrong only in the rows that {name} names more than"
                f" once, such as {int(np.argmax(wrong_rows))}: `d{e.name}[{name}] += ...` keeps"
                " one of the gradients and loses the others. Use np.add.at.",
                evidence=f"{np.count_nonzero(wrong_rows)} rows are wrong, all of them repeated"
                + (f", and each holds its {which} gradient" if which else ""),
            )
    return None


def _single_contribution(e, words, wrong_rows):
    """Say which of the repeated rows' gradients was kept, if it was one."""
    if len(e.upstream) != 1 or e.upstream[0].shape != words.shape + e.numeric.shape[1:]:
        return ""
    upstream = e.upstream[0].reshape(words.size, *e.numeric.shape[1:])
    for which, place in (("last", -1), ("first", 0)):
        if all(
            np.allclose(e.analytic[row], upstream[np.flatnonzero(words.reshape(-1) == row)[place]])
            for row in np.flatnonzero(wrong_rows)
        ):
            return which
    return ""
