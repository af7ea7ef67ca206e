"""Each expected colour follows from what the numbers of a mode mean, not from another reader."""

import colorsys
import io
import os
import struct
import subprocess
import sys
import threading
import warnings
import zlib

import numpy as np
import pytest
from PIL import Image, ImageOps

from satt.data import images as module
from satt.data.image_modes import reduce_to_rgb
from satt.data.images import load_images, read_image
from satt.errors import SattError

UNREADABLE = [
    OSError("broken"), SyntaxError("broken"), ValueError("broken"), struct.error("broken"),
    zlib.error("broken"), IndexError("broken"), KeyError("broken"), OverflowError("broken"),
    MemoryError(), RecursionError("broken"), EOFError(), AssertionError(), TypeError("broken"),
    NotImplementedError("broken"), ZeroDivisionError("broken"), AttributeError("broken"),
    UnicodeDecodeError("utf-8", b"\xff", 0, 1, "broken"), RuntimeError("broken"),
]


def complaint(path, size=8):
    """Read a file that cannot be read; it must be named in the one line that is returned."""
    with pytest.raises(SattError) as error:
        read_image(path, size)
    message = str(error.value)
    assert message.startswith("image: ") and str(path) in message and "\n" not in message
    return message


def png(width, height, bits, kind, rows, *chunks):
    """Write a PNG by hand: also one that Pillow would not write."""
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(
            ">I", zlib.crc32(name + data)
        )

    head = struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0)
    parts = [chunk(b"IHDR", head), *(chunk(*c) for c in chunks)]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        [*parts, chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")]
    )


def flat(mode, value):
    return Image.new(mode, (7, 5), value)


def sixteen(value, kind="<u2"):
    array = np.full((5, 7), value, dtype=kind)
    return Image.frombytes("I;16B" if kind == ">u2" else "I;16", (7, 5), array.tobytes())


def halves(mode, *values):
    """The left half of one value, the right half of another."""
    image = Image.new(mode, (8, 4), values[0])
    image.paste(values[1], (4, 0, 8, 4))
    return image


def palette(*colours):
    image = Image.new("P", (7, 5), 1)
    image.putpalette([part for colour in colours for part in colour])
    return image


RED, WHITE = (200, 40, 30), (255, 255, 255)


@pytest.mark.parametrize(("image", "name", "options", "expected"), [
    (flat("RGB", RED), "x.png", {}, RED),
    (flat("RGB", RED), "x.bmp", {}, RED),
    (flat("L", 77), "x.png", {}, 3 * (77,)),
    (flat("1", 1), "x.png", {}, WHITE),
    (flat("1", 0), "x.tif", {}, (0, 0, 0)),
    (palette((1, 2, 3), RED), "x.png", {}, RED),
    (palette((1, 2, 3), RED), "x.gif", {}, RED),
    (palette((1, 2, 3), RED), "x.png", {"transparency": 1}, WHITE),
    (palette((1, 2, 3), RED), "x.gif", {"transparency": 1}, WHITE),
    # A fifth of the colour on four fifths of white.
    (palette((1, 2, 3), RED), "x.png", {"transparency": bytes([255, 51])}, (244, 212, 210)),
    (flat("RGBA", (*RED, 51)), "x.png", {}, (244, 212, 210)),
    (flat("RGBA", (*RED, 255)), "x.webp", {"lossless": True}, RED),
    (flat("RGBA", (*RED, 0)), "x.tif", {}, WHITE),
    (flat("LA", (100, 51)), "x.png", {}, 3 * (224,)),
    (flat("L", 77), "x.png", {"transparency": 77}, WHITE),
    (flat("RGB", RED), "x.png", {"transparency": RED}, WHITE),
    (sixteen(0x8000), "x.png", {}, 3 * (128,)),
    (sixteen(300), "x.tif", {}, 3 * (1,)),
    (sixteen(0xFFFF, ">u2"), "x.tif", {}, WHITE),
    (flat("CMYK", (0, 255, 255, 0)), "x.tif", {}, (255, 0, 0)),
    (flat("CMYK", (0, 0, 0, 255)), "x.jpg", {}, (0, 0, 0)),
    (flat("YCbCr", (150, 128, 128)), "x.jpg", {}, 3 * (150,)),
    (flat("LAB", (255, 128, 128)), "x.tif", {}, WHITE),
    (flat("F", 0.2), "x.tif", {}, 3 * (51,)),
    (flat("F", 200.0), "x.tif", {}, 3 * (200,)),
    (flat("F", float("nan")), "x.tif", {}, (0, 0, 0)),
    (flat("I", 200), "x.tif", {}, 3 * (200,)),
    (flat("I", 0x8000), "x.tif", {}, 3 * (128,)),
])
def test_what_the_numbers_of_a_mode_mean(image, name, options, expected, tmp_path):
    image.save(tmp_path / name, **options)
    found = read_image(tmp_path / name, 4)
    assert found.shape == (4, 4, 3) and found.dtype == np.uint8
    # JPEG and Lab round.
    assert np.abs(found.astype(int) - expected).max() <= (2 if name == "x.jpg" else 1)


