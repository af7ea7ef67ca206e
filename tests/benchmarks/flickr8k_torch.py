"""Do gradients written by hand train as well as autograd's? The captioner of photographs, twice.

    SATT_DATA=... python -m tests.benchmarks.flickr8k_torch --steps 375
    SATT_DATA=... python -m tests.benchmarks.flickr8k_torch --steps 375 --dropout

On Flickr8k with the grids of EfficientNet-Lite0 and the supervised part of the recipe for them.
One captioner learns by our gradients, clipping and Adam, the other by torch's; both begin with the
same numbers and read the same batches at the same learning rates. Without dropout they differ by
rounding only, which grows from step to step; with it, each draws its own. Neither keeps an average
of its states.

Every line gives the loss of both on the batch of that step; at the end, their BLEU on dev images
and the seconds of processor that a step took. The folder `flickr8k` is looked for in $SATT_DATA.
"""

import argparse
import os
from pathlib import Path
from time import process_time
from types import SimpleNamespace

import numpy as np
import torch

from satt.commands.arguments import BEAM_SIZE
from satt.commands.grid_recipe import grid_recipe
from satt.commands.looking import look_through
from satt.commands.sources import open_source, read_data
from satt.data.batches import to_float, training_batches
from satt.data.vocabulary import Vocabulary
from satt.models.captioner import Captioner, CaptionerSettings
from satt.models.pretrained import PretrainedEncoder
from satt.training.clipping import clip_by_global_norm
from satt.training.evaluation import evaluate_captions
from satt.training.optimisers import Adam
from satt.training.schedules import warmup_cosine
from satt.training.trainer import CALIBRATION_GRIDS, TrainingSettings
from tests.benchmarks.torch_captioner import F, TorchCaptioner, loss

MINIMUM_COUNT = 5
EPSILON = 1e-5  # of the standardising
CLIP = TrainingSettings().clip


def read_flickr8k(dev_images):
    """The training and the dev images as grids from the store, which is filled where it is not."""
    folder = Path(os.environ["SATT_DATA"]) / "flickr8k"
    options = SimpleNamespace(data=str(folder), strict=False, cache=None, seed=0)
    source = open_source(options, "train", "validation")
    encoder = PretrainedEncoder("efficientnet-lite0")
    look = look_through(encoder)
    return encoder, [
        read_data(source, options, split, count, encoder.image_size, look)
        for split, count in (("train", None), ("validation", dev_images))
    ]


def make_captioner(encoder, data, dropout, seed):
    """A captioner as `satt train` begins with, and the words that it knows."""
    recipe = grid_recipe()
    captions = (caption for several in data.captions for caption in several)
    vocabulary = Vocabulary.from_captions(captions, MINIMUM_COUNT)
    widths = {name: recipe.options[name] for name in
              ("dropout", "state_width", "embedding_width", "attention_width")}
    settings = widths | recipe.captioner
    if not dropout:
        settings |= {"dropout": 0.0, "grid_dropout": 0.0}
    grid = "x".join(map(str, encoder.grid_shape))
    model = Captioner(CaptionerSettings(
        len(vocabulary), encoder="absent", grid=f"efficientnet-lite0:{grid}", **settings,
    ), seed)
    model.calibrate(to_float(data.images[:CALIBRATION_GRIDS]))
    return model, vocabulary


def torch_loss(settings):
    """The loss of such a captioner in torch, as `TorchCaptioner` calls it."""

    def function(grids, words, p, scale, has_encoder, statistics):
        deviation = torch.sqrt(statistics["grid.variance"] + EPSILON)
        grid = (grids - statistics["grid.mean"]) / deviation
        if settings.grid_dropout:
            grid = F.dropout(grid, settings.grid_dropout)
        grid = F.relu(grid @ p["projection.W"] + p["projection.b"])
        return loss(grid, words, p, scale, has_encoder, statistics,
                    settings.dropout, settings.label_smoothing)

    return function


def batches_of(data, vocabulary, seed):
    """Batches without end, as a training draws them."""
    random, options = np.random.default_rng(seed), grid_recipe().options
    while True:
        yield from training_batches(
            data, vocabulary, options["batch_size"], random, options["captions_per_image"]
        )


def our_side(model, seed):
    """A step of ours: a function of a batch and the learning rate that returns the loss."""
    optimiser, random = Adam(), np.random.default_rng(seed)

    def step(batch, rate):
        value, gradients = model.loss_and_gradients(batch, random)
        optimiser.step(model.params, clip_by_global_norm(gradients, CLIP)[0], rate)
        return value

    return step


def torch_side(rival):
    """The same in torch."""
    optimiser = torch.optim.Adam(rival.p.values())

    def step(batch, rate):
        optimiser.param_groups[0]["lr"] = rate
        value = rival.loss_and_gradients(
            torch.tensor(batch["images"]), torch.tensor(batch["words"]), rival.statistics
        )
        torch.nn.utils.clip_grad_norm_(rival.p.values(), CLIP)
        optimiser.step()
        return float(value)

    return step


def main():
    """Train both, and print how they do."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.flickr8k_torch", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--steps", type=int, default=375, help="(default: %(default)s, an epoch)")
    parser.add_argument("--every", type=int, default=25, help="steps a line (default: 25)")
    parser.add_argument("--dropout", action="store_true", help="as in the recipe, not none")
    parser.add_argument("--dev", type=int, default=1000, help="dev images (default: 1000)")
    parser.add_argument("--beam", type=int, default=BEAM_SIZE, help="(default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="(default: %(default)s)")
    options = parser.parse_args()

    encoder, (data, dev) = read_flickr8k(options.dev)
    model, vocabulary = make_captioner(encoder, data, options.dropout, options.seed)
    torch.manual_seed(options.seed)
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", os.cpu_count() or 1)))
    rival = TorchCaptioner(model, torch_loss(model.settings))
    sides = {"ours": our_side(model, options.seed), "torch": torch_side(rival)}
    seconds, window = dict.fromkeys(sides, 0.0), {name: [] for name in sides}
    recipe = grid_recipe()
    warmup = min(recipe.training["warmup_steps"], options.steps // 4)
    print(f"{len(data):,} images, {len(vocabulary):,} words, "
          f"{sum(p.size for p in model.params.values()):,} parameters\n\n"
          f"{'step':>6}{'ours':>10}{'torch':>10}{'apart':>11}   (mean loss since the last line)")
    batches = batches_of(data, vocabulary, options.seed)
    for step in range(1, options.steps + 1):
        batch = next(batches)
        rate = warmup_cosine(
            step - 1, options.steps, warmup, recipe.options["learning_rate"]
        )
        for name, side in sides.items():
            begin = process_time()
            window[name].append(side(batch, rate))
            seconds[name] += process_time() - begin
        if step % options.every == 0 or step == options.steps:
            ours, torchs = (np.mean(window[name]) for name in sides)
            print(f"{step:6}{ours:10.4f}{torchs:10.4f}{torchs - ours:11.1e}", flush=True)
            window = {name: [] for name in sides}

    print("\nBLEU-1 to 4 of dev images, beam "
          f"{options.beam}, with brevity penalty; processor seconds a step")
    for name in sides:
        if name == "torch":
            model.params = {key: value.detach().numpy() for key, value in rival.p.items()}
        found = evaluate_captions(model, vocabulary, dev, options.beam)
        bleu = "  ".join(f"{100 * score:5.1f}" for score in found["bleu"])
        print(f"{name:>6}  {bleu}   length ratio {found['length_ratio']:.2f}   "
              f"{seconds[name] / options.steps:.2f} s", flush=True)


if __name__ == "__main__":
    main()
