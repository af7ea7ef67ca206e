"""BLEU for a single sentence: good enough to say which of two captions is the better one."""

import math
from collections import Counter

from satt.metrics.bleu import LONGEST, ngrams


def sentence_bleu(candidate, references):
    """Compare one caption with those that people wrote for its image.

    Most captions share no four words in a row with any reference, and a corpus BLEU-4 of one of
    them would be 0, whatever else is right. So all but single words count one n-gram more, found
    and looked for (Lin and Och 2004, "ORANGE"):

        p_1 = found(1) / count(1)      p_n = (found(n) + 1) / (count(n) + 1), n = 2, 3, 4
        BP  = 1 if c > r, else exp(1 - r / c)
        BP (p_1 p_2 p_3 p_4)^(1/4)

    r is the mean length of the references, not that of the closest one as in a corpus: who may
    choose, chooses the shortest, and a reward must not invite that.

    Parameters
    ----------
    candidate : list
        Words, or numbers that stand for words.
    references : list of lists
        At least one.

    Returns
    -------
    float
        In 0..1; 0 if no word is found.

    Notes
    -----
    To reward captions, give both with their stop word. Then "in a" and <stop> are two words that
    never follow each other, and to break off there costs what it should.
    """
    if not candidate:
        return 0.0
    log = 0.0
    for n in range(1, LONGEST + 1):
        counts, clip = ngrams(candidate, n), Counter()
        for reference in references:
            clip |= ngrams(reference, n)
        found, count = (counts & clip).total(), max(counts.total(), 1)
        if n > 1:
            found, count = found + 1, count + 1
        if not found:
            return 0.0
        log += math.log(found / count) / LONGEST
    mean_length = sum(map(len, references)) / len(references)
    return math.exp(log + min(0.0, 1 - mean_length / len(candidate)))
