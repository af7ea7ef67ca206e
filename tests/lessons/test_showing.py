"""A figure is saved always, and shown where there is a screen; the lesson goes on."""

import importlib.util
from pathlib import Path

import matplotlib
import pytest
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from PIL import Image

PATH = Path(__file__).resolve().parents[2] / "lessons" / "showing.py"


@pytest.fixture
def showing(tmp_path, monkeypatch):
    """The module, with a folder of its own for figures; its look ends with the test."""
    plt.switch_backend("agg")
    with matplotlib.rc_context():
        spec = importlib.util.spec_from_file_location("showing", PATH)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        monkeypatch.setattr(module, "FIGURES", tmp_path / "figures")
        yield module
    plt.close("all")


@pytest.fixture
def screen(showing, monkeypatch):
    """A screen that notes what it is asked to do."""
    asked = []
    monkeypatch.setattr(showing.matplotlib, "get_backend", lambda: "QtAgg")
    monkeypatch.setattr(plt, "show", lambda block=None: asked.append(("show", block)))
    monkeypatch.setattr(plt, "pause", lambda seconds: asked.append(("pause", seconds)))
    monkeypatch.setattr(showing.atexit, "register", lambda f: asked.append(("at the end", f)))
    return asked


def test_without_a_screen_it_saves_and_closes(showing):
    figure, axes = plt.subplots(figsize=(8, 4))
    axes.plot([1, 2])
    path = showing.show(figure, "07_scores")
    assert path == showing.FIGURES / "07_scores.png"
    with Image.open(path) as picture:
        assert picture.size == (960, 480)
    assert not plt.get_fignums()


@pytest.mark.parametrize("name", ["scores", "7_scores", "07scores", ""])
def test_a_name_needs_the_number_of_its_lesson(showing, name):
    with pytest.raises(ValueError, match="lesson's number"):
        showing.show(plt.figure(), name)


def test_a_window_stays_until_the_end_and_does_not_block(showing, screen):
    figure, _ = plt.subplots()
    path = showing.show(figure, "07_scores")
    assert path.is_file()
    assert plt.fignum_exists(figure.number)
    assert screen == [("show", False), ("pause", showing.PAUSE), ("at the end", plt.show)]


def test_in_a_notebook_nothing_waits(showing, screen, monkeypatch):
    monkeypatch.setattr(plt, "show", lambda block=None: plt.close("all"))
    showing.show(plt.figure(), "07_scores")
    assert screen == []


def test_a_figure_that_pyplot_does_not_know_is_shown_too(showing, screen):
    figure = Figure(figsize=(5, 3))
    figure.subplots().plot([1, 2])
    assert showing.show(figure, "07_scores").is_file()
    (number,) = plt.get_fignums()
    shown = plt.figure(number)
    assert list(shown.get_size_inches()) == [5, 3]
    assert shown.axes[0].images[0].get_array().shape[:2] == (360, 600)


@pytest.mark.filterwarnings("ignore:no installed font")  # it says that it romanises
def test_hangul_is_never_shown_as_boxes(showing, recwarn):
    figure, axes = plt.subplots()
    axes.set(title="우리 고양이", ylabel="x² → β")
    showing.show(figure, "14_photographs")
    assert not [warning for warning in recwarn if "missing from" in str(warning.message)]
    assert axes.get_title() in ("우리 고양이", "uri goyangi")
    assert axes.get_ylabel() == "x² → β"


def test_letters_can_be_read_when_projected(showing):
    figure, axes = plt.subplots(layout="constrained")
    axes.plot([1, 2], label="a")
    axes.set(title="b", xlabel="c")
    axes.legend()
    texts = [text for text in figure.findobj(matplotlib.text.Text) if text.get_text()]
    assert texts and min(text.get_fontsize() for text in texts) >= 11
