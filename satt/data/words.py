"""From a caption as people write it to the list of its words."""

import re
import unicodedata

from satt.errors import SattError

JOINERS = {"'": "'", "’": "'", "-": "-", "\u2010": "-", "\u2011": "-"}
# To put the accents of a letter in order takes the square of their number.
LONGEST = 10_000
WORD = re.compile(r"[^\s'-]+(?:['-][^\s'-]+)*")


def tokenise(text):
    """Split a text into lower-case words and drop the punctuation.

    A word is a run of letters, combining marks and digits of any script. One apostrophe or hyphen
    between two such runs belongs to the word ("dog's", "t-shirt"); at its edge, or doubled, it is
    punctuation. Typographic apostrophes and hyphens become the plain ones, and accents and Hangul
    are composed, so that one word has one spelling.

    Parameters
    ----------
    text : str

    Returns
    -------
    words : list of str

    Raises
    ------
    SattError
        If the text has more than 10,000 characters: that is no caption.
    """
    if len(text) > LONGEST:
        raise SattError(
            f"text: expected a caption of at most {LONGEST:,} characters, got {len(text):,}; "
            "give the captions one by one"
        )
    text = unicodedata.normalize("NFC", text.lower())
    kept = (c if unicodedata.category(c)[0] in "LMN" else JOINERS.get(c, " ") for c in text)
    return WORD.findall("".join(kept))
