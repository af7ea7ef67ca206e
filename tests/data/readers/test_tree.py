import os
import unicodedata

import pytest

from satt.data.listing import NO_FILE, OUTSIDE, name_first
from satt.data.readers import tree as tree_module
from satt.data.readers.tree import Tree
from satt.errors import SattError


@pytest.fixture
def secret(tmp_path):
    """A file beside the folder, that nothing in the folder may reach."""
    path = tmp_path / "secret.jpg"
    path.write_bytes(b"")
    return path


def link(path, target):
    try:
        path.symlink_to(target)
    except OSError:
        pytest.skip("this system lets nobody make links")


def test_files_with_the_fewest_folders_come_first(folder):
    folder.images("b", "1.jpg")
    folder.images("a/deep", "1.jpg")
    folder.images(".", "2.jpg")
    folder.images(".hidden", "3.jpg")
    tree = Tree(folder.path)
    assert tree.files == ["2.jpg", "b/1.jpg", "a/deep/1.jpg"]
    assert tree.find("1.jpg") == (["b/1.jpg", "a/deep/1.jpg"], None)
    assert tree.find("1.jpg", "deep") == (["a/deep/1.jpg"], None)
    assert tree.find("1.jpg", "elsewhere") == (["b/1.jpg", "a/deep/1.jpg"], None)
    assert tree.find("3.jpg") == ([], NO_FILE)


@pytest.mark.parametrize("name", [
    "deep/1.jpg", "a/deep/1.jpg", "./a//deep/1.jpg", "a\\deep\\1.jpg",
])
def test_names_with_folders(folder, name):
    folder.images("x/a/deep", "1.jpg")
    folder.images(".", "1.jpg")
    tree = Tree(folder.path)
    assert tree.find(name) == (["x/a/deep/1.jpg"], None)
    assert tree.find("eep/1.jpg") == ([], NO_FILE)


@pytest.mark.parametrize("name", [
    "../secret.jpg", "..\\secret.jpg", "images/../../secret.jpg", "/etc/passwd", "\\\\host\\a.jpg",
    "C:\\a.jpg", "c:a.jpg", "images/../a.jpg", "..", ".", "",
])
def test_names_that_may_lead_out_are_refused(folder, secret, name):
    folder.images("images", "a.jpg")
    assert Tree(folder.path).find(name) == ([], OUTSIDE)


@pytest.mark.parametrize("name", ["a.jpg\0", "\ud800.jpg", "a.jpg/", "images", "A" * 100_000])
def test_names_that_no_file_has(folder, name):
    folder.images("images", "b.jpg")
    assert Tree(folder.path).find(name) == ([], NO_FILE)


def test_links_that_lead_out_are_not_followed(folder, secret, tmp_path):
    folder.images("images", "a.jpg")
    link(folder.path / "images" / "out.jpg", secret)
    link(folder.path / "up", tmp_path)
    tree = Tree(folder.path)
    assert tree.files == ["images/a.jpg"]
    assert tree.find("out.jpg") == ([], OUTSIDE)
    assert tree.find("secret.jpg") == ([], NO_FILE)
    assert "2 links lead out of the folder" in tree.notes[0] and "up" in tree.notes[0]


def test_links_that_stay_inside_are_followed_once(folder):
    folder.images("z", "a.jpg")
    link(folder.path / "copy.jpg", folder.path / "z" / "a.jpg")
    link(folder.path / "z" / "loop", folder.path)
    link(folder.path / "broken.jpg", folder.path / "nowhere.jpg")
    link(folder.path / "self.jpg", folder.path / "self.jpg")
    tree = Tree(folder.path)
    assert tree.files == ["copy.jpg", "z/a.jpg"] and tree.notes == []


def test_the_folder_itself_may_be_a_link(folder, tmp_path):
    folder.images("images", "a.jpg")
    link(tmp_path / "link", folder.path)
    assert Tree(tmp_path / "link").files == ["images/a.jpg"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes in folders")
def test_a_pipe_is_no_file(folder):
    folder.images("images", "a.jpg")
    os.mkfifo(folder.path / "images" / "b.jpg")
    assert Tree(folder.path).find("b.jpg") == ([], NO_FILE)


def test_a_link_that_may_not_be_read_is_passed_over(folder, monkeypatch):
    folder.images("images", "a.jpg")
    link(folder.path / "images" / "b.jpg", folder.path / "images" / "a.jpg")
    real = os.path.realpath

    def realpath(path, **more):
        if str(path).endswith("b.jpg"):
            raise FileNotFoundError(2, "No such file or directory")
        return real(path, **more)

    monkeypatch.setattr(os.path, "realpath", realpath)
    assert Tree(folder.path).files == ["images/a.jpg"]


def test_accents_and_hangul_in_pieces_or_whole(folder):
    folder.images("images", unicodedata.normalize("NFD", "한글é.jpg"))
    paths, _ = Tree(folder.path).find(unicodedata.normalize("NFC", "한글é.jpg"))
    assert len(paths) == 1


def test_it_does_not_look_deeper_than_archives_go(folder):
    folder.images("1/2/3/4/5", "a.jpg")
    folder.images("1/2/3/4/5/6", "b.jpg")
    assert Tree(folder.path).files == ["1/2/3/4/5/a.jpg"]


def test_a_folder_with_too_much_in_it(folder, monkeypatch):
    folder.images("images", "a.jpg b.jpg c.jpg")
    monkeypatch.setattr(tree_module, "MOST_FILES", 3)
    with pytest.raises(SattError, match="more than 3 files; name the data set's own folder"):
        Tree(folder.path)


def test_what_is_no_folder(folder, tmp_path):
    with pytest.raises(SattError, match="there is no folder .*data; name"):
        Tree(folder.path)
    (tmp_path / "data.zip").write_bytes(b"")
    with pytest.raises(SattError, match="is a file; name the folder that .* unpacked first"):
        Tree(tmp_path / "data.zip")


def test_names_are_printed_harmlessly():
    assert name_first(["a\x1b[2J\n.jpg", "\ud800"]) == "a\\x1b[2J\\n.jpg, \\ud800"
    assert len(name_first(["x" * 10_000])) < 300
    assert name_first(list("abcdef")) == "a, b, c, d, e, ..."
