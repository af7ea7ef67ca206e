"""What the first values of the parameters are for."""

import numpy as np

from satt.data.batches import to_float
from satt.data.scenes.dataset import draw_scenes
from satt.data.scenes.drawing import draw_scene
from satt.metrics.looking import location_shares, points_at
from satt.models.captioner import Captioner, CaptionerSettings


def test_an_untrained_captioner_looks_at_what_stands_out():
    data = draw_scenes("validation", 120, progress=False)
    model = Captioner(CaptionerSettings(vocabulary_size=100))
    images = to_float(data.images)
    model.calibrate(images)
    memory, state = model.start(images)
    _, attention, _ = model.step(np.ones(len(images), int), memory, state)
    on_a_thing = []
    for row, scene in zip(attention, data.scenes, strict=True):
        things = draw_scene(scene)[1].any(axis=0)
        on_a_thing.append(points_at(row, location_shares(things, model.settings.grid_shape)))
    # Chance is about one in six: things are some 11 % of the image.
    assert np.mean(on_a_thing) > 0.7


def test_for_a_grid_from_elsewhere_the_first_weights_are_plain():
    settings = {"vocabulary_size": 100, "encoder": "absent", "attention_width": 50}
    model = Captioner(CaptionerSettings(**settings, grid="net:7x7x90", projection=40))
    deviations = {
        "projection.W": 90, "decoder.alignment.W_grid": 40, "decoder.alignment.W_state": 128,
        "decoder.alignment.v": 50, "decoder.lstm.W_x": 104, "decoder.deep_output.W_context": 40,
    }
    for name, fan_in in deviations.items():
        param = model.params[name]
        assert abs(param.std() * fan_in**0.5 - 1) < 0.15, name
        assert abs(param.mean()) < 0.3 * param.std(), name
    assert not model.params["decoder.alignment.b"].any() and not model.params["projection.b"].any()
