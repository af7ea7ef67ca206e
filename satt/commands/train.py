"""`satt train`: a captioner of your own settings, from scenes or from photographs."""

import argparse
from pathlib import Path

from satt.commands.arguments import COUNT, SEED, WIDTH, image_size, number, whole_number
from satt.commands.output import draw_caption, prepare_folder, print_table
from satt.commands.sources import (
    SCENES,
    add_data_argument,
    add_image_arguments,
    open_source,
    print_source,
    read_data,
)
from satt.errors import SattError

NAME = "train"
SUMMARY = "train a captioner on scenes or on photographs"
DESCRIPTION = """\
Train a captioner. Now and then it captions validation images by itself; the state with the best
BLEU-4 is kept. Ctrl-C ends the training early and keeps what was learned. The folder gets
checkpoint.npz (at every new best), log.jsonl (a line a step), learning-curve.png and
attention-1.png to attention-3.png: where it looked in three validation images."""
EXAMPLES = """\
examples:
  satt train --data scenes --scenes 2000 --epochs 3     a quick first run
  satt train --data scenes --penalty 0.1 --out doubly   with the doubly stochastic penalty
  satt train --data flickr8k --size 128 --dropout 0.5   photographs, from the folder flickr8k
  satt train --data coco --strict                       all of its images, or none
  satt train --data scenes --optimiser sgd --learning-rate 0.05 --overwrite

then:
  satt evaluate --checkpoint satt-run/checkpoint.npz --data scenes
  satt caption photo.png --checkpoint satt-run/checkpoint.npz --figure photo-attention.png"""

SCENES_DRAWN = 12_000
MINIMUM_COUNT = {True: 1, False: 5}  # by whether the data are scenes
PICTURES = 3
MODEL_OPTIONS = ("dropout", "penalty", "penalty_target", "state_width", "embedding_width",
                 "attention_width")
TRAINING_OPTIONS = ("epochs", "batch_size", "captions_per_image", "batches", "optimiser",
                    "learning_rate", "sharpening", "evaluations", "patience", "parts", "seed")


def add_arguments(parser):
    """Add what `run` takes."""
    from satt.models.captioner import CaptionerSettings
    from satt.training.optimisers import OPTIMISERS
    from satt.training.trainer import BATCHES, TrainingSettings

    def add(group, option, kind, text, settings=None, **more):
        if settings:
            more["default"] = getattr(settings, option[2:].replace("-", "_"))
        if "default" in more:
            text += " (default: %(default)s)"
        if "choices" not in more:
            more.setdefault("metavar", "N")
        group.add_argument(option, type=kind, help=text, **more)

    files = parser.add_argument_group("data and files")
    add_data_argument(files)
    add_image_arguments(files)
    add(files, "--out", str, "where the files go", default="satt-run", metavar="FOLDER")
    files.add_argument("--overwrite", action="store_true",
                       help="replace the run that the folder holds")
    add(files, "--size", image_size, "width and height of the images in pixels", default=64)
    add(files, "--scenes", COUNT, f"training scenes to draw (default: {SCENES_DRAWN})")
    add(files, "--validation", COUNT, "at most so many validation images", default=1000)
    add(files, "--minimum-count", COUNT, "words that are rarer are read as <unknown> (default: "
        f"{MINIMUM_COUNT[True]} for scenes, {MINIMUM_COUNT[False]} for a folder)")

    training, settings = parser.add_argument_group("training"), TrainingSettings
    add(training, "--epochs", COUNT, "times that every image is seen", settings)
    add(training, "--batch-size", whole_number(1, 4096), "images in a batch", settings)
    add(training, "--captions-per-image", whole_number(1, 100), "captions of each image in an "
        "epoch", settings)
    add(training, "--batches", str, "captions filled up to the longest of their batch, or of one "
        "length, as in the paper", settings, choices=BATCHES)
    add(training, "--optimiser", str, "how gradients become steps", settings,
        choices=sorted(OPTIMISERS))
    add(training, "--learning-rate", number(0, 10, open_below=True), "at its highest", settings)
    add(training, "--sharpening", number(1, 10), "by how much the scores of the locations are "
        "stretched in the second half: 3 gives a narrow gaze", settings)
    add(training, "--evaluations", COUNT, "looks at the validation images", settings)
    add(training, "--patience", COUNT, "stop after so many looks without a better BLEU-4",
        settings)
    add(training, "--parts", whole_number(1, 64), "of a batch, computed at the same time by as "
        "many threads", settings)
    add(training, "--seed", SEED, "of the scenes, the first parameters and all that is random",
        settings)

    model, settings = parser.add_argument_group("model"), CaptionerSettings
    add(model, "--state-width", WIDTH, "numbers in the decoder's state", settings)
    add(model, "--embedding-width", WIDTH, "numbers that stand for a word", settings)
    add(model, "--attention-width", WIDTH, "hidden units of the alignment score", settings)
    add(model, "--dropout", number(0, 0.99), "share of hidden units that are silent in training",
        settings)
    add(model, "--penalty", number(0, 1000), "weight of the doubly stochastic penalty, lambda",
        settings)
    add(model, "--penalty-target", penalty_target, "what the attention to a location should add "
        "up to: 1 (the paper) or T/L, words by locations", settings, metavar="1|T/L")


