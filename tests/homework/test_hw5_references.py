"""What hw5 asks for and is no layer of satt computes the same as satt does."""

import numpy as np
import pytest

from gradcheck import check_model
from satt.data.vocabulary import PAD, START, STOP
from satt.decoding.beam_search import beam_search as satt_beam_search
from satt.decoding.decoded import word_log_probabilities
from satt.homework.sets.hw5 import parameters
from satt.homework.sets.hw5.adam import adam_step
from satt.homework.sets.hw5.beam_search import beam_search, beam_step
from satt.homework.sets.hw5.captioner import (
    captioner_backward,
    captioner_forward,
    captioner_start,
    captioner_step,
)
from satt.models import captioner_parameters
from satt.models.captioner import Captioner, CaptionerSettings
from satt.training.optimisers import Adam

N, T, L, D, A, H, E, V = 3, 5, 6, 4, 7, 5, 3, 9


@pytest.fixture
def model():
    settings = CaptionerSettings(
        vocabulary_size=V, encoder="absent", channels=(2, 2, 2, D), attention_width=A,
        state_width=H, embedding_width=E, penalty=0.7,
    )
    return Captioner(settings, seed=1, dtype=np.float64)


@pytest.fixture
def batch():
    random = np.random.default_rng(0)
    words = random.integers(3, V, size=(N, T + 1))
    words[:, 0] = START
    words[1, 3:] = [STOP, PAD, PAD]
    return {"images": random.normal(size=(N, L, D)), "words": words}


def test_the_captioner_is_satts(model, batch):
    loss, cache = captioner_forward(batch["images"], batch["words"], model.params, penalty=0.7)
    dgrid, gradients = captioner_backward(1.0, cache)
    expected, satt_cache = model.forward(batch)
    expected_dgrid, expected_gradients = model.backward(satt_cache)
    assert loss == pytest.approx(expected, rel=1e-12)
    np.testing.assert_allclose(dgrid, expected_dgrid, rtol=1e-9, atol=1e-12)
    assert gradients.keys() == expected_gradients.keys() == model.params.keys()
    for name, gradient in gradients.items():
        np.testing.assert_allclose(gradient, expected_gradients[name], rtol=1e-9, atol=1e-12)


def test_the_captioners_backward_passes_the_check(model, batch):
    class Pair:
        params = model.params

        def forward(self, batch, random=None):
            return captioner_forward(batch["images"], batch["words"], self.params, penalty=0.7)

        def backward(self, cache, to_images=True):
            return captioner_backward(1.0, cache)

    report = check_model(Pair(), batch)
    assert report.ok, report


def test_dloss_scales_all_gradients(model, batch):
    _, cache = captioner_forward(batch["images"], batch["words"], model.params, penalty=0.7)
    dgrid, gradients = captioner_backward(1.0, cache)
    dgrid3, gradients3 = captioner_backward(3.0, cache)
    np.testing.assert_allclose(dgrid3, 3 * dgrid)
    for name, gradient in gradients.items():
        np.testing.assert_allclose(gradients3[name], 3 * gradient)


def test_start_and_step_are_satts(model, batch):
    memory, state = captioner_start(batch["images"], model.params)
    expected_memory, expected_state = model.start(batch["images"])
    for word in (START, 4, 7):
        words = np.full(N, word)
        logits, attention, state = captioner_step(words, memory, state, model.params)
        expected, looked, expected_state = model.step(words, expected_memory, expected_state)
        np.testing.assert_allclose(logits, expected, rtol=1e-10)
        np.testing.assert_allclose(attention, looked, rtol=1e-10)
        np.testing.assert_allclose(state, expected_state, rtol=1e-10)


def test_names_and_first_values_are_satts():
    assert (parameters.PAD, parameters.START_WORD, parameters.STOP_WORD) == (PAD, START, STOP)
    pairs = {"START": "START_PARAMS", "ALIGNMENT": "ALIGNMENT_PARAMS", "LSTM": "LSTM_PARAMS",
             "GATE": "GATE_PARAMS", "DEEP_OUTPUT": "DEEP_OUTPUT_PARAMS",
             "VOCABULARY": "VOCABULARY_PARAMS"}
    for ours, satts in pairs.items():
        assert getattr(parameters, ours) == getattr(captioner_parameters, satts)
    settings = CaptionerSettings(
        vocabulary_size=V, encoder="absent", channels=(2, 2, 2, D), attention_width=A,
        state_width=H, embedding_width=E,
    )
    expected = captioner_parameters.initialise(settings, np.random.default_rng(5))
    params = parameters.initial_parameters(V, D, A, H, E, np.random.default_rng(5))
    assert params.keys() == expected.keys()
    for name, param in params.items():
        assert param.dtype == np.float32
        np.testing.assert_array_equal(param, expected[name], err_msg=name)


def test_adam_is_satts():
    random = np.random.default_rng(0)
    param = random.normal(size=(3, 4))
    params, optimiser = {"p": param.copy()}, Adam()
    mean, square = np.zeros_like(param), np.zeros_like(param)
    for steps in range(1, 6):
        gradient = random.normal(size=param.shape)
        optimiser.step(params, {"p": gradient}, 0.1)
        param, mean, square = adam_step(param, gradient, mean, square, steps, 0.1)
        np.testing.assert_allclose(param, params["p"], rtol=1e-12)


class Table:
    """A model whose next word depends on the last one and the time: logits (T, V, V)."""

    def __init__(self, logits):
        self.logits = logits

    def start(self, inputs):
        return (), (np.zeros(inputs, dtype=int),)

    def step(self, words, memory, state):
        (time,) = state
        logits = self.logits[np.minimum(time, len(self.logits) - 1), words]
        return logits, np.ones((len(words), 1)), (time + 1,)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize(("beam_size", "max_length", "length_penalty"), [
    (1, 8, 0.6), (3, 8, 0.6), (3, 8, 0.0), (5, 3, 1.0), (2, 1, 0.6),
])
def test_beam_search_is_satts(seed, beam_size, max_length, length_penalty):
    table = Table(2 * np.random.default_rng(seed).normal(size=(8, V, V)))

    def step(words, state):
        logits, _, state = table.step(words, (), state)
        return word_log_probabilities(logits, [PAD, START]), state

    words, total = beam_search(step, (np.zeros(1, dtype=int),), beam_size, max_length,
                               length_penalty, START, STOP)
    (expected,) = satt_beam_search(table, 1, beam_size, max_length, length_penalty)
    assert words.tolist() == expected.words
    assert total == pytest.approx(expected.log_probability)


def test_a_finished_caption_keeps_its_place_and_its_total():
    totals = np.array([-1.0, -50.0, -2.0])
    logs = np.log(np.full((3, 4), 0.25))
    parents, words, after = beam_step(totals, logs, np.array([False, True, False]), stop=2)
    assert (parents[0], words[0], after[0]) == (1, 2, -50.0)
    assert parents[1:].tolist() == [0, 0]
    assert after[1:] == pytest.approx(-1 + np.log(0.25))
