"""For each operation, the form in use: the only place that chooses between plain and fast.

Models import from here. Every name below is at first the plain layer: read it in
`satt/layers/NAME.py`. At the end of this file the kernels take the place of those that they are
faster than, unless the environment variable SATT_KERNELS is `off`.
"""

import os

from satt.layers.alignment import (
    alignment_backward as alignment_backward,
    alignment_forward as alignment_forward,
)
from satt.layers.attention_lstm import (
    attention_lstm_backward as attention_lstm_backward,
    attention_lstm_forward as attention_lstm_forward,
)
from satt.layers.attention_lstm_step import (
    attention_lstm_step_backward as attention_lstm_step_backward,
    attention_lstm_step_forward as attention_lstm_step_forward,
)
from satt.layers.average_pool import (
    average_pool_backward as average_pool_backward,
    average_pool_forward as average_pool_forward,
)
from satt.layers.batch_norm import (
    batch_norm_backward as batch_norm_backward,
    batch_norm_forward as batch_norm_forward,
    batch_statistics as batch_statistics,
)
from satt.layers.batch_norm_inference import (
    batch_norm_inference_backward as batch_norm_inference_backward,
    batch_norm_inference_forward as batch_norm_inference_forward,
)
from satt.layers.context_gate import (
    context_gate_backward as context_gate_backward,
    context_gate_forward as context_gate_forward,
)
from satt.layers.conv2d import (
    conv2d_backward as conv2d_backward,
    conv2d_forward as conv2d_forward,
    conv2d_parameters_backward as conv2d_parameters_backward,
)
from satt.layers.deep_output import (
    deep_output_backward as deep_output_backward,
    deep_output_forward as deep_output_forward,
)
from satt.layers.depthwise_conv2d import (
    depthwise_conv2d_backward as depthwise_conv2d_backward,
    depthwise_conv2d_forward as depthwise_conv2d_forward,
)
from satt.layers.dot_product_score import (
    dot_product_score_backward as dot_product_score_backward,
    dot_product_score_forward as dot_product_score_forward,
)
from satt.layers.doubly_stochastic import (
    doubly_stochastic_backward as doubly_stochastic_backward,
    doubly_stochastic_forward as doubly_stochastic_forward,
)
from satt.layers.dropout import (
    dropout_backward as dropout_backward,
    dropout_forward as dropout_forward,
    dropout_mask as dropout_mask,
)
from satt.layers.embedding import (
    embedding_backward as embedding_backward,
    embedding_forward as embedding_forward,
)
from satt.layers.gru import gru_backward as gru_backward, gru_forward as gru_forward
from satt.layers.gru_step import (
    gru_step_backward as gru_step_backward,
    gru_step_forward as gru_step_forward,
)
from satt.layers.initial_state import (
    initial_state_backward as initial_state_backward,
    initial_state_forward as initial_state_forward,
)
from satt.layers.label_smoothing import (
    label_smoothing_backward as label_smoothing_backward,
    label_smoothing_forward as label_smoothing_forward,
)
from satt.layers.linear import (
    linear_backward as linear_backward,
    linear_forward as linear_forward,
    linear_parameters_backward as linear_parameters_backward,
)
from satt.layers.lstm import lstm_backward as lstm_backward, lstm_forward as lstm_forward
from satt.layers.lstm_step import (
    lstm_step_backward as lstm_step_backward,
    lstm_step_forward as lstm_step_forward,
)
from satt.layers.max_pool import (
    max_pool_backward as max_pool_backward,
    max_pool_forward as max_pool_forward,
)
from satt.layers.policy_gradient import (
    policy_gradient_backward as policy_gradient_backward,
    policy_gradient_forward as policy_gradient_forward,
)
from satt.layers.relu import relu_backward as relu_backward, relu_forward as relu_forward
from satt.layers.relu6 import (
    relu6_backward as relu6_backward,
    relu6_forward as relu6_forward,
)
from satt.layers.rnn import rnn_backward as rnn_backward, rnn_forward as rnn_forward
from satt.layers.rnn_step import (
    rnn_step_backward as rnn_step_backward,
    rnn_step_forward as rnn_step_forward,
)
from satt.layers.same_padding import (
    same_padding_backward as same_padding_backward,
    same_padding_forward as same_padding_forward,
)
from satt.layers.sequence_cross_entropy import (
    sequence_cross_entropy_backward as sequence_cross_entropy_backward,
    sequence_cross_entropy_forward as sequence_cross_entropy_forward,
)
from satt.layers.sigmoid import (
    sigmoid_backward as sigmoid_backward,
    sigmoid_forward as sigmoid_forward,
)
from satt.layers.softmax import (
    softmax_backward as softmax_backward,
    softmax_forward as softmax_forward,
)
from satt.layers.tanh import tanh_backward as tanh_backward, tanh_forward as tanh_forward
from satt.layers.weighted_sum import (
    weighted_sum_backward as weighted_sum_backward,
    weighted_sum_forward as weighted_sum_forward,
)

USE_KERNELS = os.environ.get("SATT_KERNELS") != "off"

if USE_KERNELS:
    from satt.kernels.attention_lstm import (
        attention_lstm_backward as attention_lstm_backward,
        attention_lstm_forward as attention_lstm_forward,
    )
    from satt.kernels.attention_lstm_step import (
        attention_lstm_step_backward as attention_lstm_step_backward,
        attention_lstm_step_forward as attention_lstm_step_forward,
    )
    from satt.kernels.batch_norm import (
        batch_norm_backward as batch_norm_backward,
        batch_norm_forward as batch_norm_forward,
    )
    from satt.kernels.batch_norm_inference import (
        batch_norm_inference_backward as batch_norm_inference_backward,
        batch_norm_inference_forward as batch_norm_inference_forward,
    )
    from satt.kernels.conv2d import (
        conv2d_backward as conv2d_backward,
        conv2d_forward as conv2d_forward,
        conv2d_parameters_backward as conv2d_parameters_backward,
    )
    from satt.kernels.embedding import embedding_backward as embedding_backward
    from satt.kernels.linear import linear_forward as linear_forward
    from satt.kernels.max_pool import (
        max_pool_backward as max_pool_backward,
        max_pool_forward as max_pool_forward,
    )
    from satt.kernels.sequence_cross_entropy import (
        sequence_cross_entropy_backward as sequence_cross_entropy_backward,
        sequence_cross_entropy_forward as sequence_cross_entropy_forward,
    )
