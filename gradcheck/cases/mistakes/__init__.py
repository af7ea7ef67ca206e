"""Mistakes that students make in backward passes, each with the cause that a checker should name.

A collection to teach with, and to hold the diagnosis to: every mistake is a right forward of satt
with a backward as somebody would really write it, or the other way round, on inputs that show it.
There is one file for each group of layers.
"""

import numpy as np

from gradcheck.cases.layers import layer_cases
from gradcheck.cases.mistakes.attention import attention_mistakes
from gradcheck.cases.mistakes.attention_lstm import attention_lstm_mistakes
from gradcheck.cases.mistakes.batch_norm import batch_norm_mistakes
from gradcheck.cases.mistakes.decoder import decoder_mistakes
from gradcheck.cases.mistakes.grid_nets import grid_net_mistakes
from gradcheck.cases.mistakes.gru import gru_mistakes
from gradcheck.cases.mistakes.images import image_mistakes
from gradcheck.cases.mistakes.linear import linear_mistakes
from gradcheck.cases.mistakes.lstm import lstm_mistakes
from gradcheck.cases.mistakes.mistake import Mistake
from gradcheck.cases.mistakes.pointwise import pointwise_mistakes
from gradcheck.cases.mistakes.rnn import rnn_mistakes
from gradcheck.cases.mistakes.scores import score_mistakes
from gradcheck.cases.mistakes.weights import weight_mistakes
from gradcheck.cases.mistakes.words import word_mistakes

__all__ = ["Mistake", "mistakes"]


def mistakes(seed=0):
    """List all mistakes, from the linear map to attention as a whole.

    Parameters
    ----------
    seed : int, optional
        Of the inputs.

    Returns
    -------
    mistakes : list of Mistake
    """
    cases = {case.name: case for case in layer_cases(seed)}
    random = np.random.default_rng([seed, 2])
    return [
        *linear_mistakes(cases, random),
        *pointwise_mistakes(cases, random),
        *image_mistakes(cases, random),
        *batch_norm_mistakes(cases, random),
        *word_mistakes(cases, random),
        *rnn_mistakes(cases, random),
        *gru_mistakes(cases, random),
        *lstm_mistakes(cases, random),
        *score_mistakes(cases, random),
        *weight_mistakes(cases, random),
        *decoder_mistakes(cases, random),
        *attention_mistakes(random),
        *attention_lstm_mistakes(cases, random),
        *grid_net_mistakes(cases),
    ]
