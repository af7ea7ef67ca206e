"""The depthwise convolution: every channel has one small filter of its own.

    out[n, y, x, c] = sum_ij image[n, y stride + i, x stride + j, c] W[i, j, c]

A full convolution looks around and mixes channels in one go, with K K C F weights. Here it only
looks around, with K K C weights; a 1x1 convolution before or after it mixes, with C F. That is the
idea of the small nets for photographs (Howard et al. 2017, MobileNets).
"""

import numpy as np

from satt.layers.max_pool import places_in_window


def depthwise_conv2d_forward(x, W, stride=1):
    """Slide a filter for each channel over a batch of images.

    Parameters
    ----------
    x : ndarray, shape (N, H, W, C)
        Images, channels last, with the rim of zeros that they are to have.
    W : ndarray, shape (K, K, C)
        The filters; not flipped, as everywhere in the field (strictly, a correlation).
    stride : int, optional
        Steps between neighbouring windows, in pixels, down as well as across.

    Returns
    -------
    out : ndarray, shape (N, OH, OW, C)
        OH = (H - K) // stride + 1, and OW likewise.
    cache : tuple
        What `depthwise_conv2d_backward` needs.
    """
    places = places_in_window(x.shape, len(W), stride)
    weights = W.reshape(-1, W.shape[2])
    out = sum(x[place] * weight for place, weight in zip(places, weights, strict=True))
    return out, (x, W, stride)


def depthwise_conv2d_backward(dout, cache):
    """Send the gradient back to the images and the filters.

    For a place (i, j) in the window, x_ij[n, y, x, c] = image[n, y stride + i, x stride + j, c] is
    the image moved there, and out = sum_ij x_ij W[i, j]. So, channel by channel,

        dW[i, j, c] = sum_nyx x_ij[n, y, x, c] dout[n, y, x, c]
        dimage moved to (i, j)  +=  dout W[i, j]

    A pixel is seen by several windows, at another place in each; their messages add up. No sum
    runs over the channels: that makes it cheap, and is why 1x1 convolutions stand beside it.

    Returns
    -------
    dx : ndarray, shape (N, H, W, C)
    dW : ndarray, shape (K, K, C)
    """
    x, W, stride = cache
    dx = np.zeros(x.shape, np.result_type(dout, W))
    dW = np.empty(W.shape, np.result_type(dout, x))
    weights, dweights = W.reshape(-1, W.shape[2]), dW.reshape(-1, W.shape[2])
    for index, place in enumerate(places_in_window(x.shape, len(W), stride)):
        dx[place] += dout * weights[index]
        dweights[index] = np.einsum("nyxc,nyxc->c", x[place], dout)
    return dx, dW
