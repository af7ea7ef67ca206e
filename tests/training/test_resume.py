"""A run that is stopped anywhere and goes on is the run that was never stopped, bit for bit."""

import signal
from dataclasses import replace

import numpy as np
import pytest

from satt.errors import SattError
from satt.training import trainer
from satt.training.checkpoint import load_checkpoint, save_checkpoint
from satt.training.run import Epochs
from satt.training.trainer import TrainingSettings, train

SETTINGS = TrainingSettings(
    epochs=2, batch_size=4, captions_per_image=2, learning_rate=0.01, warmup_steps=3,
    evaluations=3, patience=3, sharpening=2.0, settling=0.3,
)
STEPS = 8  # 14 images, 4 at a time, twice


@pytest.fixture
def kept(tmp_path):
    """A place for saved states: kept.save(...) as `on_save`, kept.paths, kept.read(path)."""

    class Kept:
        def __init__(self):
            self.paths = []

        def save(self, arrays, state):
            path = tmp_path / f"{len(self.paths)}.npz"
            save_checkpoint(path, arrays, state)
            self.paths.append(path)

        read = staticmethod(load_checkpoint)

    return Kept()


@pytest.fixture
def run(vocabulary, drawn):
    """Train quietly on the drawn scenes: run(model, epochs=2) -> records, interrupted."""

    def run(model, on_step=None, on_best=None, on_save=None, saved=None, **changes):
        data, validation, _ = drawn
        records = []

        def step(record):
            records.append({k: v for k, v in record.items() if k != "seconds"})
            if on_step:
                on_step(record)

        interrupted = train(
            model, vocabulary, data, validation, replace(SETTINGS, **changes), step, on_best,
            progress=False, on_save=on_save, saved=saved,
        )
        return records, interrupted

    return run


def assert_same(model, other):
    mine, theirs = model.arrays(), other.arrays()
    assert mine.keys() == theirs.keys()
    for name, array in mine.items():
        assert array.tobytes() == theirs[name].tobytes(), name


def join(before, after):
    """The log of two runs: what the first had recorded, cut back to where the second began."""
    first = after[0]["step"] if after else len(before) + 1
    return before[: first - 1] + after


def slow(**changes):
    return pytest.param(changes, marks=pytest.mark.slow)


@pytest.mark.parametrize("changes", [
    {},
    {"optimiser": "rmsprop", "parts": 1},
    slow(optimiser="sgd", parts=3),
    slow(optimiser="muon"),
    slow(settling=0.0, sharpening=1.0),
    slow(settling=1.0),
    slow(settling=0.3, early_settling=0.8),
    slow(whitening=True, narrow=0.4, early_settling=0.6, short_first=True),
    slow(averaging=0.6),
    {"averaging": 0.6, "self_critical": 0.5, "captions_per_image": 2},
    slow(self_critical=0.8, captions_per_image=2, settling=0.0),
    slow(averaging=0.9, settling=0.0, parts=1),
    {"patience": 1, "learning_rate": 1e-30, "evaluations": STEPS},  # stops early
])
def test_every_saved_state_leads_to_the_same_end(build, run, kept, monkeypatch, changes):
    options = {"dropout": 0.4, "label_smoothing": 0.1}
    whole = build(**options)
    records, _ = run(whole, **changes)
    monkeypatch.setattr(trainer, "SAVE_EVERY", -1)
    saving = build(**options)
    assert run(saving, on_save=kept.save, **changes)[0] == records
    assert_same(saving, whole)
    assert len(kept.paths) > len(records)
    for path in kept.paths:
        again = build(seed=5, **options)  # nothing of a fresh model may be left
        after, _ = run(again, saved=kept.read(path), **changes)
        assert_same(again, whole)
        assert join(records, after) == records


