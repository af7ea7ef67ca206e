"""Whole training steps: of the small captioner, and of one that learns from precomputed grids."""

from itertools import cycle

import numpy as np

from satt.models.captioner import Captioner, CaptionerSettings
from satt.training.clipping import clip_by_global_norm
from satt.training.optimisers import Adam
from satt.training.parts import PartsPool
from tests.benchmarks.measure import Row, check_equal, compare
from tests.benchmarks.models import FLICKR, decoder, flickr8k_batches, words

GOAL = 1.7
CLIP, RATE = 5.0, 1e-3


def rows(threads, seconds, torch):
    """Yield the rows."""
    random = np.random.default_rng(0)
    model = Captioner(CaptionerSettings(98))
    batch = {
        "images": random.uniform(-1, 1, (32, 64, 64, 3)).astype(np.float32),
        "words": words(random, {"B": 32, "T": 12, "V": 98}),
    }
    what = "small captioner, training step, B32 64x64"
    yield from _against_torch(what, model, [batch], threads, seconds, torch, {"torch": 1})
    model, batch = decoder(FLICKR)
    what = "Flickr8k step: 16 grids of 7x7x1280, five captions each, V 2.5k"
    rivals = {"torch, hoisted": FLICKR["k"], "torch, hoisted, captions share the grid": 1}
    yield from _against_torch(what, model, [batch], threads, seconds, torch, rivals)
    what = "the same with captions of Flickr8k, which differ in length"
    try:
        batches = flickr8k_batches(batch["images"])
    except KeyError:
        for rival in rivals:
            yield Row(what, rival, threads, None, None, note="$SATT_DATA names no folder of data")
        return
    yield from _against_torch(what, model, batches, threads, seconds, torch, rivals)


def _against_torch(what, model, batches, threads, seconds, torch, rivals):
    goals = [GOAL] + [None] * (len(rivals) - 1)
    if torch is None:
        for rival, goal in zip(rivals, goals, strict=True):
            yield Row(what, rival, threads, None, goal, note="torch is not installed")
        return
    # Compared in double precision: rounding moves what is near the kink of a ReLU.
    exact, batch = Captioner(model.settings, dtype=np.float64), batches[0]
    few = {
        "images": batch["images"][:3].astype(np.float64),
        "words": batch["words"][: 3 * len(batch["words"]) // len(batch["images"])],
    }
    loss, gradients = exact.loss_and_gradients(few)
    for repeats in rivals.values():
        value, others = torch_step(torch, exact, [few], repeats, learn=False)()
        theirs = [value, *(others[name] for name in gradients)]
        check_equal([loss, *gradients.values()], theirs, what, 1e-8)
    pool = PartsPool(model, threads, 0, processes=threads > 1)
    try:
        steps = {"ours": our_step(model, batches, pool)} | {
            rival: torch_step(torch, model, batches, repeats) for rival, repeats in rivals.items()
        }
        ratios, _, milliseconds = compare(steps, "ours", seconds)
    finally:
        pool.close()
    for rival, goal in zip(rivals, goals, strict=True):
        yield Row(what, rival, threads, ratios[rival], goal, None, milliseconds)


def our_step(model, batches, pool):
    """Gradients, clipping and Adam; more threads are as many processes, as in the command."""
    optimiser, batches = Adam(), cycle(batches)

    def step():
        _, gradients = pool.loss_and_gradients(next(batches))
        optimiser.step(model.params, clip_by_global_norm(gradients, CLIP)[0], RATE)

    return step


def torch_step(torch, model, batches, repeats, learn=True):
    """The same in torch; with `repeats` a grid is handed over once for each of its captions."""
    from tests.benchmarks.torch_captioner import TorchCaptioner

    rival = TorchCaptioner(model)
    batches = cycle([
        (torch.tensor(np.repeat(batch["images"], repeats, axis=0)), torch.tensor(batch["words"]))
        for batch in batches
    ])
    optimiser = torch.optim.Adam(rival.p.values(), RATE)

    def step():
        value = rival.loss_and_gradients(*next(batches))
        if learn:
            torch.nn.utils.clip_grad_norm_(rival.p.values(), CLIP)
            optimiser.step()
        return value, {name: tensor.grad for name, tensor in rival.p.items()}

    return step
