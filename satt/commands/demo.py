"""`satt demo`: from nothing to a captioner of drawn scenes, and pictures of where it looks."""

import json
import os
import time
from dataclasses import dataclass, replace
from pathlib import Path

from satt.commands.arguments import BEAM_SIZE, COUNT, SEED
from satt.commands.checkpoints import DEFAULT_CHECKPOINT
from satt.commands.evaluate import KEYS
from satt.commands.mistakes import why_wrong
from satt.commands.output import as_typed, draw_caption, figure_text, prepare_folder, print_table

NAME = "demo"
SUMMARY = "learn to caption drawn scenes, and show where it looked"
DESCRIPTION = """\
Draw scenes, train a captioner on them, measure it on scenes that it has never seen, and draw where
it looked. The folder gets

  attention.png       a scene, and where it looked at each word of its caption
  gaze.png            the path of its gaze in the same scene
  snapshots.png       how looking was learned: the same words at several moments of the training
  failures.png        the first captions that are wrong, and what is wrong with them
  learning-curve.png  loss and BLEU-4 during the training
  checkpoint.npz      the captioner, for `satt caption` and `satt evaluate`
  metrics.json        the figures of the table at the end
  snapshots.npz       the attention of snapshots.png as arrays: image, words, steps, attentions
  log.jsonl           a line for each step of the training

Files of an earlier demo in the folder are overwritten one by one. Ctrl-C during the training ends
it early; the rest is done with what was learned until then."""
EXAMPLES = """\
examples:
  satt demo                               everything, in satt-demo/
  satt demo --scenes 4000                 a quick look; much of it will be wrong
  satt demo --seed 1 --out satt-demo-1    another world, other first parameters

then:
  satt draw --split test --count 4
  satt caption satt-scenes/test-0-1.png --figure look.png"""

# What the captioner is asked to reach, by the key in metrics.json.
ASKED = {
    "true_captions": 0.85,
    "complete_captions": 0.75,
    "true_captions_unseen": 0.70,
    "bleu4_share": 0.90,
    "pointing": 0.90,
    "mass_on_things": 0.70,
    "setting_gap_closed": 0.50,
}
FAILURES = 8


@dataclass(frozen=True)
class DemoSettings:
    """What the demo is made of.

    Attributes
    ----------
    scenes, validation, test, unseen : int
        How many scenes to learn from, to validate with, and to measure with: of the kind learned
        from, and with combinations that it has not seen.
    captioner : dict
        The arguments of `CaptionerSettings`, without the vocabulary's size; "image_size" at least.
    training : TrainingSettings
        Its seed is replaced by the command's.
    """

    scenes: int
    validation: int
    test: int
    unseen: int
    captioner: dict
    training: object


def demo_settings():
    """The settings of the demo, all in one place."""
    from satt.training.trainer import TrainingSettings

    return DemoSettings(
        scenes=26_000,
        validation=150,
        test=1000,
        unseen=500,
        captioner={
            "image_size": 64, "channels": (32, 64, 64, 96), "attention_width": 32,
            "state_width": 96, "state_dropout": 0.5,
        },
        training=TrainingSettings(
            epochs=2, batch_size=48, captions_per_image=3, short_first=True, optimiser="muon",
            sharpening=6.0, whitening=True, narrow=0.1, settling=0.15, early_settling=0.6,
            schedule="trapezoid", evaluations=6,
        ),
    )


def add_arguments(parser):
    """Add what `run` takes."""
    settings = demo_settings()
    parser.add_argument("--out", default="satt-demo", metavar="FOLDER",
                        help="where the files go (default: %(default)s)")
    parser.add_argument("--seed", type=SEED, default=0, metavar="N",
                        help="of the scenes, the first parameters and all that is random "
                        "(default: %(default)s)")
    parser.add_argument("--scenes", type=COUNT, default=settings.scenes, metavar="N",
                        help="scenes to learn from (default: %(default)s)")
    parser.add_argument("--epochs", type=COUNT, default=settings.training.epochs, metavar="N",
                        help="times that every scene is seen (default: %(default)s)")


