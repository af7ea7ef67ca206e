"""The training loop: read a batch, take the gradients, make a step; now and then, let it caption.

The model is judged as it will be used: on free-running captions of images that it does not learn
from, never by how well it continues somebody else's words. The best state by validation BLEU-4 is
the one that is kept; of two with the same BLEU-4, the one with the smaller validation loss; and
any that has settled further (see `Captioner.settle`) rather than one that has less.
"""

import time
from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

from satt.data.batches import captioning_batches, to_float
from satt.data.vocabulary import PAD, UNKNOWN
from satt.decoding.greedy import greedy
from satt.errors import SattError
from satt.metrics.bleu import corpus_bleu
from satt.models.captioner_parameters import VOCABULARY_PARAMS
from satt.models.encoder import BLOCKS
from satt.training.clipping import clip_by_global_norm
from satt.training.interrupts import Interrupts
from satt.training.narrow import begin_narrow, keep_even, keep_narrow
from satt.training.optimisers import OPTIMISERS
from satt.training.run import Run
from satt.training.schedules import SCHEDULES
from satt.training.threads import side_by_side

BATCHES = ("padded", "one-length")
SMALLER = 0.05  # the rate at which self-critical steps begin, as a share of the peak
SURER = 1.6  # factor of the vocabulary's scores, where they were learned from smoothed labels
UNFINISHED = 0.4  # share of their schedule that supervised steps go through before such steps
CALIBRATION_IMAGES = 256  # from which the batch normalisation takes its statistics for captioning
CALIBRATION_GRIDS = 512  # from which those of another network's features are taken, once
SAVE_EVERY = 30  # seconds
ONCE_MORE = "interrupted: captioning the validation images once more; Ctrl-C skips that"


@dataclass(frozen=True)
class TrainingSettings:
    """How to train.

    Attributes
    ----------
    epochs : int
        Times that every image is seen.
    batch_size : int
        Images in a batch.
    captions_per_image : int
        Captions of an image in an epoch, drawn at random; in a batch they share its grid, so that
        further ones cost little.
    batches : {"padded", "one-length"}
        Whether short captions are filled up to the longest of their batch, or a batch holds
        captions of exactly one length, as in the paper; see `training_batches`.
    short_first : bool
        Whether the first epoch goes from short captions to long ones; see `training_batches`.
    optimiser : {"adam", "muon", "rmsprop", "sgd"}
    learning_rate : float
        The peak, reached after `warmup_steps`.
    warmup_steps : int
    schedule : {"cosine", "trapezoid"}
        How the rate falls from the peak to zero, see `satt.training.schedules`.
    clip : float
        The largest global norm of a step's gradients.
    sharpening : float
        Over the middle half of the supervised steps the scores of the locations are stretched by
        this factor, little by little: the temperature of the attention's softmax falls to
        1 / sharpening, and the last quarter of the steps learns with so narrow a gaze. Soft
        attention that has found what it looks for has no reason of its own to leave out the
        surroundings, as long as these say nothing. 1 leaves the scores alone.
    whitening : bool
        Whether the filters of the encoder's first block are not learned but taken from the
        images, see `satt.models.whitening`. The others then learn from the first step on with
        something to learn from, and the gradient need not go back to the pixels. This and `narrow`
        replace filters that an encoder may have learned before; one that does not learn keeps its.
    narrow : float
        Share of the steps, the first ones, in which the last filters of the encoder keep to the
        middles of their windows; in those after them they treat left and right alike, see
        `satt.training.narrow`. 0 for neither.
    settling : float
        Share of the steps, the last ones, in which the encoder normalises as it will for
        captioning and no longer changes, see `Captioner.settle`. In self-critical steps it is so
        in any case.
    early_settling : float
        The same share for the first half of its blocks, if that is more.
    self_critical : float
        Share of the steps, the last ones, in which the model learns from captions of its own, see
        `satt.training.self_critical`. With `averaging`, those before go through the first
        `UNFINISHED` of the schedule only. Self-critical steps begin with the average of the
        states until then, if there is one, and their rate falls from `SMALLER` times the peak in a
        line to zero.
    averaging : float
        Judged and kept are not the parameters after the last step but a running average of them,
        in which each step leaves this share of the average as it is, see
        `satt.training.averaging`; 0 for none.
    evaluations : int
        How often the validation captions are written, evenly over the training.
    patience : int
        Stop after so many evaluations without a better state; not in a supervised part that a
        self-critical one follows.
    parts : int
        Into so many parts a batch is split, computed at the same time; see
        `satt.training.parts`.
    seed : int
        Of the order of images, the choice of captions and the dropout.

    Raises
    ------
    SattError
        If a number is too small or there is no such optimiser.
    """

    epochs: int = 10
    batch_size: int = 8
    captions_per_image: int = 1
    batches: str = "padded"
    short_first: bool = False
    optimiser: str = "adam"
    learning_rate: float = 3e-3
    warmup_steps: int = 100
    schedule: str = "cosine"
    clip: float = 5.0
    sharpening: float = 1.0
    whitening: bool = False
    narrow: float = 0.0
    settling: float = 0.25
    early_settling: float = 0.0
    self_critical: float = 0.0
    averaging: float = 0.0
    evaluations: int = 10
    patience: int = 5
    parts: int = 2
    seed: int = 0

    def __post_init__(self):
        for name in ("epochs", "batch_size", "captions_per_image", "evaluations", "patience",
                     "parts"):
            if getattr(self, name) < 1:
                raise SattError(f"{name}: expected at least 1, got {getattr(self, name)}")
        for name in ("warmup_steps", "seed"):
            if getattr(self, name) < 0:
                raise SattError(f"{name}: expected 0 or more, got {getattr(self, name)}")
        for name in ("learning_rate", "clip", "sharpening"):
            if not 0 < getattr(self, name) < np.inf:
                raise SattError(f"{name}: expected more than 0, got {getattr(self, name)}")
        for name in ("narrow", "settling", "early_settling", "self_critical"):
            if not 0 <= getattr(self, name) <= 1:
                raise SattError(f"{name}: expected a share in [0, 1], got {getattr(self, name)}")
        if self.self_critical and self.captions_per_image < 2:
            raise SattError(
                "captions_per_image: expected at least 2 for self_critical, got 1; the captions "
                "of an image are compared with each other"
            )
        if self.self_critical and self.batches == "one-length":
            raise SattError(
                "batches: expected padded for self_critical, got one-length; a batch of one "
                "length may hold a single caption of an image, with nothing to compare it with"
            )
        if not 0 <= self.averaging < 1:
            raise SattError(f"averaging: expected a share in [0, 1), got {self.averaging}")
        for name, choices in (
            ("optimiser", OPTIMISERS), ("batches", BATCHES), ("schedule", SCHEDULES),
        ):
            if getattr(self, name) not in choices:
                raise SattError(
                    f"{name}: expected one of {', '.join(choices)}, got {getattr(self, name)!r}"
                )