def penalty_target(text):
    """The two targets of the penalty, as a type for argparse."""
    if text not in ("1", "1.0", "T/L"):
        raise argparse.ArgumentTypeError(f"expected 1 or T/L, got {text!r}")
    return text if text == "T/L" else 1.0


def run(options):
    """Train."""
    from satt.data.vocabulary import Vocabulary
    from satt.figures import draw_learning_curve
    from satt.models.captioner import Captioner, CaptionerSettings
    from satt.training.keeping import save_captioner
    from satt.training.log import append_log
    from satt.training.trainer import TrainingSettings, train

    of_scenes = options.data == SCENES
    if options.scenes and not of_scenes:
        raise SattError("--scenes: a folder has the images that it has; leave --scenes out")
    source = open_source(options, "train", "validation")
    folder = prepare_folder(options.out)
    log = _fresh_log(folder, options.overwrite)
    scenes = (options.scenes or SCENES_DRAWN) if of_scenes else None
    data = read_data(source, options, "train", scenes, options.size)
    validation = read_data(source, options, "validation", options.validation, options.size)

    minimum = options.minimum_count or MINIMUM_COUNT[of_scenes]
    captions = (caption for several in data.captions for caption in several)
    vocabulary = Vocabulary.from_captions(captions, minimum)
    if not vocabulary.words:
        raise SattError(f"--minimum-count: no word occurs {minimum} times; choose a smaller one")
    chosen = {name: getattr(options, name) for name in MODEL_OPTIONS}
    model = Captioner(
        CaptionerSettings(len(vocabulary), options.size, **chosen), options.seed
    )
    settings = TrainingSettings(**{name: getattr(options, name) for name in TRAINING_OPTIONS})
    if source:
        print_source(source)
    print(f"{len(data):,} images to learn from, {len(validation):,} to validate with, "
          f"{len(vocabulary):,} words, {sum(p.size for p in model.params.values()):,} parameters",
          flush=True)

    records, best = [], {}

    def on_step(record):
        records.append(record)
        append_log(log, record)

    def on_best(record):
        best.update(record)
        about = {"data": source.reader if source else SCENES, "seed": options.seed, **record}
        save_captioner(folder / "checkpoint.npz", model, vocabulary, about)

    interrupted = train(model, vocabulary, data, validation, settings, on_step, on_best)
    if records:
        draw_learning_curve(folder / "learning-curve.png", records)
    pictures = _draw_pictures(folder, model, vocabulary, validation)
    if interrupted:
        print("interrupted; what was learned until then is saved")
    _report(best, records)
    _say_what_next(folder, pictures, options, of_scenes)
    return 0


def _fresh_log(folder, overwrite):
    log = folder / "log.jsonl"
    if log.is_file() and log.stat().st_size:
        if not overwrite:
            raise SattError(
                f"--out: {folder} already holds a run; choose another folder, or add --overwrite"
            )
        log.unlink()
    return log


def _draw_pictures(folder, model, vocabulary, validation):
    from satt.training.evaluation import caption_images

    paths = []
    captions = caption_images(model, validation.images[:PICTURES])
    for index, caption in enumerate(captions):
        path = folder / f"attention-{index + 1}.png"
        words = vocabulary.decode(caption.words)
        if draw_caption(
            path, validation.images[index], words, caption, model.settings.grid_shape,
            validation.names[index],
        ):
            paths.append(path)
    return paths


def _report(best, records):
    rows = [
        ("validation loss (nats a caption)", f"{best['validation_loss']:.3f}"),
        ("perplexity (of a word)", f"{best['perplexity']:.3f}"),
        ("BLEU-4", f"{best['bleu4']:.3f}"),
        ("captions that end within 20 words", f"{best['ended']:.1%}"),
    ]
    if records:
        rows.append(("seconds", f"{records[-1]['seconds']:.0f}"))
    memory = peak_memory()
    if memory:
        rows.append(("peak memory (MB)", f"{memory / 1e6:,.0f}"))
    print()
    print_table(rows)


def peak_memory():
    """The most memory that this process has held, in bytes; None where the system cannot say."""
    try:
        import resource
    except ImportError:
        return None
    import sys

    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used if sys.platform == "darwin" else 1024 * used


def _say_what_next(folder, pictures, options, of_scenes):
    checkpoint = Path(folder) / "checkpoint.npz"
    print(f"\nlook at {folder / 'learning-curve.png'}")
    for path in pictures:
        print(f"        {path}")
    print("next:   satt evaluate --checkpoint "
          f"{checkpoint} --data {options.data}")
    print(f"        satt caption photo.png --checkpoint {checkpoint} --figure look.png")
    if of_scenes:
        print("        satt draw    (scenes to caption)")
