import json

import numpy as np
import pytest

from satt.training.log import append_log


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
