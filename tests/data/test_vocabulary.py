import pytest

from satt.data.vocabulary import PAD, START, STOP, UNKNOWN, Vocabulary
from satt.errors import SattError


def test_the_special_words_come_first():
    vocabulary = Vocabulary(["dog", "cat"])
    assert (PAD, START, STOP, UNKNOWN) == (0, 1, 2, 3)
    assert len(vocabulary) == 6
    assert vocabulary.encode(["<pad>", "<start>", "<stop>", "<unknown>"]) == [0, 1, 2, 3]
    assert vocabulary.encode(["cat", "dog", "fish"]) == [5, 4, UNKNOWN]


def test_the_most_frequent_come_first_then_alphabetical():
    captions = [["b", "c", "a"], ["c", "b", "d"], ["c"]]
    assert Vocabulary.from_captions(captions).words == ["c", "b", "a", "d"]
    assert Vocabulary.from_captions(captions, minimum_count=2).words == ["c", "b"]
    assert Vocabulary.from_captions([["<unknown>", "a"]]).words == ["a"]


def test_decode_stops_and_skips():
    vocabulary = Vocabulary(["dog", "cat"])
    assert vocabulary.decode([START, 5, PAD, UNKNOWN, 4, STOP, 5]) == ["cat", "<unknown>", "dog"]
    assert vocabulary.decode([]) == []


def test_encode_then_decode_and_words_then_vocabulary_give_the_same():
    vocabulary = Vocabulary.from_captions([["a", "dog", "runs"]])
    assert vocabulary.decode(vocabulary.encode(["dog", "a"])) == ["dog", "a"]
    assert Vocabulary(vocabulary.words).encode(["runs", "a"]) == vocabulary.encode(["runs", "a"])


@pytest.mark.parametrize("words", [["dog", "dog"], ["<pad>"]])
def test_a_word_twice_is_refused(words):
    with pytest.raises(SattError, match=repr(words[0])):
        Vocabulary(words)


def test_texts_and_nested_captions_are_refused():
    with pytest.raises(SattError, match="tokenise"):
        Vocabulary.from_captions(["a dog"])
    with pytest.raises(SattError, match="join"):
        Vocabulary.from_captions([[["a", "dog"]]])
    with pytest.raises(SattError, match="tokenise"):
        Vocabulary(["dog"]).encode("dog")


@pytest.mark.parametrize("number", [5, -1])
def test_ids_outside_are_refused(number):
    with pytest.raises(SattError, match=f"expected 0 to 4, got {number}"):
        Vocabulary(["dog"]).decode([4, number])
