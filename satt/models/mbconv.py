"""The block that small nets for photographs are built of: wide inside, narrow outside, a shortcut.

    x (C) -> 1x1 convolution to 6 C -> depthwise KxK -> 1x1 convolution to F -> + x if F = C
             expand: relu6             look: relu6       project: neither clipped

Sandler et al. 2018, MobileNetV2 ("inverted residual"); Tan and Le 2019, EfficientNet ("MBConv"),
here without squeeze and excitation. Every convolution is followed by batch normalisation with
fixed statistics, so that it needs no bias. Mixing the channels (1x1) and looking around (KxK) are
apart, which costs a small part of what a KxK convolution of all channels would.
"""

from satt import ops

EPSILON = 1e-3  # of the normalisation; TensorFlow's, not the 1e-5 that others use


def mbconv_forward(x, params, statistics, name, stride=1):
    """Run one block.

    Parameters
    ----------
    x : ndarray, shape (N, H, W, C)
    params, statistics : dict of ndarray
        Those of the block begin with `name`. Without `name.expand.conv.W` it does not widen.
    name : str
        Such as "block3".
    stride : int
        Of the depthwise convolution, in pixels.

    Returns
    -------
    out : ndarray, shape (N, ceil(H / stride), ceil(W / stride), F)
    cache : tuple
        What `mbconv_backward` needs.
    """
    inner, expand = x, None
    if f"{name}.expand.conv.W" in params:
        inner, expand = conv_norm_forward(x, params, statistics, f"{name}.expand")
    inner, look = conv_norm_forward(inner, params, statistics, f"{name}.depthwise", stride)
    out, project = conv_norm_forward(inner, params, statistics, f"{name}.project", clipped=False)
    has_shortcut = out.shape == x.shape
    return out + x if has_shortcut else out, (name, expand, look, project, has_shortcut)


def mbconv_backward(dout, cache):
    """Send the gradient back through the block.

    With the shortcut, out = f(x) + x: the sum passes dout to both, and what comes back is

        dx = (df/dx)^T dout + dout

    So the first block gets a gradient that no block after it has weakened (He et al. 2016).

    Returns
    -------
    dx : ndarray, shape (N, H, W, C)
    gradients : dict of ndarray
        Under the names of the parameters.
    """
    name, expand, look, project, has_shortcut = cache
    dx, gradients = conv_norm_backward(dout, project, f"{name}.project")
    dx, more = conv_norm_backward(dx, look, f"{name}.depthwise")
    gradients |= more
    if expand is not None:
        dx, more = conv_norm_backward(dx, expand, f"{name}.expand")
        gradients |= more
    return dx + dout if has_shortcut else dx, gradients


def conv_norm_forward(x, params, statistics, name, stride=1, clipped=True):
    """A convolution, full or depthwise, its normalisation, and relu6 where it is clipped.

    Parameters
    ----------
    x : ndarray, shape (N, H, W, C)
    params : dict of ndarray
        `name.conv.W`, (K, K, C, F) or for a depthwise one (K, K, C), `name.norm.gamma` and
        `name.norm.beta`.
    statistics : dict of ndarray
        `name.norm.mean` and `name.norm.variance`.
    name : str
    stride : int
    clipped : bool

    Returns
    -------
    out : ndarray, shape (N, ceil(H / stride), ceil(W / stride), F)
    cache : tuple
    """
    W = params[f"{name}.conv.W"]
    x, padding = ops.same_padding_forward(x, len(W), stride)
    convolve = ops.conv2d_forward if W.ndim == 4 else ops.depthwise_conv2d_forward
    x, conv = convolve(x, W, stride=stride)
    x, norm = ops.batch_norm_inference_forward(
        x, params[f"{name}.norm.gamma"], params[f"{name}.norm.beta"],
        statistics[f"{name}.norm.mean"], statistics[f"{name}.norm.variance"], EPSILON,
    )
    clip = None
    if clipped:
        x, clip = ops.relu6_forward(x)
    return x, (padding, conv, norm, clip, W.ndim == 4)


def conv_norm_backward(dout, cache, name):
    """The same in reverse; arguments and results as of `mbconv_backward`."""
    padding, conv, norm, clip, is_full = cache
    dx = dout if clip is None else ops.relu6_backward(dout, clip)
    dx, dgamma, dbeta = ops.batch_norm_inference_backward(dx, norm)
    if is_full:
        dx, dW, _ = ops.conv2d_backward(dx, conv)
    else:
        dx, dW = ops.depthwise_conv2d_backward(dx, conv)
    dx = ops.same_padding_backward(dx, padding)
    return dx, {
        f"{name}.conv.W": dW, f"{name}.norm.gamma": dgamma, f"{name}.norm.beta": dbeta,
    }
