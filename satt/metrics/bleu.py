"""BLEU: how many of a caption's phrases people used for the same image (Papineni et al. 2002)."""

import math
from collections import Counter
from typing import NamedTuple

from satt.errors import SattError

LONGEST = 4


class Bleu(NamedTuple):
    """The figures of a corpus; each tuple holds BLEU-1, BLEU-2, BLEU-3 and BLEU-4, in 0..1.

    Parameters
    ----------
    bleu : tuple of float
        With the brevity penalty, as other papers report it.
    bleu_without_brevity : tuple of float
        Without it, as Show, Attend and Tell reports it.
    length_ratio : float
        Words in the candidates by words in the closest references.
    """

    bleu: tuple
    bleu_without_brevity: tuple
    length_ratio: float


def corpus_bleu(candidates, references):
    """Compare one candidate caption for each image with the captions that people wrote.

    Counts are added over the whole corpus before anything is divided; it is not the mean of
    the captions' own scores. With clip(g) the most often that n-gram g occurs in one reference:

        p_n    = sum over images, g of min(count(g), clip(g)) / sum over images, g of count(g)
        BP     = 1 if c > r, else exp(1 - r / c)
        BLEU-K = BP (p_1 p_2 .. p_K)^(1/K)

    c is the number of words in all candidates, r that in the references, counting for each
    candidate the one closest to it in length, of two the shorter. A K with some p_n = 0 has
    BLEU-K = 0: nothing is smoothed. One departure from the formula: a candidate of less than n
    words adds 1 to the lower sum of p_n, one n-gram not found, as NLTK counts.

    Parameters
    ----------
    candidates : list of lists of str
        One caption an image, as words.
    references : list of lists of lists of str
        For each image its captions, as words; at least one.

    Returns
    -------
    scores : Bleu

    Raises
    ------
    SattError
        If there is no candidate, the two differ in length, an image has no reference, or a
        caption is a text instead of a list of words.
    """
    _check(candidates, references)
    matched, counted = [0] * LONGEST, [0] * LONGEST
    candidate_length = reference_length = 0
    for candidate, several in zip(candidates, references, strict=True):
        candidate_length += len(candidate)
        lengths = (len(reference) for reference in several)
        reference_length += min(lengths, key=lambda n: (abs(n - len(candidate)), n))
        for n in range(1, LONGEST + 1):
            counts = ngrams(candidate, n)
            clip = Counter()
            for reference in several:
                clip |= ngrams(reference, n)
            matched[n - 1] += (counts & clip).total()
            counted[n - 1] += max(1, counts.total())
    without = tuple(_geometric_mean(matched[:k], counted[:k]) for k in range(1, LONGEST + 1))
    penalty = 0.0
    if candidate_length:
        penalty = math.exp(min(0.0, 1 - reference_length / candidate_length))
    ratio = candidate_length / max(1, reference_length)
    return Bleu(tuple(penalty * score for score in without), without, ratio)


def ngrams(words, n):
    """Count all that stands in n neighbouring places."""
    return Counter(zip(*(words[i:] for i in range(n)), strict=False))


def _geometric_mean(matched, counted):
    if 0 in matched:
        return 0.0
    logs = (math.log(m / c) for m, c in zip(matched, counted, strict=True))
    return math.exp(math.fsum(logs) / len(matched))


def _check(candidates, references):
    if len(candidates) != len(references) or not candidates:
        raise SattError(
            "candidates: expected one for each list of references, "
            f"got {len(candidates)} candidates and {len(references)} lists"
        )
    for number, (candidate, several) in enumerate(zip(candidates, references, strict=True)):
        if not several:
            raise SattError(f"references: image {number} has none; leave it out")
        if isinstance(candidate, str) or any(isinstance(caption, str) for caption in several):
            raise SattError(
                f"captions: expected lists of words, got a text for image {number}; "
                "tokenise it first, and give a list of references for each image"
            )
