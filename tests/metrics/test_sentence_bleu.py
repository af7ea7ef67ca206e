import math

import pytest

from satt.metrics.sentence_bleu import sentence_bleu

REFERENCES = [
    "a bird is flying over a body of water".split(), "a bird flies over the water".split(),
    "there is a bird over water".split(),
]


@pytest.mark.parametrize("candidate", [
    "a bird is flying over the water in the sun", "there is a bird a bird a bird over the water",
    "water water water water water water water water water",
])
def test_equals_nltk_where_nothing_is_too_short(candidate):
    bleu = pytest.importorskip("nltk.translate.bleu_score")
    candidate = candidate.split()
    theirs = bleu.sentence_bleu(
        REFERENCES, candidate, smoothing_function=bleu.SmoothingFunction().method2
    )
    assert sentence_bleu(candidate, REFERENCES) == pytest.approx(theirs, rel=1e-12)


def test_by_hand():
    # Found: 3 words of 3, 2 pairs of 2, 1 triple of 1, no four of none; the mean length is 7.
    precisions = (3 / 3) * (3 / 3) * (2 / 2) * (1 / 2)
    expected = math.exp(1 - 7 / 3) * precisions**0.25
    assert sentence_bleu("a bird is".split(), REFERENCES) == pytest.approx(expected, rel=1e-12)


def test_a_reference_itself_is_perfect_and_no_common_word_is_nothing():
    for reference in REFERENCES:
        assert sentence_bleu(reference, [reference]) == 1
    assert sentence_bleu(["cat"], REFERENCES) == sentence_bleu([], REFERENCES) == 0


def test_with_the_stop_word_it_costs_to_break_off():
    told = [[*reference, "<stop>"] for reference in REFERENCES]
    whole = "a bird flies over the water".split()
    broken = "a bird flies over a body of".split()
    without = sentence_bleu(broken, REFERENCES) / sentence_bleu(whole, REFERENCES)
    assert sentence_bleu([*broken, "<stop>"], told) / sentence_bleu([*whole, "<stop>"], told) < (
        0.95 * without
    )


def test_a_short_reference_does_not_invite_to_be_short():
    assert sentence_bleu(["a", "bird"], [["a", "bird"], *REFERENCES]) < 0.5


def test_numbers_will_do_for_words():
    words = sorted({word for reference in REFERENCES for word in reference})
    numbers = {word: number for number, word in enumerate(words)}
    candidate = "a bird over the water".split()
    assert sentence_bleu(
        [numbers[word] for word in candidate],
        [[numbers[word] for word in reference] for reference in REFERENCES],
    ) == sentence_bleu(candidate, REFERENCES)
