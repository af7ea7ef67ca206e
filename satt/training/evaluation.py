"""How good a captioner is: its own captions of images that it has not learned from.

All figures are of free-running captions: the model reads the words that it has said itself, never
the right ones.
"""

import numpy as np
from tqdm import tqdm

from satt.data.batches import to_float
from satt.data.scenes.grammar import write_caption
from satt.data.vocabulary import UNKNOWN
from satt.decoding.beam_search import beam_search
from satt.decoding.greedy import greedy
from satt.errors import SattError
from satt.metrics.bleu import corpus_bleu
from satt.metrics.scene_report import judge, report
from satt.training.threads import side_by_side

LOOKS = "pointing", "mass_on_things", "setting_gap_closed"
SIXTH = 6  # marks the random numbers of the captions that stand for how well people agree


def caption_images(model, images, beam_size=1, max_length=20, batch_size=100, progress=False):
    """Caption images, some at a time.

    Parameters
    ----------
    model : Captioner
    images : ndarray of uint8, shape (N, H, W, 3)
        Or floats, as the model takes them: pixels in -1..1, or grids for an absent encoder.
    beam_size : int
        1 is greedy decoding.
    max_length : int
        At most so many words, the stop word counted.
    batch_size : int
        Images at a time.
    progress : bool
        Whether to show a bar.

    Returns
    -------
    captions : list of Decoded
        One an image.

    Raises
    ------
    SattError
        If a number is not at least 1, or the images do not fit the model.
    """
    for name, value in (("beam_size", beam_size), ("batch_size", batch_size)):
        if value < 1:
            raise SattError(f"{name}: expected at least 1, got {value}")

    def caption(begin):
        batch = to_float(images[begin : begin + batch_size])
        if beam_size == 1:
            return greedy(model, batch, max_length, excluded=[UNKNOWN])
        return beam_search(model, batch, beam_size, max_length, excluded=[UNKNOWN])

    captions = []
    with tqdm(total=len(images), desc="captioning", unit="image", disable=not progress) as bar:
        for several in side_by_side(caption, range(0, len(images), batch_size)):
            captions += several
            bar.update(len(several))
    return captions


def evaluate_captions(
    model, vocabulary, data, beam_size=1, max_length=20, progress=True, learned_from=None
):
    """Compare a model's captions with those that people wrote.

    Parameters
    ----------
    model : Captioner
    vocabulary : Vocabulary
    data : CaptionData
    beam_size, max_length, progress
        As for `caption_images`.
    learned_from : iterable of lists of str, optional
        The captions of the training images.

    Returns
    -------
    dict
        bleu, bleu_without_brevity : list of 4 float, BLEU-1 to BLEU-4 in 0..1, with and without
        the brevity penalty; bleu4 : float, the last of `bleu`; length_ratio : float, words in the
        captions by words in the references; ended : float, share that ends with the stop word;
        vocabulary_used : int, how many different words all captions together say; and with
        `learned_from` novel_captions : float, share of the captions that are not among those.

    Raises
    ------
    SattError
        If there are no images, an image has no caption, or the images do not fit the model.
    """
    captions = caption_images(model, data.images, beam_size, max_length, progress=progress)
    return compare(captions, vocabulary, data, learned_from)


def compare(captions, vocabulary, data, learned_from=None):
    """Compare decoded captions with those of the data; the figures of `evaluate_captions`."""
    words = [vocabulary.decode(caption.words) for caption in captions]
    scores = corpus_bleu(words, data.captions)
    figures = {
        "bleu4": scores.bleu[3],
        "bleu": list(scores.bleu),
        "bleu_without_brevity": list(scores.bleu_without_brevity),
        "length_ratio": scores.length_ratio,
        "ended": float(np.mean([caption.finished for caption in captions])),
        "vocabulary_used": len({word for caption in words for word in caption}),
    }
    if learned_from is not None:
        known = {tuple(caption) for caption in learned_from}
        figures["novel_captions"] = float(np.mean([tuple(said) not in known for said in words]))
    return figures


def evaluate_scenes(
    model, vocabulary, data, unseen, beam_size=1, max_length=20, seed=0, progress=True
):
    """Judge a model's captions of drawn scenes: are they true, and did it look at what it named?

    BLEU alone is hard to read, because a scene can be told in many ways. So it is also given as a
    share of what a sixth right caption of each scene gets against the same five.

    Where it looked is always measured on greedy captions: there each word was said at once after
    the look, while a beam chooses between whole sentences afterwards.

    Parameters
    ----------
    model : Captioner
    vocabulary : Vocabulary
    data : SceneData
        Of scenes like those that the model learned from.
    unseen : SceneData
        Of scenes with combinations that the model never saw.
    beam_size, max_length, progress
        As for `caption_images`.
    seed : int
        Of the sixth captions.

    Returns
    -------
    figures : dict
        true_captions, complete_captions, pointing, mass_on_things, setting_gap_closed : of `data`,
        as in `satt.metrics.scene_report.report`, the last three of greedy captions;
        true_captions_unseen : of `unseen`; bleu4_share : BLEU-4 by that of the sixth captions,
        None if that is 0; and those of `evaluate_captions` on `data`.
    judgements : list of Judgement
        One for each image of `data`.
    captions : list of Decoded
        Likewise.

    Raises
    ------
    SattError
        If there are no images, or the images do not fit the model.
    """

    def judge_all(data, beam_size, title):
        return _judge_all(model, vocabulary, data, beam_size, max_length, progress, title)

    captions, judgements = judge_all(data, beam_size, "judging")
    figures = report(judgements)
    if beam_size > 1:
        looks = report(judge_all(data, 1, "judging its looks")[1])
        figures |= {name: looks[name] for name in LOOKS}
    _, unseen_judgements = judge_all(unseen, beam_size, "judging unseen")
    scores = compare(captions, vocabulary, data)
    sixth = [
        write_caption(scene, np.random.default_rng([seed, SIXTH, index]))
        for index, scene in enumerate(data.scenes)
    ]
    sixth_bleu4 = corpus_bleu(sixth, data.captions).bleu[3]
    figures["true_captions_unseen"] = report(unseen_judgements)["true_captions"]
    figures["bleu4_share"] = scores["bleu4"] / sixth_bleu4 if sixth_bleu4 else None
    return figures | scores, judgements, captions


def _judge_all(model, vocabulary, data, beam_size, max_length, progress, title):
    captions = caption_images(model, data.images, beam_size, max_length, progress=progress)
    size, grid_shape = data.images.shape[1], model.settings.grid_shape
    pairs = tqdm(
        zip(captions, data.scenes, strict=True),
        title, total=len(captions), unit="scene", disable=not progress,
    )
    judgements = [
        judge(vocabulary.decode(caption.words), caption.attention, scene, size, grid_shape)
        for caption, scene in pairs
    ]
    return captions, judgements
