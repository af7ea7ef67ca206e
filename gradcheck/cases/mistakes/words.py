"""Mistakes around the words: the embedding, and the loss over a caption."""

from dataclasses import replace

import numpy as np

from gradcheck.cases.mistakes.mistake import uses, wrong_backward, wrong_forward
from satt.layers.embedding import embedding_forward
from satt.layers.label_smoothing import label_smoothing_backward
from satt.layers.policy_gradient import policy_gradient_backward
from satt.layers.sequence_cross_entropy import (
    sequence_cross_entropy_backward,
    sequence_cross_entropy_forward,
)


def word_mistakes(cases, random):
    """List the mistakes; parameters as for `linear_mistakes`."""
    embedding, loss = cases["embedding"], cases["sequence_cross_entropy"]
    smoothing, policy = cases["label_smoothing"], cases["policy_gradient"]
    logits, targets = loss.inputs.values()
    unmasked = replace(loss, options={"mask": np.ones_like(targets, dtype=bool)})
    # Of a word that is a thousand behind, the probability is 0 in every floating-point number.
    certain = replace(unmasked, inputs={"logits": logits * 500, "targets": targets})
    partials = uses(
        loss,
        ("logits",),
        {
            "in the sum of all exp": lambda dloss, cache: (_through_the_sum(dloss, cache),),
            "as the right word's score": lambda dloss, cache: (_through_the_word(dloss, cache),),
        },
    )
    return [
        wrong_backward(embedding, "overwrites-repeats", embedding_assigns_rows),
        wrong_backward(embedding, "overwrites-repeats", embedding_adds_with_an_index),
        wrong_backward(embedding, "transposed", embedding_swaps_the_one_hot_product),
        wrong_backward(embedding, "permuted", embedding_counts_words_from_1),
        wrong_backward(embedding, "last-step-only", embedding_starts_anew_at_each_step),
        wrong_backward(embedding, "zero", embedding_adds_to_a_copy),
        wrong_backward(embedding, "ignores-upstream", embedding_counts_its_words),
        wrong_backward(embedding, "dtype", embedding_collects_in_integers),
        wrong_forward(embedding, "forward-inconsistent", embedding_adds_fresh_noise),
        wrong_backward(loss, "scale", sequence_cross_entropy_forgets_the_mean),
        wrong_backward(loss, "scale", sequence_cross_entropy_divides_by_the_steps_as_well),
        wrong_backward(loss, "scale", sequence_cross_entropy_divides_by_the_words),
        wrong_backward(loss, "sign", sequence_cross_entropy_takes_truth_minus_belief),
        wrong_backward(
            loss,
            "padding-leak",
            sequence_cross_entropy_forgets_the_mask,
            _loss_that_keeps_everything,
        ),
        wrong_backward(loss, "ignores-upstream", sequence_cross_entropy_ignores_dloss),
        wrong_backward(
            loss,
            "missing-path",
            sequence_cross_entropy_returns_the_probabilities,
            partials=partials,
        ),
        wrong_backward(
            unmasked, "last-step-only", sequence_cross_entropy_starts_anew_at_each_step
        ),
        wrong_backward(loss, "mutates", sequence_cross_entropy_subtracts_1_in_the_cache),
        wrong_backward(certain, "nan", sequence_cross_entropy_divides_by_the_probability),
        wrong_backward(smoothing, "scale", label_smoothing_forgets_the_mean),
        wrong_backward(smoothing, "sign", label_smoothing_pulls_the_right_word_up),
        wrong_backward(smoothing, "padding-leak", label_smoothing_forgets_the_mask),
        wrong_backward(smoothing, "ignores-upstream", label_smoothing_ignores_dloss),
        wrong_backward(policy, "scale", policy_gradient_forgets_the_mean),
        wrong_backward(policy, "sign", policy_gradient_goes_downhill_in_reward),
        wrong_backward(policy, "scale", policy_gradient_forgets_the_advantages),
        wrong_backward(policy, "ignores-upstream", policy_gradient_ignores_dloss),
    ]


