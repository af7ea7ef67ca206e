import signal
import sys
from dataclasses import replace

import numpy as np
import pytest

from satt.data.batches import caption_arrays, to_float
from satt.data.caption_data import CaptionData
from satt.data.vocabulary import Vocabulary
from satt.decoding.greedy import greedy
from satt.errors import SattError
from satt.metrics.bleu import corpus_bleu
from satt.models import captioner
from satt.training import trainer
from satt.training.trainer import TrainingSettings, train, validate

SETTINGS = TrainingSettings(
    epochs=3, batch_size=4, captions_per_image=2, learning_rate=0.01, warmup_steps=3,
    evaluations=3, patience=3,
)
STEPS = 12  # 14 images, 4 at a time, 3 times


@pytest.fixture
def run(vocabulary, drawn):
    """Train quietly on the drawn scenes: run(model, epochs=2, on_step=f)."""

    def run(model, on_step=None, on_best=None, **changes):
        data, validation, _ = drawn
        settings = replace(SETTINGS, **changes)
        return train(model, vocabulary, data, validation, settings, on_step, on_best, False)

    return run


@pytest.fixture
def scores(monkeypatch):
    """Let `validate` give made-up BLEU-4s, one after the other: scores(0.1, 0.3, ...)."""

    def use(*bleu4):
        waiting = iter(bleu4)

        def made_up(*_):
            value = next(waiting)
            if isinstance(value, type):
                raise value
            return {"bleu4": value, "validation_loss": 5.0, "perplexity": 2.0, "ended": 1.0}

        monkeypatch.setattr(trainer, "validate", made_up)

    return use


def same(arrays, others):
    return arrays.keys() == others.keys() and all(
        np.array_equal(array, others[name]) for name, array in arrays.items()
    )


def five():
    """Five images of noise with a caption each, none like another."""
    images = np.random.default_rng(5).integers(0, 256, (5, 32, 32, 3)).astype(np.uint8)
    captions = [
        [text.split()]
        for text in (
            "a red dog sleeps here", "the cat is on a blue mat", "two birds fly",
            "nobody sees the old green boat", "a boat and a cat",
        )
    ]
    data = CaptionData(images, captions, [str(n) for n in range(5)])
    return data, Vocabulary.from_captions(several[0] for several in captions)


# --- what training is for ------------------------------------------------------------------------


def test_five_captions_can_be_overfitted(build):
    data, vocabulary = five()
    # Of 16 pixels the grid would have four locations, nearly all of them silent at first.
    model = build(
        vocabulary_size=len(vocabulary), image_size=32, state_width=32, embedding_width=16
    )
    settings = TrainingSettings(
        epochs=400, batch_size=5, captions_per_image=1, learning_rate=0.02, warmup_steps=10,
        evaluations=5,
    )
    train(model, vocabulary, data, data, settings, progress=False)
    found = validate(model, vocabulary, data, data)
    assert found["validation_loss"] < 0.05
    assert found["ended"] == 1
    said = [vocabulary.decode(c.words) for c in greedy(model, to_float(data.images))]
    assert said == [several[0] for several in data.captions]


def test_the_first_loss_is_that_of_guessing(build, run, vocabulary, drawn):
    records = []
    run(build(), records.append, captions_per_image=5, batch_size=14, epochs=1)
    words = np.mean([len(caption) + 1 for several in drawn[0].captions for caption in several])
    assert records[0]["loss"] == pytest.approx(words * np.log(len(vocabulary)), rel=0.1)


@pytest.mark.parametrize("optimiser", ["adam", "muon", "rmsprop", "sgd"])
def test_every_optimiser_learns(build, vocabulary, drawn, optimiser):
    data, model = drawn[0], build()
    before = validate(model, vocabulary, data, data)
    settings = replace(SETTINGS, optimiser=optimiser, epochs=15)
    train(model, vocabulary, data, data, settings, progress=False)
    after = validate(model, vocabulary, data, data)
    assert after["validation_loss"] < 0.75 * before["validation_loss"]
    assert after["perplexity"] < 0.5 * before["perplexity"]


def test_a_step_is_no_longer_than_its_clipped_gradient(build, run):
    model, records = build(), []
    before = {name: param.copy() for name, param in model.params.items()}
    run(model, records.append, optimiser="sgd", learning_rate=0.25, warmup_steps=0, clip=0.5,
        epochs=1, batch_size=14, evaluations=1)
    assert len(records) == 1 and records[0]["gradient_norm"] > 0.5
    moved = sum(np.square(param - before[name]).sum() for name, param in model.params.items())
    assert np.sqrt(moved) == pytest.approx(0.25 * 0.5, rel=1e-3)