def run(options):
    """Draw, train, evaluate, show."""
    begin = time.perf_counter()
    from satt.data.scenes.dataset import draw_scenes
    from satt.data.vocabulary import Vocabulary
    from satt.models.captioner import Captioner, CaptionerSettings
    from satt.training.evaluation import evaluate_scenes

    folder, settings = prepare_folder(options.out), demo_settings()
    training = replace(settings.training, epochs=options.epochs, seed=options.seed)
    size = settings.captioner["image_size"]

    print(f"1/4 drawing scenes of {size}x{size} pixels, with five captions each",
          flush=True)
    data, validation, test, unseen = (
        draw_scenes(split, count, size, options.seed, processes=os.cpu_count() or 1)
        for split, count in (
            ("train", options.scenes), ("validation", settings.validation),
            ("test", settings.test), ("unseen", settings.unseen),
        )
    )
    vocabulary = Vocabulary.from_captions(text for several in data.captions for text in several)
    model = Captioner(CaptionerSettings(len(vocabulary), **settings.captioner), options.seed)
    print(f"2/4 training {sum(p.size for p in model.params.values()):,} parameters for "
          f"{training.epochs} epochs; Ctrl-C ends it early and keeps what was learned",
          flush=True)
    records, snapshots = _train(folder, model, vocabulary, data, validation, training)
    print(f"3/4 captioning {len(test):,} test scenes and {len(unseen):,} of unseen combinations",
          flush=True)
    figures, judgements, captions = evaluate_scenes(
        model, vocabulary, test, unseen, BEAM_SIZE, seed=options.seed
    )
    print("4/4 drawing where it looked", flush=True)
    paths = _draw(folder, model, vocabulary, test, judgements, captions)
    paths += _draw_training(folder, records, snapshots)
    figures["seconds"] = round(time.perf_counter() - begin, 1)
    metrics = {name: figures[name] for name in KEYS}
    text = json.dumps(metrics, indent=2) + "\n"
    (folder / "metrics.json").write_text(text, encoding="utf-8", newline="\n")
    _report(metrics)
    _say_what_next(folder, paths)
    return 0


# --- training ------------------------------------------------------------------------------------


def _train(folder, model, vocabulary, data, validation, training):
    """Train; return the log's records and the snapshots."""
    from satt.data.batches import to_float
    from satt.training.keeping import save_captioner
    from satt.training.log import append_log
    from satt.training.trainer import CALIBRATION_IMAGES, train

    log, records = folder / "log.jsonl", []
    log.unlink(missing_ok=True)
    snapshots = Snapshots(model, vocabulary, validation)
    model.calibrate(to_float(data.images[:CALIBRATION_IMAGES]))
    snapshots.take(0)

    def on_step(record):
        records.append(record)
        append_log(log, record)
        if "bleu4" in record:  # the model is calibrated at an evaluation
            snapshots.take(record["step"])

    def on_best(record):
        about = {"data": "scenes", "seed": training.seed, **record}
        save_captioner(folder / "checkpoint.npz", model, vocabulary, about)

    arguments = model, vocabulary, data, validation, training, on_step, on_best
    if train(*arguments, processes=True):
        print("interrupted; going on with what was learned until now")
    return records, snapshots


class Snapshots:
    """The attention of one caption, looked at now and then while the model learns.

    Parameters
    ----------
    model : Captioner
    vocabulary : Vocabulary
    data : SceneData
        Its first scene with two things of two kinds is taken, with the first of its captions.
    """

    def __init__(self, model, vocabulary, data):
        from satt.data.batches import caption_arrays, to_float

        kinds = ([thing.kind for thing in scene.things] for scene in data.scenes)
        index = next((i for i, k in enumerate(kinds) if len(k) == len(set(k)) == 2), 0)
        caption = data.captions[index][0]
        self.model, self.image = model, data.images[index]
        self.words = [*caption, "<stop>"]
        self.inputs = to_float(self.image[None]), caption_arrays([caption], vocabulary)
        self.steps, self.attentions = [], []

    def take(self, step):
        """Look at the attention as it is now."""
        from satt.decoding.reading import attention_while_reading

        self.steps.append(step)
        self.attentions.append(attention_while_reading(self.model, *self.inputs)[0])

    def thin_out(self):
        """Which snapshots to show: the untrained one, evaluations 1, 2, 4, 8, ... and the last.

        Returns
        -------
        list of int
        """
        last = len(self.steps) - 1
        return [0] + [n for n in range(1, last) if n & (n - 1) == 0] + ([last] if last else [])


# --- pictures ------------------------------------------------------------------------------------


