import os

import pytest

from satt.training.whole_file import remove_leftovers, whole_file


def test_what_is_written_is_there_afterwards_only(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with whole_file(path) as file:
        file.write(b"new")
        file.flush()
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt, MemoryError])
def test_after_any_exception_the_old_file_is_there_and_nothing_else(tmp_path, error):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with pytest.raises(error), whole_file(path) as file:
        file.write(b"half")
        raise error
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]


def test_where_a_folder_should_be_is_a_file(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OSError), whole_file(tmp_path / "file" / "inner"):
        pass


def test_only_leftovers_of_that_file_are_removed(tmp_path):
    stay = [tmp_path / name for name in ("log", ".log", "log.1.tmp", ".log2.1.tmp", ".log.tmp2")]
    for path in stay:
        path.write_bytes(b"")
    (tmp_path / ".log.1.tmp").write_bytes(b"")
    (tmp_path / ".log.22.tmp").write_bytes(b"")
    remove_leftovers(tmp_path / "log")
    assert sorted(tmp_path.iterdir()) == sorted(stay)
