"""`satt evaluate`: what a checkpoint can do, in figures."""

import json
import time
import warnings

from satt.commands.arguments import BEAM, BEAM_SIZE, COUNT, SEED
from satt.commands.checkpoints import add_checkpoint_argument, checkpoint_for_data, load
from satt.commands.looking import add_grid_file_arguments, look_as_trained, open_grid_file
from satt.commands.output import figure_text, print_table
from satt.commands.sources import (
    add_data_argument,
    add_image_arguments,
    open_source,
    print_source,
    read_data,
)
from satt.errors import SattError

NAME = "evaluate"
SUMMARY = "measure a captioner on images it has not learned from"
DESCRIPTION = """\
Caption images, the model reading its own words, and measure the captions. BLEU compares them with
the captions of the data. Of scenes it is known what is where, so that a caption is also judged:

  true captions       nothing in it is wrong
  complete captions   and every thing of the scene is named
  ... unseen          of scenes with combinations that training never shows (half as many)
  BLEU-4 share        BLEU-4 by what a further right caption of each scene gets
  pointing            at words that name a thing, the peak of the attention is on it (this and
                      what follows of greedy captions: no beam, always the likeliest word)
  mass on things      at these words, the share of the attention that is on it
  setting gap closed  at words that name a setting: the way from uniform (0) to all on it (1)

Of photographs there is also told

  perplexity          how many words it wavers between, when it is given the right ones
  vocabulary used     different words in all of its captions
  novel captions      share of its captions that are not among those of the training images

BLEU is given twice: with the penalty for captions that are too short (brevity penalty), as most
report it, and without, as Xu et al. do; length ratio tells how much that matters."""
EXAMPLES = """\
examples:
  satt evaluate --data scenes                        the demo's checkpoint, 1,000 test scenes
  satt evaluate --data scenes --count 200 --beam 1   fewer, by the likeliest word
  satt evaluate --data scenes --json > figures.json  for programs
  satt evaluate --data flickr8k --checkpoint satt-run/checkpoint.npz
  satt evaluate --data flickr8k --checkpoint vgg/checkpoint.npz --grids vgg19.npy --names names.txt
  satt evaluate --data coco --split validation --checkpoint satt-run/checkpoint.npz"""

KEYS = ("true_captions", "complete_captions", "true_captions_unseen", "bleu4", "bleu4_share",
        "pointing", "mass_on_things", "setting_gap_closed", "seconds")
FAMILIAR = 0.7  # share of the words said that a captioner of such data knows at least
OF_PHOTOGRAPHS = ("perplexity", "vocabulary_used", "novel_captions")
LISTED = ("bleu", "bleu_without_brevity", "length_ratio")


def add_arguments(parser):
    """Add what `run` takes."""
    add_checkpoint_argument(parser, "of scenes")
    add_data_argument(parser)
    add_image_arguments(parser)
    add_grid_file_arguments(parser)
    parser.add_argument("--split", choices=("test", "validation", "dev", "train"), default="test",
                        help="which images; validation and dev are the same "
                        "(default: %(default)s)")
    parser.add_argument("--count", type=COUNT, default=1000, metavar="N",
                        help="at most so many images (default: %(default)s)")
    parser.add_argument("--beam", type=BEAM, default=BEAM_SIZE, metavar="K",
                        help="keep the K likeliest beginnings of a caption; 1 always takes the "
                        "likeliest word (default: %(default)s)")
    parser.add_argument("--seed", type=SEED, default=0, metavar="N",
                        help="of the scenes (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of the table")


def run(options):
    """Evaluate."""
    begin = time.perf_counter()
    source = open_source(options, options.split)
    grid_file = open_grid_file(options)
    options.checkpoint = options.checkpoint or checkpoint_for_data(options.data)
    model, vocabulary = load(options.checkpoint)
    look = look_as_trained(model.settings, grid_file)
    if source is None and model.settings.grid:
        raise SattError(
            f"--data: this captioner looks at grids of photographs ({model.settings.grid}), which "
            "drawn scenes are not; give the folder of a data set"
        )

    from satt.training.evaluation import evaluate_captions, evaluate_scenes

    size = model.settings.image_size
    data = read_data(source, options, options.split, options.count, size, look)
    _warn_of_other_words(vocabulary, data, options)
    if source is None:
        unseen = read_data(source, options, "unseen", (options.count + 1) // 2, size)
        found, _, _ = evaluate_scenes(
            model, vocabulary, data, unseen, options.beam, seed=options.seed
        )
    else:
        # A folder without training captions cannot tell what is new.
        learned_from = [c for photo in source.of_split("train") for c in photo.captions] or None
        found = evaluate_captions(
            model, vocabulary, data, options.beam, learned_from=learned_from
        )
        found["perplexity"] = perplexity(model, vocabulary, data)
    found["seconds"] = round(time.perf_counter() - begin, 3)
    # What a folder of photographs cannot tell is None.
    figures = {name: found.get(name) for name in (*KEYS, *LISTED)}
    if source is not None:
        figures |= {name: found.get(name) for name in OF_PHOTOGRAPHS}
    if options.json:
        print(json.dumps(figures, indent=2))
    else:
        if source:
            print_source(source)
        _print(figures, len(data))
    return 0


def _warn_of_other_words(vocabulary, data, options):
    """A captioner of scenes fails at photographs, and its user may not see why."""
    known = set(vocabulary.words)
    said = [word in known for several in data.captions for caption in several for word in caption]
    share = sum(said) / len(said)
    if share < FAMILIAR:
        warnings.warn(
            f"{options.checkpoint} knows only {share:.0%} of the words in the captions of "
            f"{options.data}: it has learned from something else, and the figures say little",
            stacklevel=2,
        )


def perplexity(model, vocabulary, data, batch_size=100):
    """How many words the model wavers between, on average, as it is given the right ones.

    exp(nats of all captions / their words), the stop word counted; None where that is no number,
    or too large for one.
    """
    import math

    from satt.data.batches import captioning_batches
    from satt.data.vocabulary import PAD

    nats = words = 0
    for _, batches in captioning_batches(data, vocabulary, batch_size):
        for batch in batches:
            nats += model.loss(batch) * len(batch["words"])
            words += int((batch["words"][:, 1:] != PAD).sum())
    try:
        found = math.exp(nats / words)
    except OverflowError:
        return None
    return found if math.isfinite(found) else None


def _print(figures, images):
    print(f"{images:,} images, {figures['seconds']:.1f} seconds\n")
    rows = [
        (name.replace("_", " ").replace("bleu4", "BLEU-4"), figure_text(figures[name]))
        for name in (*KEYS, "length_ratio", *OF_PHOTOGRAPHS)
        if name != "seconds" and figures.get(name) is not None
    ]
    print_table(rows)
    print()
    print_table([
        ("", "BLEU-1", "BLEU-2", "BLEU-3", "BLEU-4"),
        ("with brevity penalty", *map(figure_text, figures["bleu"])),
        ("without (as Xu et al.)", *map(figure_text, figures["bleu_without_brevity"])),
    ])
