"""The training loop: read a batch, take the gradients, make a step; now and then see how it captions.

The model is judged as it will be used: on free-running captions of images that it does not learn
from, never by how well it continues somebody else's words. The best state by validation BLEU-4 is
the one that is kept.
"""

import time
from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

from satt.data.batches import captioning_batches, training_batches
from satt.decoding.greedy import greedy
from satt.errors import SattError
from satt.metrics.bleu import corpus_bleu
from satt.training.clipping import clip_by_global_norm
from satt.training.optimisers import OPTIMISERS
from satt.training.schedules import warmup_cosine

CALIBRATION_IMAGES = 512  # from which the batch normalisation takes its statistics for captioning


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
        Captions of an image in a batch, drawn at random; they share its grid, so that further ones
        cost little.
    optimiser : {"adam", "rmsprop", "sgd"}
    learning_rate : float
        The peak, reached after `warmup_steps` and followed by half a cosine down to zero.
    clip : float
        The largest global norm of a step's gradients.
    evaluations : int
        How often the validation captions are written, evenly over the training.
    patience : int
        Stop after so many evaluations without a better BLEU-4.
    seed : int
        Of the order of images, the choice of captions and the dropout.
    """

    epochs: int = 10
    batch_size: int = 16
    captions_per_image: int = 3
    optimiser: str = "adam"
    learning_rate: float = 2e-3
    warmup_steps: int = 100
    clip: float = 5.0
    evaluations: int = 10
    patience: int = 5
    seed: int = 0


def train(model, vocabulary, data, validation, settings, on_step=None, on_best=None, progress=True):
    """Train a captioner in place; it ends in its best state.

    Parameters
    ----------
    model : Captioner
    vocabulary : Vocabulary
    data, validation : CaptionData
    settings : TrainingSettings
    on_step : callable, optional
        Called after every step with its record, a dict: step, epoch, loss, gradient_norm,
        learning_rate, seconds and, where there was an evaluation, validation_loss, perplexity,
        bleu4, ended.
    on_best : callable, optional
        Called with the record whenever BLEU-4 is better than ever: the time to save.
    progress : bool
        Whether to show a bar with the loss and the time left.

    Returns
    -------
    interrupted : bool
        Whether Ctrl-C ended the training before its time. The model is then in the better of its
        best and its last state.

    Raises
    ------
    SattError
        If the loss is no longer a number.
    """
    random = np.random.default_rng(settings.seed)
    optimiser = OPTIMISERS[settings.optimiser]()
    steps_an_epoch = -(-len(data) // settings.batch_size)
    total = settings.epochs * steps_an_epoch
    evaluate_at = {round(total * (i + 1) / settings.evaluations) for i in range(settings.evaluations)}
    best, waited, interrupted, begin = None, 0, False, time.perf_counter()
    bar = tqdm(total=total, desc="training", unit="step", disable=not progress)

    def evaluate(record):
        nonlocal best, waited
        record.update(validate(model, vocabulary, data, validation))
        waited += 1
        if best is None or record["bleu4"] > best[0]:
            best, waited = (record["bleu4"], model.state()), 0
            if on_best:
                on_best(record)

    record = {"step": 0}
    try:
        for epoch in range(settings.epochs):
            for batch in training_batches(
                data, vocabulary, settings.batch_size, random, settings.captions_per_image
            ):
                step = record["step"]
                loss, gradients = model.loss_and_gradients(batch, random)
                if not np.isfinite(loss):
                    raise SattError(
                        f"loss: expected a number, got {loss} at step {step}; "
                        "try a smaller learning rate, or run gradcheck on what you changed"
                    )
                gradients, norm = clip_by_global_norm(gradients, settings.clip)
                rate = warmup_cosine(step, total, settings.warmup_steps, settings.learning_rate)
                optimiser.step(model.params, gradients, rate)
                record = {
                    "step": step + 1,
                    "epoch": epoch,
                    "loss": float(loss),
                    "gradient_norm": norm,
                    "learning_rate": rate,
                }
                if step + 1 in evaluate_at:
                    evaluate(record)
                record["seconds"] = round(time.perf_counter() - begin, 3)
                bar.update()
                shown = {"loss": f"{loss:.2f}"}
                if best:
                    shown["BLEU-4"] = f"{best[0]:.3f}"
                bar.set_postfix(shown, refresh=False)
                if on_step:
                    on_step(record)
            if waited >= settings.patience:
                break
    except KeyboardInterrupt:
        interrupted = True
        bar.write("interrupted: one more look at the validation captions, then it is saved")
        evaluate(record)
    finally:
        bar.close()
    model.restore(best[1])
    return interrupted


def validate(model, vocabulary, data, validation, batch_size=100):
    """Measure a model on images it does not learn from.

    Parameters
    ----------
    model : Captioner
        Its statistics are taken anew from the first images of `data`.
    vocabulary : Vocabulary
    data, validation : CaptionData
    batch_size : int
        Images at a time.

    Returns
    -------
    dict
        validation_loss : nats per caption, the right words given; perplexity : per word;
        bleu4 : of free-running greedy captions; ended : share of these that end with the stop word.
    """
    model.calibrate(data, CALIBRATION_IMAGES)
    surprise, words, captions = 0.0, 0, []
    for images, batch in captioning_batches(validation, vocabulary, batch_size):
        count = (batch["words"][:, 1:] > 0).sum()
        surprise += model.loss(batch) * len(batch["words"])
        words += count
        captions += greedy(model, images)
    bleu = corpus_bleu([vocabulary.decode(c.words) for c in captions], validation.captions)
    return {
        "validation_loss": float(surprise / sum(map(len, validation.captions))),
        "perplexity": float(np.exp(surprise / words)),
        "bleu4": bleu.bleu[3],
        "ended": float(np.mean([c.finished for c in captions])),
    }