@pytest.mark.parametrize(("image", "dark", "light"), [
    (halves("I", -1000, 3000), 0, 255),
    (halves("I", 5, 200_000), 0, 255),
    (halves("F", -0.5, 0.5), 0, 255),
    (halves("F", 0.0, 1e30), 0, 255),
    (halves("F", float("inf"), 0.5), 0, 128),
    (halves("F", 0.0, 51.0), 0, 51),
])
def test_grey_without_an_agreed_white(image, dark, light, tmp_path):
    image.save(tmp_path / "x.tif")
    row = read_image(tmp_path / "x.tif", 4)[0]
    assert np.abs(row[:2].astype(int) - dark).max() <= 1
    assert np.abs(row[-2:].astype(int) - light).max() <= 1


@pytest.mark.parametrize(("kind", "values", "expected"), [
    (0, (0xC800,), 3 * (200,)),
    (2, (0xC8C8, 0x2828, 0x1E1E), RED),
    (4, (0x6464, 0x3333), 3 * (224,)),
    (6, (0xC8C8, 0x2828, 0x1E1E, 0x3333), (244, 212, 210)),
])
def test_sixteen_bits_a_channel(kind, values, expected, tmp_path):
    row = b"\0" + 4 * struct.pack(f">{len(values)}H", *values)
    (tmp_path / "x.png").write_bytes(png(4, 4, 16, kind, 4 * row))
    assert np.abs(read_image(tmp_path / "x.png", 4).astype(int) - expected).max() <= 1


@pytest.mark.parametrize("mode", ["HSV", "La", "PA", "RGBa", "RGBX", "YCbCr"])
def test_modes_that_few_files_have(mode):
    value = {"HSV": (100, 150, 200), "La": (40, 51), "PA": (1, 51), "RGBa": (40, 8, 6, 51),
             "RGBX": (*RED, 9), "YCbCr": (76, 85, 255)}[mode]
    expected = {"La": 3 * (244,), "RGBa": (244, 212, 210), "RGBX": RED, "PA": (244, 212, 210),
                "YCbCr": (254, 0, 0)}
    image = flat(mode, value)
    if mode == "PA":
        image.putpalette([1, 2, 3, *RED])
    expected["HSV"] = 255 * np.array(colorsys.hsv_to_rgb(100 / 255, 150 / 255, 200 / 255))
    found = np.asarray(reduce_to_rgb(image, 1)).astype(int)
    assert np.abs(found - np.array(expected[mode])).max() <= 2


