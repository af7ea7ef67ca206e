"""Text that can be read in a figure, whatever script it is in: never a row of empty boxes."""

import functools
import unicodedata
import warnings

PLAIN = "DejaVu Sans"
HANGUL_FONTS = (
    "Malgun Gothic",
    "AppleGothic",
    "Apple SD Gothic Neo",
    "NanumGothic",
    "Noto Sans CJK KR",
    "Noto Sans CJK JP",
    "Noto Sans KR",
)

# Revised Romanisation, one entry a jamo, in the order in which Unicode composes syllables.
INITIALS = "g kk n d tt r m b pp s ss - j jj ch k t p h".replace("-", "").split(" ")
VOWELS = "a ae ya yae eo e yeo ye o wa wae oe yo u wo we wi yu eu ui i".split()
FINALS = "- k k k n n n t l k m l l l p l m p p t t ng t t k t p t".replace("-", "").split(" ")
FIRST_SYLLABLE, LAST_SYLLABLE = 0xAC00, 0xD7A3


def use_font_for(text):
    """Choose fonts that have every character of a text, or spell the text so that they do.

    Parameters
    ----------
    text : str

    Returns
    -------
    text : str
        What to draw. The text itself where the installed fonts have it; otherwise Hangul is
        romanised and any other missing character is written as its code point, "U+6F22".
    families : list of str
        Font families for matplotlib, the first choice first.

    Warns
    -----
    UserWarning
        Once, the first time a text has to be respelled.
    """
    # A decomposed text (file names on a Mac) has the same syllables in three pieces each.
    text = unicodedata.normalize("NFC", text)
    families = [PLAIN]
    missing = _missing(text, PLAIN)
    if missing and _installed():
        best = min(_installed(), key=lambda family: len(_missing(missing, family)))
        families.append(best)
        missing = _missing(missing, best)
    if missing:
        _say_once()
        text = "".join(_respell(letter) if letter in missing else letter for letter in text)
    return text, families


def romanise(text):
    """Write Hangul in Latin letters: Revised Romanisation syllable by syllable.

    Sound changes between syllables are not applied, so the result can be read but is not always
    what a dictionary gives.

    >>> romanise("한글 ok")
    'hangeul ok'
    """
    letters = []
    for letter in text:
        if FIRST_SYLLABLE <= ord(letter) <= LAST_SYLLABLE:
            initial, rest = divmod(ord(letter) - FIRST_SYLLABLE, len(VOWELS) * len(FINALS))
            vowel, final = divmod(rest, len(FINALS))
            letter = INITIALS[initial] + VOWELS[vowel] + FINALS[final]
        letters.append(letter)
    return "".join(letters)


def _respell(letter):
    romanised = romanise(letter)
    if romanised != letter:
        return romanised
    if unicodedata.category(letter) in ("Cc", "Cf", "Mn"):
        return ""
    return f"U+{ord(letter):04X}"


def _missing(text, family):
    """Return the characters of `text` that a family has no picture for."""
    from matplotlib import font_manager

    font = font_manager.get_font(font_manager.findfont(family))
    return "".join(
        letter for letter in text if letter != "\n" and font.get_char_index(ord(letter)) == 0
    )


@functools.lru_cache(maxsize=1)
def _installed():
    from matplotlib import font_manager

    known = set(font_manager.get_font_names())
    return [family for family in HANGUL_FONTS if family in known]


@functools.lru_cache(maxsize=1)
def _say_once():
    warnings.warn(
        "no installed font has every character of a text: Hangul is romanised, other characters "
        "become code points; install NanumGothic or Noto Sans KR to see them as written",
        stacklevel=3,
    )
