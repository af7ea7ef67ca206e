import math
import warnings

import numpy as np
import pytest

from satt.errors import SattError
from satt.metrics.bleu import corpus_bleu

WEIGHTS = [(1.0,), (1 / 2,) * 2, (1 / 3,) * 3, (1 / 4,) * 4]


def nltk_bleu(candidates, references):
    score = pytest.importorskip("nltk.translate.bleu_score")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return score.corpus_bleu(references, candidates, weights=WEIGHTS)


def text(*lines):
    return [line.split() for line in lines]


def test_a_reference_repeated_is_perfect():
    references = [text("a b c d e", "x y"), text("f g h i")]
    scores = corpus_bleu(text("a b c d e", "f g h i"), references)
    assert scores.bleu == scores.bleu_without_brevity == (1, 1, 1, 1)
    assert scores.length_ratio == 1


def test_the_papers_example_of_clipping():
    references = [text("the cat is on the mat", "there is a cat on the mat")]
    scores = corpus_bleu(text("the the the the the the the"), references)
    assert scores.bleu[0] == pytest.approx(2 / 7)
    assert scores.bleu[1:] == (0, 0, 0)


def test_brevity_by_hand():
    scores = corpus_bleu(text("a b c"), [text("a b c d")])
    assert scores.bleu_without_brevity[:3] == (1, 1, 1)
    assert scores.bleu[:3] == pytest.approx((math.exp(1 - 4 / 3),) * 3)
    assert scores.length_ratio == 3 / 4


def test_of_two_references_as_close_the_shorter_counts():
    scores = corpus_bleu(text("a b c"), [text("a b c d", "a b")])
    assert scores.length_ratio == 3 / 2
    assert scores.bleu[0] == 1


def test_a_reference_clips_for_itself_and_counts_are_pooled():
    # "a a" is in neither reference; adding the references up would find it.
    scores = corpus_bleu(text("a a", "b c"), [text("a x", "y a"), text("b c")])
    assert scores.bleu_without_brevity[0] == pytest.approx(3 / 4)
    assert scores.bleu_without_brevity[1] == pytest.approx(math.sqrt(3 / 4 * 1 / 2))


@pytest.mark.parametrize("seed", range(20))
def test_equal_to_nltk_on_random_captions(seed):
    random = np.random.default_rng(seed)

    def caption(shortest=0):
        return random.choice(list("abcdef"), random.integers(shortest, 12)).tolist()

    count = random.integers(1, 30)
    candidates = [caption() for _ in range(count)]
    references = [[caption(1) for _ in range(random.integers(1, 6))] for _ in range(count)]
    expected = nltk_bleu(candidates, references)
    assert corpus_bleu(candidates, references).bleu == pytest.approx(expected, abs=1e-12, rel=0)


@pytest.mark.parametrize(
    ("candidates", "references"),
    [
        (text(""), [text("a b")]),
        (text("", "a b c d e"), [text("a b"), text("a b c d f", "e")]),
        (text("a b c x e f g"), [text("a b c d e f g")]),
        (text("a b", "c", "d e f"), [text("a b"), text("c x"), text("d e f g")]),
        (text("x y z"), [text("a b c")]),
        (text("a b c d"), [text("")]),
        (text(""), [text("")]),
        (text("a", "a b c d e"), [text("a"), text("a b c d e")]),
    ],
)
def test_equal_to_nltk_on_degenerate_ones(candidates, references):
    expected = nltk_bleu(candidates, references)
    scores = corpus_bleu(candidates, references)
    assert scores.bleu == pytest.approx(expected, abs=1e-12, rel=0)
    assert all(type(score) is float for score in scores.bleu + scores.bleu_without_brevity)


@pytest.mark.parametrize(
    ("candidates", "references", "message"),
    [
        ([], [], "got 0 candidates and 0 lists"),
        (text("a"), [], "got 1 candidates and 0 lists"),
        (text("a", "b"), [text("a"), []], "image 1 has none"),
        (["a dog"], [text("a dog")], "tokenise"),
        (text("a dog"), [["a dog"]], "list of references for each image"),
    ],
)
def test_mistakes_are_named(candidates, references, message):
    with pytest.raises(SattError, match=message):
        corpus_bleu(candidates, references)
