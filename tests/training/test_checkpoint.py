import json
import os

import numpy as np
import pytest

from satt.errors import SattError
from satt.training.checkpoint import load_checkpoint, save_checkpoint

ARRAYS = {
    "decoder.alignment.W_state": np.arange(6, dtype=np.float32).reshape(2, 3),
    "file": np.array([1, 2]),
    "allow_pickle": np.array(True),
    "optimiser.steps": np.array(7),
    "empty": np.zeros((0, 4)),
    "words": np.array(["개", "dog"]),
}
SETTINGS = {"words": ["개", "dog"], "rate": 0.1, "nested": {"none": None, "deep": [1, 2]}}


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "new" / "model.npz"
    save_checkpoint(path, ARRAYS, SETTINGS)
    return path


def test_everything_comes_back(path):
    arrays, settings = load_checkpoint(str(path))
    assert settings == SETTINGS
    assert set(arrays) == set(ARRAYS)
    for name, array in ARRAYS.items():
        assert arrays[name].dtype == array.dtype and arrays[name].shape == array.shape
        assert np.array_equal(arrays[name], array)
    arrays["empty"] += 1


def test_the_file_is_an_ordinary_npz_and_nothing_else_is_left(path):
    with np.load(path, allow_pickle=False) as file:
        assert np.array_equal(file["file"], [1, 2])
    assert os.listdir(path.parent) == ["model.npz"]


def test_any_ending_will_do_and_an_old_file_is_replaced(tmp_path):
    path = tmp_path / "last.checkpoint"
    for step in (1, 2):
        save_checkpoint(path, {"a": np.array([step])}, {"step": np.int64(step)})
    arrays, settings = load_checkpoint(path)
    assert arrays["a"][0] == 2 and settings == {"step": 2}
    assert os.listdir(tmp_path) == ["last.checkpoint"]


def test_a_failure_leaves_the_old_file(path, monkeypatch):
    def no_space(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(SattError, match="cannot be written: No space left"):
        save_checkpoint(path, {"a": np.zeros(3)}, {})
    assert load_checkpoint(path)[1] == SETTINGS
    assert os.listdir(path.parent) == ["model.npz"]


def test_a_folder_that_is_a_file(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(SattError, match="^checkpoint: .* cannot be written: "):
        save_checkpoint(tmp_path / "file" / "model.npz", ARRAYS, SETTINGS)


@pytest.mark.parametrize(
    ("arrays", "settings", "message"),
    [
        ({"a": np.array([{}], dtype=object)}, {}, "'a' is reserved or holds objects"),
        ({"__settings__": np.zeros(2)}, {}, "'__settings__' is reserved"),
        ({}, {"a": {1, 2}}, "settings: a set cannot be written"),
    ],
)
def test_what_cannot_be_kept_is_refused(tmp_path, arrays, settings, message):
    with pytest.raises(SattError, match=message):
        save_checkpoint(tmp_path / "model.npz", arrays, settings)
    assert os.listdir(tmp_path) == []


def fails(path):
    with pytest.raises(SattError) as error:
        load_checkpoint(path)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_missing_file_and_a_folder(tmp_path):
    assert "there is no file" in fails(tmp_path / "none.npz")
    assert "is a folder; name the .npz file in it" in fails(tmp_path)


def test_a_file_cut_off_anywhere(path):
    whole = path.read_bytes()
    for length in range(0, len(whole), 97):
        path.write_bytes(whole[:length])
        assert "is damaged or was not written by satt" in fails(path)


def test_a_changed_byte_in_the_numbers(path):
    whole = bytearray(path.read_bytes())
    place = bytes(whole).index(ARRAYS["decoder.alignment.W_state"].tobytes())
    whole[place + 5] ^= 255
    path.write_bytes(whole)
    assert "is damaged" in fails(path)


def test_other_files(tmp_path):
    (tmp_path / "text.npz").write_text("hello", encoding="utf-8")
    np.save(tmp_path / "one.npy", np.zeros(3))
    np.savez(tmp_path / "foreign.npz", a=np.zeros(3))
    np.savez(tmp_path / "pickle.npz", a=np.array([{}], dtype=object))
    np.savez(tmp_path / "json.npz", __settings__=np.frombuffer(b"[1]", dtype=np.uint8))
    for name in ("text.npz", "one.npy", "foreign.npz", "pickle.npz", "json.npz"):
        assert "was not written by satt" in fails(tmp_path / name)


def test_another_format(tmp_path):
    text = json.dumps({"format": 99, "anything": 1}).encode("utf-8")
    np.savez(tmp_path / "new.npz", __settings__=np.frombuffer(text, dtype=np.uint8))
    assert "has format 99, this satt reads 1" in fails(tmp_path / "new.npz")
