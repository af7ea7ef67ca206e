"""Grids are computed once, kept, and computed anew when and only when that is right."""

import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from counting_encoder import CountingEncoder
from PIL import Image

from satt.data import feature_store
from satt.data.feature_store import FeatureStore
from satt.data.images import load_images
from satt.errors import SattError

WORK = """
import sys
from pathlib import Path
from counting_encoder import CountingEncoder
from satt.data import feature_store
feature_store.os.cpu_count = lambda: 1
encoder = CountingEncoder(pause=float(sys.argv[3]))
print("begins", flush=True)
grids, kept, _ = feature_store.FeatureStore(sys.argv[1], encoder).grids(
    sorted(Path(sys.argv[2]).glob("*.png")), label=None)
print(encoder.asked, kept.sum(), float(sum(grid.sum() for grid in grids)))
"""


@pytest.fixture
def photos(tmp_path, random):
    """Nine photographs of different content."""
    folder = tmp_path / "photos"
    folder.mkdir()
    return [write(folder / f"{n}.png", random) for n in range(9)]


def write(path, random):
    Image.fromarray(random.integers(0, 256, (10, 12, 3), dtype=np.uint8)).save(path)
    return path


def look(folder, paths, encoder=None, **options):
    """What the store gives, and how many images had to be computed for it."""
    encoder = encoder or CountingEncoder()
    found = FeatureStore(folder, encoder).grids(paths, label=None, **options)
    return *found, encoder.asked


def expected(paths, size=8):
    images, _, _ = load_images(paths, size, cache=False, label=None)
    return CountingEncoder(image_size=size)(images)


def test_grids_are_computed_once(tmp_path, photos):
    grids, kept, reasons, asked = look(tmp_path, photos)
    assert asked == 9 and kept.all() and not reasons
    np.testing.assert_array_equal(np.asarray(grids), expected(photos))
    again, _, _, asked = look(tmp_path, photos[::-2])
    assert asked == 0
    np.testing.assert_array_equal(np.asarray(again), expected(photos[::-2]))


def test_numbers_lie_on_the_disk_in_half_precision(tmp_path, photos):
    grids, *_ = look(tmp_path, photos)
    files = sorted(path.name for path in (tmp_path / "grids").iterdir())
    assert [Path(name).suffix for name in files] == [".float16", ".sqlite3"]
    assert (tmp_path / "grids" / files[0]).stat().st_size == 9 * 4 * 3 * 2
    assert isinstance(grids._file, np.memmap)


def test_an_image_keeps_its_grid_wherever_it_lies(tmp_path, photos, random):
    look(tmp_path, photos)
    moved = photos[0].rename(photos[0].with_name("moved.png"))
    (photos[1].parent / "copy.png").write_bytes(photos[1].read_bytes())
    grids, _, _, asked = look(tmp_path, [moved, photos[1].parent / "copy.png", photos[1]])
    assert asked == 0
    np.testing.assert_array_equal(grids[1], grids[2])


def test_images_of_one_content_are_computed_once(tmp_path, photos):
    (photos[0].parent / "copy.png").write_bytes(photos[0].read_bytes())
    assert look(tmp_path, [photos[0], photos[0].parent / "copy.png", photos[0]])[-1] == 1


def test_a_changed_image_gets_another_grid_and_the_others_keep_theirs(tmp_path, photos, random):
    look(tmp_path, photos)
    write(photos[4], random)
    grids, _, _, asked = look(tmp_path, photos)
    assert asked == 1
    np.testing.assert_array_equal(np.asarray(grids), expected(photos))


@pytest.mark.parametrize("other", [
    {"name": "median:2x2x3"}, {"version": "2"}, {"image_size": 10},
])
def test_another_encoder_version_or_size_computes_its_own_and_leaves_the_others(
    tmp_path, photos, other
):
    look(tmp_path, photos)
    grids, _, _, asked = look(tmp_path, photos, CountingEncoder(**other))
    assert asked == 9
    np.testing.assert_array_equal(
        np.asarray(grids), expected(photos, other.get("image_size", 8))
    )
    assert look(tmp_path, photos)[-1] == 0
    assert look(tmp_path, photos, CountingEncoder(**other))[-1] == 0


def test_another_pillow_computes_anew(tmp_path, photos, monkeypatch):
    look(tmp_path, photos)
    monkeypatch.setattr(feature_store.PIL, "__version__", "0.0")
    assert look(tmp_path, photos)[-1] == 9


def test_what_cannot_be_read_is_told_and_left_out(tmp_path, photos):
    photos[2].write_bytes(b"no image")
    photos[5].unlink()
    grids, kept, reasons, asked = look(tmp_path, photos)
    assert asked == 7 and list(np.flatnonzero(~kept)) == [2, 5] == sorted(reasons)
    assert "not an image" in reasons[2] and "there is no file" in reasons[5]
    good = [path for n, path in enumerate(photos) if n not in reasons]
    np.testing.assert_array_equal(np.asarray(grids), expected(good))
    for broken in (2, 5):
        with pytest.raises(SattError, match=f"{broken}.png"):
            look(tmp_path, [photos[0], photos[broken]], strict=True)