def test_in_batches_of_one_length_nothing_is_padded(build, run, monkeypatch):
    model, records, widths = build(), [], []
    real = model.loss_and_gradients

    def watch(batch, random):
        assert (batch["words"] != 0).all()
        widths.append(batch["words"].shape[1])
        return real(batch, random)

    monkeypatch.setattr(model, "loss_and_gradients", watch)
    interrupted = run(model, records.append, batches="one-length", parts=1)
    assert not interrupted and len(set(widths)) > 1
    # The steps were counted right: the last one has the last epoch, evaluation and lowest rate.
    assert len(widths) == len(records) == records[-1]["step"] > STEPS
    assert [record["epoch"] for record in records] == sorted(r["epoch"] for r in records)
    assert records[-1]["epoch"] == 3 and "bleu4" in records[-1]
    rates = [record["learning_rate"] for record in records[SETTINGS.warmup_steps:]]
    assert rates == sorted(rates, reverse=True) and rates[-1] < 0.1 * rates[0]


@pytest.mark.parametrize("batches", ["padded", "one-length"])
def test_a_frozen_encoder_looks_once_at_each_image_of_a_batch(
    batches, build, run, drawn, monkeypatch
):
    trained = build()
    trained.calibrate(to_float(drawn[0].images))
    model = build(encoder="frozen")
    model.restore(trained.arrays())
    looked, given, captions = [], [], []
    real_forward, real_step = captioner.encoder_forward, model.loss_and_gradients

    def forward(images, *more):
        looked.append(len(images))
        return real_forward(images, *more)

    def step(batch, random):
        given.append(len(batch["images"]))
        captions.append(len(batch["words"]))
        looked.clear()
        result = real_step(batch, random)
        assert looked == given[-1:]
        return result

    def never(*_):
        raise AssertionError("nothing is to be learned there")

    monkeypatch.setattr(captioner, "encoder_forward", forward)
    monkeypatch.setattr(captioner, "encoder_backward", never)
    monkeypatch.setattr(model, "loss_and_gradients", step)
    run(model, captions_per_image=5, batches=batches, parts=1, epochs=1, evaluations=1)
    assert sum(captions) == 5 * 14 > sum(given)
    if batches == "padded":
        assert sum(given) == 14


def test_a_frozen_encoder_stays_as_it_was(build, run, drawn):
    trained = build()
    trained.calibrate(to_float(drawn[0].images))
    model = build(encoder="frozen")
    model.restore(trained.arrays())
    run(model)
    before, after = trained.arrays(), model.arrays()
    for name in before:
        of_encoder = name.startswith("statistics.") or "encoder." in name
        assert np.array_equal(before[name], after[name]) == of_encoder, name


def test_without_an_encoder_grids_are_learned_from(build, vocabulary, drawn, random):
    data, validation = (
        CaptionData(
            random.standard_normal((len(part), 6, 10)).astype(np.float32),
            part.captions, part.names,
        )
        for part in drawn[:2]
    )
    model, records = build(encoder="absent"), []
    settings = replace(SETTINGS, epochs=10)
    train(model, vocabulary, data, validation, settings, records.append, progress=False)
    assert not any("encoder." in name for name in model.params)
    assert all(param.dtype == np.float32 for param in model.params.values())
    losses = [record["validation_loss"] for record in records if "bleu4" in record]
    assert losses[-1] < 0.75 * records[0]["loss"]


# --- the same again ------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_bits(build, run):
    def trained(seed):
        model, records = build(dropout=0.3), []
        run(model, lambda record: records.append((record["loss"], record.get("bleu4"))), seed=seed)
        return model.arrays(), records

    (first, records), (second, again), (other, _) = trained(1), trained(1), trained(2)
    assert same(first, second) and records == again
    assert not same(first, other)


# --- records, and the best state -----------------------------------------------------------------


def test_every_step_is_recorded(build, run):
    records, lasting = [], []
    assert run(build(), records.append, lasting.append) is False
    assert [record["step"] for record in records] == list(range(1, STEPS + 1))
    assert [record["epoch"] for record in records] == [1] * 4 + [2] * 4 + [3] * 4
    rates = [record["learning_rate"] for record in records]
    assert max(rates) == rates[3] == 0.01 and rates[0] < rates[3] and rates[-1] < 0.001
    evaluated = {"validation_loss", "perplexity", "bleu4", "ended"}
    plain = {"step", "epoch", "loss", "gradient_norm", "learning_rate", "seconds"}
    for record in records:
        assert set(record) == (plain | evaluated if record["step"] in (4, 8, 12) else plain)
        assert all(isinstance(value, (int, float)) for value in record.values())
    assert all(record in records for record in lasting)


