"""Captions of different lengths, step below step without gaps, for `attention_lstm.py`.

Captions end at different steps, and most of a batch is over long before its longest caption is. A
step needs rows for those only that go on (here with the word that each row is to say):

    a dog runs <stop>      step 0   a       two     a         rows 0 1 2
    two cats <stop>        step 1   dog     cats    bird      rows 3 4 5
    a bird <stop>          step 2   runs    <stop>  <stop>    rows 6 7 8
                           step 3   <stop>                    row  9

With several captions to an image there is a second wish: they look at the same grid, which should
be fetched once, and not copied for each. So the longest captions of all images come first, then
the second longest of all, and so on: slot 0, slot 1, ... In each slot the images stand in one
order, those with many words first. At a step, a slot is then the first n images, n falls from step
to step, and `grid[:n]` are their grids. An image whose caption has ended goes on idly until those
further back have ended too; as a rule, these are few.

(Sorting by length and taking the first n is what other libraries call a packed sequence.)
"""

import numpy as np


class Stacking:
    """Where each step of each caption stands.

    Parameters
    ----------
    M, k, T : int
        Images, captions of each, and steps at most.
    lengths : ndarray of int, shape (M k,), optional
        Steps of each caption, 1 to T; by default T.

    Attributes
    ----------
    rows : int
        R, of all steps together.
    steps : list of (slice, list of (slice, int), slice or ndarray of int)
        For each step its rows of R; for each slot its rows of the step's, and how many; and which
        rows of the step's go on to the next.
    """

    def __init__(self, M, k, T, lengths=None):
        lengths = np.full((M, k), T) if lengths is None else np.reshape(lengths, (M, k))
        self._shape = M * k, T
        self._images = np.argsort(-lengths.sum(axis=1), kind="stable")
        longest_first = np.argsort(-lengths, axis=1, kind="stable")
        captions = (self._images[:, None] * k + longest_first[self._images]).T  # (k, M)
        ends = lengths.reshape(-1)[captions]
        # An image is needed until the caption of its slot has ended, and those after it.
        needed_until = np.maximum.accumulate(ends[:, ::-1], axis=1)[:, ::-1]
        needed = needed_until > np.arange(ends.max())[:, None, None]  # (T, k, M)
        self._when, slots, places = np.nonzero(needed)
        self._who, self._captions = captions[slots, places], captions.reshape(-1)
        self._idle = np.flatnonzero(self._when >= ends[slots, places])
        self.rows = len(self._who)
        # Before step 0 comes what there was initially: see `before`.
        numbers = np.zeros((len(needed) + 1, k, M), int)
        numbers[0] = np.arange(M * k).reshape(k, M)
        numbers[1:][needed] = M * k + np.arange(self.rows)
        self._before = numbers[self._when, slots, places]
        self.steps, end = [], 0
        for now, after in zip(needed, [*needed[1:], np.zeros_like(needed[0])], strict=True):
            begin, slots = end, []
            for n in filter(None, now.sum(axis=1).tolist()):
                slots.append((slice(end - begin, end - begin + n), n))
                end += n
            goes_on = after[now]
            rows = slice(None) if goes_on.all() else np.flatnonzero(goes_on)
            self.steps.append((slice(begin, end), slots, rows))

    def stack(self, array):
        """(N, T, width) -> (R, width), with zeros where a caption has ended."""
        rows = array[self._who, self._when]
        rows[self._idle] = 0
        return rows

    def unstack(self, rows):
        """(R, width) -> (N, T, width), with zeros after the captions' ends."""
        array = np.zeros((*self._shape, rows.shape[1]), rows.dtype)
        array[self._who, self._when] = rows
        array[self._who[self._idle], self._when[self._idle]] = 0
        return array

    def sort(self, array):
        """Bring what there is for each image, or for each caption, into this order."""
        order = self._order(array)
        return array if _is_sorted(order) else array[order]

    def unsort(self, array):
        """Bring it back."""
        order = self._order(array)
        if _is_sorted(order):
            return array
        result = np.empty_like(array, order="C")
        result[order] = array
        return result

    def before(self, initial, rows):
        """What each row's step has found: rows (R, width) of the step before, or the initial ones.

        `initial` is (N, width), sorted.
        """
        return np.concatenate([initial, rows])[self._before]

    def _order(self, array):
        return self._images if len(array) == len(self._images) else self._captions


def _is_sorted(order):
    return bool((order[1:] > order[:-1]).all())