def train(
    model, vocabulary, data, validation, settings, on_step=None, on_best=None, progress=True,
    on_save=None, saved=None, processes=False,
):
    """Train a captioner in place; it ends in its best state.

    Parameters
    ----------
    model : Captioner
    vocabulary : Vocabulary
    data, validation : CaptionData
        What to learn from, and what to judge by.
    settings : TrainingSettings
    on_step : callable, optional
        Called after every step with its record, a dict: step, epoch (both from 1), loss (of its
        own captions reward instead), gradient_norm, learning_rate, seconds and, where there was an
        evaluation, what `validate` gives.
    on_best : callable, optional
        Called with the record whenever the state is better than ever, before `on_step`: the time
        to save. After an interruption before the first step the record holds no loss.
    progress : bool
        Whether to show a bar with the loss, the best BLEU-4 and the time left.
    on_save : callable, optional
        Called with what `Run.state` gives, arrays and a dict for JSON, when that should be kept:
        at the beginning and the end, every `SAVE_EVERY` seconds, around each evaluation and at
        Ctrl-C. Nothing depends on when that is.
    saved : (arrays, dict), optional
        What `on_save` got. The training goes on from there and ends in the same parameters as if
        it had never stopped, to the last bit. `on_best` is called again first.
    processes : bool
        Whether the parts of a batch are computed in processes, which is faster, rather than in
        threads; the result is the same. A script that asks for this must be one that may be
        imported: what it does stands under `if __name__ == "__main__":`.

    Returns
    -------
    interrupted : bool
        Whether Ctrl-C ended the training before its time. It takes effect between two steps. The
        last state has then been evaluated, unless a second Ctrl-C cut that short, and the model is
        in the best state. What `on_save` got is from before that evaluation.

    Raises
    ------
    SattError
        If the vocabulary or the images do not fit, `saved` is of other settings, or a loss or the
        gradients are no longer numbers or explode, see `Watch`; the model is then in its best
        state before that.
    KeyboardInterrupt
        If a second Ctrl-C comes before the first evaluation is over: nothing is worth keeping.
    """
    _check(model, vocabulary, data, validation)
    if model.settings.grid and not model.statistics:
        model.calibrate(to_float(data.images[:CALIBRATION_GRIDS]))
    run = Run(model, vocabulary, data, settings, processes)
    if saved is not None:
        run.restore(*saved)
    looks, interrupted, last_save = settings.evaluations, False, 0.0
    evaluate_at = {round(run.total * look / looks) for look in range(1, looks + 1)}
    bar = tqdm(
        total=run.total, initial=run.step, desc="training", unit="step", disable=not progress
    )

    def save():
        nonlocal last_save
        if on_save and run.whole and run.finite:
            on_save(*run.state())
        last_save = time.perf_counter()

    def evaluate():
        with run.averaged():
            found = validate(model, vocabulary, data, validation)
        run.watch.check(run.best_step, validation_loss=found["validation_loss"])
        return found

    def judge(found):
        # A settled state is used just as it was trained. That is worth more than what BLEU on a
        # few hundred captions can tell. The first ones may all have a BLEU-4 of 0; then it counts
        # that the loss goes down.
        score = model.settled, found["bleu4"], -found["validation_loss"]
        run.record.update(found, seconds=run.seconds)
        if run.best["score"] is None or score > run.best["score"]:
            with run.averaged():
                if on_best:
                    on_best(run.record)
                arrays = model.arrays()
            run.best.update(score=score, record=run.record, arrays=arrays, waited=0)
        elif run.step > run.supervised or run.supervised == run.total:
            # Not in a supervised part before another, which brings what that no longer does.
            run.best["waited"] += 1

    def close():
        run.record["seconds"] = run.seconds
        if on_step:
            on_step(run.record)
        run.open = False
        bar.set_postfix(_shown(run.record, run.best["score"]), refresh=False)
        bar.update(run.step - bar.n)

    with Interrupts() as interrupts:
        try:
            with interrupts.held():
                if saved is None:
                    _begin(run)
                elif on_best:
                    run.show_best(on_best)
                save()
            batches = iter(run.epochs)
            while run.open or not run.over:
                with interrupts.held():
                    if not run.open:
                        with run.changing():
                            _take_step(run, batches)
                            if run.step not in evaluate_at:
                                close()
                    if run.open or time.perf_counter() - last_save > SAVE_EVERY:
                        save()
                if run.open:
                    # This takes long, so that Ctrl-C may cut it short. It changes nothing: a run
                    # that goes on from the state before it does it again.
                    found = evaluate()
                    with interrupts.held():
                        with run.changing():
                            judge(found)
                            close()
                        save()
        except KeyboardInterrupt:
            interrupted = True
            try:
                # Before the evaluation below, which is none of those that make up the run.
                with interrupts.held():
                    save()
                if progress:
                    bar.write(ONCE_MORE)
                judge(evaluate())
            except KeyboardInterrupt:
                if run.best["score"] is None:
                    raise
        finally:
            with interrupts.held():
                bar.close()
                run.pool.close()
                model.restore(run.best["arrays"])
                model.settled = run.best["score"][0] if run.best["score"] else 0
    return interrupted


