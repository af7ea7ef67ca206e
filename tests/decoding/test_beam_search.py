import numpy as np
import pytest

from satt.decoding.beam_search import beam_search
from satt.decoding.greedy import greedy
from satt.errors import SattError


def random_tables(seed, items=5, vocabulary_size=6, scale=1.5):
    return np.random.default_rng(seed).normal(size=(items, 3, vocabulary_size, vocabulary_size),
                                              scale=scale)


def score(log_probability, length, length_penalty):
    return log_probability / ((5 + length) / 6) ** length_penalty


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("length_penalty", [0.0, 0.6])
def test_one_place_is_greedy(helpers, seed, length_penalty):
    tables = random_tables(seed)
    expected = greedy(helpers.model, tables, max_length=6)
    found = beam_search(helpers.model, tables, 1, 6, length_penalty)
    for one, other in zip(found, expected, strict=True):
        assert one.words == other.words and one.finished == other.finished
        assert one.log_probability == pytest.approx(other.log_probability, abs=1e-12)
        assert np.array_equal(one.attention, other.attention)


@pytest.mark.parametrize("length_penalty", [0.0, 0.6, 2.0])
def test_a_beam_as_wide_as_everything_finds_the_best_caption(helpers, length_penalty):
    tables = random_tables(11, items=30)
    every = helpers.every(6, 4)
    found = beam_search(helpers.model, tables, 130, 4, length_penalty)
    lengths = set()
    for item, caption in enumerate(found):
        figures = [helpers.log_probability(tables[item], words) for words in every]
        best = max(range(len(every)),
                   key=lambda i: score(figures[i], len(every[i]), length_penalty))
        assert caption.finished and [*caption.words, 2] == every[best]
        assert caption.log_probability == pytest.approx(figures[best], abs=1e-12)
        lengths.add(len(caption.words))
    assert len(lengths) > 1


def narrow_by_hand(log_probability, table, beam_size, max_length, length_penalty):
    """Beam search in lists: extend, sort, move the finished ones out of the beam."""
    live, done = [[]], []
    for _ in range(max_length):
        longer = [[*words, word] for words in live for word in range(2, table.shape[-1])]
        longer.sort(key=lambda words: -log_probability(table, words))
        kept = longer[: beam_size - len(done)]
        done += [words for words in kept if words[-1] == 2]
        live = [words for words in kept if words[-1] != 2]
    pool = done or live
    return max(pool, key=lambda w: score(log_probability(table, w), len(w), length_penalty))


@pytest.mark.parametrize("beam_size", [2, 3, 5])
@pytest.mark.parametrize("max_length", [1, 2, 5])
def test_narrow_beams_equal_the_search_written_with_lists(helpers, beam_size, max_length):
    for seed in range(4):
        tables = random_tables(seed, items=7)
        found = beam_search(helpers.model, tables, beam_size, max_length, 0.6)
        for item, caption in enumerate(found):
            expected = narrow_by_hand(
                helpers.log_probability, tables[item], beam_size, max_length, 0.6
            )
            assert caption.words + [2] * caption.finished == expected


def test_attention_rows_belong_to_the_caption_after_reordering(helpers):
    changed = 0
    for seed in range(10):
        tables = random_tables(seed, items=7)
        # Nobody stops before the third word.
        tables[:, :2, :, 2] -= 9
        for item, caption in enumerate(beam_search(helpers.model, tables, 3, 6)):
            assert np.array_equal(caption.attention, helpers.rows(item, caption.words, 6))
            first = tables[item, 0, 1, 2:].argmax() + 2
            changed += int(caption.words[0] != first)
    # The winner came from another place of the beam often enough to show a mistake.
    assert changed > 5


def test_a_model_that_never_stops_still_gives_its_best_beginning(helpers):
    tables = random_tables(0)
    tables[..., 2] = -np.inf
    captions = beam_search(helpers.model, tables, 300, 4)
    for item, caption in enumerate(captions):
        assert not caption.finished and len(caption.words) == 4 == len(caption.attention)
        every = np.array(np.meshgrid(*[[3, 4, 5]] * 4)).reshape(4, -1).T.tolist()
        best = max(every, key=lambda words: helpers.log_probability(tables[item], words))
        assert caption.words == best


