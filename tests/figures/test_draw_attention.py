"""The attention figure and the snapshots: what is written, and what the pixels show."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from satt.errors import SattError
from satt.figures import draw_attention, draw_snapshots

GRID = (4, 5)
WORDS = ["a", "red", "bird", "<stop>"]


@pytest.fixture
def image(random):
    return random.integers(0, 256, (32, 40, 3), dtype=np.uint8)


@pytest.fixture
def attention(random):
    return random.dirichlet(np.ones(20), size=4)


def read(path):
    with Image.open(path) as picture:
        assert picture.format == "PNG"
        return np.asarray(picture.convert("RGB")).astype(int)


def find(whole, part):
    """Return whether `part` stands somewhere in `whole`, pixel for pixel."""
    corners = np.argwhere(np.all(whole == part[0, 0], axis=2))
    height, width = part.shape[:2]
    return any(np.array_equal(whole[y:y + height, x:x + width], part) for y, x in corners)


def test_the_figure_holds_the_image_enlarged_pixel_for_pixel(tmp_path, image, attention):
    path = draw_attention(tmp_path / "new" / "figure.png", image, WORDS, attention, GRID)
    pixels = read(path)
    assert 300 < pixels.shape[0] < 500 and 1300 < pixels.shape[1] < 1800
    assert find(pixels, image.repeat(6, axis=0).repeat(6, axis=1))


def test_a_large_image_is_shrunk(tmp_path, random, attention):
    image = random.integers(0, 256, (600, 900, 3), dtype=np.uint8)
    pixels = read(draw_attention(tmp_path / "f.png", image, WORDS, attention, GRID))
    assert pixels.shape[1] < 1800


def test_the_image_is_visible_where_attention_is_highest(tmp_path):
    image = np.zeros((8, 8, 3), np.uint8)
    image[:, ::2] = 255
    attention = np.full((1, 4), 0.01)
    attention[0, 3] = 0.97
    pixels = read(draw_attention(tmp_path / "f.png", image, ["one"], attention, (2, 2)))
    # The second panel stands one panel and a gap right of the first; each image pixel is 32 wide.
    black = np.argwhere(np.all(pixels == 0, axis=2))
    top, left = black.min(axis=0)
    panel = pixels[top:top + 256, left - 32 + 256 + 16:][:, :256]
    assert panel.shape == (256, 256, 3)
    centres = panel[208, 16::32].sum(axis=1)
    assert np.all(centres[4::2] - centres[5::2] > 80)
    low = panel[16, 16::32].sum(axis=1)
    assert np.all(low[:4:2] - low[1:4:2] > 80)


def test_many_words_go_to_further_rows_and_notes_take_room(tmp_path, image, random):
    attention = random.dirichlet(np.ones(20), size=14)
    words = [f"word{n}" for n in range(14)]
    short = read(draw_attention(tmp_path / "a.png", image, words[:3], attention[:3], GRID))
    long = read(draw_attention(tmp_path / "b.png", image, words, attention, GRID))
    noted = read(draw_attention(tmp_path / "c.png", image, words, attention, GRID, "Title",
                                [f"share {n}" for n in range(14)]))
    assert long.shape[0] > 2.4 * short.shape[0]
    assert long.shape[1] < 2000
    assert noted.shape[0] > long.shape[0]


def test_dollars_are_no_formula(tmp_path, image, attention):
    words = ["$5", "or", r"$\x", "{"]
    assert draw_attention(tmp_path / "f.png", image, words, attention, GRID).exists()


def test_uniform_attention_does_not_look_sharp(tmp_path):
    image = np.full((8, 8, 3), 128, np.uint8)
    uniform = np.full((1, 4), 0.25)
    pixels = read(draw_attention(tmp_path / "f.png", image, ["one"], uniform, (2, 2)))
    sharp = np.array([[1.0, 0, 0, 0]])
    focused = read(draw_attention(tmp_path / "g.png", image, ["one"], sharp, (2, 2)))
    middle = slice(24 + 256 + 16, 24 + 256 + 16 + 256)
    assert np.ptp(pixels[150:300, middle], axis=2).max() < 60
    assert np.ptp(focused[100:300, middle], axis=2).max() > 90


@pytest.mark.parametrize(("change", "message"), [
    ({"image": np.zeros((32, 40), np.uint8)}, "image: expected .*H, W, 3.*32, 40"),
    ({"image": np.zeros((32, 40, 3))}, "image: expected uint8 .*float64"),
    ({"image": "bird.png"}, "image: expected .*str"),
    ({"attention": np.full((3, 20), 0.05)}, "attention: expected .*T = 4.*3, 20"),
    ({"attention": np.ones((4, 20))}, "attention: expected rows .* sum 20"),
    ({"attention": np.full((4, 20), np.nan)}, "attention: expected rows .* nan"),
    ({"attention": np.tile([2.0, -1.0] + [0.0] * 18, (4, 1))}, "smallest weight -1"),
    ({"grid_shape": (4, 4)}, "attention: expected .*L = 16.*4 x 4"),
    ({"grid_shape": 20}, "grid_shape: expected .*20"),
    ({"words": [], "attention": np.empty((0, 20))}, "words: expected at least one"),
    ({"notes": ["one"]}, "notes: expected 4 .* got 1"),
])
def test_what_does_not_fit_is_named_in_one_line(tmp_path, image, attention, change, message):
    arguments = {"image": image, "words": WORDS, "attention": attention, "grid_shape": GRID}
    with pytest.raises(SattError, match=message) as caught:
        draw_attention(tmp_path / "f.png", **(arguments | change))
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "f.png").exists()


def test_snapshots_have_a_row_for_each_moment(tmp_path, image, attention):
    uniform = np.full((4, 20), 0.05)
    one = read(draw_snapshots(tmp_path / "a.png", image, WORDS, [uniform], ["step 0"], GRID))
    moments = [uniform, (uniform + attention) / 2, attention]
    labels = ["step 0", "step 100", "step 1,000"]
    three = read(draw_snapshots(tmp_path / "b.png", image, WORDS, moments, labels, GRID))
    assert three.shape[0] > one.shape[0] + 150
    assert find(three, image.repeat(6, axis=0).repeat(6, axis=1))


def test_snapshots_name_what_does_not_fit(tmp_path, image, attention):
    with pytest.raises(SattError, match="attentions: expected 2 .* got 1"):
        draw_snapshots(tmp_path / "f.png", image, WORDS, [attention], ["a", "b"], GRID)
    with pytest.raises(SattError, match=r"attentions\[1\]: expected"):
        draw_snapshots(
            tmp_path / "f.png", image, WORDS, [attention, attention[:2]], ["a", "b"], GRID
        )
    with pytest.raises(SattError, match="labels: expected at least one"):
        draw_snapshots(tmp_path / "f.png", image, WORDS, [], [], GRID)


def test_threads_draw_the_same_as_one_alone(tmp_path, image, attention):
    def draw(name):
        return draw_attention(tmp_path / name, image, WORDS, attention, GRID).read_bytes()

    alone = draw("alone.png")
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(draw, [f"{n}.png" for n in range(8)])) == {alone}


def test_nothing_loads_pyplot(tmp_path):
    code = (
        "import sys, numpy as np, satt.figures as f; "
        "image = np.zeros((4, 4, 3), np.uint8); even = np.full((2, 4), 0.25); "
        "words = ['a', 'b']; out = sys.argv[1]; "
        "f.draw_attention(out + '/a.png', image, words, even, (2, 2)); "
        "f.draw_gaze(out + '/g.png', image, words, even, (2, 2)); "
        "f.draw_samples(out + '/s.png', [image], ['a']); "
        "f.draw_snapshots(out + '/n.png', image, words, [even], ['0'], (2, 2)); "
        "f.draw_learning_curve(out + '/l.png', [{'step': 1, 'loss': 2.0}]); "
        "assert 'matplotlib.figure' in sys.modules; "
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, encoding="utf-8"
    )
    assert result.returncode == 0, result.stderr
    assert len(list(tmp_path.glob("*.png"))) == 5
