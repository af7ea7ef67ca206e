"""The mathematics: one operation a file, each a pair of pure functions, forward and backward.

    out, cache = name_forward(inputs..., parameters..., options...)
    d_inputs..., d_parameters... = name_backward(dout, cache)

Nothing is mutated, the dtype follows the data, images and grids are channels-last, and the
derivation stands in the backward's docstring. Import from the file that is named after the
operation: `from satt.layers.softmax import softmax_forward, softmax_backward`.

The grid, from pixels

    conv2d                  one small linear map, applied to every window of an image
    relu                    what is positive passes, the rest becomes zero
    depthwise_conv2d        every channel has one small filter of its own
    same_padding            a rim of zeros with which a convolution keeps the size
    relu6                   as relu, but nothing comes out larger than 6
    max_pool                the largest value of every window
    average_pool            the mean of every window
    batch_norm              each channel gets mean 0 and variance 1 over the batch (training)
    batch_norm_inference    the same with fixed statistics (afterwards)

Attention: a score, a softmax, a weighted sum

    alignment               scores by f_att, a small network of grid and state
    dot_product_score       scores by the dot product of query and keys
    softmax                 scores become weights that sum to 1
    weighted_sum            the context: the grid averaged with the attention as weights
    context_gate            beta: how much of the context the state asks for
    doubly_stochastic       the penalty that makes the attention visit every location

The words, over time

    initial_state           where the LSTM starts: made from the mean of the grid
    embedding               a word's number looks up the word's vector
    rnn_step, rnn           the plain recurrent network: one step, a sequence
    gru_step, gru           with the gates of a GRU
    lstm_step, lstm         with the gates and the memory of an LSTM
    deep_output             word, state and context are joined before the vocabulary's logits
    sequence_cross_entropy  how surprised the model is by the right words
    label_smoothing         not to be too sure of them
    policy_gradient         what turned out well shall be said more often

Everywhere

    linear                  a weighted sum of the last axis, plus a bias
    tanh, sigmoid           numbers are squeezed into (-1, 1) or (0, 1)
    dropout                 random units are silenced while training
"""
