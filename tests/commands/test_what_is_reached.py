"""The real thing, at full size: what the demo and a training on photographs reach."""

import json
import os
from pathlib import Path

import pytest

from satt.cli import main

# What must not be lost. Runs that differ only in rounding differ by some 0.03, and in where they
# look at a setting's word by more: hence the distance from what was measured.
# What is aimed at stands in satt/commands/demo.py.
FLOORS = {
    "true_captions": 0.87,
    "complete_captions": 0.84,
    "true_captions_unseen": 0.84,
    "bleu4_share": 0.95,
    "pointing": 0.90,
    "mass_on_things": 0.75,
    "setting_gap_closed": 0.60,
}


@pytest.mark.slow
def test_the_demo_learns_to_caption_and_where_to_look(tmp_path):
    assert main(["demo", "--out", str(tmp_path)]) == 0
    metrics = json.loads((tmp_path / "metrics.json").read_text(encoding="utf-8"))
    missed = {name: metrics[name] for name, floor in FLOORS.items() if metrics[name] < floor}
    assert not missed, f"below {FLOORS}: {missed}"


@pytest.mark.slow
@pytest.mark.skipif("SATT_DATA" not in os.environ, reason="needs SATT_DATA, a folder of data sets")
def test_one_epoch_of_photographs(tmp_path):
    folder = Path(os.environ["SATT_DATA"]) / "flickr8k"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there")
    options = ["--data", str(folder), "--size", "64", "--epochs", "1", "--out", str(tmp_path)]
    assert main(["train", *options]) == 0
    lines = (tmp_path / "log.jsonl").read_text(encoding="utf-8").splitlines()
    last = [record for record in map(json.loads, lines) if "perplexity" in record][-1]
    assert last["perplexity"] < 100
    assert last["ended"] >= 0.95