def test_the_model_ends_in_its_best_state(build, run, scores):
    scores(0.1, 0.3, 0.2)
    model, states = build(), []
    run(model, on_best=lambda record: states.append((record["step"], model.arrays())), settling=0)
    assert [step for step, _ in states] == [4, 8]
    assert same(model.arrays(), states[-1][1])


def test_the_average_of_the_states_is_judged_kept_and_not_trained_on(build, run, monkeypatch):
    judged, states, kept = [], [], []
    validate = trainer.validate

    def look(model, *rest):
        judged.append(model.params["decoder.lstm.W_x"].copy())
        return validate(model, *rest)

    monkeypatch.setattr(trainer, "validate", look)
    plain, model = build(), build()
    run(plain, lambda record: states.append(plain.params["decoder.lstm.W_x"].copy()), settling=0,
        evaluations=1)
    del judged[:]
    run(model, on_best=lambda record: kept.append(model.params["decoder.lstm.W_x"].copy()),
        settling=0, averaging=0.6, evaluations=1)
    average = states[0]
    for step, state in enumerate(states[1:], start=2):
        average = average + (1 - min(0.6, step / (step + 9))) * (state - average)
    for found in (judged[0], kept[0], model.params["decoder.lstm.W_x"]):
        np.testing.assert_allclose(found, average, rtol=0, atol=1e-6)
    assert np.abs(average - states[-1]).max() > 1e-3


def test_a_settled_state_is_better_than_one_that_is_not(build, run, scores):
    scores(0.1, 0.3, 0.2)
    model, steps = build(), []
    run(model, on_best=lambda record: steps.append(record["step"]), settling=0.25)
    assert steps == [4, 8, 12]


def test_of_two_settled_states_the_better_is_kept(build, run, scores):
    scores(0.1, 0.3, 0.2)
    model, steps = build(), []
    run(model, on_best=lambda record: steps.append(record["step"]), settling=0.5)
    assert steps == [4, 8]


def test_of_equal_captions_the_smaller_loss_is_better(build, run):
    best = []
    run(build(), on_best=best.append, learning_rate=1e-3)
    assert [record["bleu4"] for record in best] == [0, 0, 0]
    losses = [record["validation_loss"] for record in best]
    assert losses == sorted(losses, reverse=True) and len(set(losses)) == 3


def test_training_stops_when_captions_do_not_get_better(build, run, scores):
    scores(0.1, 0.3, 0.2, 0.3, 0.25)
    records = []
    assert run(build(), records.append, epochs=5, evaluations=20) is False
    assert [record["bleu4"] for record in records] == [0.1, 0.3, 0.2, 0.3, 0.25]


def test_a_model_that_learns_nothing_stops_by_itself(build, run):
    model, records = build(), []
    before = {name: param.copy() for name, param in model.params.items()}
    run(model, records.append, learning_rate=1e-30, epochs=5, evaluations=20, patience=2)
    # The first evaluation is the best; two more are not better.
    assert len(records) == 3 and all("bleu4" in record for record in records)
    for name, param in model.params.items():
        np.testing.assert_allclose(param, before[name], rtol=0, atol=1e-20)


# --- Ctrl-C --------------------------------------------------------------------------------------


def test_ctrl_c_keeps_the_last_state_if_it_is_the_best(build, run):
    model, last = build(), {}

    def on_step(record):
        if record["step"] == 6:
            last.update({name: param.copy() for name, param in model.params.items()})
            signal.raise_signal(signal.SIGINT)

    best = []
    assert run(model, on_step, best.append, learning_rate=1e-3) is True
    assert [record["step"] for record in best] == [4, 6]
    assert same(model.params, last)
    assert model.statistics


def test_ctrl_c_keeps_the_best_state_if_the_last_is_worse(build, run, scores):
    scores(0.3, 0.2)
    model, best = build(), []

    def on_step(record):
        if record["step"] == 6:
            raise KeyboardInterrupt

    assert run(model, on_step, lambda record: best.append(model.arrays())) is True
    assert len(best) == 1 and same(model.arrays(), best[0])


