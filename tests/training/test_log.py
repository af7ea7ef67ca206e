import json

import numpy as np
import pytest

from satt.errors import SattError
from satt.training.log import append_log, cut_log, sync_log


def test_each_record_is_one_line_of_utf8(tmp_path):
    path = tmp_path / "log.jsonl"
    append_log(path, {"step": 1, "caption": "개가\n달린다"})
    append_log(path, {"step": np.int64(2), "loss": np.float32(0.5), "bleu": np.array([1.0, 2.0])})
    lines = path.read_bytes().decode("utf-8").split("\n")
    assert len(lines) == 3 and lines[2] == ""
    assert "개가" in lines[0]
    assert json.loads(lines[0]) == {"step": 1, "caption": "개가\n달린다"}
    assert json.loads(lines[1]) == {"step": 2, "loss": 0.5, "bleu": [1.0, 2.0]}


def test_what_json_cannot_hold_leaves_no_half_line(tmp_path):
    path = tmp_path / "log.jsonl"
    append_log(path, {"step": 1})
    with pytest.raises(TypeError, match="a set cannot"):
        append_log(path, {"step": {1, 2}})
    assert path.read_text(encoding="utf-8") == '{"step": 1}\n'


def test_a_log_that_cannot_be_written(tmp_path):
    with pytest.raises(SattError, match="^log: .* cannot be written: ") as raised:
        append_log(tmp_path / "none" / "log", {"step": 1})
    assert "\n" not in str(raised.value)


def write_log(path, *steps, end=""):
    lines = [json.dumps({"step": step, "caption": "개"}, ensure_ascii=False) for step in steps]
    path.write_text("".join(f"{line}\n" for line in lines) + end, encoding="utf-8", newline="\n")


@pytest.mark.parametrize(("steps", "end", "last", "left"), [
    ([1, 2, 3, 4], "", 2, [1, 2]),
    ([1, 2, 3], "", 3, [1, 2, 3]),
    ([1, 2, 3], '{"step": 4, "lo', 4, [1, 2, 3]),
    ([1, 2], '{"step": 3', 1, [1]),
    ([1, 2, 3], "", 0, []),
    ([1, 2, 2, 3, 1], "", 3, [1, 2, 3]),
    ([1, 2], "\nno record\n[1]\n7\n{}\n", 9, [1, 2]),
])
def test_a_log_is_cut_back(tmp_path, steps, end, last, left):
    path, expected = tmp_path / "log", tmp_path / "expected"
    write_log(path, *steps, end=end)
    write_log(expected, *left)
    assert [record["step"] for record in cut_log(path, last)] == left
    assert path.read_bytes() == expected.read_bytes()
    expected.unlink()
    assert [found.name for found in tmp_path.iterdir()] == ["log"]


def test_a_log_that_ends_in_half_a_character(tmp_path):
    write_log(tmp_path / "log", 1)
    with open(tmp_path / "log", "ab") as file:
        file.write('{"caption": "개'.encode()[:-1])
    assert len(cut_log(tmp_path / "log", 1)) == 1


def test_no_log_is_an_empty_one(tmp_path):
    assert cut_log(tmp_path / "log", 3) == []
    assert list(tmp_path.iterdir()) == []


def test_a_log_can_be_synced_before_there_is_one(tmp_path):
    sync_log(tmp_path / "log")
    append_log(tmp_path / "log", {"step": 1})
    sync_log(tmp_path / "log")
    assert cut_log(tmp_path / "log", 1) == [{"step": 1}]
