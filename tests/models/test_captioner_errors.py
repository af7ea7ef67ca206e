"""The captioner's door: what does not fit is named, with what it was and what to do."""

import numpy as np
import pytest
from tiny_captioner import IMAGE_SIZE, L, M, V, tiny_batch, tiny_captioner

from satt.errors import SattError
from satt.models.captioner import Captioner, CaptionerSettings

BOTH_DOORS = pytest.mark.parametrize("enter", [Captioner.loss_and_gradients, Captioner.loss])


def refused(enter, model, batch):
    """Return the one line with which a batch is refused."""
    with pytest.raises(SattError) as error:
        enter(model, batch)
    assert "\n" not in str(error.value)
    return str(error.value)


def ready(**settings):
    model = tiny_captioner(**settings)
    batch = tiny_batch(model)
    model.calibrate(batch["images"])
    return model, batch


@BOTH_DOORS
@pytest.mark.parametrize(
    "shape",
    [
        (M, IMAGE_SIZE, IMAGE_SIZE),
        (M, IMAGE_SIZE, IMAGE_SIZE, 1),
        (M, 3, IMAGE_SIZE, IMAGE_SIZE),
        (M, IMAGE_SIZE + 8, IMAGE_SIZE, 3),
        (M, IMAGE_SIZE, IMAGE_SIZE - 8, 3),
    ],
)
def test_images_of_another_shape(enter, shape):
    model, batch = ready()
    message = refused(enter, model, batch | {"images": np.zeros(shape)})
    assert message.startswith(f"images: expected (N, {IMAGE_SIZE}, {IMAGE_SIZE}, 3)")
    assert f"got {shape}; colour images" in message


@BOTH_DOORS
@pytest.mark.parametrize("shape", [(M, L, 5), (M, 2, 4, 6), (M, 6)])
def test_grids_of_another_shape(enter, shape):
    model, batch = ready(encoder="absent")
    message = refused(enter, model, batch | {"images": np.zeros(shape)})
    assert message.startswith("images: expected (N, L, 6)")
    assert f"got {shape}; an absent encoder takes grids: reshape" in message


@BOTH_DOORS
def test_images_that_are_no_array(enter):
    model, batch = ready()
    message = refused(enter, model, batch | {"images": [[1, 2]]})
    assert message.startswith("images: expected (N, ") and "got a list" in message


@BOTH_DOORS
@pytest.mark.parametrize("word", [V, -1])
def test_words_out_of_the_vocabulary(enter, word):
    model, batch = ready()
    batch["words"][1, 2] = word
    message = refused(enter, model, batch)
    assert message.startswith(f"words: expected integers from 0 to {V - 1}, got {word} at (1, 2);")
    assert "vocabulary" in message.split(";")[1]


@BOTH_DOORS
def test_words_that_are_not_encoded(enter):
    model, batch = ready()
    message = refused(enter, model, batch | {"words": batch["words"].astype(float)})
    assert "got float64; encode the words" in message
    message = refused(enter, model, batch | {"words": [["a", "bird"]] * M})
    assert message.startswith("words: expected") and "got a list" in message


@BOTH_DOORS
def test_a_single_caption_without_its_axis(enter):
    model, batch = ready()
    message = refused(enter, model, batch | {"words": batch["words"][0]})
    assert message.startswith("words: expected (captions, T+1), got (5,)")


@BOTH_DOORS
def test_padding_before_a_word(enter):
    model, batch = ready()
    batch["words"][1, 2:4] = 0, 3
    message = refused(enter, model, batch)
    assert message.startswith("words: expected padding (0) only after a caption's last word")


@BOTH_DOORS
@pytest.mark.parametrize("width", [1, 4])
def test_a_caption_without_a_word(enter, width):
    model, batch = ready()
    batch["words"] = batch["words"][:, :width].copy()
    batch["words"][1, 1:] = 0
    message = refused(enter, model, batch)
    assert message.startswith("words: expected at least one word after the first of each caption")


