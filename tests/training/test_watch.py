import json
from dataclasses import replace

import numpy as np
import pytest

from satt.errors import SattError
from satt.training.trainer import TrainingSettings, train
from satt.training.watch import EXPLODED, IN_A_ROW, Watch

WORDS = np.array([[1, 5, 6, 2], [1, 5, 2, 0]])  # five to be said, in two captions


class Model:
    """As much of a captioner as a Watch looks at: 100 words, four parameters."""

    class settings:
        vocabulary_size = 100

    def __init__(self):
        self.params = {name: np.ones(4, np.float32) for name in ("encoder", "c", "b", "a")}


def gradients(**sizes):
    """Gradients of norm 1, or of other sizes, in the order of the backward: a, b, c, encoder."""
    return {
        name: np.full(4, sizes.get(name, 1.0) / 2, np.float32)
        for name in ("a", "b", "c", "encoder")
    }


def watch_over(*steps, losses=None):
    watch = Watch(Model(), 0.01)
    for step, found in enumerate(steps, start=1):
        watch.look(step, losses[step - 1] if losses else 10.0, WORDS, found)
    return watch


def complaint(watch, **numbers):
    with pytest.raises(SattError) as raised:
        watch.check(3, **numbers)
    text = str(raised.value)
    assert "\n" not in text
    assert text.endswith(
        "; run gradcheck on what you changed, or try a smaller learning_rate than 0.01 (the model "
        "is back at step 3)"
    )
    return text


# --- what is named -------------------------------------------------------------------------------


def test_numbers_are_let_through():
    watch_over(gradients()).check(0, loss=1.0, gradient_norm=np.float32(1e30))
    Watch(Model(), 0.01).check(0, validation_loss=2.0)


def test_the_gradient_that_grew_first_is_named():
    usual = [gradients(a=size) for size in (0.5, 1, 2, 1, 0.7)]
    later = [gradients(c=30), gradients(c=80, a=90), gradients(c=900, a=990, b=99, encoder=1e9)]
    text = complaint(watch_over(*usual, *later), loss=np.nan)
    assert text.startswith("loss: expected a number, got nan at step 8; ")
    assert "the gradient of c grew first, at step 6 to 30 times its usual size" in text


def test_of_several_at_one_step_the_nearest_to_the_loss_is_named():
    text = complaint(watch_over(*[gradients()] * 4, gradients(b=50, c=700)), loss=np.inf)
    assert "the gradient of b grew first, at step 5 to 50 times" in text


def test_what_grew_and_came_back_is_not_blamed():
    steps = [*[gradients()] * 4, gradients(a=500), *[gradients()] * 3, gradients(c=20)]
    assert "gradient of c grew first, at step 9" in complaint(watch_over(*steps), loss=np.nan)


def test_rounding_around_a_true_zero_is_not_blamed():
    steps = [*[gradients(a=1e-9)] * 5, gradients(a=1e-5), gradients(a=1e-4, encoder=20)]
    assert "gradient of encoder grew first, at step 7" in complaint(
        watch_over(*steps), loss=np.nan
    )


def test_the_first_gradient_on_the_way_back_that_is_no_number():
    steps = [*[gradients()] * 5, gradients(encoder=np.inf, b=np.nan)]
    text = complaint(watch_over(*steps), loss=3.0, gradient_norm=np.nan)
    assert text.startswith("gradient_norm: expected a number, got nan at step 6; ")
    assert "from the loss backwards, the gradient of b is the first to be none" in text


def test_a_parameter_that_is_no_number():
    watch = watch_over(*[gradients()] * 5, gradients(a=np.nan, b=np.nan, c=np.nan, encoder=np.nan))
    watch._model.params["c"][2] = np.nan
    assert "no gradient had grown, but c itself is no longer a number" in complaint(
        watch, loss=np.nan
    )


def test_where_none_grew_tenfold_the_one_that_grew_most():
    watch = watch_over(*[gradients()] * 5, gradients(b=4, c=7))
    assert "no gradient had grown tenfold, most that of c, to 7 times its usual" in complaint(
        watch, loss=np.nan
    )
    watch = watch_over(*[gradients()] * 5, gradients(a=0.5, b=0.5, c=0.5, encoder=0.5))
    assert "; no gradient had grown; " in complaint(watch, loss=np.nan)


def test_at_the_first_step_nothing_can_have_grown():
    text = complaint(watch_over(gradients()), loss=np.nan)
    assert "at step 1; no gradient had grown; run gradcheck" in text
    text = complaint(Watch(Model(), 0.01), validation_loss=np.nan)
    assert text.startswith("validation_loss: expected a number, got nan at step 0; no gradient")


