"""A caption of one image from its grid: greedy, and with a beam of 5."""

import numpy as np

from satt.decoding.beam_search import beam_search
from satt.decoding.greedy import greedy
from tests.benchmarks.measure import Row, compare
from tests.benchmarks.models import SIZES, decoder

GOAL, BEAM = 2.0, 5
LENGTH = 12  # so many words; an untrained model would not end by itself


def rows(threads, seconds, torch):
    """Yield the rows."""
    for name in ("small: B32 T12 L64 D64 H128 V200", "L196: B64 T16 D512 H512 V10k"):
        model, batch = decoder(SIZES[name] | {"B": 1})
        model.params["decoder.vocabulary.b"][2] = -100  # <stop>
        grid = batch["images"]
        for way in ("greedy", f"beam {BEAM}"):
            what = f"caption, {way}, batch 1, {name.partition(':')[0]}"
            if torch is None:
                yield Row(what, "torch", threads, None, GOAL, note="torch is not installed")
                continue
            steps = _steps(torch, model, grid, way)
            ours, theirs = steps["ours"](), steps["torch"]()
            if ours != theirs:
                raise SystemExit(f"{what}: we say {ours}, the rival says {theirs}")
            ratios, _, milliseconds = compare(steps, "ours", seconds)
            yield Row(what, "torch", threads, ratios["torch"], GOAL, None, milliseconds)


def _steps(torch, model, grid, way):
    from tests.benchmarks.torch_captioner import TorchCaptioner

    rival, tensor = TorchCaptioner(model), torch.tensor(grid)
    if way == "greedy":
        return {
            "ours": lambda: _words(greedy(model, grid, LENGTH)),
            "torch": lambda: rival.greedy(tensor, LENGTH),
        }
    return {
        "ours": lambda: _words(beam_search(model, grid, BEAM, LENGTH)),
        "torch": lambda: rival.beam(tensor, BEAM, LENGTH),
    }


def _words(captions):
    return np.asarray(captions[0].words).tolist()
