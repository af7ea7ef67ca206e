"""For each operation, the form in use: the only place that chooses between plain and fast.

Models import from here. Every name below is the plain layer, `satt/layers/NAME.py`: read it there.
"""

from satt.layers.alignment import (
    alignment_backward as alignment_backward,
)
from satt.layers.alignment import (
    alignment_forward as alignment_forward,
)
from satt.layers.average_pool import (
    average_pool_backward as average_pool_backward,
)
from satt.layers.average_pool import (
    average_pool_forward as average_pool_forward,
)
from satt.layers.batch_norm import (
    batch_norm_backward as batch_norm_backward,
)
from satt.layers.batch_norm import (
    batch_norm_forward as batch_norm_forward,
)
from satt.layers.batch_norm import (
    batch_statistics as batch_statistics,
)
from satt.layers.batch_norm_inference import (
    batch_norm_inference_backward as batch_norm_inference_backward,
)
from satt.layers.batch_norm_inference import (
    batch_norm_inference_forward as batch_norm_inference_forward,
)
from satt.layers.context_gate import (
    context_gate_backward as context_gate_backward,
)
from satt.layers.context_gate import (
    context_gate_forward as context_gate_forward,
)
from satt.layers.conv2d import conv2d_backward as conv2d_backward
from satt.layers.conv2d import conv2d_forward as conv2d_forward
from satt.layers.deep_output import (
    deep_output_backward as deep_output_backward,
)
from satt.layers.deep_output import (
    deep_output_forward as deep_output_forward,
)
from satt.layers.dot_product_score import (
    dot_product_score_backward as dot_product_score_backward,
)
from satt.layers.dot_product_score import (
    dot_product_score_forward as dot_product_score_forward,
)
from satt.layers.doubly_stochastic import (
    doubly_stochastic_backward as doubly_stochastic_backward,
)
from satt.layers.doubly_stochastic import (
    doubly_stochastic_forward as doubly_stochastic_forward,
)
from satt.layers.dropout import (
    dropout_backward as dropout_backward,
)
from satt.layers.dropout import (
    dropout_forward as dropout_forward,
)
from satt.layers.dropout import (
    dropout_mask as dropout_mask,
)
from satt.layers.embedding import (
    embedding_backward as embedding_backward,
)
from satt.layers.embedding import (
    embedding_forward as embedding_forward,
)
from satt.layers.gru import gru_backward as gru_backward
from satt.layers.gru import gru_forward as gru_forward
from satt.layers.gru_step import (
    gru_step_backward as gru_step_backward,
)
from satt.layers.gru_step import (
    gru_step_forward as gru_step_forward,
)
from satt.layers.initial_state import (
    initial_state_backward as initial_state_backward,
)
from satt.layers.initial_state import (
    initial_state_forward as initial_state_forward,
)
from satt.layers.linear import linear_backward as linear_backward
from satt.layers.linear import linear_forward as linear_forward
from satt.layers.lstm import lstm_backward as lstm_backward
from satt.layers.lstm import lstm_forward as lstm_forward
from satt.layers.lstm_step import (
    lstm_step_backward as lstm_step_backward,
)
from satt.layers.lstm_step import (
    lstm_step_forward as lstm_step_forward,
)
from satt.layers.max_pool import (
    max_pool_backward as max_pool_backward,
)
from satt.layers.max_pool import (
    max_pool_forward as max_pool_forward,
)
from satt.layers.relu import relu_backward as relu_backward
from satt.layers.relu import relu_forward as relu_forward
from satt.layers.rnn import rnn_backward as rnn_backward
from satt.layers.rnn import rnn_forward as rnn_forward
from satt.layers.rnn_step import (
    rnn_step_backward as rnn_step_backward,
)
from satt.layers.rnn_step import (
    rnn_step_forward as rnn_step_forward,
)
from satt.layers.sequence_cross_entropy import (
    sequence_cross_entropy_backward as sequence_cross_entropy_backward,
)
from satt.layers.sequence_cross_entropy import (
    sequence_cross_entropy_forward as sequence_cross_entropy_forward,
)
from satt.layers.sigmoid import (
    sigmoid_backward as sigmoid_backward,
)
from satt.layers.sigmoid import (
    sigmoid_forward as sigmoid_forward,
)
from satt.layers.softmax import (
    softmax_backward as softmax_backward,
)
from satt.layers.softmax import (
    softmax_forward as softmax_forward,
)
from satt.layers.tanh import tanh_backward as tanh_backward
from satt.layers.tanh import tanh_forward as tanh_forward
from satt.layers.weighted_sum import (
    weighted_sum_backward as weighted_sum_backward,
)
from satt.layers.weighted_sum import (
    weighted_sum_forward as weighted_sum_forward,
)