@BOTH_DOORS
@pytest.mark.parametrize("count", [1, 2, 4, 7])
def test_captions_that_do_not_divide_among_the_images(enter, count):
    model, batch = ready()
    words = np.ones((count, 4), dtype=np.int64)
    message = refused(enter, model, batch | {"words": words})
    assert message.startswith("words: expected the same number of captions for each of the 3 ")
    assert f"images, got {count} captions; repeat or drop some" in message


def test_start_has_the_same_door():
    model, _ = ready()
    shape = (M, IMAGE_SIZE, IMAGE_SIZE, 4)
    message = refused(Captioner.start, model, np.zeros(shape))
    assert message.startswith("images: expected") and f"got {shape}" in message


@pytest.mark.parametrize(
    "wrong, message",
    [
        ({"encoder": "thawed"}, "encoder: expected one of .*'frozen'.*, got 'thawed'"),
        ({"image_size": 20}, "image_size: expected a multiple of 8 .*got 20; 64 is"),
        ({"image_size": 8}, "image_size: .* from 16 to 1024, got 8"),
        ({"image_size": 0}, "image_size: .* got 0"),
        ({"image_size": 10**9}, "image_size: .* from 16 to 1024, got 1000000000"),
        ({"image_size": 64.0}, "image_size: expected a whole number above 0, got 64.0"),
        ({"state_width": "64"}, "state_width: expected a whole number above 0, got '64'"),
        ({"channels": (32, 0, 64, 128)}, r"channels\[1\]: expected a whole number .* got 0"),
        ({"channels": (32, 64, 64, True)}, r"channels\[3\]: expected a whole number .* got True"),
        ({"grid": "net:7x7x8"}, "grid: expected for an absent encoder a name .* that is trained"),
        ({"encoder": "absent", "grid": "net"}, "grid: .* got 'net' for one that is absent"),
        ({"encoder": "absent", "grid": "net:0x7x8"}, "grid: .* got 'net:0x7x8'"),
        ({"encoder": "absent", "grid": "net:7x8"}, "grid: .* got 'net:7x8'"),
        ({"dropout": 1.0}, r"dropout: expected a share in \[0, 1\), got 1.0"),
        ({"dropout": -0.1}, "dropout: .* got -0.1"),
        ({"label_smoothing": 1.0}, r"label_smoothing: expected a share in \[0, 1\), got 1.0"),
        ({"state_dropout": 1}, r"state_dropout: expected a share in \[0, 1\), got 1"),
        ({"grid_dropout": -1}, "grid_dropout: expected a share"),
        ({"grid_dropout": 0.1}, "grid_dropout: expected 0 without a grid from elsewhere"),
        ({"projection": 256}, "projection: expected 0 without a grid from elsewhere"),
        ({"projection": 2.0}, "projection: expected a whole number from 0, got 2.0"),
        ({"projection": -1}, "projection: .* got -1"),
        ({"context_scale": 0.0}, "context_scale: expected more than 0, got 0.0"),
        ({"context_scale": float("nan")}, "context_scale: .* got nan"),
    ],
)
def test_settings_that_cannot_be(wrong, message):
    with pytest.raises(SattError, match=message) as error:
        CaptionerSettings(V, **wrong)
    assert "\n" not in str(error.value)


def test_without_an_encoder_the_size_of_images_does_not_matter():
    assert CaptionerSettings(V, image_size=20, encoder="absent").grid_depth == 128


def test_settings_tell_the_grids_shape():
    assert CaptionerSettings(V, image_size=48, channels=(3, 4, 5, 6)).grid_shape == (6, 6)
    assert CaptionerSettings(V, channels=(3, 4, 5, 6)).grid_depth == 6
    settings = CaptionerSettings(V, encoder="absent", grid="a:net:14x7x112")
    assert settings.grid_shape == (14, 7) and settings.grid_depth == 112