def _begin(run):
    """Give an encoder that is to learn the filters to begin with, if not those that it has."""
    settings, model = run.settings, run.model
    if model.settings.encoder != "trained":
        return
    if settings.whitening:
        model.whiten(to_float(run.data.images[:CALIBRATION_IMAGES]))
    if settings.narrow:
        begin_narrow(model.params)


def _take_step(run, batches):
    """Take the next batch, and make the parameters a little better at it."""
    settings, model = run.settings, run.model
    epoch, batch = next(batches, (None, None))
    if batch is None:  # only a damaged state leads here
        raise SattError(
            f"run: the batches are over after step {run.step:,} of {run.total:,}, so that what "
            "was saved does not fit together; begin anew"
        )
    run.step += 1
    batch["self_critical"] = run.step > run.supervised
    if run.step == run.supervised + 1:
        _become_self_critical(run)
    _settle(run)
    loss, gradients = run.pool.loss_and_gradients(batch)
    if settings.narrow:
        keep = keep_narrow if run.step <= settings.narrow * run.total else keep_even
        keep(gradients)
    run.watch.look(run.step, loss, batch["words"], gradients)
    gradients, norm = clip_by_global_norm(gradients, settings.clip)
    run.watch.check(run.best_step, loss=loss, gradient_norm=norm)
    rate = _learning_rate(run)
    run.optimiser.step(model.params, gradients, rate)
    begin, end = run.supervised // 4, max(1, 3 * run.supervised // 4)
    if begin < run.step <= min(end, run.supervised):
        model.sharpen(settings.sharpening ** (1 / (end - begin)))
    run.update_average()
    # What a self-critical step has is no loss that could be compared with those before.
    figure = {"reward": -float(loss)} if batch["self_critical"] else {"loss": float(loss)}
    run.record = {
        "step": run.step,
        "epoch": epoch,
        **figure,
        "gradient_norm": norm,
        "learning_rate": rate,
    }
    run.open = True