def test_the_best_state_is_announced_again(build, run, kept, monkeypatch):
    monkeypatch.setattr(trainer, "SAVE_EVERY", -1)
    whole, states = build(), []
    run(whole, on_best=lambda record: states.append((record, whole.arrays())), on_save=kept.save)
    record, arrays = states[-1]
    again, found, last = build(), [], kept.read(kept.paths[-1])
    run(again, on_best=lambda best: found.append((best, again.arrays())), saved=last)
    assert len(found) == 1 and found[0][0] == record
    assert all(np.array_equal(array, arrays[name]) for name, array in found[0][1].items())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("stop", range(1, STEPS + 1))
def test_ctrl_c_after_any_step(build, run, kept, stop, number):
    whole = build(dropout=0.4)
    records, _ = run(whole)
    # The command takes SIGTERM for Ctrl-C.
    before = signal.signal(number, signal.default_int_handler)
    try:
        stopped, interrupted = run(
            build(dropout=0.4), lambda r: r["step"] == stop and signal.raise_signal(number),
            on_save=kept.save,
        )
    finally:
        signal.signal(number, before)
    assert interrupted and len(stopped) == stop
    again = build(dropout=0.4)
    after, interrupted = run(again, saved=kept.read(kept.paths[-1]))
    assert not interrupted and join(stopped, after) == records
    assert len(after) == STEPS - stop
    assert_same(again, whole)


@pytest.mark.parametrize("call", range(1, 4))
def test_ctrl_c_within_an_evaluation(build, run, kept, monkeypatch, call):
    whole = build()
    records, _ = run(whole)
    calls, real = [], trainer.greedy

    def captioning(*given, **more):
        calls.append(given)
        if len(calls) == call:
            signal.raise_signal(signal.SIGINT)
        return real(*given, **more)

    with monkeypatch.context() as patch:
        patch.setattr(trainer, "greedy", captioning)
        stopped, interrupted = run(build(), on_save=kept.save)
    assert interrupted
    again = build()
    after, _ = run(again, saved=kept.read(kept.paths[-1]))
    assert after[0]["step"] == len(stopped) + 1 and "bleu4" in after[0]
    assert join(stopped, after) == records
    assert_same(again, whole)


def test_ctrl_c_within_a_step_waits_for_its_end(build, run, kept, monkeypatch):
    whole = build()
    records, _ = run(whole)
    model = build()
    real, calls = model.loss_and_gradients, []

    def interrupting(batch, random):
        calls.append(batch)
        if len(calls) == 4:  # of two parts, so in step 2
            signal.raise_signal(signal.SIGINT)
        return real(batch, random)

    monkeypatch.setattr(model, "loss_and_gradients", interrupting)
    stopped, interrupted = run(model, on_save=kept.save)
    assert interrupted and len(stopped) == 2
    again = build()
    after, _ = run(again, saved=kept.read(kept.paths[-1]))
    assert join(stopped, after) == records and len(after) == STEPS - 2
    assert_same(again, whole)


def test_an_interruption_that_nobody_could_hold_back_keeps_the_state_before(
    build, run, kept, monkeypatch
):
    whole = build()
    records, _ = run(whole)
    model = build()
    real, calls = model.sharpen, []

    def interrupting(factor):
        calls.append(factor)
        if len(calls) == 2:
            raise KeyboardInterrupt
        real(factor)

    monkeypatch.setattr(model, "sharpen", interrupting)
    stopped, interrupted = run(model, on_save=kept.save)
    assert interrupted and len(stopped) == 3
    again = build()
    after, _ = run(again, saved=kept.read(kept.paths[-1]))
    assert join(stopped, after) == records
    assert_same(again, whole)


def test_a_second_ctrl_c_while_saving(build, run, kept):
    whole = build()
    records, _ = run(whole)

    def save(*state):
        if len(stopped) >= 4:
            signal.raise_signal(signal.SIGINT)
        kept.save(*state)

    stopped = []

    def on_step(record):
        stopped.append(record)
        if record["step"] == 4:
            signal.raise_signal(signal.SIGINT)

    _, interrupted = run(build(), on_step, on_save=save)
    assert interrupted
    again = build()
    after, _ = run(again, saved=kept.read(kept.paths[-1]))
    assert after == records[4:]
    assert_same(again, whole)


