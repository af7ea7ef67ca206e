"""A whole captioner under the check, as its user would ask for it."""

import numpy as np
import pytest

from gradcheck import check_model
from satt.models.captioner import Captioner, CaptionerSettings


@pytest.fixture
def model():
    settings = CaptionerSettings(
        9, encoder="absent", channels=(1, 1, 1, 4), attention_width=3, state_width=5,
        embedding_width=2, dropout=0.3, penalty=0.2,
    )
    model, random = Captioner(settings, dtype=np.float64), np.random.default_rng(1)
    for name, value in model.params.items():
        model.params[name] = value + 0.3 * random.normal(size=value.shape)
    return model


@pytest.fixture
def batch():
    random = np.random.default_rng(2)
    words = np.array([[1, 5, 4, 2], [1, 7, 2, 0]])
    return {"images": random.normal(size=(2, 6, 4)), "words": words}


def test_every_parameter_and_the_images_are_checked(model, batch):
    report = check_model(model, batch)
    assert report.ok, report
    assert list(report.gradients) == ["images", *model.params]
    assert report.max_error_complex < 1e-11


def test_a_mistake_is_found_at_its_parameter(model, batch, monkeypatch):
    right = model.backward

    def wrong(cache, to_images=True):
        dimages, gradients = right(cache, to_images)
        name = "decoder.gate.W"
        return dimages, gradients | {name: -gradients[name]}

    monkeypatch.setattr(model, "backward", wrong)
    report = check_model(model, batch)
    wrong = {name: g for name, g in report.gradients.items() if not g.ok}
    assert list(wrong) == ["decoder.gate.W"] and wrong["decoder.gate.W"].cause.kind == "sign"


def test_the_model_is_left_as_it_was(model, batch):
    before = {name: value.copy() for name, value in model.params.items()}
    check_model(model, batch, method="complex")
    assert all(np.array_equal(before[name], model.params[name]) for name in before)
