"""What the cache gives back must be what decoding gives, whatever happened to its file."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from satt.data import image_cache, images as module
from satt.data.image_cache import ImageCache, default_folder
from satt.data.images import load_images
from satt.errors import SattError

SIZE = 24


@pytest.fixture(autouse=True)
def plenty_of_room(monkeypatch):
    """The disk on which the tests run may be small."""
    usage = shutil.disk_usage(Path.cwd())._replace(free=10**12)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    return usage


@pytest.fixture
def paths(tmp_path, random):
    """Thirty small photographs."""
    folder = tmp_path / "photographs"
    folder.mkdir()
    paths = [folder / f"{number}.png" for number in range(30)]
    for path in paths:
        Image.fromarray(random.integers(0, 256, (20, 30, 3), dtype=np.uint8)).save(path)
    return paths


@pytest.fixture
def folder(tmp_path):
    """Where the cache goes."""
    return tmp_path / "deep" / "cache"


@pytest.fixture
def decoded(monkeypatch):
    """The names of the files that have really been decoded, in some order."""
    names, real = [], module._decode

    def decode(file, path, size):
        names.append(Path(path).name)
        return real(file, path, size)

    monkeypatch.setattr(module, "_decode", decode)
    return names


def load(paths, folder, size=SIZE):
    """Load through the cache in silence; the images must be what they are without it."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        images, kept, reasons = load_images(paths, size, cache=folder)
    assert kept.all() and not reasons
    return images


def load_and_tell(paths, folder, about, size=SIZE):
    """Load while something is wrong with the cache: one warning, in one line."""
    with pytest.warns(UserWarning) as caught:
        images, kept, _ = load_images(paths, size, cache=folder)
    assert len(caught) == 1 and caught[0].filename == __file__
    message = str(caught[0].message)
    assert about in message and "SATT_CACHE" in message and "\n" not in message
    assert kept.all()
    return images


def file_of(folder, size=SIZE):
    return folder / f"images-{size}.sqlite3"


def test_what_is_remembered_is_not_decoded_again(paths, folder, decoded):
    plain = load(paths, False)
    assert len(decoded) == 30
    first = load(paths, folder)
    assert len(decoded) == 60
    again = load(paths, str(folder))
    assert len(decoded) == 60
    assert np.array_equal(plain, first) and np.array_equal(plain, again)
    assert [path.name for path in folder.iterdir()] == ["images-24.sqlite3"]


def test_an_image_that_is_changed_is_decoded_again_and_no_other(paths, folder, decoded):
    first = load(paths, folder)
    decoded.clear()
    content = bytearray(paths[4].read_bytes())
    before = paths[4].stat()
    Image.new("RGB", (9, 9), (1, 2, 3)).save(paths[4])
    changed = paths[4].read_bytes()
    # Not even the size and the time of the file need to tell.
    paths[4].write_bytes(changed.ljust(len(content), b"\0"))
    os.utime(paths[4], ns=(before.st_atime_ns, before.st_mtime_ns))
    second = load(paths, folder)
    assert decoded == ["4.png"]
    assert (second[4] == (1, 2, 3)).all()
    assert np.array_equal(np.delete(first, 4, 0), np.delete(second, 4, 0))


def test_a_file_that_is_moved_is_remembered(paths, folder, decoded):
    first = load(paths, folder)
    moved = [path.rename(path.with_name(f"moved-{path.name}")) for path in paths]
    decoded.clear()
    assert np.array_equal(load(moved[::-1], folder), first[::-1])
    assert decoded == []


def test_each_size_has_its_own(paths, folder, decoded):
    load(paths, folder)
    assert np.array_equal(load(paths, folder, 7), load(paths, False, 7))
    assert len(decoded) == 90
    load(paths, folder)
    load(paths, folder, 7)
    assert len(decoded) == 90


def test_what_another_version_decoded_is_thrown_away(paths, folder, decoded, monkeypatch):
    load(paths, folder)
    bytes_taken = file_of(folder).stat().st_size
    monkeypatch.setattr(image_cache, "VERSION", image_cache.VERSION + 1)
    decoded.clear()
    load(paths, folder)
    assert len(decoded) == 30
    monkeypatch.setattr(image_cache.PIL, "__version__", "0.1")
    load(paths, folder)
    assert len(decoded) == 60
    load(paths, folder)
    assert len(decoded) == 60
    assert file_of(folder).stat().st_size == bytes_taken


def test_two_versions_at_once_do_not_take_each_others_images(paths, folder, monkeypatch):
    old = ImageCache(folder, SIZE)
    monkeypatch.setattr(image_cache, "VERSION", image_cache.VERSION + 1)
    new = ImageCache(folder, SIZE)
    with open(paths[0], "rb") as file:
        key = new.key(file)
        file.seek(0)
        old_key = old.key(file)
    image = np.ones((SIZE, SIZE, 3), dtype=np.uint8)
    new.put(key, image)
    new.close()
    assert old.get(old_key) is None
    assert np.array_equal(old.get(key), image)
    old.close()