@pytest.mark.parametrize("mode", ["RGB", "P", "LA", "I;16"])
def test_bands_and_averages(mode, random, monkeypatch):
    monkeypatch.setattr("satt.data.image_modes.PIXELS_AT_A_TIME", 60)
    grey = random.integers(0, 256, (25, 17), dtype=np.uint8)
    if mode == "I;16":
        image = Image.fromarray(grey.astype(np.uint16) * 257)
    else:
        image = Image.fromarray(grey).convert(mode)
    assert np.array_equal(np.asarray(reduce_to_rgb(image, 1))[:, :, 0], grey)
    found = np.asarray(reduce_to_rgb(image, 4))[:, :, 1]
    padded = np.full((28, 20), np.nan)
    padded[:25, :17] = grey
    expected = np.nanmean(padded.reshape(7, 4, 5, 4), axis=(1, 3))
    assert found.shape == (7, 5) and np.abs(found - expected).max() <= 0.51


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("ending", ["jpg", "png", "tif", "webp"])
def test_the_camera_noted_how_it_was_held(orientation, ending, tmp_path):
    upright = np.zeros((12, 20, 3), dtype=np.uint8)
    upright[:6, 4:10], upright[:6, 10:16] = (255, 0, 0), (0, 255, 0)
    upright[6:, 4:10] = (0, 0, 255)
    held = {  # each undoes what EXIF 2.3, section 4.6.4 says of the first row and column
        1: upright, 2: upright[:, ::-1], 3: upright[::-1, ::-1], 4: upright[::-1],
        5: upright.swapaxes(0, 1), 6: upright.swapaxes(0, 1)[::-1],
        7: upright.swapaxes(0, 1)[::-1, ::-1], 8: upright.swapaxes(0, 1)[:, ::-1],
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    more = {"jpg": {"quality": 100, "subsampling": 0}, "webp": {"lossless": True}}
    path = tmp_path / f"x.{ending}"
    Image.fromarray(np.ascontiguousarray(held)).save(path, exif=exif, **more.get(ending, {}))
    found = read_image(path, 12).astype(int)
    assert np.abs(found - upright[:, 4:16]).max() <= 8


def test_what_is_cut_and_scaled_is_what_pillow_fits(random, tmp_path):
    for width, height, size in ((70, 31, 20), (31, 70, 20), (20, 20, 33), (91, 90, 64)):
        image = Image.fromarray(random.integers(0, 256, (height, width, 3), dtype=np.uint8))
        image.save(tmp_path / "x.png")
        expected = ImageOps.fit(image, (size, size), Image.Resampling.BICUBIC)
        assert np.array_equal(read_image(tmp_path / "x.png", size), np.asarray(expected))


@pytest.mark.parametrize("ending", ["jpg", "png"])
def test_a_large_image_is_cut_and_scaled_likewise(ending, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "LARGE", 1000)
    y, x = np.mgrid[:601, :1102]
    waves = [127 + 60 * np.sin(x / period) + 60 * np.cos(y / period) for period in (40, 60, 90)]
    pixels = np.stack(waves, axis=2)
    image = Image.fromarray(pixels.astype(np.uint8))
    image.save(tmp_path / f"x.{ending}", **({"quality": 95} if ending == "jpg" else {}))
    expected = np.asarray(ImageOps.fit(image, (32, 32), Image.Resampling.BICUBIC)).astype(int)
    found = read_image(tmp_path / f"x.{ending}", 32)
    assert np.abs(found - expected).max() <= 3


@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (5000, 1), (2, 3), (4999, 7)])
@pytest.mark.parametrize("size", [1, 24])
def test_tiny_and_narrow_images(shape, size, tmp_path):
    Image.new("RGB", shape, RED).save(tmp_path / "x.png")
    assert (read_image(tmp_path / "x.png", size) == RED).all()


@pytest.mark.parametrize("ending", ["gif", "png", "webp"])
def test_of_what_moves_the_first_picture_is_taken(ending, tmp_path):
    frames = [Image.new("RGB", (8, 8), colour) for colour in (RED, (0, 0, 255), (0, 255, 0))]
    more = {"lossless": True} if ending == "webp" else {}
    path = tmp_path / f"x.{ending}"
    frames[0].save(path, save_all=True, append_images=frames[1:], **more)
    assert Image.open(path).n_frames == 3
    assert np.abs(read_image(path, 4).astype(int) - RED).max() <= 1


@pytest.mark.parametrize("side", [9_600, 30_000, 2**31 - 1])
def test_a_small_file_that_would_fill_the_memory_is_refused(side, tmp_path):
    (tmp_path / "x.png").write_bytes(png(side, side, 8, 2, b""))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert "more than 89,478,485 may" in complaint(tmp_path / "x.png")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows counts the memory in another way")
@pytest.mark.parametrize(("name", "mode", "megabytes"), [
    ("x.jpg", "RGB", 100), ("x.png", "RGBA", 500), ("x.png", "P", 250),
])
def test_a_large_image_takes_little_memory(name, mode, megabytes, tmp_path):
    Image.new(mode, (10_000, 8_000)).save(tmp_path / name)
    code = (
        "import resource, sys; from satt.data.images import read_image;"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss;"
        "before = peak(); read_image(sys.argv[1], 64); print(peak() - before)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code, tmp_path / name], capture_output=True, text=True, check=True
    )
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, kilobytes elsewhere
    assert int(ended.stdout) * unit < megabytes * 1e6


def test_no_size(tmp_path):
    for use in (lambda: read_image(tmp_path / "x.png", 0), lambda: load_images([], 0)):
        with pytest.raises(SattError, match="size: expected at least 1 pixel, got 0"):
            use()


