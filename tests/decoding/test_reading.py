import numpy as np
import pytest

from satt.decoding.greedy import greedy
from satt.decoding.reading import attention_while_reading
from satt.models.captioner import Captioner, CaptionerSettings

START, STOP = 1, 2


@pytest.fixture
def model(random):
    settings = CaptionerSettings(
        11, image_size=24, channels=(3, 4, 5, 6), attention_width=7, state_width=8,
        embedding_width=5,
    )
    model = Captioner(settings, seed=3, dtype=np.float64)
    # On so small a grid few features stand out: with the threshold, a whole image may be silent.
    model.params["encoder.norm4.beta"][:] = 0
    model.calibrate(random.uniform(-1, 1, (10, 24, 24, 3)))
    return model


def test_reading_what_it_said_it_looks_where_it_looked(model, random):
    images = random.uniform(-1, 1, (4, 24, 24, 3))
    for image, said in zip(images, greedy(model, images, max_length=6), strict=True):
        words = np.array([[START, *said.words, STOP]])
        read = attention_while_reading(model, image[None], words)
        assert read.shape == (1, len(said.words) + 1, 9)
        np.testing.assert_allclose(read[0, :-1], said.attention, atol=1e-12)


def test_it_looks_before_it_reads_a_word(model, random):
    images = random.uniform(-1, 1, (2, 24, 24, 3))
    words = np.array([[START, 5, 6, 7, STOP], [START, 8, 4, 9, STOP]])
    other = words.copy()
    other[:, 2] = 10
    first, second = (attention_while_reading(model, images, w) for w in (words, other))
    np.testing.assert_array_equal(first[:, :3], second[:, :3])
    assert (first[:, 3:] != second[:, 3:]).any(axis=2).all()
    np.testing.assert_allclose(first.sum(axis=2), 1)