def test_ctrl_c_within_an_evaluation_repeats_it(build, run, scores):
    scores(0.1, KeyboardInterrupt, 0.2)
    best, records = [], []
    assert run(build(), records.append, best.append) is True
    assert [(record["step"], record["bleu4"]) for record in best] == [(4, 0.1), (8, 0.2)]
    assert records[-1]["step"] == 7


def test_ctrl_c_while_saving_saves_again(build, run, scores):
    scores(0.1, 0.1)
    calls = []

    def on_best(record):
        calls.append(record["step"])
        if len(calls) == 1:
            raise KeyboardInterrupt

    assert run(build(), None, on_best) is True
    assert calls == [4, 4]


def test_ctrl_c_before_the_first_step(build, run, monkeypatch):
    model, best = build(), []
    before = {name: param.copy() for name, param in model.params.items()}

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("satt.training.run.training_batches", interrupted)
    assert run(model, None, best.append) is True
    assert best[0]["step"] == 0 and "bleu4" in best[0]
    assert same(model.params, before)


def test_a_second_ctrl_c_does_without_the_last_evaluation(build, run, scores):
    scores(0.1, KeyboardInterrupt, KeyboardInterrupt)
    model, states = build(), []
    assert run(model, None, lambda record: states.append(model.arrays())) is True
    assert len(states) == 1 and same(model.arrays(), states[0])


def test_a_second_ctrl_c_with_nothing_to_keep_goes_through(build, run, scores):
    scores(KeyboardInterrupt, KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt):
        run(build())


# --- what goes wrong -----------------------------------------------------------------------------


def test_a_loss_that_is_no_number_is_told_and_undone(build, run, scores):
    scores(0.1, 0.2, 0.3)
    model, states = build(), []

    def on_step(record):
        if record["step"] == 6:
            model.params["decoder.lstm.b"][3] = np.nan

    with pytest.raises(SattError) as raised:
        run(model, on_step, lambda record: states.append(model.arrays()))
    text = str(raised.value)
    assert "\n" not in text
    assert text.startswith("loss: expected a number, got nan at step 7;")
    for part in ("learning_rate than 0.01", "gradcheck", "back at step 4"):
        assert part in text
    assert same(model.arrays(), states[-1])


def test_a_gradient_that_is_no_number_changes_nothing(build, run, monkeypatch):
    model = build()
    before = model.arrays()
    real = model.loss_and_gradients

    def broken(batch, random):
        loss, gradients = real(batch, random)
        gradients["decoder.gate.b"] = gradients["decoder.gate.b"] * np.nan
        return loss, gradients

    monkeypatch.setattr(model, "loss_and_gradients", broken)
    with pytest.raises(SattError, match="^gradient_norm: expected a number, got nan at step 1"):
        run(model)
    assert same(model.arrays(), before)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_broken_state_is_never_the_best(build, run):
    model, best = build(), []
    before = model.arrays()
    with pytest.raises(SattError, match="^validation_loss: expected a number, got nan at step 1;"):
        run(model, on_best=best.append, learning_rate=1e38, warmup_steps=0, evaluations=STEPS)
    assert not best and same(model.arrays(), before)


def test_what_fails_before_an_evaluation_leaves_the_encoder_as_it_was(build, run, drawn):
    model, images = build(), to_float(drawn[0].images)
    model.params["decoder.vocabulary.b"][:] = np.nan
    before = model.arrays()
    with pytest.raises(SattError, match="^loss: expected a number"):
        run(model, whitening=True, narrow=0.5)
    assert model.settled == 0
    np.testing.assert_equal(model.arrays(), before)
    model.calibrate(images)
    assert len(model.statistics) == 8

    # Images that do not fit are told when the filters are to be taken from them.
    model, switch = build(image_size=32), sys.getswitchinterval()
    before = model.arrays()
    with pytest.raises(SattError, match="^images: "):
        run(model, whitening=True)
    assert same(model.arrays(), before) and sys.getswitchinterval() == switch


@pytest.mark.parametrize(("name", "value", "expected"), [
    ("epochs", 0, "at least 1"),
    ("batch_size", 0, "at least 1"),
    ("captions_per_image", -1, "at least 1"),
    ("evaluations", 0, "at least 1"),
    ("patience", 0, "at least 1"),
    ("warmup_steps", -1, "0 or more"),
    ("settling", 1.5, "a share in [0, 1]"),
    ("narrow", 1.1, "a share in [0, 1]"),
    ("early_settling", -0.1, "a share in [0, 1]"),
    ("averaging", 1.0, "a share in [0, 1)"),
    ("seed", -1, "0 or more"),
    ("learning_rate", 0, "more than 0"),
    ("learning_rate", float("nan"), "more than 0"),
    ("clip", 0.0, "more than 0"),
    ("optimiser", "adamw", "one of sgd, rmsprop, adam, muon"),
    ("schedule", "linear", "one of cosine, trapezoid"),
])
def test_settings_that_make_no_sense_are_refused(name, value, expected):
    with pytest.raises(SattError) as raised:
        TrainingSettings(**{name: value})
    assert str(raised.value) == f"{name}: expected {expected}, got {value!r}"


