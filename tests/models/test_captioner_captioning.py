"""Captioning with a captioner: calibrated, word by word, and as the decoders use it."""

import copy

import numpy as np
import pytest
from tiny_captioner import (
    START,
    STOP,
    A,
    D,
    H,
    L,
    M,
    V,
    assert_same_gradients,
    read_along,
    tiny_batch,
    tiny_captioner,
)

from satt.decoding.beam_search import beam_search
from satt.decoding.greedy import greedy
from satt.decoding.sampling import sample
from satt.errors import SattError

FORMS = [{}, {"gate": False}, {"deep_output": False}, {"encoder": "absent"}]


def calibrated(**settings):
    """Make a captioner that is ready to caption, and a batch for it."""
    model = tiny_captioner(**settings)
    batch = tiny_batch(model)
    model.calibrate(batch["images"])
    return model, batch


# --- step by step -------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", FORMS)
def test_step_by_step_it_says_what_it_says_under_teacher_forcing(settings):
    model, batch = calibrated(**settings)
    logits, attention = read_along(model, **batch)
    grid, _ = model.encode(batch["images"])
    forced, forced_attention, _, mask = model._run(grid, batch["words"])
    assert 0 < mask.sum() < mask.size
    np.testing.assert_allclose(logits[mask], forced, atol=1e-12)
    np.testing.assert_allclose(attention[mask], forced_attention[mask], atol=1e-12)
    assert not forced_attention[~mask].any()


@pytest.mark.parametrize("settings", FORMS)
def test_the_loss_in_captioning_is_that_of_the_words_said_one_by_one(settings):
    model, batch = calibrated(penalty=0.7, dropout=0.4, **settings)
    logits, _ = read_along(model, **batch)
    surprise = 0
    for n, caption in enumerate(batch["words"]):
        for t, word in enumerate(caption[1:]):
            if word:
                scores = logits[n, t]
                surprise += np.log(np.sum(np.exp(scores))) - scores[word]
    assert model.loss(batch) == pytest.approx(surprise / M, rel=1e-10)


def test_the_training_loss_of_a_frozen_encoder_is_that_of_captioning():
    trained, batch = calibrated()
    model = tiny_captioner(encoder="frozen")
    model.restore(trained.arrays())
    loss, _ = model.loss_and_gradients(batch)
    assert loss == pytest.approx(model.loss(batch), rel=1e-12)


def test_start_gives_the_shapes_that_it_promises_and_step_too():
    model, batch = calibrated()
    (grid, keys), (state, cell) = model.start(batch["images"])
    assert grid.shape == (M, 4, D)
    assert keys.shape == (M, 4, A)
    assert state.shape == cell.shape == (M, H)
    logits, attention, (state, cell) = model.step(np.full(M, START), (grid, keys), (state, cell))
    assert logits.shape == (M, V)
    assert attention.shape == (M, 4)
    assert state.shape == cell.shape == (M, H)


def test_an_image_is_captioned_alike_alone_and_among_others():
    model, batch = calibrated()
    logits, attention = read_along(model, **batch)
    for n in range(M):
        alone = read_along(model, batch["images"][[n]], batch["words"][[n]])
        np.testing.assert_allclose(alone[0], logits[[n]], atol=1e-12)
        np.testing.assert_allclose(alone[1], attention[[n]], atol=1e-12)


# --- calibration --------------------------------------------------------------------------------


def test_calibrated_on_a_batch_it_sees_this_batch_as_in_training():
    model, batch = calibrated()
    grid, _ = model.encode(batch["images"])
    trained, _ = model.encode(batch["images"], training=True)
    np.testing.assert_allclose(grid, trained, atol=1e-12)
    loss, _ = model.loss_and_gradients(batch)
    assert model.loss(batch) == pytest.approx(loss, rel=1e-10)


def test_training_does_not_touch_the_statistics_and_calibrating_renews_them(random):
    model, batch = calibrated()
    before = copy.deepcopy(model.statistics)
    model.loss_and_gradients(batch)
    assert_same_gradients(model.statistics, before, atol=0)
    model.calibrate(random.uniform(-1, 1, batch["images"].shape))
    assert model.statistics.keys() == before.keys()
    assert all(not np.array_equal(before[name], model.statistics[name]) for name in before)


def test_a_frozen_encoder_keeps_the_statistics_it_came_with(random):
    trained, batch = calibrated()
    model = tiny_captioner(encoder="frozen")
    model.restore(trained.arrays())
    model.calibrate(random.uniform(-1, 1, batch["images"].shape))
    assert_same_gradients(model.statistics, trained.statistics, atol=0)


def test_without_an_encoder_there_is_nothing_to_calibrate():
    model = tiny_captioner(encoder="absent")
    batch = tiny_batch(model)
    logits, _ = read_along(model, **batch)
    model.calibrate(batch["images"])
    assert model.statistics == {}
    np.testing.assert_array_equal(read_along(model, **batch)[0], logits)


@pytest.mark.parametrize("decode", [greedy, beam_search])
def test_captioning_before_calibrating_says_what_to_do(decode):
    model = tiny_captioner()
    images = tiny_batch(model)["images"]
    with pytest.raises(SattError, match="calibrate") as error:
        model.start(images)
    assert "\n" not in str(error.value)
    with pytest.raises(SattError, match="calibrate"):
        decode(model, images)


