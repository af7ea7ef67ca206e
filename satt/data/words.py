"""From a caption as people write it to the list of its words."""

import re
import unicodedata

JOINERS = {"'": "'", "’": "'", "-": "-", "\u2010": "-", "\u2011": "-"}
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
    """
    text = unicodedata.normalize("NFC", text.lower())
    kept = (c if unicodedata.category(c)[0] in "LMN" else JOINERS.get(c, " ") for c in text)
    return WORD.findall("".join(kept))
