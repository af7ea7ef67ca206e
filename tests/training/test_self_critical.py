from dataclasses import replace

import numpy as np
import pytest

from satt.data.batches import training_batches
from satt.data.vocabulary import PAD, START, STOP, UNKNOWN
from satt.decoding.sampling import sample
from satt.errors import SattError
from satt.metrics.sentence_bleu import sentence_bleu
from satt.models.encoder import BLOCKS
from satt.training import trainer
from satt.training.parts import PartsPool
from satt.training.self_critical import LONGEST, loss_and_gradients, own_captions
from satt.training.trainer import SMALLER, SURER, TrainingSettings, train

K = 3
SETTINGS = TrainingSettings(
    epochs=4, batch_size=5, captions_per_image=K, warmup_steps=2, evaluations=4, settling=1.0,
)


@pytest.fixture
def batch(drawn, vocabulary):
    return next(training_batches(drawn[0], vocabulary, 5, np.random.default_rng(0), K))


@pytest.fixture
def model(build, batch):
    model = build()
    model.settle(batch["images"])
    return model


def test_it_says_as_many_captions_of_each_image_as_people_did(model, batch):
    own, reward = own_captions(model, batch, np.random.default_rng(1))
    M = len(batch["images"])
    assert own["images"] is batch["images"] and len(own["words"]) == M * K
    assert (own["words"][:, 0] == START).all() and own["words"].shape[1] <= LONGEST + 1
    assert not np.isin(own["words"][:, 1:], [START, UNKNOWN]).any()
    for row in own["words"][:, 1:]:
        ended = np.flatnonzero(row == STOP)
        length = ended[0] + 1 if len(ended) else len(row)
        assert (row[:length] != PAD).all() and (row[length:] == PAD).all()
    assert len({tuple(row) for row in own["words"]}) > M  # by the dice
    assert 0 <= reward <= 1


def test_the_captions_are_drawn_as_if_the_images_stood_there_several_times(model, batch):
    own, _ = own_captions(model, batch, np.random.default_rng(1))
    several = sample(
        model, np.repeat(batch["images"], K, axis=0), np.random.default_rng(1),
        max_length=LONGEST, excluded=[UNKNOWN],
    )
    for row, caption in zip(own["words"], several, strict=True):
        assert row[1 : len(caption.words) + 1].tolist() == caption.words