def test_what_does_not_fit_is_refused_before_the_first_step(build, vocabulary, drawn):
    data, validation, _ = drawn
    with pytest.raises(SattError, match=r"^vocabulary: expected \d+ words"):
        train(build(), Vocabulary(["a"]), data, validation, SETTINGS, progress=False)
    with pytest.raises(SattError, match="^data: expected at least 1 image, got none"):
        train(build(), vocabulary, data.subset([]), validation, SETTINGS, progress=False)
    with pytest.raises(SattError, match="^validation: expected at least 1 image, got none"):
        train(build(), vocabulary, data, validation.subset([]), SETTINGS, progress=False)
    larger = CaptionData(
        np.zeros((1, 24, 24, 3), np.uint8), validation.captions[:1], validation.names[:1]
    )
    with pytest.raises(SattError, match=r"^validation: expected images of shape \(16, 16, 3\)"):
        train(build(), vocabulary, data, larger, SETTINGS, progress=False)


# --- the bar -------------------------------------------------------------------------------------


def test_the_bar_shows_loss_bleu_and_time_left(build, vocabulary, drawn, capsys):
    data, validation, _ = drawn
    train(build(), vocabulary, data, validation, SETTINGS)
    out, err = capsys.readouterr()
    last = err.split("\r")[-1]
    assert out == "" and f"{STEPS}/{STEPS}" in last and "loss=" in last and "BLEU-4=" in last
    assert "<" in last  # tqdm writes [elapsed<left, ...]


def test_without_progress_nothing_is_printed(build, run, capsys):
    run(build())
    assert capsys.readouterr() == ("", "")


# --- validate ------------------------------------------------------------------------------------


def test_validation_is_the_mean_over_captions_and_words(build, vocabulary, drawn):
    data, validation, _ = drawn
    uneven = CaptionData(
        validation.images,
        [several[: 1 + n % 3] for n, several in enumerate(validation.captions)],
        validation.names,
    )
    model = build(dropout=0.5, penalty=1.0)
    found = validate(model, vocabulary, data, uneven, batch_size=4)

    again = build(dropout=0.5, penalty=1.0)
    again.calibrate(to_float(data.images))
    losses, words, said = [], 0, []
    for image, several in zip(to_float(uneven.images), uneven.captions, strict=True):
        for caption in several:
            batch = {"images": image[None], "words": caption_arrays([caption], vocabulary)}
            losses.append(again.loss(batch))
            words += len(caption) + 1
        said += greedy(again, image[None])
    assert found["validation_loss"] == pytest.approx(np.mean(losses), rel=1e-5)
    assert found["perplexity"] == pytest.approx(np.exp(np.sum(losses) / words), rel=1e-5)
    decoded = [vocabulary.decode(caption.words) for caption in said]
    assert found["bleu4"] == corpus_bleu(decoded, uneven.captions).bleu[3]
    assert found["ended"] == np.mean([caption.finished for caption in said])