# --- files that are no images -------------------------------------------------------------------


def test_what_is_no_file(tmp_path):
    assert "there is no file" in complaint(tmp_path / "gone.png")
    assert "is a folder" in complaint(tmp_path)
    assert "cannot be opened" in complaint(str(tmp_path / "nul\0.png"))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")
def test_what_could_be_waited_for_for_ever(tmp_path):
    assert "cannot be opened" in complaint(tmp_path / ("x" * 5000))
    os.mkfifo(tmp_path / "pipe.png")
    assert "no regular file" in complaint(tmp_path / "pipe.png")
    assert "no regular file" in complaint("/dev/zero")
    (tmp_path / "a.png").symlink_to(tmp_path / "a.png")
    assert "cannot be opened" in complaint(tmp_path / "a.png")


@pytest.mark.skipif(getattr(os, "geteuid", lambda: 0)() == 0, reason="this user may read all")
def test_a_file_that_may_not_be_read(tmp_path):
    Image.new("RGB", (3, 3)).save(tmp_path / "x.png")
    (tmp_path / "x.png").chmod(0)
    assert "cannot be opened" in complaint(tmp_path / "x.png")


def test_what_is_no_image(tmp_path):
    (tmp_path / "empty.png").write_bytes(b"")
    assert "is empty" in complaint(tmp_path / "empty.png")
    (tmp_path / "text.png").write_text("a cat", encoding="utf-8")
    assert "not an image" in complaint(tmp_path / "text.png")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such names")
def test_a_name_of_two_lines_is_told_in_one(tmp_path):
    (tmp_path / "two\nlines.png").write_text("a cat", encoding="utf-8")
    with pytest.raises(SattError, match="two lines.png is not an image"):
        read_image(tmp_path / "two\nlines.png", 4)


