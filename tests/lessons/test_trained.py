"""The lessons' captioner is yours if you have one, else the one that comes with them."""

import importlib.util
from pathlib import Path

import pytest

from satt.data.vocabulary import Vocabulary
from satt.models.captioner import Captioner, CaptionerSettings
from satt.training.keeping import save_captioner

PATH = Path(__file__).resolve().parents[2] / "lessons" / "trained.py"


@pytest.fixture
def trained(tmp_path, monkeypatch):
    """The module, in a folder of its own where nothing has been trained."""
    spec = importlib.util.spec_from_file_location("trained", PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "OURS", tmp_path / "lessons" / "captioner.npz")
    monkeypatch.chdir(tmp_path)
    return module


def save(path, word):
    vocabulary = Vocabulary([word])
    sizes = {"image_size": 16, "channels": (2, 2, 2, 2), "attention_width": 2, "state_width": 2,
             "embedding_width": 2}
    save_captioner(path, Captioner(CaptionerSettings(len(vocabulary), **sizes)), vocabulary)


def test_yours_comes_before_ours(trained, capsys):
    save(trained.OURS, "ours")
    _, vocabulary = trained.trained_captioner()
    assert vocabulary.words == ["ours"]
    save(trained.YOURS, "yours")
    model, vocabulary = trained.trained_captioner()
    assert vocabulary.words == ["yours"] and isinstance(model, Captioner)
    assert str(trained.YOURS) in capsys.readouterr().out


def test_without_any_it_says_what_to_do(trained):
    with pytest.raises(SystemExit, match="run `satt demo`") as ended:
        trained.trained_captioner()
    assert "\n" not in str(ended.value)