def test_sharpening_stretches_the_scores_in_the_middle_half(build, run):
    lengths = []

    def on_step(_):
        lengths.append(np.linalg.norm(model.params["decoder.alignment.v"]))

    model = build()
    run(model, on_step, sharpening=4.0, learning_rate=1e-9)
    ratios = np.array(lengths[1:]) / lengths[:-1]
    assert len(lengths) == STEPS
    middle = slice(STEPS // 4 - 1, 3 * STEPS // 4 - 1)
    np.testing.assert_allclose(ratios[middle], 4 ** (2 / STEPS), rtol=1e-5)
    np.testing.assert_allclose(np.delete(ratios, middle), 1, atol=1e-5)


@pytest.mark.parametrize("steps", [1, 2, 3, 5, 7])
def test_sharpening_is_whole_however_few_the_steps(build, run, drawn, steps, monkeypatch):
    model, factors = build(), []
    monkeypatch.setattr(model, "sharpen", factors.append)
    run(model, sharpening=4.0, epochs=steps, batch_size=len(drawn[0]), evaluations=1)
    np.testing.assert_allclose(np.prod(factors), 4)


def test_the_number_of_parts_changes_little(build, run):
    losses = {}
    for parts in (1, 2):
        records = []
        run(build(), records.append, parts=parts)
        losses[parts] = [record["loss"] for record in records]
    # The encoder normalises each part by itself, so that the two differ, but not by much.
    assert losses[1] != losses[2]
    np.testing.assert_allclose(losses[1], losses[2], rtol=0.2)


def test_the_encoder_settles_for_the_last_steps(build, run, drawn):
    model, settled, statistics = build(), [], []

    def on_step(_):
        settled.append(model.settled)
        statistics.append(model.arrays()["statistics.encoder.norm4.mean"])

    model.calibrate(to_float(drawn[0].images))
    run(model, on_step, settling=0.25, evaluations=STEPS, patience=STEPS)
    assert settled == [0] * 9 + [4] * 3
    assert not np.array_equal(statistics[7], statistics[8])
    assert np.array_equal(statistics[9], statistics[11])
    # A second training starts with the statistics of its batches again.
    settled.clear()
    run(model, on_step, settling=0.0)
    assert settled == [0] * STEPS


def test_the_last_filters_see_the_middles_of_their_windows_first(build, run, drawn):
    model, ranges = build(), []
    begun = model.params["encoder.conv4.W"].copy()

    def on_step(record):
        filters = model.params["encoder.conv4.W"]
        around = np.delete(filters.reshape(9, -1), 4, axis=0)
        ranges.append(bool(around.any()))
        left, right = filters[:, 0], filters[:, 2]
        np.testing.assert_allclose(left, right, rtol=0, atol=1e-5 * np.abs(filters).max())
        assert not np.allclose(filters[0], filters[2]) or not ranges[-1]  # above is not below
        if record["step"] == 1:  # the middles are three times as large as they were drawn
            assert np.corrcoef(filters[1, 1].ravel(), 3 * begun[1, 1].ravel())[0, 1] > 0.99
            assert 0.8 < filters[1, 1].std() / (3 * begun[1, 1].std()) < 1.2

    run(model, on_step, narrow=0.5, optimiser="muon")
    assert ranges == [False] * 6 + [True] * 6
    model = build()
    run(model, lambda _: ranges.append(bool(model.params["encoder.conv4.W"][0].any())))
    assert ranges[STEPS:] == [True] * STEPS
    left, right = model.params["encoder.conv4.W"][:, 0], model.params["encoder.conv4.W"][:, 2]
    assert not np.allclose(left, right)
    model = build(encoder="frozen")
    before = model.params["encoder.conv4.W"].copy()
    model.calibrate(to_float(drawn[0].images))
    run(model, narrow=0.5)
    np.testing.assert_array_equal(model.params["encoder.conv4.W"], before)


def test_the_first_half_of_the_encoder_may_settle_earlier(build, run, drawn):
    model, settled, filters = build(), [], []

    def on_step(_):
        settled.append(model.settled)
        filters.append({n: p for n, p in model.arrays().items() if "conv" in n or "norm" in n})

    run(model, on_step, settling=0.25, early_settling=0.75, evaluations=1)
    assert settled == [0] * 3 + [2] * 6 + [4] * 3

    def changed(name, step):
        return not np.array_equal(filters[step][name], filters[step - 1][name])

    for block, until in ((1, 3), (2, 3), (3, 9), (4, 9)):
        for kind in ("conv{}.W", "norm{}.gamma", "norm{}.beta"):
            name = "params.encoder." + kind.format(block)
            assert [changed(name, step) for step in range(1, STEPS)] == [
                step < until for step in range(1, STEPS)
            ]
    # Filters that are taken from the images have settled from the first step on.
    model = build()
    before = model.params["encoder.conv1.W"].copy()
    whitened = build()
    whitened.whiten(to_float(drawn[0].images))
    settled.clear()
    filters.clear()
    run(model, on_step, settling=0.25, early_settling=0.75, evaluations=1, whitening=True)
    assert settled == [1] * 3 + [2] * 6 + [4] * 3
    name = "params.encoder.conv1.W"
    assert all(np.array_equal(step[name], whitened.arrays()[name]) for step in filters)
    assert not np.array_equal(filters[0][name], before)
    # An encoder that learns nothing has nothing to settle.
    trained, model = model, build(encoder="frozen")
    model.restore(trained.arrays())
    run(model, settling=0.5, whitening=True)
    assert model.settled == 0
