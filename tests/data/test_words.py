import unicodedata

import pytest

from satt.data.words import tokenise


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("A dog, running ; fast .", ["a", "dog", "running", "fast"]),
        ("The dog's T-shirt", ["the", "dog's", "t-shirt"]),
        ("dog’s merry\u2011go\u2010round", ["dog's", "merry-go-round"]),
        ("a man 's hat", ["a", "man", "s", "hat"]),
        ("'quoted' - dogs' -- half--half rock'n'roll-", [
            "quoted", "dogs", "half", "half", "rock'n'roll",
        ]),
        ("2 men & 10,000 bees (yes!)", ["2", "men", "10", "000", "bees", "yes"]),
        ("snake_case/slash", ["snake", "case", "slash"]),
        ("개가 풀밭을 달린다.", ["개가", "풀밭을", "달린다"]),
        ("Ein Mädchen läuft über die STRASSE", [
            "ein", "mädchen", "läuft", "über", "die", "strasse",
        ]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("so 😀 nice", ["so", "nice"]),
        (" \n\t .,;' - ", []),
        ("", []),
    ],
)
def test_words_of_a_text(text, words):
    assert tokenise(text) == words


def test_one_word_has_one_spelling():
    for text in ("각", "é", "Ü"):
        assert tokenise(unicodedata.normalize("NFD", text)) == tokenise(text)


def test_its_own_words_stay_as_they_are():
    words = tokenise("The dog's tri-colored T-shirt, 2 of them")
    assert tokenise(" ".join(words)) == words
