"""Tiny data sets in the layouts in which people have them."""

import json
from pathlib import Path

import pytest
from PIL import Image

from satt.data.readers import read_listing
from satt.errors import SattError


class Folder:
    """A folder that is filled step by step."""

    def __init__(self, path):
        self.path = path

    def text(self, name, text, encoding="utf-8"):
        """Write a text file; its folders are made."""
        path = self._made(name)
        path.write_bytes(text.encode(encoding))
        return path

    def json(self, name, content):
        """Write a JSON file."""
        return self.text(name, json.dumps(content))

    def images(self, folder, names):
        """Write small pictures."""
        for name in names.split():
            Image.new("RGB", (6, 4), "teal").save(self._made(f"{folder}/{name}"))

    def read(self):
        """Read the listing."""
        return read_listing(self.path)

    def fails(self, *about):
        """Read wrongly: one line that says what it is about."""
        with pytest.raises(SattError) as error:
            read_listing(self.path)
        message = str(error.value)
        assert "\n" not in message and len(message) < 1500
        for what in about:
            assert what in message
        return message

    def _made(self, name):
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path / "data")


@pytest.fixture
def table(folder):
    """Read a table of captions; in its folder are a.jpg, b.jpg and c.jpg."""
    folder.images("Images", "a.jpg b.jpg c.jpg")

    def read(text, name="captions.txt"):
        folder.text(name, text)
        return folder.read()

    return read


@pytest.fixture
def real():
    """The real Flickr8k."""
    import os

    path = Path(os.environ.get("SATT_DATA", "nowhere")) / "flickr8k"
    if not path.is_dir():
        pytest.skip("needs SATT_DATA, a folder that holds flickr8k")
    return path