@pytest.fixture(scope="module")
def photographs():
    """The bytes of noise in many formats."""
    random, found = np.random.default_rng(0), {}
    image = Image.fromarray(random.integers(0, 256, (40, 50, 4), dtype=np.uint8))
    for mode in ("RGB", "P", "L", "RGBA", "CMYK"):
        for kind in ("JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "PPM", "TGA", "ICO", "PCX"):
            file = io.BytesIO()
            try:
                image.convert("RGB").convert(mode).save(file, kind)
            except (OSError, ValueError):
                continue
            found[mode, kind] = file.getvalue()
    assert len(found) > 20
    return found


def test_truncated_files(photographs, tmp_path):
    path = tmp_path / "x"
    for key, content in photographs.items():
        path.write_bytes(content)
        assert read_image(path, 8).any(), key
        path.write_bytes(content[: len(content) // 2])
        complaint(path)


def test_damaged_files_are_read_or_refused_in_silence(photographs, random, tmp_path, capfd):
    path, outcomes = tmp_path / "x", set()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(20):
            for content in photographs.values():
                damaged = bytearray(content)
                for _ in range(random.integers(1, 6)):
                    damaged[random.integers(min(len(damaged), 300))] = random.integers(256)
                path.write_bytes(damaged)
                try:
                    assert read_image(path, 8).shape == (8, 8, 3)
                    outcomes.add("read")
                except SattError as error:
                    assert str(path) in str(error) and "\n" not in str(error)
                    outcomes.add("refused")
    assert outcomes == {"read", "refused"}
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("error", UNREADABLE, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("where", ["open", "load"])
def test_whatever_a_plugin_raises(error, where, tmp_path, monkeypatch):
    Image.new("RGB", (9, 9)).save(tmp_path / "x.bmp")

    def fail(*_, **__):
        raise error

    if where == "open":
        monkeypatch.setattr(Image, "open", fail)
    else:
        monkeypatch.setattr("PIL.BmpImagePlugin.BmpImageFile.load", fail)
    message = complaint(tmp_path / "x.bmp")
    if isinstance(error, MemoryError):
        assert "memory" in message
    else:
        assert type(error).__name__ in message and "damaged" in message


def test_an_interruption_is_none_of_these(tmp_path, monkeypatch):
    def interrupt(_, formats):
        raise KeyboardInterrupt

    Image.new("RGB", (9, 9)).save(tmp_path / "x.bmp")
    monkeypatch.setattr(Image, "open", interrupt)
    with pytest.raises(KeyboardInterrupt):
        read_image(tmp_path / "x.bmp", 4)


@pytest.mark.parametrize("exif", [
    b"Exif\0\0garbage", b"Exif\0\0MM\0*\0\0\0\x08\xff\xff", b"Exif\0\0II*\0\xff\xff\xff\xff",
    b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x07\xff\xff\xff\xff\0\0\0\0",
])
def test_a_picture_whose_notes_are_damaged_is_read_as_it_lies(exif, tmp_path):
    Image.new("RGB", (9, 7), RED).save(tmp_path / "x.png", exif=exif)
    Image.new("RGB", (9, 7), RED).save(tmp_path / "x.jpg", exif=exif, quality=95)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name in ("x.png", "x.jpg"):
            assert np.abs(read_image(tmp_path / name, 4).astype(int) - RED).max() <= 3


# --- threads ------------------------------------------------------------------------------------


def test_no_warnings_of_any_thread_and_the_filters_as_before(tmp_path, monkeypatch):
    Image.new("RGB", (9, 9)).save(tmp_path / "x.bmp")
    plain, remarks = Image.open, []

    def remark(file, **options):
        # In the name of Pillow's own module, as its plugins do it.
        warnings.warn_explicit("odd", UserWarning, "TiffImagePlugin.py", 1, "PIL.TiffImagePlugin")
        return plain(file, **options)

    monkeypatch.setattr(Image, "open", remark)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = lambda *what, **_: remarks.append(what)
        before = list(warnings.filters)
        work = [
            threading.Thread(target=lambda: [read_image(tmp_path / "x.bmp", 4) for _ in range(50)])
            for _ in range(8)
        ]
        for thread in work:
            thread.start()
        for thread in work:
            thread.join()
        assert remarks == [] and warnings.filters == before
        remark(tmp_path / "x.bmp").close()
    assert len(remarks) == 1


def test_formats_are_known_to_every_thread_from_the_first_image_on(tmp_path):
    for number in range(8):
        for ending in ("webp", "tif", "tga", "pcx"):
            Image.new("RGB", (9, 9)).save(tmp_path / f"{number}.{ending}")
    code = (
        "import sys, os; os.cpu_count = lambda: 16; sys.setswitchinterval(1e-6);"
        "from satt.data.images import load_images;"
        "print(load_images(sys.argv[1:], 4, cache=False)[2])"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code, *tmp_path.iterdir()], capture_output=True, text=True,
        check=True,
    )
    assert ended.stdout.strip() == "{}" and ended.stderr == ""


# --- many images --------------------------------------------------------------------------------


@pytest.fixture
def many(tmp_path):
    """Twelve images of one grey each, their number; the third and the eighth cannot be read."""
    paths = [tmp_path / f"{number}.png" for number in range(12)]
    for number, path in enumerate(paths):
        Image.new("L", (6, 5), number).save(path)
    paths[2].write_text("a cat", encoding="utf-8")
    paths[7].unlink()
    return paths


def test_images_come_in_their_order_and_the_unreadable_are_named(many):
    images, kept, reasons = load_images([str(path) for path in many], 4, label="here")
    assert images.shape == (12, 4, 4, 3) and images.dtype == np.uint8
    assert kept.dtype == bool and np.flatnonzero(~kept).tolist() == [2, 7] == sorted(reasons)
    for number, image in enumerate(images):
        assert (image == (0 if number in (2, 7) else number)).all()
    assert "2.png is not an image" in reasons[2] and "no file" in reasons[7]


def test_strict_stops_at_the_first_in_order(many):
    with pytest.raises(SattError, match="2.png is not an image"):
        load_images(many, 4, strict=True)
    with pytest.raises(SattError, match="no file .*7.png"):
        load_images(many[3:], 4, strict=True)
    images, kept, _ = load_images(many[8:], 4, strict=True)
    assert kept.all() and images[0, 0, 0, 0] == 8


def test_no_images():
    images, kept, reasons = load_images([], 4)
    assert images.shape == (0, 4, 4, 3) and kept.shape == (0,) and reasons == {}
    assert kept.dtype == bool


def test_after_an_error_what_has_not_begun_is_left(many, monkeypatch):
    opened = []
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    real = module._read_through
    monkeypatch.setattr(
        module, "_read_through", lambda *a: (opened.append(a[1]), threading.Event().wait(0.01),
                                             real(*a))[-1]
    )
    with pytest.raises(SattError):
        load_images(many + 500 * many[:1], 4, strict=True)
    assert len(opened) < 500
