"""Submissions as students really hand them in, and as nobody should."""

import io
import os
import tarfile
import zipfile

import pytest

from satt.errors import SattError
from satt.homework.archives import (
    LARGEST_FILE,
    find_submissions,
    python_files,
    root_of,
    submission_name,
)
from satt.homework.sets import load_set
from satt.homework.staging import staged

WANTED = {"alignment.py", "weighted_sum.py"}


def zip_of(path, **members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name.replace("__", "/"), text)
    return path


def test_what_counts_as_a_submission(tmp_path):
    for name in ("b", ".git", "__MACOSX"):
        (tmp_path / name).mkdir()
    for name in ("a.zip", "c.tar.gz", "notes.txt", ".DS_Store", "d.TGZ"):
        (tmp_path / name).write_bytes(b"")
    found = find_submissions(tmp_path)
    assert [path.name for path in found] == ["a.zip", "b", "c.tar.gz", "d.TGZ"]
    assert [submission_name(path) for path in found] == ["a", "b", "c", "d"]


def test_a_zip_with_a_folder_in_a_folder(tmp_path):
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("hw4 final/homework/alignment.py", "a = 1")
        archive.writestr("hw4 final/homework/given/linear.py", "no")
        archive.writestr("hw4 final/homework/notes.txt", "no")
        archive.writestr("__MACOSX/hw4 final/homework/alignment.py", "no")
        archive.writestr("hw4 final/homework/__pycache__/alignment.py", "no")
    files = python_files(path)
    assert files == {"hw4 final/homework/alignment.py": b"a = 1"}
    assert root_of(files, WANTED) == "hw4 final/homework/"


def test_a_tar(tmp_path):
    path = tmp_path / "x.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        member = tarfile.TarInfo("./alignment.py")
        member.size = 5
        archive.addfile(member, io.BytesIO(b"a = 1"))
    assert python_files(path) == {"alignment.py": b"a = 1"}


def test_the_folder_with_most_of_the_files_counts():
    files = ["old/alignment.py", "new/alignment.py", "new/weighted_sum.py", "other.py"]
    assert root_of(files, WANTED) == "new/"
    assert root_of([], WANTED) == ""


@pytest.mark.parametrize("name", [
    "../alignment.py", "/etc/alignment.py", "a/../../alignment.py", "C:/alignment.py",
    "..\\alignment.py",
])
def test_members_cannot_escape(tmp_path, name):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr(name, "a = 1")
    assert python_files(tmp_path / "x.zip") == {}
    with tarfile.open(tmp_path / "x.tar", "w") as archive:
        member = tarfile.TarInfo(name)
        member.size = 5
        archive.addfile(member, io.BytesIO(b"a = 1"))
    assert python_files(tmp_path / "x.tar") == {}


def test_links_are_left_out(tmp_path):
    secret = tmp_path / "secret.py"
    secret.write_text("answers = 42", encoding="utf-8")
    with tarfile.open(tmp_path / "x.tar", "w") as archive:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
            member = tarfile.TarInfo(f"alignment{kind!r}.py")
            member.type, member.linkname = kind, str(secret)
            archive.addfile(member)
    assert python_files(tmp_path / "x.tar") == {}
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        member = zipfile.ZipInfo("alignment.py")
        member.external_attr = 0o120777 << 16
        archive.writestr(member, str(secret))
    assert python_files(tmp_path / "x.zip") == {}
    folder = tmp_path / "x"
    folder.mkdir()
    try:
        os.symlink(secret, folder / "alignment.py")
        os.symlink(tmp_path, folder / "loop")
    except OSError:
        pytest.skip("no links here")
    assert python_files(folder) == {}


def test_a_bomb_is_refused(tmp_path):
    path = zip_of(tmp_path / "x.zip", **{"alignment.py": b"#" * (LARGEST_FILE * 30)})
    with pytest.raises(SattError, match="larger than"):
        python_files(path)
    big = tmp_path / "x.tar.gz"
    with tarfile.open(big, "w:gz", compresslevel=1) as archive:
        member = tarfile.TarInfo("data.bin")
        member.size = 150 * 2**20
        archive.addfile(member, io.BytesIO(bytes(member.size)))
    with pytest.raises(SattError, match="larger than"):
        python_files(big)


@pytest.mark.parametrize("name", ["x.zip", "x.tar.gz", "x.tar", "x.tgz", "x.tar.xz"])
def test_a_broken_archive_is_one_line(tmp_path, name):
    (tmp_path / name).write_bytes(b"PK\x03\x04 this is no archive")
    with pytest.raises(SattError, match="cannot be read"):
        python_files(tmp_path / name)


def test_too_many_files(tmp_path):
    path = zip_of(tmp_path / "x.zip", **{f"a{number}.py": "" for number in range(300)})
    with pytest.raises(SattError, match="more than"):
        python_files(path)


def test_staged_files_are_gone_afterwards(tmp_path):
    path = zip_of(tmp_path / "x.zip", **{"alignment.py": "a = 1"})
    with staged(path, load_set("hw4")) as (folder, sources):
        assert sources == {"alignment.py": "a = 1"}
        assert (folder / "alignment.py").read_text(encoding="utf-8") == "a = 1"
        assert (folder / "given" / "softmax.py").exists()
        assert not (folder / "given" / "alignment.py").exists()
    assert not folder.exists()
