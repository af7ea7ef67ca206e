"""How much faster the convolution's kernel is: forward and backward, medians of interleaved runs.

    OMP_NUM_THREADS=1 python tests/benchmarks/conv2d_kernel.py

Every shape is run by the kernel, the plain layer and, if it is installed, torch (the better of its
two memory layouts) in turn, so that what else the machine does slows down all of them. Compare the
ratios, not the milliseconds. The first layer's pixels get no gradient, as in training.
"""

import os
from functools import partial
from time import perf_counter

import numpy as np

from satt.kernels import conv2d as fast
from satt.layers import conv2d as plain

try:
    import torch
except ImportError:
    torch = None

SECONDS = 2.0  # for each shape

# name, (N, H, W, C), filters, size of the filters, stride, padding, whether pixels get a gradient
SHAPES = [
    ("encoder 1", (16, 64, 64, 3), 32, 4, 2, 1, False),
    ("encoder 2", (16, 32, 32, 32), 64, 3, 2, 1, True),
    ("encoder 3", (16, 16, 16, 64), 64, 3, 1, 1, True),
    ("encoder 4", (16, 8, 8, 64), 128, 3, 1, 1, True),
    ("3x3", (8, 56, 56, 64), 64, 3, 1, 1, True),
    ("3x3", (8, 28, 28, 128), 128, 3, 1, 1, True),
    ("3x3", (32, 16, 16, 64), 128, 3, 1, 1, True),
    ("3x3", (32, 32, 32, 32), 64, 3, 1, 1, True),
]


def numpy_step(module, x, W, dout, stride, padding, to_pixels):
    """Run one forward and one backward; return what they computed."""
    out, cache = module.conv2d_forward(x, W, None, stride, padding)
    if to_pixels:
        return out, *module.conv2d_backward(dout, cache)[:2]
    return out, module.conv2d_parameters_backward(dout, cache)[0]


def torch_step(x, W, dout, stride, padding, to_pixels):
    """Run the same in torch, on tensors of torch's order of axes."""
    x.requires_grad_(to_pixels)
    W.requires_grad_()
    x.grad = W.grad = None
    torch.nn.functional.conv2d(x, W, None, stride, padding).backward(dout)


def torch_tensors(layout, x, W, dout):
    """Give torch the arrays in one of its memory layouts."""
    axes = [(0, 3, 1, 2), (3, 2, 0, 1), (0, 3, 1, 2)]
    return [
        torch.tensor(array).permute(order).contiguous(memory_format=layout)
        for array, order in zip((x, W, dout), axes, strict=True)
    ]


def medians(steps):
    """Run the steps in turn until the time is over; return each one's median time in seconds.

    The order is drawn anew in every round: a step finds the caches and the memory as the one
    before has left them.
    """
    times = {name: [] for name in steps}
    random = np.random.default_rng(0)
    start = perf_counter()
    while perf_counter() - start < SECONDS:
        for name in random.permutation(list(steps)):
            before = perf_counter()
            steps[name]()
            times[name].append(perf_counter() - before)
    return {name: np.median(values) for name, values in times.items()}


def main():
    """Print a line for each shape."""
    random = np.random.default_rng(0)
    if torch is not None:
        torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", torch.get_num_threads())))
    heads = zip(("", "images", "filters", "ms", "x plain", "x torch", "error"),
                (11, 18, 11, 9, 10, 10, 10), strict=True)
    print("".join(f"{head:>{width}}" for head, width in heads))
    for name, shape, F, size, stride, padding, to_pixels in SHAPES:
        x = random.standard_normal(shape, dtype=np.float32)
        W = random.standard_normal((size, size, shape[3], F), dtype=np.float32) / np.float32(size)
        out, _ = plain.conv2d_forward(x, W, None, stride, padding)
        dout = random.standard_normal(out.shape, dtype=np.float32)
        rest = (stride, padding, to_pixels)
        steps = {
            "kernel": partial(numpy_step, fast, x, W, dout, *rest),
            "plain": partial(numpy_step, plain, x, W, dout, *rest),
        }
        if torch is not None:
            for layout in (torch.contiguous_format, torch.channels_last):
                tensors = torch_tensors(layout, x, W, dout)
                steps[f"torch {layout}"] = partial(torch_step, *tensors, *rest)
        error = max(
            np.max(np.abs(mine - theirs)) / np.max(np.abs(theirs))
            for mine, theirs in zip(steps["kernel"](), steps["plain"](), strict=True)
        )
        time = medians(steps)
        of_torch = min((t for name, t in time.items() if name.startswith("torch")), default=np.nan)
        print(
            f"{name:11}{'x'.join(map(str, shape)):>18}{f'{size}x{size} {F}':>11}"
            f"{1e3 * time['kernel']:9.2f}{time['plain'] / time['kernel']:10.2f}"
            f"{of_torch / time['kernel']:10.2f}{error:10.0e}",
            flush=True,
        )


if __name__ == "__main__":
    main()