def test_a_finished_caption_goes_before_a_more_probable_unfinished_one(helpers):
    tables = np.full((1, 1, 5, 5), -900.0)
    tables[0, 0, 1, [2, 3]] = np.log([0.1, 0.9])
    tables[0, 0, 3, 4] = tables[0, 0, 4, 3] = 0.0
    caption = beam_search(helpers.model, tables, 2, 5, 0.0)[0]
    assert caption.finished and caption.words == []
    assert caption.log_probability == pytest.approx(np.log(0.1))
    assert caption.attention.shape == (0, 3)


def test_the_penalty_prefers_longer_captions(helpers):
    tables = np.full((1, 3, 4, 4), -900.0)
    tables[0, 0, 1, [2, 3]] = np.log([0.5, 0.5])
    tables[0, 1, 3, 3] = tables[0, 2, 3, 2] = np.log(0.9)
    tables[0, 1, 3, 2] = tables[0, 2, 3, 3] = np.log(0.1)
    assert beam_search(helpers.model, tables, 4, 3, 0.0)[0].words == []
    assert beam_search(helpers.model, tables, 4, 3, 2.0)[0].words == [3, 3]


def test_start_and_padding_are_never_said(tables, helpers):
    for caption in beam_search(helpers.model, tables, 3, 6):
        assert all(word > 2 for word in caption.words)


@pytest.mark.parametrize("beam_size", [3, 130])
def test_other_special_words(helpers, beam_size):
    tables = random_tables(3, items=40)
    swap = [2, 1, 0, 3, 4, 5]
    swapped = tables[:, :, swap][..., swap]
    found = beam_search(helpers.model, swapped, beam_size, 4, 2.0, stop=0, pad=2)
    expected = beam_search(helpers.model, tables, beam_size, 4, 2.0)
    assert [(c.words, c.finished) for c in found] == [(c.words, c.finished) for c in expected]


def test_a_batch_is_its_items_one_by_one(tables, helpers):
    together = beam_search(helpers.model, tables, 3, 6)
    alone = [beam_search(helpers.model, tables[n : n + 1], 3, 6)[0] for n in range(4)]
    assert [c.words for c in together] == [c.words for c in alone]
    assert beam_search(helpers.model, tables[:0], 3, 6) == []


def test_rows_grow_from_one_to_the_beam_and_one_memory_serves_all(tables, helpers):
    class Recorder:
        start = staticmethod(helpers.model.start)

        def step(self, words, memory, state):
            self.rows.append(len(words))
            self.strides.add(memory[0].strides[0])
            return helpers.model.step(words, memory, state)

    recorder = Recorder()
    for items in (1, 4):
        recorder.rows, recorder.strides = [], set()
        beam_search(recorder, tables[:items], 3, 3)
        assert recorder.rows == [items, 3 * items, 3 * items]
        assert (0 in recorder.strides) == (items == 1)
    recorder.rows = []
    tables[..., 2] = 50  # all end at once
    beam_search(recorder, tables, 1, 6)
    assert recorder.rows == [4]
    recorder.rows = []
    assert beam_search(recorder, tables[:0], 3, 6) == [] and not recorder.rows


def test_logits_of_float32_and_inputs_stay(tables, helpers):
    single = tables.astype(np.float32)
    before = single.copy()
    found = beam_search(helpers.model, single, 3, 5)
    assert [c.words for c in found] == [c.words for c in beam_search(helpers.model, tables, 3, 5)]
    assert np.array_equal(single, before)


@pytest.mark.parametrize("wrong", [{"beam_size": 0}, {"max_length": 0}])
def test_nothing_at_a_time_is_refused(tables, helpers, wrong):
    with pytest.raises(SattError, match=f"{next(iter(wrong))}: expected at least 1, got 0"):
        beam_search(helpers.model, tables, **wrong)
