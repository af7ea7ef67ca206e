"""The words a model knows, each with its number."""

from collections import Counter

from satt.errors import SattError

PAD, START, STOP, UNKNOWN = range(4)
SPECIAL = ["<pad>", "<start>", "<stop>", "<unknown>"]


class Vocabulary:
    """A numbered list of words: four special ones first, then the given words in their order.

    Parameters
    ----------
    words : iterable of str
        Each once, without the special words `<pad>`, `<start>`, `<stop>`, `<unknown>`.

    Attributes
    ----------
    words : list of str
        The given words, so that `Vocabulary(vocabulary.words)` is the same vocabulary again.

    Raises
    ------
    SattError
        If a word is no text, occurs twice or is one of the special words.
    """

    def __init__(self, words):
        self.words = list(words)
        wrong = [word for word in self.words if not isinstance(word, str)]
        if wrong or isinstance(words, str):
            raise SattError(
                f"words: expected a list of texts, got {(wrong or [words])[0]!r:.60}; "
                "give each word as a text of its own"
            )
        self._word_of = SPECIAL + self.words
        self._id_of = {word: number for number, word in enumerate(self._word_of)}
        if len(self._id_of) < len(self._word_of):
            twice = next(w for w, count in Counter(self._word_of).items() if count > 1)
            raise SattError(f"words: {twice!r} is there twice or is a special word; leave it out")

    @classmethod
    def from_captions(cls, captions, minimum_count=1):
        """Collect the words of some captions: the most frequent first, ties in alphabetical order.

        Parameters
        ----------
        captions : iterable of lists of str
            One list of words a caption.
        minimum_count : int
            Rarer words are left out, and will be read as `<unknown>`.

        Raises
        ------
        SattError
            If a caption is a text, or a list of captions, instead of a list of words.
        """
        counts = Counter()
        for caption in captions:
            if isinstance(caption, str) or not all(isinstance(word, str) for word in caption):
                raise SattError(
                    f"captions: expected a list of words for each caption, got {caption!r:.60}; "
                    "tokenise a text first, join the captions of several images to one list"
                )
            counts.update(caption)
        for word in SPECIAL:
            counts.pop(word, None)
        frequent = (word for word, count in counts.items() if count >= minimum_count)
        return cls(sorted(frequent, key=lambda word: (-counts[word], word)))

    def __len__(self):
        """Return the number of ids, the four special ones counted."""
        return len(self._word_of)

    def encode(self, words):
        """Return the ids of a list of words; a word that is not known becomes UNKNOWN.

        Raises
        ------
        SattError
            If `words` is a text instead of a list of words.
        """
        if isinstance(words, str):
            raise SattError(f"words: expected a list, got {words!r:.60}; tokenise it first")
        return [self._id_of.get(word, UNKNOWN) for word in words]

    def decode(self, ids):
        """Return the words of some ids up to the first STOP; PAD and START are skipped.

        Raises
        ------
        SattError
            If an id lies outside the vocabulary.
        """
        words = []
        for number in ids:
            if not 0 <= number < len(self):
                raise SattError(
                    f"ids: expected 0 to {len(self) - 1}, got {number}; "
                    "decode with the vocabulary that the model was built for"
                )
            if number == STOP:
                break
            if number not in (PAD, START):
                words.append(self._word_of[number])
        return words