def test_growth_is_remembered_for_a_while_and_no_longer():
    watch = watch_over(*[gradients()] * 10, *[gradients(b=100)] * 150)
    assert "gradient of b grew first, at step 11 " in complaint(watch, loss=np.nan)
    assert len(watch_over(*[gradients()] * 300).norms) == 200


# --- explosions ----------------------------------------------------------------------------------

GUESSING = 2.5 * np.log(100)  # nats for a caption of 2.5 words


def test_a_loss_explodes_when_it_is_far_above_guessing_for_long():
    losses = [GUESSING, *[1.01 * EXPLODED * GUESSING] * IN_A_ROW]
    watch = watch_over(*[gradients()] * IN_A_ROW, losses=losses)
    watch.check(0, loss=1.0)
    watch = watch_over(*[gradients()] * (IN_A_ROW + 1), losses=losses)
    text = complaint(watch, loss=1.0)
    assert text.startswith("loss: exploded: 46.5 nats a word at step 21, and for 20 steps more "
                           "than 10 times the 4.61 of the untrained model; ")


@pytest.mark.parametrize("losses", [
    [1.0, *[0.99 * EXPLODED * GUESSING] * 50],  # a trained model that learns something new
    [1000.0, *[9000.0] * 50],  # a penalty is there from the beginning
    [GUESSING, *([1e6] * (IN_A_ROW - 1) + [GUESSING]) * 3],  # it recovers
])
def test_other_high_losses_are_no_explosion(losses):
    watch_over(*[gradients()] * len(losses), losses=losses).check(0, loss=losses[-1])


def test_a_long_caption_is_no_explosion():
    watch = Watch(Model(), 0.01)
    watch.look(1, np.log(100), np.array([[1, 2]]), gradients())
    for step in range(2, 60):
        long = np.array([[1, *[5] * 48, 2]])
        watch.look(step, 49 * np.log(100), long, gradients())
    watch.check(0, loss=49 * np.log(100))


def test_norms_and_state_come_back_through_json():
    watch = watch_over(*[gradients()] * 5, losses=[GUESSING] + [1e6] * 4)
    again = Watch(Model(), 0.01)
    again.norms, again.state = json.loads(json.dumps([watch.norms, watch.state]))
    for both in (watch, again):
        for step in range(6, 22):
            both.look(step, 1e6, WORDS, gradients(b=50))
    assert complaint(watch, loss=1.0) == complaint(again, loss=1.0)


# --- in a training -------------------------------------------------------------------------------

SETTINGS = TrainingSettings(
    epochs=20, batch_size=4, learning_rate=0.01, warmup_steps=5, evaluations=2, settling=0.0,
)


def test_a_wrong_backward_is_found(build, vocabulary, drawn, monkeypatch):
    """The LSTM's gradient grows from step 12 on, as by a step that is applied twice and again."""
    data, validation, _ = drawn
    model, calls = build(), []
    real = model.loss_and_gradients

    def wrong(batch, random):
        calls.append(batch)
        loss, found = real(batch, random)
        if len(calls) >= 12:
            found["decoder.lstm.W_state"] = found["decoder.lstm.W_state"] * 100
        if len(calls) == 20:
            loss = np.float32(np.nan)
        return loss, found

    monkeypatch.setattr(model, "loss_and_gradients", wrong)
    with pytest.raises(SattError, match="gradient of decoder.lstm.W_state grew first, at step 12"):
        train(model, vocabulary, data, validation, replace(SETTINGS, parts=1), progress=False)


def test_a_learning_rate_that_is_far_too_high_explodes(build, vocabulary, drawn):
    data, validation, _ = drawn
    model, records = build(), []
    before = model.arrays()
    settings = replace(SETTINGS, learning_rate=10.0, optimiser="sgd", clip=1e6, evaluations=1)
    with pytest.raises(SattError, match="^loss: .* smaller learning_rate than 10 .the model is"):
        train(model, vocabulary, data, validation, settings, records.append, progress=False)
    assert 5 < len(records) < 80
    # There was no evaluation before.
    assert all(np.array_equal(array, before[name]) for name, array in model.arrays().items())


@pytest.mark.parametrize("changes", [
    {"learning_rate": 0.03}, {"optimiser": "sgd", "learning_rate": 0.1},
    {"optimiser": "rmsprop", "learning_rate": 0.01},
])
def test_a_bumpy_training_is_let_through(build, vocabulary, drawn, changes):
    data, validation, _ = drawn
    model, records = build(penalty=10.0, penalty_target=1.0, dropout=0.5), []
    settings = replace(SETTINGS, warmup_steps=0, **changes)
    train(model, vocabulary, data, validation, settings, records.append, progress=False)
    assert len(records) == 80