def test_nothing_to_read_is_an_empty_choice(tmp_path):
    for paths in ([], [tmp_path / "none.png"]):
        grids, kept, _, _ = look(tmp_path, paths)
        assert grids.shape == (0, 4, 3) and not kept.any()


def test_what_the_disk_has_damaged_is_computed_anew(tmp_path, photos):
    look(tmp_path, photos)
    (file,) = (tmp_path / "grids").glob("*.float16")
    content = bytearray(file.read_bytes())
    content[5] ^= 1
    file.write_bytes(content)
    grids, _, _, asked = look(tmp_path, photos)
    assert asked == 1
    np.testing.assert_array_equal(np.asarray(grids), expected(photos))
    assert look(tmp_path, photos)[-1] == 0
    file.write_bytes(file.read_bytes()[:50])  # two whole grids and a piece of the third
    grids, _, _, asked = look(tmp_path, photos)
    assert asked >= 7
    np.testing.assert_array_equal(np.asarray(grids), expected(photos))


def test_a_damaged_index_is_told_in_one_line(tmp_path, photos):
    look(tmp_path, photos)
    (index,) = (tmp_path / "grids").glob("*.sqlite3")
    index.write_bytes(b"not a database, but as long as one" * 100)
    with pytest.raises(SattError, match="delete it, and the grids will be computed anew"):
        look(tmp_path, photos)
    index.unlink()
    assert look(tmp_path, photos)[-1] == 9


@pytest.mark.parametrize("message", ["database or disk is full", "database is locked"])
def test_an_index_that_is_whole_is_not_to_be_deleted(tmp_path, photos, monkeypatch, message):
    class Connection:
        def execute(self, *query):
            raise sqlite3.OperationalError(message)

        def close(self):
            pass

    monkeypatch.setattr(feature_store.sqlite3, "connect", lambda *_, **__: Connection())
    with pytest.raises(SattError, match=f"{message}.* make room") as raised:
        look(tmp_path, photos)
    assert "delete" not in str(raised.value)


def test_what_was_computed_before_an_interruption_stays(tmp_path, photos, monkeypatch):
    class Tired(CountingEncoder):
        def __call__(self, images):
            if self.asked >= 4:
                raise KeyboardInterrupt
            return super().__call__(images)

    monkeypatch.setattr(feature_store.os, "cpu_count", lambda: 1)
    with pytest.raises(KeyboardInterrupt):
        look(tmp_path, photos, Tired())
    grids, _, _, asked = look(tmp_path, photos)
    assert asked == 5
    np.testing.assert_array_equal(np.asarray(grids), expected(photos))


def test_without_a_cache_it_is_computed_each_time_and_nothing_stays(tmp_path, photos, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    for folder in (False, None):  # None: SATT_CACHE is off in tests
        grids, _, _, asked = look(folder, photos)
        assert asked == 9
        np.testing.assert_array_equal(np.asarray(grids), expected(photos))
    del grids
    assert [path.name for path in tmp_path.iterdir()] == ["photos"]


def test_a_full_disk_and_a_folder_that_is_a_file_are_told(tmp_path, photos, monkeypatch):
    monkeypatch.setattr(
        feature_store.shutil, "disk_usage", lambda path: type("Usage", (), {"free": 10**9})
    )
    with pytest.raises(SattError, match="9 images take .* make room"):
        look(tmp_path, photos)
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(SattError, match="--cache"):
        look(tmp_path / "file", photos)


def run(folder, photos, pause):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(
        [str(Path(__file__).parent), str(Path(feature_store.__file__).parents[2])]
    )}
    return subprocess.Popen(
        [sys.executable, "-c", WORK, str(folder), str(photos), str(pause)],
        stdout=subprocess.PIPE, text=True, env=environment,
    )


def test_two_processes_share_the_work(tmp_path, random):
    folder = tmp_path / "photos"
    folder.mkdir()
    paths = [write(folder / f"{n:02}.png", random) for n in range(60)]
    processes = [run(tmp_path, folder, 0.1) for _ in range(2)]
    outputs = [process.communicate(timeout=100)[0].split() for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    total = expected(paths).sum()
    asked = [int(output[1]) for output in outputs]
    for output in outputs:
        assert output[2] == "60" and float(output[3]) == total
    # Each may have been at work on one piece that the other finished first.
    assert 60 <= sum(asked) < 120
    assert look(tmp_path, paths)[-1] == 0


def test_a_process_that_is_killed_leaves_what_it_has_computed(tmp_path, random):
    folder = tmp_path / "photos"
    folder.mkdir()
    paths = sorted(write(folder / f"{n:02}.png", random) for n in range(40))
    process = run(tmp_path, folder, 0.1)
    while not any(path.stat().st_size > 200 for path in tmp_path.glob("grids/*.float16")):
        assert process.poll() is None
        time.sleep(0.01)
    process.kill()
    process.wait()
    process.stdout.close()
    grids, _, _, asked = look(tmp_path, paths)
    assert 0 < asked < 40
    np.testing.assert_array_equal(np.asarray(grids), expected(paths))