def test_an_advantage_is_the_reward_less_that_of_the_image_s_other_captions(model, batch):
    own, reward = own_captions(model, batch, np.random.default_rng(2))

    def words(row):
        return row[1:][row[1:] != PAD].tolist()

    rewards = [
        sentence_bleu(words(row), [words(batch["words"][n // K * K + k]) for k in range(K)])
        for n, row in enumerate(own["words"])
    ]
    assert reward == pytest.approx(np.mean(rewards))
    raw = np.array([
        rewards[n] - np.mean([rewards[n // K * K + k] for k in range(K) if k != n % K])
        for n in range(len(rewards))
    ])
    np.testing.assert_allclose(own["advantages"], raw / raw.std(), rtol=1e-5, atol=1e-6)
    assert own["advantages"].dtype == np.float32
    assert own["advantages"].std() == pytest.approx(1, rel=1e-5)


def test_the_gradient_is_that_of_the_captions_it_drew(model, batch):
    own, reward = own_captions(model, batch, np.random.default_rng(3))
    _, expected = model.loss_and_gradients(own)
    loss, gradients = loss_and_gradients(
        model, {**batch, "self_critical": True}, np.random.default_rng(3)
    )
    assert loss == -reward
    for name, gradient in expected.items():
        np.testing.assert_array_equal(gradients[name], gradient)


def test_otherwise_it_is_the_model_s_own_gradient(model, batch):
    loss, gradients = loss_and_gradients(model, batch, np.random.default_rng(3))
    same, expected = model.loss_and_gradients(batch, np.random.default_rng(3))
    assert loss == same and all((gradients[name] == expected[name]).all() for name in expected)


def test_captions_that_are_all_alike_teach_nothing(model, batch, monkeypatch):
    monkeypatch.setattr(
        "satt.training.self_critical.sentence_bleu", lambda caption, references: 0.25
    )
    _, gradients = loss_and_gradients(
        model, {**batch, "self_critical": True}, np.random.default_rng(3)
    )
    assert not any(gradient.any() for gradient in gradients.values())


def test_the_reward_rises(build, drawn, vocabulary, monkeypatch):
    monkeypatch.setattr("satt.training.trainer.SMALLER", 1.0)  # it is a short training
    records = []
    settings = replace(
        SETTINGS, epochs=80, batch_size=14, self_critical=0.75, learning_rate=0.01,
    )
    train(build(), vocabulary, drawn[0], drawn[1], settings, records.append, progress=False)
    rewards = [record["reward"] for record in records if "reward" in record]
    assert len(rewards) == 60 and np.mean(rewards[-10:]) > 1.1 * np.mean(rewards[:10])


def test_it_is_the_last_part_of_a_training(build, drawn, vocabulary):
    model, records = build(label_smoothing=0.1), []
    settings = replace(SETTINGS, self_critical=0.5, averaging=0.9)
    train(model, vocabulary, drawn[0], drawn[1], settings, records.append, progress=False)
    half = len(records) // 2
    assert all("loss" in record and "reward" not in record for record in records[:half])
    assert all("reward" in record and "loss" not in record for record in records[half:])
    # The supervised part ends on the way down; then the rate begins anew, lower.
    rates = [record["learning_rate"] for record in records]
    assert max(rates[:half]) == pytest.approx(settings.learning_rate)
    assert 0.5 * settings.learning_rate < rates[half - 1] < settings.learning_rate
    assert rates[half] == pytest.approx(SMALLER * settings.learning_rate)
    assert np.allclose(np.diff(rates[half:]), -rates[half] / half) and rates[-1] > 0


def test_without_an_average_the_supervised_part_goes_through_its_whole_schedule(
    build, drawn, vocabulary
):
    records, settings = [], replace(SETTINGS, epochs=10, self_critical=0.5)
    train(build(), vocabulary, *drawn[:2], settings, records.append, progress=False)
    rates = [record["learning_rate"] for record in records if "loss" in record]
    assert max(rates) == settings.learning_rate and rates[-1] < 0.1 * settings.learning_rate


def test_before_it_begins_patience_is_endless(build, drawn, vocabulary, monkeypatch):
    monkeypatch.setattr(
        trainer, "validate", lambda *_: {"bleu4": 0.0, "validation_loss": 1.0}  # never better
    )
    settings = replace(SETTINGS, evaluations=12, patience=2)
    for share, steps in ((0.0, 3), (0.5, 8)):  # a first look, and two without a better one
        records = []
        train(
            build(), vocabulary, *drawn[:2], replace(settings, self_critical=share),
            records.append, progress=False,
        )
        assert len(records) == steps, share


def test_captions_are_drawn_with_the_encoder_as_it_is_in_captioning(
    build, drawn, vocabulary, monkeypatch
):
    settled = []

    def look(model, *others):
        settled.append(model.settled)
        return own_captions(model, *others)

    monkeypatch.setattr("satt.training.self_critical.own_captions", look)
    settings = replace(
        SETTINGS, self_critical=0.5, settling=0.25, evaluations=1, parts=1, sharpening=3.0
    )
    model = build()
    slopes = model.params["decoder.alignment.v"].copy()
    train(model, vocabulary, *drawn[:2], settings, progress=False)
    assert settled == [BLOCKS] * 6
    # All of the sharpening is of the supervised part.
    grown = np.linalg.norm(model.params["decoder.alignment.v"]) / np.linalg.norm(slopes)
    assert 2.5 < grown < 3.5


def test_where_all_is_self_critical_nothing_is_sharpened(build, drawn, vocabulary, monkeypatch):
    settings = replace(SETTINGS, self_critical=1.0, evaluations=1, parts=1, sharpening=3.0)
    model, factors = build(), []
    monkeypatch.setattr(model, "sharpen", factors.append)
    train(model, vocabulary, *drawn[:2], settings, progress=False)
    assert factors == []


def test_it_begins_with_the_average_and_surer_of_its_words(
    build, drawn, vocabulary, monkeypatch
):
    begun, judged = [], []  # parameters at the beginning of each step, and after it

    def copy(params):
        return {name: param.copy() for name, param in params.items()}

    def look(pool, batch):
        begun.append(copy(pool._model.params))
        return real_look(pool, batch)

    def judge(model, *others):  # what is judged is the average
        judged.append(copy(model.params))
        return real_judge(model, *others)

    real_look, real_judge = PartsPool.loss_and_gradients, trainer.validate
    monkeypatch.setattr(PartsPool, "loss_and_gradients", look)
    monkeypatch.setattr(trainer, "validate", judge)
    settings = replace(
        SETTINGS, batch_size=4, self_critical=0.5, averaging=0.9, evaluations=16, patience=16
    )
    train(build(label_smoothing=0.1), vocabulary, *drawn[:2], settings, progress=False)
    assert len(begun) == len(judged) == 16  # eight of them supervised
    for name, average in judged[7].items():
        factor = SURER if name.startswith("decoder.vocabulary") else 1
        np.testing.assert_allclose(begun[8][name], factor * average, rtol=1e-6)
        # After the first self-critical step, their average is the state after it.
        np.testing.assert_allclose(judged[8][name], begun[9][name], rtol=1e-6)


def test_one_caption_an_image_cannot_be_compared():
    with pytest.raises(SattError, match="captions_per_image: expected at least 2 for self_crit"):
        TrainingSettings(self_critical=0.5)
    with pytest.raises(SattError, match="self_critical: expected a share"):
        TrainingSettings(self_critical=1.5, captions_per_image=2)
    with pytest.raises(SattError, match="batches: expected padded for self_critical"):
        TrainingSettings(self_critical=0.5, captions_per_image=2, batches="one-length")


def test_no_probability_leaks_to_words_that_it_never_says(model, batch):
    _, gradients = loss_and_gradients(
        model, {**batch, "self_critical": True}, np.random.default_rng(3)
    )
    pulls = gradients["decoder.vocabulary.b"]
    assert not pulls[[PAD, START, UNKNOWN]].any() and np.count_nonzero(pulls) == len(pulls) - 3
