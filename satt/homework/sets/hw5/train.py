"""Train your captioner: `python train.py`, half a minute to two; then `python figure.py`.

It draws batches of scenes, asks your forward and backward, and lets your Adam take the steps. The
parameters go to captioner.npz. `python train.py --seed 1` begins elsewhere.
"""

import os

# The products are small: threads would wait for each other. NumPy reads this when it is imported.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
    os.environ.setdefault(variable, "1")

import argparse
import time
from pathlib import Path

import numpy as np

from satt.homework.handout.missing import stop_if_missing
from satt.homework.sets.hw5.adam import adam_step
from satt.homework.sets.hw5.captioner import captioner_backward, captioner_forward
from satt.homework.sets.hw5.parameters import PAD, initial_parameters
from satt.homework.sets.hw5.scenes import load_scenes

TRAINED = Path(__file__).resolve().parent / "captioner.npz"
BATCH, STEPS, WARM_UP, LEARNING_RATE = 50, 500, 50, 0.005
LONGEST_GRADIENT = 5.0
WIDTHS = {"A": 32, "H": 64, "E": 32}


def main():
    """Learn, and keep what was learned."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0, help="of parameters and batches")
    parser.add_argument("--steps", type=int, default=STEPS, help="how long (default: %(default)s)")
    options = parser.parse_args()
    stop_if_missing(captioner_forward, captioner_backward, adam_step)
    scenes = load_scenes()
    random = np.random.default_rng(options.seed)
    depth = scenes["train_grids"].shape[2]
    params = initial_parameters(len(scenes["words"]), depth, random=random, **WIDTHS)
    params, losses = train(params, scenes, options.steps, random)
    np.savez(TRAINED, losses=losses, **params)
    print(f"{TRAINED}; now see what it says and where it looks: python figure.py")


def train(params, scenes, steps, random):
    """Take so many steps of Adam; the learning rate rises shortly, then falls to zero."""
    means = {name: np.zeros_like(param) for name, param in params.items()}
    squares = {name: np.zeros_like(param) for name, param in params.items()}
    losses, began = [], time.perf_counter()
    for step in range(1, steps + 1):
        loss, cache = captioner_forward(*batch(scenes, random), params)
        _, gradients = captioner_backward(1.0, cache)
        length = np.sqrt(sum(float((gradient**2).sum()) for gradient in gradients.values()))
        shorter = min(1.0, LONGEST_GRADIENT / length)
        rate = LEARNING_RATE * min(1, step / WARM_UP) * (1 + np.cos(np.pi * step / steps)) / 2
        for name in params:
            params[name], means[name], squares[name] = adam_step(
                params[name], gradients[name] * shorter, means[name], squares[name], step,
                float(rate),
            )
        losses.append(float(loss))
        if step % 25 == 0 or step == steps:
            left = (time.perf_counter() - began) / step * (steps - step)
            print(f"step {step:4} of {steps}: loss {np.mean(losses[-25:]):6.2f} nats a caption, "
                  f"{left:3.0f} s left", flush=True)
    return params, np.array(losses)


def batch(scenes, random):
    """Some scenes, and for each one of its five captions: (BATCH, L, D) and (BATCH, T + 1)."""
    grids, captions = scenes["train_grids"], scenes["train_captions"]
    chosen = random.choice(len(grids), min(BATCH, len(grids)), replace=False)
    words = captions[chosen, random.integers(captions.shape[1], size=len(chosen))]
    return grids[chosen], words[:, : (words != PAD).sum(axis=1).max()]


if __name__ == "__main__":
    main()