def test_the_loss_in_captioning_before_calibrating_says_what_to_do():
    model = tiny_captioner()
    with pytest.raises(SattError, match="calibrate"):
        model.loss(tiny_batch(model))


def test_a_frozen_encoder_without_statistics_cannot_train_and_says_what_it_lacks():
    model = tiny_captioner(encoder="frozen")
    with pytest.raises(SattError, match="statistics"):
        model.loss_and_gradients(tiny_batch(model))


# --- decoding -----------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", FORMS)
def test_every_decoder_captions_every_image(settings):
    model, batch = calibrated(**settings)
    locations = model.start(batch["images"])[0][0].shape[1]
    for captions in (
        greedy(model, batch["images"], max_length=6),
        sample(model, batch["images"], np.random.default_rng(0), max_length=6),
        beam_search(model, batch["images"], beam_size=2, max_length=6),
    ):
        assert len(captions) == M
        for caption in captions:
            assert len(caption.words) <= 6
            assert all(STOP < word < V for word in caption.words)
            assert caption.attention.shape == (len(caption.words), locations)
            np.testing.assert_allclose(caption.attention.sum(axis=1), 1, atol=1e-12)
            assert caption.log_probability < 0


def test_greedy_says_the_most_probable_word_and_is_a_beam_of_one():
    model, batch = calibrated(encoder="absent")
    captions = greedy(model, batch["images"], max_length=6)
    beams = beam_search(model, batch["images"], beam_size=1, max_length=6)
    assert len({tuple(caption.words) for caption in captions}) > 1
    for n, caption in enumerate(captions):
        assert caption.words == beams[n].words
        np.testing.assert_allclose(caption.attention, beams[n].attention, atol=1e-12)
        said = caption.words + [STOP] * caption.finished
        words = np.array([[START, *said]])
        logits, _ = read_along(model, batch["images"][[n]], words)
        logits[..., :STOP] = -np.inf
        np.testing.assert_array_equal(logits[0].argmax(axis=1), said)


def test_a_generator_decides_what_is_sampled():
    model, batch = calibrated()

    def words(seed):
        captions = sample(model, batch["images"], np.random.default_rng(seed), max_length=6)
        return [caption.words for caption in captions]

    assert words(1) == words(1)
    assert words(1) != words(2)


# --- keeping ------------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", FORMS)
def test_what_is_restored_captions_as_what_was_kept(settings):
    model, batch = calibrated(**settings)
    logits, attention = read_along(model, **batch)
    other = tiny_captioner(seed=1, **settings)
    other.restore(model.arrays())
    logits_after, attention_after = read_along(other, **batch)
    np.testing.assert_array_equal(logits_after, logits)
    np.testing.assert_array_equal(attention_after, attention)
    assert_same_gradients(other.arrays(), model.arrays(), atol=0)


def test_what_is_kept_and_restored_are_copies():
    model, _ = calibrated()
    arrays = model.arrays()
    kept = copy.deepcopy(arrays)
    other = tiny_captioner(seed=1)
    other.restore(arrays)
    for some in (model.params, model.statistics, other.params, other.statistics):
        for array in some.values():
            array += 1
    assert_same_gradients(arrays, kept, atol=0)


@pytest.mark.parametrize(
    "change, words",
    [
        (lambda arrays: arrays.pop("params.decoder.lstm.b"), "decoder.lstm.b: .* got None"),
        (
            lambda arrays: arrays.update({"params.decoder.more": np.zeros(3)}),
            r"decoder.more: expected shape None, got \(3,\)",
        ),
        (
            lambda arrays: arrays.update({"params.decoder.gate.W": np.zeros((H + 1, 1))}),
            rf"decoder.gate.W: expected shape \({H}, 1\), got \({H + 1}, 1\)",
        ),
    ],
)
def test_what_does_not_fit_is_not_restored_and_named(change, words):
    model, _ = calibrated()
    arrays = model.arrays()
    change(arrays)
    other = tiny_captioner(seed=1)
    before = other.arrays()
    with pytest.raises(SattError, match=words) as error:
        other.restore(arrays)
    assert "\n" not in str(error.value)
    assert "settings" in str(error.value)
    assert_same_gradients(other.arrays(), before, atol=0)


def test_a_grid_from_elsewhere_is_standardised_by_its_own_statistics(random):
    model = tiny_captioner(encoder="absent", grid=f"another:2x{L // 2}x{D}")
    plain = tiny_captioner(encoder="absent")
    batch = tiny_batch(model)
    with pytest.raises(SattError, match="calibrate"):
        model.loss_and_gradients(batch)
    many = random.normal(20, 5, size=(40, L, D)) * np.arange(1, D + 1)
    model.calibrate(many)
    scaled = (many - many.mean(axis=(0, 1))) / many.std(axis=(0, 1))
    mine, _ = model.loss_and_gradients(batch | {"images": many[:3]})
    theirs, _ = plain.loss_and_gradients(batch | {"images": scaled[:3]})
    np.testing.assert_allclose(mine, theirs, rtol=1e-4)  # but for the normalisation's epsilon
    for one, other in zip(greedy(model, many[:5]), greedy(plain, scaled[:5]), strict=True):
        assert one.words == other.words
    # The decoder has got used to these statistics; they are kept.
    before = model.statistics
    model.calibrate(many[:2])
    assert model.statistics is before
