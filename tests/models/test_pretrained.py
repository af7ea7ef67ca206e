import numpy as np

from satt.models.pretrained import Mirrored
from tests.data.counting_encoder import CountingEncoder


def test_the_grid_of_a_mirrored_photograph_is_that_of_its_mirror_image(random):
    images = random.integers(0, 256, (3, 8, 8, 3), dtype=np.uint8)
    encoder = CountingEncoder()
    mirrored = Mirrored(encoder)
    turned = np.stack([np.fliplr(image) for image in images])
    np.testing.assert_array_equal(mirrored(images), encoder(turned))
    # The mean colours of the quarters change sides, which no other rearrangement does.
    rows_and_columns = encoder(images).reshape(3, 2, 2, 3)
    np.testing.assert_array_equal(
        mirrored(images).reshape(3, 2, 2, 3), rows_and_columns[:, :, ::-1]
    )
    assert not np.array_equal(mirrored(images), encoder(images))


def test_the_store_keeps_both_apart():
    encoder = CountingEncoder(version="7")
    mirrored = Mirrored(encoder)
    assert mirrored.name != encoder.name
    assert mirrored.version == encoder.version  # other weights change both
    assert (mirrored.image_size, mirrored.grid_shape) == (8, (2, 2, 3))