def test_interrupted_again_and_again(build, run, kept):
    whole = build(dropout=0.4)
    records, _ = run(whole)
    saved, log, rounds = None, [], 0
    while True:
        model = build(dropout=0.4)
        count = []

        def on_step(record, count=count):
            count.append(record)
            if len(count) == 2:
                signal.raise_signal(signal.SIGINT)

        after, interrupted = run(model, on_step, on_save=kept.save, saved=saved)
        log, rounds, saved = log + after, rounds + 1, kept.read(kept.paths[-1])
        if not interrupted:
            break
    assert rounds == 1 + STEPS // 2 and log == records
    assert_same(model, whole)


def test_the_state_is_saved_now_and_then_only(build, run, kept):
    run(build(), on_save=kept.save)
    steps = [kept.read(path)[1] for path in kept.paths]
    # At the beginning, and before and after each evaluation.
    assert [(state["step"], state["open"]) for state in steps] == [
        (0, False), (3, True), (3, False), (5, True), (5, False), (8, True), (8, False),
    ]


def test_a_state_that_is_no_number_is_not_kept(build, run, kept, monkeypatch):
    monkeypatch.setattr(trainer, "SAVE_EVERY", -1)
    model = build()

    def on_step(record):
        if record["step"] == 2:
            model.params["decoder.lstm.b"][3] = np.nan

    with pytest.raises(SattError, match="got nan at step 3; .*decoder.lstm.b itself"):
        run(model, on_step, on_save=kept.save)
    assert kept.read(kept.paths[-1])[1]["step"] == 1


def spoil(model, step):
    """From step 4 on the LSTM's gradient is wrong; at step 7 the loss is no number."""
    steps, right = iter(range(step + 1, STEPS + 1)), model.loss_and_gradients

    def wrong(batch, random):
        (loss, found), step = right(batch, random), next(steps)
        if step >= 4:
            found["decoder.lstm.W_state"] = found["decoder.lstm.W_state"] * 1e3
        return (np.float32(np.nan) if step == 7 else loss), found

    model.loss_and_gradients = wrong


def test_what_grew_before_the_interruption_is_still_known(build, run, kept, monkeypatch):
    monkeypatch.setattr(trainer, "SAVE_EVERY", -1)

    def complaint(step, **more):
        model = build()
        spoil(model, step)
        with pytest.raises(SattError) as raised:
            run(model, parts=1, **more)
        return str(raised.value)

    first = complaint(0, on_save=kept.save)
    assert "got nan at step 7; the gradient of decoder.lstm.W_state grew first, at step 4" in first
    state = next(state for state in map(kept.read, kept.paths) if state[1]["step"] == 6)
    assert complaint(6, saved=state) == first


# --- what does not fit ---------------------------------------------------------------------------


def test_the_average_is_part_of_what_is_saved(build, run, kept):
    run(build(), on_save=kept.save, averaging=0.6)
    arrays, state = kept.read(kept.paths[-1])
    names = [name for name in arrays if name.startswith("average.")]
    assert len(names) == len(build().params)
    assert not np.array_equal(arrays["average.decoder.lstm.W_x"],
                              arrays["model.params.decoder.lstm.W_x"])
    del arrays["average.decoder.lstm.b"]
    with pytest.raises(SattError, match="average of decoder.lstm.b: expected shape .48,., got"):
        run(build(), saved=(arrays, state), averaging=0.6)


@pytest.fixture
def saved(build, run, kept):
    run(build(), lambda record: record["step"] == 4 and signal.raise_signal(signal.SIGINT),
        on_save=kept.save)
    return kept.read(kept.paths[-1])