def embedding_assigns_rows(dout, cache):
    """`dW[words] = dout` keeps the last place of a word that stands several times."""
    words, shape = cache
    dW = np.zeros(shape)
    dW[words] = dout
    return dW


def embedding_adds_with_an_index(dout, cache):
    """`dW[words] += dout` adds once for each word, however often it stands there."""
    words, shape = cache
    dW = np.zeros(shape)
    dW[words] += dout
    return dW


def embedding_swaps_the_one_hot_product(dout, cache):
    """dW is dout^T times the one-hot words, and comes out as (E, V)."""
    words, shape = cache
    one_hot = np.eye(shape[0])[words.reshape(-1)]
    return dout.reshape(-1, shape[1]).T @ one_hot


def embedding_counts_words_from_1(dout, cache):
    """Words are taken to be numbered from 1, so that every row gets its neighbour's gradient."""
    words, shape = cache
    dW = np.zeros(shape)
    np.add.at(dW, words - 1, dout)
    return dW


def embedding_starts_anew_at_each_step(dout, cache):
    """dW is made inside the loop over time, so that the last step alone is left."""
    words, shape = cache
    for t in range(words.shape[1]):
        dW = np.zeros(shape)
        np.add.at(dW, words[:, t], dout[:, t])
    return dW


def embedding_adds_to_a_copy(dout, cache):
    """`rows = dW[words]` is a copy of the rows, so what is added to it never reaches dW."""
    words, shape = cache
    dW = np.zeros(shape)
    rows = dW[words]
    rows += dout
    return dW


def embedding_counts_its_words(dout, cache):
    """Every row gets the number of places of its word, whatever the gradient there is."""
    words, shape = cache
    dW = np.zeros(shape)
    np.add.at(dW, words, 1)
    return dW


def embedding_collects_in_integers(dout, cache):
    """The buffer for dW is made like the words, in integers, which cut off every fraction."""
    words, shape = cache
    dW = np.zeros(shape, dtype=words.dtype)
    for place in np.ndindex(words.shape):
        dW[words[place]] = dW[words[place]] + dout[place]
    return dW


def embedding_adds_fresh_noise(words, W):
    """Noise is added to the words' vectors, from a generator without a seed."""
    out, cache = embedding_forward(words, W)
    return out + 0.1 * np.random.default_rng().normal(size=out.shape), cache


def _through_the_sum(dloss, cache):
    probability, _, counts = cache
    dlogits = np.zeros((*counts.shape, probability.shape[1]))
    dlogits[counts] = dloss * probability / len(counts)
    return dlogits


def _through_the_word(dloss, cache):
    probability, right, counts = cache
    dlogits = np.zeros((*counts.shape, probability.shape[1]))
    dlogits[counts, right] = -dloss / len(counts)
    return dlogits


def sequence_cross_entropy_forgets_the_mean(dloss, cache):
    """The loss is a mean over the captions, but the gradient is not divided by their number."""
    _, _, counts = cache
    return sequence_cross_entropy_backward(dloss, cache) * len(counts)


def sequence_cross_entropy_divides_by_the_steps_as_well(dloss, cache):
    """The gradient is divided by N T, as if the loss were a mean over the steps too."""
    _, _, counts = cache
    return sequence_cross_entropy_backward(dloss, cache) / counts.shape[1]


def sequence_cross_entropy_divides_by_the_words(dloss, cache):
    """The gradient is divided by the number of words, not by the number of captions."""
    _, _, counts = cache
    return sequence_cross_entropy_backward(dloss, cache) * len(counts) / counts.sum()


def sequence_cross_entropy_takes_truth_minus_belief(dloss, cache):
    """The difference is taken the wrong way round: truth minus belief."""
    truth_minus_belief = -sequence_cross_entropy_backward(1, cache)
    return dloss * truth_minus_belief


def sequence_cross_entropy_forgets_the_mask(dloss, cache):
    """Steps after the end word get a gradient like all others."""
    logits, targets = cache
    N, T, V = logits.shape
    exp = np.exp(logits - logits.max(axis=2, keepdims=True))
    probability = exp / exp.sum(axis=2, keepdims=True)
    return dloss * (probability - np.eye(V)[targets]) / N