def _learning_rate(run):
    """The rate of this step: along the schedule, or, where self-critical, in a line to zero."""
    settings, step = run.settings, run.step
    if step > run.supervised:
        left = (run.total + 1 - step) / (run.total - run.supervised)
        return SMALLER * settings.learning_rate * left
    # An average of the states is smooth also where the rate is high, and has then learned more.
    shortened = settings.averaging and run.supervised < run.total
    end = round(run.supervised / UNFINISHED) if shortened else run.supervised
    return SCHEDULES[settings.schedule](
        step - 1, end, settings.warmup_steps, settings.learning_rate
    )


def _become_self_critical(run):
    """Go on from the average, with an optimiser that has forgotten the supervised gradients."""
    with run.averaged():
        averaged = run.model.arrays()
    run.model.restore(averaged)
    # Smoothed labels leave a share of each word to words that do not fit at all, and captions
    # drawn like that are none. With larger scores these are as rare as without smoothing.
    if run.model.settings.label_smoothing:
        for name in VOCABULARY_PARAMS:
            run.model.params[name] *= SURER
    run.average.clear()
    run.optimiser = OPTIMISERS[run.settings.optimiser]()
    run.best["waited"] = 0


def _settle(run):
    """See that as many blocks of the encoder have settled as should have by this step."""
    left, settings = 1 - (run.step - 1) / run.total, run.settings
    early = BLOCKS // 2 if left <= settings.early_settling else 0
    # Captions of its own are drawn as in captioning, so that the encoder must be as it is there.
    blocks = BLOCKS if left <= settings.settling or run.step > run.supervised else early
    if blocks > run.model.settled and run.model.settings.encoder == "trained":
        run.model.settle(to_float(run.data.images[:CALIBRATION_IMAGES]), blocks)


def _shown(record, score):
    shown = {name: f"{record[name]:.2f}" for name in ("loss", "reward") if name in record}
    if score:
        shown["BLEU-4"] = f"{score[1]:.3f}"
    return shown


def _check(model, vocabulary, data, validation):
    if len(vocabulary) != model.settings.vocabulary_size:
        raise SattError(
            f"vocabulary: expected {model.settings.vocabulary_size} words, the special ones "
            f"counted, got {len(vocabulary)}; build the captioner for this vocabulary"
        )
    for name, images in (("data", data.images), ("validation", validation.images)):
        if not len(images):
            raise SattError(f"{name}: expected at least 1 image, got none")
    if data.images.shape[1:] != validation.images.shape[1:]:
        raise SattError(
            f"validation: expected images of shape {data.images.shape[1:]} like those of data, "
            f"got {validation.images.shape[1:]}; bring both to one size"
        )


def validate(model, vocabulary, data, validation, batch_size=None):
    """Measure a model on images it does not learn from.

    Parameters
    ----------
    model : Captioner
        The statistics of what still learns are taken anew from the first images of `data`.
    vocabulary : Vocabulary
    data, validation : CaptionData
    batch_size : int, optional
        Images at a time; by default 100, or 25 of those whose grids come from elsewhere. What
        looks at these is several times as wide, and with fewer images its arrays stay small.

    Returns
    -------
    dict
        validation_loss : nats per caption, the right words given; perplexity : per word, the stop
        word counted; bleu4 : of free-running greedy captions; ended : share of these that end with
        the stop word.
    """
    model.calibrate(to_float(data.images[:CALIBRATION_IMAGES]))
    batch_size = batch_size or (25 if model.settings.grid else 100)

    def look(images_and_batches):
        images, batches = images_and_batches
        nats = sum(model.loss(batch) * len(batch["words"]) for batch in batches)
        words = sum(np.count_nonzero(batch["words"][:, 1:] != PAD) for batch in batches)
        return nats, words, greedy(model, images, excluded=[UNKNOWN])

    nats, words, captions = 0.0, 0, []
    for found in side_by_side(look, captioning_batches(validation, vocabulary, batch_size)):
        nats, words, captions = nats + found[0], words + found[1], captions + found[2]
    said = [vocabulary.decode(caption.words) for caption in captions]
    return {
        "validation_loss": nats / sum(map(len, validation.captions)),
        "perplexity": float(np.exp(nats / words)),
        "bleu4": corpus_bleu(said, validation.captions).bleu[3],
        "ended": float(np.mean([caption.finished for caption in captions])),
    }
