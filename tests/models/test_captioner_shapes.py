from dataclasses import replace

import numpy as np
import pytest

from satt.models.captioner import Captioner, CaptionerSettings
from satt.models.captioner_shapes import captioner_shapes

# Every width another number, so that no two can be mistaken for each other.
SETTINGS = CaptionerSettings(
    vocabulary_size=11, image_size=16, channels=(2, 3, 5, 7), attention_width=13, state_width=17,
    embedding_width=19,
)


@pytest.mark.parametrize("encoder", ["trained", "absent"])
@pytest.mark.parametrize("gate", [True, False])
@pytest.mark.parametrize("deep_output", [True, False])
def test_the_shapes_are_those_of_the_parameters(encoder, gate, deep_output):
    settings = replace(SETTINGS, encoder=encoder, gate=gate, deep_output=deep_output)
    made = {name: array.shape for name, array in Captioner(settings).params.items()}
    assert captioner_shapes(settings) == made


@pytest.mark.parametrize("projection", [0, 23])
@pytest.mark.parametrize("deep_output", [True, False])
def test_the_shapes_of_one_for_a_grid_from_elsewhere(projection, deep_output):
    settings = replace(
        SETTINGS, encoder="absent", grid="net:2x3x29", projection=projection,
        deep_output=deep_output,
    )
    made = {name: array.shape for name, array in Captioner(settings).params.items()}
    assert captioner_shapes(settings) == made
    assert made["decoder.alignment.W_grid"] == (projection or 29, 13)


def test_a_width_that_no_memory_holds_is_told_all_the_same():
    settings = replace(SETTINGS, vocabulary_size=10**15)
    assert captioner_shapes(settings)["decoder.embedding.W"] == (10**15, 19)
    with pytest.raises((MemoryError, ValueError)):
        np.empty(captioner_shapes(settings)["decoder.embedding.W"])