def sequence_cross_entropy_ignores_dloss(dloss, cache):
    """dloss is ignored: it is 1 as long as nothing is added to the loss or multiplied with it."""
    return sequence_cross_entropy_backward(1, cache)


def sequence_cross_entropy_returns_the_probabilities(dloss, cache):
    """The 1 is not taken from the probability of the right word."""
    return _through_the_sum(dloss, cache)


def sequence_cross_entropy_starts_anew_at_each_step(dloss, cache):
    """dlogits is made inside the loop over time, so that the last step alone is left."""
    probability, right, counts = cache
    N, T = counts.shape
    probability, right = probability.reshape(N, T, -1), right.reshape(N, T)
    for t in range(T):
        dlogits = np.zeros_like(probability)
        dlogits[:, t] = probability[:, t]
        dlogits[range(N), t, right[:, t]] -= 1
    return dloss * dlogits / N


def sequence_cross_entropy_subtracts_1_in_the_cache(dloss, cache):
    """The 1 is taken from the cached probabilities themselves, and again at the next call."""
    probability, right, counts = cache
    probability[range(len(right)), right] -= 1
    dlogits = np.zeros((*counts.shape, probability.shape[1]))
    dlogits[counts] = probability * dloss / len(counts)
    return dlogits


def sequence_cross_entropy_divides_by_the_probability(dloss, cache):
    """The chain goes by -1 / p and the softmax's slope, and a p of 0 makes infinity times 0."""
    probability, right, counts = cache
    N, T = counts.shape
    place = range(len(right)), right
    with np.errstate(divide="ignore", invalid="ignore"):
        dprobability = np.zeros_like(probability)
        dprobability[place] = -dloss / N / probability[place]
        average = (probability * dprobability).sum(axis=1, keepdims=True)
        return (probability * (dprobability - average)).reshape(N, T, -1)


def _loss_that_keeps_everything(logits, targets, mask):
    loss, _ = sequence_cross_entropy_forward(logits, targets, mask)
    return loss, (logits, targets)


def label_smoothing_forgets_the_mean(dloss, cache):
    """The loss is a mean over the captions, but the gradient is not divided by their number."""
    _, counts, _, _ = cache
    return label_smoothing_backward(dloss, cache) * len(counts)


def label_smoothing_pulls_the_right_word_up(dloss, cache):
    """The right word's score is pushed up, as by the cross-entropy, and the others down."""
    return -label_smoothing_backward(dloss, cache)


def label_smoothing_forgets_the_mask(dloss, cache):
    """Steps after the end word are smoothed like all others."""
    right, counts, V, _ = cache
    dlogits = np.full((*counts.shape, V), -dloss / V / len(counts))
    dlogits[counts, right] += dloss / len(counts)
    return dlogits


def label_smoothing_ignores_dloss(dloss, cache):
    """dloss is ignored: it is 1 as long as the smoothing has no weight."""
    return label_smoothing_backward(1, cache)


def policy_gradient_forgets_the_mean(dloss, cache):
    """The loss is a mean over the captions, but the gradient is not divided by their number."""
    _, _, counts, _ = cache
    return policy_gradient_backward(dloss, cache) * len(counts)


def policy_gradient_goes_downhill_in_reward(dloss, cache):
    """The reward's gradient instead of the loss's: what turned out well is said less often."""
    return -policy_gradient_backward(dloss, cache)


def policy_gradient_forgets_the_advantages(dloss, cache):
    """All captions count alike, whatever they were worth, as if people had written them."""
    probability, said, counts, weights = cache
    alike = np.full(len(weights), 1 / len(counts))
    return policy_gradient_backward(dloss, (probability, said, counts, alike))


def policy_gradient_ignores_dloss(dloss, cache):
    """dloss is ignored: it is 1 as long as there is no other loss beside it."""
    return policy_gradient_backward(1, cache)
