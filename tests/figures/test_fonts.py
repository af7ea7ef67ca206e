"""Text in any script: drawn as written where a font has it, else respelled."""

import unicodedata
import warnings

import pytest

from satt.figures import fonts, use_font_for


@pytest.fixture(autouse=True)
def forget():
    fonts._say_once.cache_clear()
    yield
    fonts._say_once.cache_clear()


@pytest.fixture
def no_hangul_font(monkeypatch):
    monkeypatch.setattr(fonts, "_installed", lambda: [])


def test_plain_text_stays_as_it_is_without_a_warning(no_hangul_font):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert use_font_for("a café, <stop> … $5\nтри") == (
            "a café, <stop> … $5\nтри", [fonts.PLAIN]
        )


@pytest.mark.parametrize(("hangul", "latin"), [
    ("한글", "hangeul"), ("서울", "seoul"), ("부산", "busan"), ("빨간 새", "ppalgan sae"),
    ("있다", "itda"), ("위", "wi"), ("값", "gap"), ("강", "gang"), ("꽃", "kkot"), ("힣", "hit"),
])
def test_hangul_is_romanised(no_hangul_font, hangul, latin):
    with pytest.warns(UserWarning, match="romanised"):
        assert use_font_for(hangul)[0] == latin


def test_decomposed_hangul_is_the_same_text(no_hangul_font):
    with pytest.warns(UserWarning):
        assert use_font_for(unicodedata.normalize("NFD", "한글"))[0] == "hangeul"


def test_other_missing_characters_become_code_points_and_never_boxes(no_hangul_font):
    with pytest.warns(UserWarning):
        text, families = use_font_for("漢 ok")
    assert text == "U+6F22 ok"
    assert fonts._missing(text, families[0]) == ""


def test_it_is_said_once(no_hangul_font):
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        use_font_for("한글")
        use_font_for("서울")
    assert len(said) == 1


def test_a_font_that_has_the_letters_is_used_and_only_the_rest_respelled(monkeypatch):
    # Stand-ins for fonts: one has nothing new, the other all of Hangul.
    has = {fonts.PLAIN: "abc ", "Poor": "", "Rich": "한글"}
    monkeypatch.setattr(fonts, "_installed", lambda: ["Poor", "Rich"])
    monkeypatch.setattr(
        fonts, "_missing", lambda text, family: "".join(x for x in text if x not in has[family])
    )
    assert use_font_for("한글 abc") == ("한글 abc", [fonts.PLAIN, "Rich"])
    with pytest.warns(UserWarning):
        assert use_font_for("한漢") == ("한U+6F22", [fonts.PLAIN, "Rich"])


def test_every_modern_syllable_is_romanised_to_letters():
    syllables = "".join(chr(code) for code in range(0xAC00, 0xD7A4))
    latin = fonts.romanise(syllables)
    assert latin.isascii() and latin.isalpha()
    assert len(fonts.INITIALS) == 19 and len(fonts.VOWELS) == 21 and len(fonts.FINALS) == 28
