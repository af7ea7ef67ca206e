"""Training in float32 is float32 everywhere: one float64 makes all that it meets one, and slow."""

import numpy as np
import pytest

from satt import ops
from satt.models.captioner import Captioner, CaptionerSettings
from satt.training.clipping import clip_by_global_norm
from satt.training.optimisers import OPTIMISERS
from satt.training.parts import PartsPool

PAIRS = [name for name in dir(ops) if name.endswith(("_forward", "_backward"))]


def arrays_in(thing, where="result"):
    """Yield (where, array) for all arrays in nested tuples, lists and dicts; caches too."""
    if isinstance(thing, np.ndarray):
        yield where, thing
    elif isinstance(thing, (tuple, list)):
        for number, part in enumerate(thing):
            yield from arrays_in(part, f"{where}[{number}]")
    elif isinstance(thing, dict):
        for name, part in thing.items():
            yield from arrays_in(part, f"{where}[{name!r}]")


def wide(thing):
    """What holds numbers of more than 32 bits, but for single ones and words."""
    return [
        f"{where}: {array.dtype}{array.shape}" for where, array in arrays_in(thing)
        if array.dtype.kind in "fc" and array.dtype != np.float32
    ]


@pytest.fixture
def found(monkeypatch):
    """A list that gets a line for each array of float64 that an operation has to do with."""
    lines = []

    def watch(name, function):
        def watched(*args, **options):
            result = function(*args, **options)
            for what in ((args, options), result):
                lines.extend(f"{name}: {line}" for line in wide(what))
            return result

        monkeypatch.setattr(ops, name, watched)

    for name in PAIRS:
        watch(name, getattr(ops, name))
    return lines


@pytest.mark.parametrize("settings", [
    {}, {"penalty": 0.5, "dropout": 0.3}, {"penalty": 1.0, "penalty_target": 1.0, "gate": False},
    {"deep_output": False},
], ids=["plain", "penalty-dropout", "penalty-no-gate", "no-deep-output"])
@pytest.mark.parametrize("parts", [1, 2])
@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_no_float64_creeps_in(found, settings, parts, optimiser):
    random = np.random.default_rng(0)
    model = Captioner(CaptionerSettings(
        12, image_size=32, channels=(16, 16, 32, 24), attention_width=8, state_width=9,
        embedding_width=7, **settings,
    ))
    batch = {
        "images": random.uniform(-1, 1, (5, 32, 32, 3)).astype(np.float32),
        "words": random.integers(1, 12, (10, 7)),
    }
    pool, steps = PartsPool(model, parts, 0), OPTIMISERS[optimiser]()
    try:
        for settled in (False, True):
            if settled:
                model.settle(batch["images"])
            _, gradients = pool.loss_and_gradients(batch)
            gradients, _ = clip_by_global_norm(gradients, 1e-3)
            steps.step(model.params, gradients, np.float64(1e-3))
            model.sharpen(1.01)
            assert not wide([gradients, model.params, model.statistics])
            assert not wide({k: v for k, v in steps.state.items() if k != "steps"})
    finally:
        pool.close()
    assert not found, "\n".join(dict.fromkeys(found))