def _draw_training(folder, records, snapshots):
    """Draw the learning curve and the snapshots, and write these as arrays too."""
    import numpy as np

    from satt.figures import draw_learning_curve, draw_snapshots
    from satt.training.checkpoint import save_checkpoint

    grid_shape, shown = snapshots.model.settings.grid_shape, snapshots.thin_out()
    arrays = {
        "image": snapshots.image,
        "words": np.array(snapshots.words),
        "steps": np.array([snapshots.steps[n] for n in shown]),
        "attentions": np.stack([snapshots.attentions[n] for n in shown]),
    }
    save_checkpoint(
        folder / "snapshots.npz", arrays, {"kind": "snapshots", "grid_shape": grid_shape}
    )
    labels = [f"step {step:,}" if step else "untrained" for step in arrays["steps"].tolist()]
    paths = [draw_snapshots(
        folder / "snapshots.png", snapshots.image, snapshots.words, arrays["attentions"], labels,
        grid_shape,
    )]
    if records:
        paths.append(draw_learning_curve(folder / "learning-curve.png", records))
    return paths


def _draw(folder, model, vocabulary, test, judgements, captions):
    """Draw a caption's attention and gaze, and the captions that are wrong."""
    from satt.figures import draw_gaze, draw_samples

    paths, grid_shape = [], model.settings.grid_shape
    texts = [vocabulary.decode(caption.words) for caption in captions]
    index = choose_shown(test.scenes, judgements)
    image, words, caption = test.images[index], texts[index], captions[index]
    notes = [""] * len(words)
    for look in judgements[index].looks:
        notes[look.position] = f"{look.mass:.0%} on the {words[look.position]}"
    if draw_caption(folder / "attention.png", image, words, caption, grid_shape, None, notes):
        draw_gaze(folder / "gaze.png", image, words, caption.attention, grid_shape)
        paths += [folder / "attention.png", folder / "gaze.png"]

    wrong = [n for n, judgement in enumerate(judgements) if not judgement.is_true][:FAILURES]
    if wrong:
        titles = [
            f"said: {' '.join(texts[n])}\na reference: {' '.join(test.captions[n][0])}\n"
            f"wrong: {why_wrong(texts[n], test.scenes[n])}"
            for n in wrong
        ]
        images = [test.images[n] for n in wrong]
        paths.append(draw_samples(folder / "failures.png", images, titles))
    return paths


def choose_shown(scenes, judgements):
    """Choose a test scene to show, by a rule: the first one with the most of what a reader seeks.

    A true and complete caption of a bird that flies over water; else a true and complete caption
    of two things; else a true caption; else the first scene.

    Parameters
    ----------
    scenes : list of Scene
    judgements : list of Judgement
        One for each scene's caption.

    Returns
    -------
    index : int
    """

    def rank(index):
        scene, judgement = scenes[index], judgements[index]
        birds = [thing for thing in scene.things if thing.kind == "bird" and thing.flies]
        whole = judgement.is_true and judgement.names_everything
        return (
            whole and scene.setting == "water" and len(birds) > 0,
            whole and len(scene.things) == 2,
            judgement.is_true,
        )

    return max(range(len(scenes)), key=rank)


# --- words ---------------------------------------------------------------------------------------


def _report(metrics):
    rows = [("", "reached", "asked", "")]
    for name in KEYS:
        if name == "seconds":
            continue
        asked, value = ASKED.get(name), metrics[name]
        verdict = "" if asked is None else "not yet" if (value or 0) < asked else "ok"
        rows.append((
            name.replace("_", " ").replace("bleu4", "BLEU-4"),
            figure_text(value), "" if asked is None else f"{asked:.2f}", verdict,
        ))
    print()
    print_table(rows)
    print(f"\n{metrics['seconds']:.0f} seconds; what the figures mean: satt evaluate --help")


def _say_what_next(folder, paths):
    checkpoint = folder / "checkpoint.npz"
    given = () if checkpoint == Path(DEFAULT_CHECKPOINT) else ("--checkpoint", checkpoint)
    caption = as_typed("satt", "caption", "satt-scenes/test-0-0.png", *given, "--figure",
                       "look.png")
    print("\nlook at")
    for path in paths:
        print(f"  {path}")
    print(f"""next
  satt draw --split test --size 64            scenes to caption, in satt-scenes/
  {caption}
  satt train --data FOLDER                    photographs, if you have Flickr8k
  gradcheck                                   every gradient, checked""")
