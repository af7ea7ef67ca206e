import numpy as np
import pytest

from satt.errors import SattError
from satt.shapes import check_shape, check_words


def test_the_message_teaches():
    grid = np.zeros((8, 7, 7, 320))
    with pytest.raises(SattError) as error:
        check_shape(
            "grid", grid, ("N", "L", "D"), "reshape the conv output to (8, 49, 320) first"
        )
    assert str(error.value) == (
        "grid: expected (N, L, D), got (8, 7, 7, 320); "
        "reshape the conv output to (8, 49, 320) first"
    )


def test_letters_are_collected_and_then_hold():
    sizes = check_shape("grid", np.zeros((8, 49, 5)), ("N", "L", "D"))
    assert sizes == {"N": 8, "L": 49, "D": 5}
    sizes = check_shape("state", np.zeros((8, 6)), ("N", "H"), sizes=sizes)
    assert sizes == {"N": 8, "L": 49, "D": 5, "H": 6}
    with pytest.raises(SattError, match=r"^keys: expected \(N, L, A\) with N = 8, L = 49, got "):
        check_shape("keys", np.zeros((8, 48, 3)), ("N", "L", "A"), sizes=sizes)
    assert "A" not in sizes


def test_a_letter_that_occurs_twice_must_be_the_same_size():
    check_shape("square", np.zeros((4, 4)), ("A", "A"))
    with pytest.raises(SattError):
        check_shape("square", np.zeros((4, 5)), ("A", "A"))


def test_numbers_are_compared():
    check_shape("images", np.zeros((2, 9, 8, 3)), ("N", "H", "W", 3))
    with pytest.raises(SattError, match=r"expected \(N, H, W, 3\), got \(2, 3, 9, 8\)"):
        check_shape("images", np.zeros((2, 3, 9, 8)), ("N", "H", "W", 3))


def test_too_few_axes_and_lists_are_wrong():
    with pytest.raises(SattError, match=r"expected \(N,\), got \(\)"):
        check_shape("words", np.array(3), ("N",))
    with pytest.raises(SattError, match="got a list"):
        check_shape("words", [1, 2], ("N",))


def test_words_within_the_vocabulary_pass():
    check_words("words", np.array([[0, 19], [3, 4]]), 20)
    check_words("words", np.zeros((0, 3), dtype=np.uint8), 20)


@pytest.mark.parametrize(
    ("words", "got"),
    [
        (np.array([[1, 2], [20, 3]]), r"from 0 to 19, got 20 at \(1, 0\); encode"),
        (np.array([4, -1]), r"got -1 at \(1,\)"),
        (np.array([1.0, 2.0]), "got float64"),
        (np.array([True]), "got bool"),
        ([1, 2], "got a list"),
    ],
)
def test_other_words_are_refused(words, got):
    with pytest.raises(SattError, match=got):
        check_words("words", words, 20)
