"""The learning curve: which numbers of a log are drawn, and where their labels stand."""

import math

import numpy as np
import pytest
from PIL import Image

from satt.errors import SattError
from satt.figures import draw_learning_curve
from satt.figures.canvas import DPI, new_sheet, place
from satt.figures.learning_curve import _draw_line, _series, _spread


def log(validation):
    records = [
        {"step": step, "epoch": 0, "loss": 9 / (1 + step / 20), "learning_rate": 1e-3,
         "gradient_norm": 0.5, "seconds": 0.01 * step}
        for step in range(1, 101)
    ]
    for record in records[19::20]:
        record |= {name: value * record["step"] / 100 for name, value in validation.items()}
    return records


def size_of(path):
    with Image.open(path) as picture:
        assert picture.format == "PNG"
        return picture.size


def test_a_second_panel_stands_there_only_for_validation_figures(tmp_path):
    plain = size_of(draw_learning_curve(tmp_path / "a.png", log({})))
    loss = size_of(draw_learning_curve(tmp_path / "b.png", log({"validation_loss": 0.5})))
    both = size_of(draw_learning_curve(tmp_path / "c.png", log({"bleu4": 0.5, "ended": 1.0})))
    assert 700 < plain[0] < 1000 and 400 < plain[1] < 700
    assert loss[0] < 1.1 * plain[0]
    assert both[0] > 1.6 * plain[0]


def test_the_order_of_lines_does_not_matter_and_the_later_of_two_counts():
    steps, values = _series(
        [{"step": 3, "loss": 1.0}, {"step": 1, "loss": 5.0}, {"step": 3, "loss": 2.0}]
    )["loss"]
    assert steps.tolist() == [1, 3]
    assert values.tolist() == [5.0, 2.0]


def test_what_is_no_finite_number_is_left_out():
    found = _series([
        {"step": 1, "loss": math.nan, "name": "x", "done": True, "bleu4": None},
        {"step": 2, "loss": 2.0}, {"loss": 7.0},
    ])
    assert list(found) == ["loss"]
    assert found["loss"][1].tolist() == [2.0]


def test_a_training_on_own_captions_alone_has_a_validation_loss_only(tmp_path):
    records = [{"step": 1, "reward": 0.1}, {"step": 2, "reward": 0.2, "validation_loss": 9.0}]
    assert draw_learning_curve(tmp_path / "own.png", records).exists()


def test_a_constant_loss_is_smoothed_to_itself_up_to_the_ends():
    axes = place(new_sheet(200, 200), 0, 0, 200, 200)
    _draw_line(axes, 0, "loss", np.arange(100), np.full(100, 3.0))
    raw, smooth = axes.lines
    np.testing.assert_allclose(smooth.get_ydata(), 3.0, rtol=1e-12)
    assert raw.get_alpha() < 0.5


def test_no_label_is_cut_off(tmp_path, monkeypatch):
    kept = []
    monkeypatch.setattr("satt.figures.canvas.save_sheet", lambda sheet, path: kept.append(sheet))
    draw_learning_curve(tmp_path / "a.png", log({"quite_a_long_name_for_a_figure": 0.9, "b": 0.9}))
    (figure,) = kept
    figure.draw_without_rendering()
    width, height = figure.get_size_inches() * DPI
    texts = [text for axes in figure.axes for text in axes.texts]
    assert len(texts) == 3
    for text in texts + figure.texts:
        box = text.get_window_extent()
        assert 0 <= box.x0 and box.x1 <= width and 0 <= box.y0 and box.y1 <= height
        assert text.get_fontsize() >= 9


@pytest.mark.parametrize("wanted", [[0.5, 0.5, 0.5], [0.0, 0.01, 0.9], [0.1, 0.2, 0.3], [0.7]])
def test_labels_keep_their_distance_and_their_order(wanted):
    spread = _spread(wanted, 0.06)
    assert len(spread) == len(wanted)
    assert np.all(np.diff(spread) >= 0.06 - 1e-12)
    assert min(spread) >= 0
    if wanted == [0.1, 0.2, 0.3]:
        np.testing.assert_allclose(spread, wanted)


@pytest.mark.parametrize("records", [[], [{"step": 1, "bleu4": 0.3}], [{"loss": 1.0}]])
def test_a_log_without_a_loss_is_named(tmp_path, records):
    with pytest.raises(SattError, match="^records: expected [^\n]*$"):
        draw_learning_curve(tmp_path / "a.png", records)


def test_one_step_is_enough(tmp_path):
    assert draw_learning_curve(tmp_path / "a.png", [{"step": 0, "loss": 0.0}]).exists()
