"""Self-critical training: the model says captions of its own, and learns which of them were good.

By heart, everybody can go on with somebody else's words. What counts is how well the model does
with its own, and that no cross-entropy says: it has never seen the model speak. So in the last
part of a training the model captions its images several times, by the dice, and each caption is
compared with those that people wrote. What came out better than the other captions of the same
image gets likelier, what came out worse gets less likely; see `satt.layers.policy_gradient`.

Rennie et al. 2017, "Self-critical sequence training for image captioning". The baseline is that of
Luo 2020, "A better variant of self-critical sequence training": the mean of the other captions'
rewards, which depends on the image as much as theirs do but not on what this caption says.
"""

import numpy as np

from satt.data.vocabulary import PAD, START, STOP, UNKNOWN
from satt.decoding.sampling import sample
from satt.metrics.sentence_bleu import sentence_bleu

LONGEST = 20  # words of a caption, the stop word counted
UNSAID = [PAD, START, UNKNOWN]


def loss_and_gradients(model, batch, random):
    """Take the gradient of a batch, as the training wants it at this step.

    Parameters
    ----------
    model : Captioner
    batch : dict
        "images" and "words", as for the model's method of this name; "self_critical": whether the
        words are only what the model's own captions, as many, are to be compared with.
    random : numpy.random.Generator
        Draws the dropout, or the captions.

    Returns
    -------
    loss : float
        As from the model; when it is self-critical, minus the mean reward of its captions.
    gradients : dict of ndarray
    """
    if not batch.get("self_critical"):
        return model.loss_and_gradients(batch, random)
    own, reward = own_captions(model, batch, random)
    # Without dropout: what is judged is what the model says when nothing is silenced.
    _, gradients = model.loss_and_gradients(own)
    return -reward, gradients


def own_captions(model, batch, random):
    """Let the model caption a batch, and judge the captions.

    Parameters
    ----------
    model : Captioner
    batch : dict
        "images": M of them; "words": (M k, T + 1), k > 1 captions of each by people.
    random : numpy.random.Generator

    Returns
    -------
    batch : dict
        "images" as they were; "words": (M k, S + 1), k captions of each by the model;
        "advantages": float32 (M k,), the rewards less the baseline, divided by the standard
        deviation of all: so a step is as long when the captions have become alike; "excluded":
        the words that are never said.
    reward : float
        The mean sentence BLEU of the captions, the stop word counted as a word.
    """
    images, words = batch["images"], batch["words"]
    k = len(words) // len(images)
    said = [
        [*caption.words, STOP] if caption.finished else caption.words
        for caption in sample(
            _SeveralTimes(model, k), images, random, max_length=LONGEST, excluded=[UNKNOWN]
        )
    ]
    written = [row[1:][row[1:] != PAD].tolist() for row in words]
    rewards = np.array([
        sentence_bleu(caption, written[n // k * k : n // k * k + k])
        for n, caption in enumerate(said)
    ])
    several = rewards.reshape(-1, k)
    others = (several.sum(axis=1, keepdims=True) - several) / (k - 1)
    advantages = (several - others).reshape(-1)
    advantages /= max(advantages.std(), 1e-6)
    rows = np.full((len(said), 1 + max(map(len, said))), PAD)
    for row, caption in zip(rows, said, strict=True):
        row[: len(caption) + 1] = [START, *caption]
    own = {
        "images": images, "words": rows, "advantages": advantages.astype(np.float32),
        "excluded": UNSAID,
    }
    return own, float(rewards.mean())


class _SeveralTimes:
    """A captioner that captions each image several times, having looked at it once."""

    def __init__(self, model, times):
        self._model, self._times, self.step = model, times, model.step

    def start(self, images):
        memory, state = self._model.start(images)
        return (
            tuple(np.repeat(array, self._times, axis=0) for array in memory),
            tuple(np.repeat(array, self._times, axis=0) for array in state),
        )
