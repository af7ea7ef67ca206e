"""Files made to do harm: to run code, to fill the memory, to lead out of their folder."""

import json
import os
import pickle
import tracemalloc
import warnings
import zipfile
import zlib
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pytest
from corrupt import pickled_array
from folders import Captions
from targets import Checkpoint, picture

from satt.data.images import read_image
from satt.data.readers import read_listing
from satt.errors import SattError
from satt.training.checkpoint import load_checkpoint
from satt.training.keeping import load_captioner

MEGABYTE = 2**20


@pytest.fixture(autouse=True)
def current_folder(tmp_path, monkeypatch):
    """A folder for the tests to run in, with nothing else in it."""
    folder = tmp_path / "current"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def checkpoint(tmp_path):
    return Checkpoint(tmp_path).path


@contextmanager
def refused(about, megabytes):
    """Expect a SattError before so much memory has been taken."""
    tracemalloc.start()
    try:
        with pytest.raises(SattError, match=about):
            yield
        assert tracemalloc.get_traced_memory()[1] < megabytes * MEGABYTE
    finally:
        tracemalloc.stop()


def rewrite(path, change):
    """Change the members of a checkpoint, a dict of bytes, and write them with right checksums."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    with zipfile.ZipFile(path, "w") as archive:
        for name, member in members.items():
            archive.writestr(name, member)


def header_of(shape, descr="<f4"):
    path = Path("header.npy")
    with open(path, "wb") as file:
        np.lib.format.write_array_header_1_0(
            file, {"descr": descr, "fortran_order": False, "shape": shape}
        )
    header = path.read_bytes()
    path.unlink()
    return header


@pytest.mark.parametrize("name", ["params.decoder.alignment.v.npy", "__settings__.npy", "x.npy"])
def test_a_planted_pickle_is_not_loaded(name, checkpoint, current_folder):
    rewrite(checkpoint, lambda members: members.update({name: pickled_array()}))
    with pytest.raises(SattError, match="was not written by satt"):
        load_captioner(checkpoint)
    assert list(current_folder.iterdir()) == []
    # And it would have done its harm.
    with np.load(checkpoint, allow_pickle=True) as file, suppress(ValueError):
        file[name.removesuffix(".npy")]
    assert [path.name for path in current_folder.iterdir()] == ["unpickled"]


def test_a_checkpoint_that_is_a_pickle_is_not_loaded(tmp_path, current_folder):
    path = tmp_path / "checkpoint.npz"
    path.write_bytes(pickled_array())
    with pytest.raises(SattError, match="was not written by satt"):
        load_captioner(path)
    path.write_bytes(pickle.dumps({"params": np.zeros(3)}))
    with pytest.raises(SattError, match="was not written by satt"):
        load_captioner(path)
    assert list(current_folder.iterdir()) == []


def test_ten_gigabytes_that_are_packed_small(checkpoint):
    # Blocks of zeros that deflate alike: written once and repeated.
    packer, zeros = zlib.compressobj(9, zlib.DEFLATED, -15), bytes(16 * MEGABYTE)
    block = packer.compress(zeros) + packer.flush(zlib.Z_FULL_FLUSH)
    with zipfile.ZipFile(checkpoint, "a") as archive:
        for number in range(3):
            archive.writestr(f"bomb{number}.npy", 220 * block)
            # The directory at the archive's end is what readers go by.
            info = archive.filelist[-1]
            info.compress_type, info.file_size = zipfile.ZIP_DEFLATED, 220 * len(zeros)
    assert checkpoint.stat().st_size < 15 * MEGABYTE
    with zipfile.ZipFile(checkpoint) as archive:
        assert sum(member.file_size for member in archive.infolist()) > 10**10
        with archive.open("bomb0.npy") as file:
            assert file.read(100) == bytes(100)
    with refused("was not written by satt", 2):
        load_captioner(checkpoint)


@pytest.mark.parametrize("shape", [
    (10**12,), (10**9,), (2**62, 4), (-1,), (0, -5), (10**9, 0), (2**40, 2**40),
])
def test_a_header_that_claims_too_much(shape, checkpoint):
    name = "params.decoder.vocabulary.b.npy"
    rewrite(checkpoint, lambda members: members.update({name: header_of(shape) + bytes(40)}))
    with refused("checkpoint|vocabulary", 2):
        load_captioner(checkpoint)


def test_an_array_of_its_own_that_claims_too_much(tmp_path):
    path = tmp_path / "checkpoint.npz"
    path.write_bytes(header_of((10**12,)) + bytes(40))
    with refused("was not written by satt", 2):
        load_checkpoint(path)


@pytest.mark.parametrize("name, value", [
    ("vocabulary_size", 10**12), ("state_width", 10**5), ("embedding_width", 10**6),
    ("attention_width", 10**7), ("channels", [2, 3, 4, 10**6]), ("channels", [10**6, 3, 4, 5]),
    ("image_size", 10**6), ("state_width", -6), ("state_width", 6.0), ("state_width", True),
    ("channels", "2345"), ("channels", [2, 3, 4]), ("image_size", None),
])
def test_settings_that_claim_too_much(name, value, checkpoint):
    def change(members):
        header = header_of((0,), "|u1")  # its length is the same, whatever the shape
        kept = json.loads(members["__settings__.npy"][len(header) :])
        kept["settings"]["captioner"][name] = value
        if name == "vocabulary_size":
            kept["settings"]["words"] = []
        text = json.dumps(kept).encode()
        members["__settings__.npy"] = header_of((len(text),), "|u1") + text

    rewrite(checkpoint, change)
    with refused("expected|do not make a captioner", 2):
        load_captioner(checkpoint)


def test_members_with_paths_are_not_written_anywhere(checkpoint, tmp_path):
    before = sorted(tmp_path.rglob("*"))
    rewrite(checkpoint, lambda members: members.update(
        {f"{path}.npy": members["params.decoder.alignment.v.npy"]
         for path in ("../../outside", "/outside", "C:\\outside")}
    ))
    arrays, _ = load_checkpoint(checkpoint)
    assert "../../outside" in arrays
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("name", [
    "../../outside.jpg", "../outside.jpg", "images/../../outside.jpg", "..", "/outside.jpg",
    "C:\\outside.jpg", "C:outside.jpg", "..\\..\\outside.jpg", "\\\\host\\share\\outside.jpg",
])
def test_a_name_that_leads_out_of_the_folder(name, tmp_path):
    target = Captions(tmp_path)
    for file, line in zip(target.texts, (f"{name}#0\tA cat .\n", f"{name}\n"), strict=True):
        with open(target.folder / file, "a", encoding="utf-8") as more:
            more.write(line)
    listing = read_listing(target.folder)
    assert [photograph.path.name for photograph in listing.photographs] == [
        "red.jpg", "blue one.jpg"
    ]
    (lost,) = listing.left_out
    assert "leads out of the folder" in lost.reason


@pytest.mark.skipif(os.name == "nt", reason="links need a right of their own there")
def test_a_link_that_leads_out_of_the_folder(tmp_path):
    target = Captions(tmp_path)
    (target.folder / "images" / "red.jpg").unlink()
    (target.folder / "images" / "red.jpg").symlink_to(tmp_path / "outside.jpg")
    listing = read_listing(target.folder)
    assert [photograph.path.name for photograph in listing.photographs] == ["blue one.jpg"]


def test_an_image_that_claims_more_pixels_than_it_holds(tmp_path):
    path = tmp_path / "bomb.png"
    picture(0).save(path)
    data = path.read_bytes()
    header = b"IHDR" + (65_535).to_bytes(4, "big") * 2 + data[24:29]
    path.write_bytes(data[:12] + header + zlib.crc32(header).to_bytes(4, "big") + data[33:])
    with warnings.catch_warnings(), refused("more than 89,478,485", 5):
        warnings.simplefilter("error")
        read_image(path, 16)


@pytest.mark.skipif(os.name == "nt", reason="the program to be run is a shell script")
def test_no_other_program_draws_an_image(tmp_path, monkeypatch):
    # Pillow has Ghostscript draw such files, which can run commands.
    program = tmp_path / "gs"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path / 'was-run'}\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr("PIL.EpsImagePlugin.gs_binary", None)
    path = tmp_path / "page.png"
    path.write_text(
        "%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 20 20\n%%EndComments\nshowpage\n%%EOF\n",
        encoding="utf-8",
    )
    with pytest.raises(SattError, match="not an image of a format"):
        read_image(path, 16)
    assert not (tmp_path / "was-run").exists()