def test_what_cannot_be_read_is_not_remembered(paths, folder):
    paths[3].write_bytes(b"a cat")
    for _ in range(2):
        _, kept, reasons = load_images(paths, SIZE, cache=folder)
        assert np.flatnonzero(~kept).tolist() == [3] and "3.png" in reasons[3]
    with pytest.raises(SattError, match="3.png"):
        load_images(paths, SIZE, strict=True, cache=folder)


def test_an_interruption_keeps_what_was_decoded(paths, folder, decoded, monkeypatch):
    def interrupted(answers, *_, **__):
        for number, answer in enumerate(answers):
            if number == 10:
                raise KeyboardInterrupt
            yield answer

    with monkeypatch.context() as patch:
        patch.setattr(module, "tqdm", interrupted)
        with pytest.raises(KeyboardInterrupt):
            load(paths, folder)
    begun = len(decoded)
    assert begun >= 10
    load(paths, folder)
    assert len(decoded) == 30


# --- where --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("platform", "variables", "expected"), [
    ("linux", {}, "{home}/.cache/satt"),
    ("linux", {"XDG_CACHE_HOME": "{home}/fast"}, "{home}/fast/satt"),
    ("linux", {"XDG_CACHE_HOME": "relative"}, "{home}/.cache/satt"),
    ("darwin", {"XDG_CACHE_HOME": "{home}/fast"}, "{home}/Library/Caches/satt"),
    ("win32", {"LOCALAPPDATA": "{home}/Local"}, "{home}/Local/satt/Cache"),
    ("win32", {}, "{home}/AppData/Local/satt/Cache"),
    ("linux", {"SATT_CACHE": "{home}/mine"}, "{home}/mine"),
    ("win32", {"SATT_CACHE": "{home}/mine"}, "{home}/mine"),
    ("linux", {"SATT_CACHE": "off"}, None),
    ("linux", {"SATT_CACHE": "OFF"}, None),
])
def test_where_images_are_remembered(platform, variables, expected, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    for name in ("SATT_CACHE", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value.format(home=tmp_path))
    wanted = expected and Path(expected.format(home=tmp_path))
    assert default_folder() == wanted


def test_the_users_folder_is_the_default(paths, folder, decoded, monkeypatch):
    monkeypatch.setenv("SATT_CACHE", str(folder))
    load(paths, None)
    load(paths, None)
    assert len(decoded) == 30 and file_of(folder).exists()
    monkeypatch.setenv("SATT_CACHE", "off")
    load(paths, None)
    assert len(decoded) == 60


def test_without_a_home_nothing_is_remembered(paths, decoded, monkeypatch):
    def homeless():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    monkeypatch.delenv("SATT_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    load(paths, None)
    load(paths, None)
    assert len(decoded) == 60


def test_no_test_touches_the_users_folder():
    assert default_folder() is None


def test_without_sqlite_nothing_is_remembered(paths, folder, monkeypatch):
    monkeypatch.setattr(image_cache, "sqlite3", None)
    load(paths, folder)
    assert not folder.exists()


def test_a_file_is_no_folder(paths):
    with pytest.raises(SattError, match="cache: expected a folder, got the file"):
        load_images(paths, SIZE, cache=paths[0])


# --- damage -------------------------------------------------------------------------------------


def test_damaged_pixels_are_found_and_decoded_again(paths, folder, decoded):
    first = load(paths, folder)
    content = bytearray(file_of(folder).read_bytes())
    place = content.index(first[11].tobytes()[500:520])
    content[place] ^= 16
    file_of(folder).write_bytes(content)
    decoded.clear()
    assert np.array_equal(load(paths, folder), first)
    assert decoded == ["11.png"]
    assert np.array_equal(load(paths, folder), first)
    assert decoded == ["11.png"]


@pytest.mark.parametrize("damage", ["empty", "text", "half", "odd", "header"])
def test_a_file_that_is_no_longer_a_cache(damage, paths, folder, decoded):
    first = load(paths, folder)
    content = file_of(folder).read_bytes()
    file_of(folder).write_bytes({
        "empty": b"", "text": b"my notes" * 1000, "half": content[: len(content) // 2],
        "odd": content[:-1000], "header": content[:50],
    }[damage])
    decoded.clear()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an empty file is a new one, and no damage
        images, kept, _ = load_images(paths, SIZE, cache=folder)
    assert kept.all() and np.array_equal(images, first)
    assert decoded
    decoded.clear()
    assert np.array_equal(load(paths, folder), first)
    assert decoded == []


def test_a_cache_that_is_begun_anew_says_so(paths, folder):
    first = load(paths, folder)
    file_of(folder).write_bytes(b"my notes" * 1000)
    assert np.array_equal(load_and_tell(paths, folder, "damaged"), first)


def test_bits_flipped_anywhere_never_change_an_image(paths, folder, random):
    first = load(paths, folder)
    content = file_of(folder).read_bytes()
    # The places that matter: the header, the tables of the pages, the beginnings of the rows.
    for round_number in range(60):
        damaged = bytearray(content)
        for _ in range(random.integers(1, 30)):
            page = 65536 * random.integers(len(damaged) // 65536)
            within = random.integers(300) if round_number % 2 else random.integers(65536)
            damaged[page + within] ^= 1 << random.integers(8)
        file_of(folder).write_bytes(damaged)
        for _ in range(2):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                images, kept, _ = load_images(paths, SIZE, cache=folder)
            assert kept.all() and np.array_equal(images, first)


# --- no room, no right, no peace ----------------------------------------------------------------


def test_a_disk_with_little_room_is_left_alone(
    paths, folder, decoded, monkeypatch, plenty_of_room
):
    load(paths[:10], folder)
    little = plenty_of_room._replace(free=9 * 10**8)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: little)
    expected = load(paths, False)
    decoded.clear()
    monkeypatch.setattr(image_cache, "WRITTEN_AT_A_TIME", 3 * SIZE * SIZE * 3)
    assert np.array_equal(load_and_tell(paths, folder, "1.0 GB of the disk"), expected)
    # What it had before still serves.
    assert len(decoded) == 20


def test_a_full_disk(paths, folder, decoded, monkeypatch):
    real = ImageCache._open

    def open_on_a_small_disk(cache):
        real(cache)
        cache._database.execute("PRAGMA max_page_count = 4")

    monkeypatch.setattr(ImageCache, "_open", open_on_a_small_disk)
    monkeypatch.setattr(image_cache, "WRITTEN_AT_A_TIME", 3 * SIZE * SIZE * 3)
    expected = load(paths, False, 64)
    assert np.array_equal(load_and_tell(paths, folder, "full", 64), expected)
    # What was written before is whole.
    monkeypatch.setattr(ImageCache, "_open", real)
    decoded.clear()
    assert np.array_equal(load(paths, folder, 64), expected)
    assert 0 < len(decoded) < 30


@pytest.mark.skipif(getattr(os, "geteuid", lambda: 0)() == 0, reason="this user may write all")
def test_a_folder_that_may_not_be_written(paths, folder, decoded):
    expected = load(paths[:10], folder)
    decoded.clear()
    file_of(folder).chmod(0o444)
    folder.chmod(0o555)
    try:
        assert np.array_equal(load(paths[:10], folder), expected)
        assert decoded == []
        load_and_tell(paths, folder, "not remembered")
        load_and_tell(paths, folder / "new", "no images are remembered")
        file_of(folder).chmod(0o644)
        load_and_tell(paths, folder, "not remembered")
    finally:
        folder.chmod(0o755)


def test_a_folder_that_cannot_be(paths, tmp_path):
    load_and_tell(paths, paths[0] / "cache", "no images are remembered")
    blocked = tmp_path / "blocked"
    file_of(blocked).mkdir(parents=True)
    load_and_tell(paths, blocked, "no images are remembered")


def test_another_process_that_does_not_let_go(paths, folder, monkeypatch):
    expected = load(paths[:5], folder)
    monkeypatch.setattr(image_cache, "PATIENCE", 0.05)
    other = sqlite3.connect(file_of(folder), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    load_and_tell(paths, folder, "not remembered")
    other.execute("COMMIT")
    other.execute("BEGIN EXCLUSIVE")
    assert np.array_equal(load_and_tell(paths, folder, "locked")[:5], expected)
    other.close()
    load(paths, folder)


LOADING = """
import sys
from pathlib import Path
import numpy as np
from satt.data import image_cache
from satt.data.images import load_images
image_cache.WRITTEN_AT_A_TIME, image_cache.LEFT_FREE = 20_000, 0
paths = sorted(Path(sys.argv[1]).iterdir())
print("ready", flush=True)
images, kept, _ = load_images(paths, 24, cache=sys.argv[2])
np.save(sys.argv[3], images)
"""


def loading(folder, paths, target):
    return subprocess.Popen(
        [sys.executable, "-c", LOADING, paths[0].parent, folder, target],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )


def test_processes_at_once(paths, folder, tmp_path, decoded):
    for number in range(30, 200):
        shutil.copy(paths[number % 30], paths[0].parent / f"{number}.png")
        with open(paths[0].parent / f"{number}.png", "ab") as file:
            file.write(bytes([number]))  # another content, the same picture
    work = [loading(folder, paths, tmp_path / f"{number}.npy") for number in range(3)]
    for process in work:
        _, errors = process.communicate(timeout=600)
        assert process.returncode == 0 and errors == ""
    everything = sorted(paths[0].parent.iterdir())
    expected = load(everything, False)
    for number in range(3):
        assert np.array_equal(np.load(tmp_path / f"{number}.npy"), expected)
    decoded.clear()
    assert np.array_equal(load(everything, folder), expected)
    assert decoded == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows kills in another way")
def test_killed_while_it_writes(paths, folder, tmp_path, random):
    expected = load(sorted(paths), False)
    for _ in range(6):
        process = loading(folder, paths, tmp_path / "images.npy")
        process.stdout.readline()
        time.sleep(random.uniform(0, 0.05))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        # A copy, so that the next one to be killed is writing too.
        copy = tmp_path / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        if folder.exists():
            shutil.copytree(folder, copy)
        assert np.array_equal(load(sorted(paths), copy), expected)
    assert np.array_equal(load(sorted(paths), folder), expected)