def lost(name):
    def edit(arrays, state):
        del state[name]

    return edit


def array_of_another_shape(name):
    def edit(arrays, state):
        arrays[name] = arrays[name][1:]

    return edit


def lost_array(name):
    def edit(arrays, state):
        del arrays[name]

    return edit


def more_parts(arrays, state):
    state["dropout"].append(state["dropout"][0])


def other_generator(arrays, state):
    state["place"]["random"]["bit_generator"] = "MT19937"


def further_on(arrays, state):
    state["place"]["epoch"] = 3


@pytest.mark.parametrize(("edit", "expected"), [
    (further_on, "run: the batches are over after step 4 of 8"),
    (lost("place"), "'place'"),
    (lost("training"), "'training'"),
    (lost("watch"), "'watch'"),
    (more_parts, "run: what was saved"),
    (other_generator, "run: what was saved"),
    (lost_array("model.params.decoder.lstm.b"), "decoder.lstm.b: expected shape .48,., got None"),
    (lost_array("best.params.decoder.lstm.b"), "decoder.lstm.b: expected shape .48,., got None"),
    (array_of_another_shape("model.params.decoder.lstm.b"), "expected shape .48,., got .47,."),
    (array_of_another_shape("optimiser.mean.decoder.lstm.b"),
     "mean.decoder.lstm.b: expected shape .48,., got .47,."),
])
def test_what_does_not_fit_together_is_refused_in_one_line(build, run, saved, edit, expected):
    edit(*saved)
    with pytest.raises(SattError, match=expected) as raised:
        run(build(), saved=saved)
    assert "\n" not in str(raised.value)


def test_other_settings_are_refused(build, run, saved):
    with pytest.raises(SattError, match="^learning_rate: .* begun with 0.01, this is 0.1;"):
        run(build(), saved=saved, learning_rate=0.1)
    with pytest.raises(SattError, match="^gate: .* begun with True, this is False;"):
        run(build(gate=False), saved=saved)


def test_a_state_of_before_a_setting_is_refused(build, run, saved):
    del saved[1]["training"]["settling"]
    with pytest.raises(SattError, match="^settling: the run was begun with None, this is 0.3; "):
        run(build(), saved=saved)


def test_a_run_with_another_encoder_is_refused(build, run, saved):
    assert "receptive_field" in saved[1]["captioner"]
    del saved[1]["captioner"]["receptive_field"]
    with pytest.raises(SattError, match="^receptive_field: .* begun with None, this is 42; "):
        run(build(), saved=saved)


# --- epochs --------------------------------------------------------------------------------------


def test_only_the_first_epoch_has_its_short_captions_first(vocabulary, drawn):
    settings = replace(SETTINGS, batch_size=1, short_first=True)
    epochs = Epochs(drawn[0], vocabulary, settings)
    lengths = np.array([np.count_nonzero(batch["words"]) for _, batch in epochs])
    first, second = (np.corrcoef(np.arange(14), each)[0, 1] for each in lengths.reshape(2, 14))
    assert first > 0.75 > 0.5 > second


def test_epochs_go_on_from_any_place(vocabulary, drawn):
    epochs = Epochs(drawn[0], vocabulary, SETTINGS)
    places, batches = [], []
    for epoch, batch in epochs:
        batches.append((epoch, batch))
        places.append(dict(epochs.place))
    assert [epoch for epoch, _ in batches] == [1] * 4 + [2] * 4
    for number, place in enumerate(places, start=1):
        again = Epochs(drawn[0], vocabulary, SETTINGS)
        again.go_to(place)
        rest = list(again)
        assert [epoch for epoch, _ in rest] == [epoch for epoch, _ in batches[number:]]
        for (_, mine), (_, theirs) in zip(rest, batches[number:], strict=True):
            assert np.array_equal(mine["words"], theirs["words"])
            assert np.array_equal(mine["images"], theirs["images"])
