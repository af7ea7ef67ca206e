import json

import pytest

from satt.data.readers.json_file import read_json
from satt.data.readers.text_file import LARGEST
from satt.errors import SattError


@pytest.fixture
def fails(tmp_path):
    def run(content, *about):
        path = tmp_path / "file.json"
        path.write_bytes(content)
        with pytest.raises(SattError) as error:
            read_json(path)
        message = str(error.value)
        assert message.startswith(f"{path}: ") and "\n" not in message and len(message) < 600
        for what in about:
            assert what in message

    return run


def test_what_is_right_is_as_json_has_it(tmp_path):
    content = {"a": [1, 2.5, "한글 \" \n", None, True, {"b": {}}], "c": 10**19}
    for text in (json.dumps(content), "\ufeff" + json.dumps(content, ensure_ascii=False)):
        (tmp_path / "x.json").write_text(text, encoding="utf-8")
        assert read_json(tmp_path / "x.json") == content


@pytest.mark.parametrize(("content", "about"), [
    (b"", ["line 1, column 1", "expected JSON", "got ''"]),
    (b'{"a": 1,\n "b": [1, 2', ["line 2", "cut off? Fetch it again"]),
    (b"<html>404", ["line 1, column 1", "got '<html>404'"]),
    (b'{"a": 1} {"b": 2}', ["column 10", "Extra data"]),
    (b'{"a": 1, "a": 2}', ["each key once", "'a' twice"]),
    (b'{"a": NaN}', ["expected numbers, got NaN"]),
    (b'{"a": -Infinity}', ["expected numbers, got -Infinity"]),
    (b'{"a": ' + b"9" * 100_000 + b"}", ["at most 20 digits", "100,000"]),
    (b'{"a": ' + b"[" * 200_000, ["nested"]),
    (b'{"a": ' * 200_000, ["nested"]),
    (b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", ["nested"]),
    (b'"text"', ["the whole: expected an object {...}, got 'text'"]),
    (b"[1, 2]", ["the whole: expected an object {...}, got list"]),
    (b'{"a": "caf\xe9"}', ["line 1: expected text in UTF-8, got the byte 0xe9"]),
    ('{"a": 1}'.encode("utf-16"), ["UTF-8", "0xff"]),
    (b'{"a": "\x00"}', ["line 1", "control character"]),
])
def test_what_is_wrong_is_one_line(fails, content, about):
    fails(content, *about)


def test_half_a_character_is_text_like_any_other(tmp_path):
    (tmp_path / "x.json").write_bytes(b'{"a": "\\ud800"}')
    assert read_json(tmp_path / "x.json") == {"a": "\ud800"}


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    path = tmp_path / "x.json"
    with open(path, "wb") as file:
        file.truncate(LARGEST + 1)  # sparse: it takes no room
    with pytest.raises(SattError, match="at most 268 MB of them, got 268 MB"):
        read_json(path)


def test_a_file_that_cannot_be_opened(tmp_path):
    with pytest.raises(SattError, match="cannot be read: .*; see to its rights"):
        read_json(tmp_path)
