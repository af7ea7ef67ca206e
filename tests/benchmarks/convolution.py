"""Convolution, forward and backward: against torch, and against a textbook's NumPy."""

from functools import partial

import numpy as np

from satt.kernels import conv2d as fast
from tests.benchmarks import textbook_im2col as textbook
from tests.benchmarks.measure import Row, check_equal, compare

# (N, H, W, C), filters, size of the filters, stride, padding, whether pixels get a gradient, goal
SHAPES = [
    ((8, 56, 56, 64), 64, 3, 1, 1, True, 2.0),
    ((8, 28, 28, 128), 128, 3, 1, 1, True, 2.0),
    ((32, 16, 16, 64), 128, 3, 1, 1, True, 2.0),
    ((1, 56, 56, 256), 256, 3, 1, 1, True, 2.0),
    ((32, 32, 32, 32), 64, 3, 1, 1, True, 1.5),
    ((32, 64, 64, 3), 32, 3, 1, 1, False, 0.9),
    ((16, 64, 64, 3), 32, 4, 2, 1, False, None),
    ((16, 32, 32, 32), 64, 3, 2, 1, True, None),
    ((16, 16, 16, 32), 64, 3, 1, 1, True, None),
    ((16, 16, 16, 64), 64, 3, 1, 1, True, None),
    ((16, 8, 8, 64), 128, 3, 1, 1, True, None),
    ((8, 28, 28, 256), 128, 1, 1, 0, True, None),
]
TEXTBOOK = [((8, 32, 32, 32), 64, 3, 1, 1, True, 2.5), ((4, 28, 28, 128), 128, 3, 1, 1, True, 2.5)]
PEAK_GOAL = "goal: a peak_fraction of 2"


def rows(threads, seconds, torch):
    """Yield the rows."""
    for shape, F, size, stride, padding, to_pixels, goal in SHAPES:
        what = _name(shape, F, size, stride)
        if torch is None:
            yield Row(what, "torch", threads, None, goal, note="torch is not installed")
            continue
        x, W, dout = _arrays(shape, F, size, stride, padding)
        rest = (stride, padding, to_pixels)
        steps = {"ours": partial(our_step, x, W, dout, *rest)}
        for layout in ("contiguous_format", "channels_last"):
            tensors = torch_tensors(torch, getattr(torch, layout), x, W, dout)
            steps[layout] = partial(torch_step, torch, *tensors, *rest)
            check_equal(steps["ours"](), steps[layout](), what)
        operations = 2 * dout.size * size * size * shape[3] * (3 if to_pixels else 2)
        ratios, peak, milliseconds = compare(steps, "ours", seconds, operations)
        layout = min(ratios, key=ratios.get)
        note = PEAK_GOAL if goal == 2.0 else ""
        rival, ratio = f"torch, {layout}", ratios[layout]
        yield Row(what, rival, threads, ratio, goal, peak, milliseconds, note)
    for shape, F, size, stride, padding, _, goal in TEXTBOOK:
        x, W, dout = _arrays(shape, F, size, stride, padding)
        what = _name(shape, F, size, stride)
        steps = {
            "ours": partial(our_step, x, W, dout, stride, padding, True),
            "textbook": partial(textbook_step, x, W, dout, stride, padding),
        }
        check_equal(steps["ours"](), steps["textbook"](), what)
        operations = 6 * dout.size * size * size * shape[3]
        ratios, peak, milliseconds = compare(steps, "ours", seconds, operations)
        yield Row(
            what, "textbook im2col in NumPy", threads, ratios["textbook"], goal, peak, milliseconds
        )


def our_step(x, W, dout, stride, padding, to_pixels):
    """Run one forward and one backward; return what they computed."""
    out, cache = fast.conv2d_forward(x, W, None, stride, padding)
    if to_pixels:
        return out, *fast.conv2d_backward(dout, cache)[:2]
    return out, fast.conv2d_parameters_backward(dout, cache)[0]


def torch_step(torch, x, W, dout, stride, padding, to_pixels):
    """Run the same in torch."""
    x.grad = W.grad = None
    x.requires_grad_(to_pixels)
    W.requires_grad_()
    out = torch.nn.functional.conv2d(x, W, None, stride, padding)
    out.backward(dout)
    results = [out.detach().permute(0, 2, 3, 1)]
    if to_pixels:
        results.append(x.grad.permute(0, 2, 3, 1))
    return *results, W.grad.permute(2, 3, 1, 0)


def torch_tensors(torch, layout, x, W, dout):
    """Give torch the arrays in one of its memory layouts."""
    axes = [(0, 3, 1, 2), (3, 2, 0, 1), (0, 3, 1, 2)]
    return [
        torch.tensor(array).permute(order).contiguous(memory_format=layout)
        for array, order in zip((x, W, dout), axes, strict=True)
    ]


def textbook_step(x, W, dout, stride, padding):
    """Run the same as courses do; the axes cost next to nothing to swap."""
    first = (0, 3, 1, 2)
    out, cache = textbook.forward(x.transpose(first), W.transpose(3, 2, 0, 1), stride, padding)
    dx, dW = textbook.backward(dout.transpose(first), cache)
    last = (0, 2, 3, 1)
    return out.transpose(last), dx.transpose(last), dW.transpose(2, 3, 1, 0)


def _arrays(shape, F, size, stride, padding):
    random = np.random.default_rng(0)
    x = random.standard_normal(shape, dtype=np.float32)
    W = random.standard_normal((size, size, shape[3], F), dtype=np.float32) / np.float32(size)
    out, _ = fast.conv2d_forward(x, W, None, stride, padding)
    return x, W, random.standard_normal(out.shape, dtype=np.float32)


def _name(shape, F, size, stride):
    N, H, width, C = shape
    moves = f", stride {stride}" if stride > 1 else ""
    return f"conv {size}x{size}{moves}, {N} x {H}x{width}, {C} -> {F}"
