"""Max-pool and batch norm, forward and backward, against torch."""

from functools import partial

import numpy as np

from satt import ops
from tests.benchmarks.measure import Row, check_equal, compare

SHAPES = [(32, 64, 64, 32), (32, 32, 32, 64), (16, 16, 16, 64)]
GOAL = 0.9


def rows(threads, seconds, torch):
    """Yield the rows."""
    for kind in ("max-pool 2x2", "batch norm"):
        for shape in SHAPES:
            what = f"{kind}, {'x'.join(map(str, shape))}"
            if torch is None:
                yield Row(what, "torch", threads, None, GOAL, note="torch is not installed")
                continue
            random = np.random.default_rng(0)
            x = random.standard_normal(shape, dtype=np.float32)
            gamma, beta = random.standard_normal((2, shape[3]), dtype=np.float32)
            small = (shape[0], shape[1] // 2, shape[2] // 2, shape[3])
            dout = random.standard_normal(small if "pool" in kind else shape, dtype=np.float32)
            mine, theirs = (pool, torch_pool) if "pool" in kind else (norm, torch_norm)
            extra = () if "pool" in kind else (gamma, beta)
            steps = {"ours": partial(mine, x, dout, *extra)}
            for layout in ("contiguous_format", "channels_last"):
                tensors = [
                    torch.tensor(array).permute(0, 3, 1, 2).contiguous(
                        memory_format=getattr(torch, layout)
                    ) for array in (x, dout)
                ]
                steps[layout] = partial(theirs, torch, *tensors, *map(torch.tensor, extra))
                check_equal(steps["ours"](), steps[layout](), what)
            ratios, _, milliseconds = compare(steps, "ours", seconds)
            layout = min(ratios, key=ratios.get)
            yield Row(
                what, f"torch, {layout}", threads, ratios[layout], GOAL, None, milliseconds
            )


def pool(x, dout):
    """Ours."""
    out, cache = ops.max_pool_forward(x)
    return out, ops.max_pool_backward(dout, cache)


def norm(x, dout, gamma, beta):
    """Ours."""
    out, cache = ops.batch_norm_forward(x, gamma, beta)
    return out, *ops.batch_norm_backward(dout, cache)


def torch_pool(torch, x, dout):
    """The rival's."""
    x.grad = None
    out = torch.nn.functional.max_pool2d(x.requires_grad_(), 2)
    out.backward(dout)
    return [tensor.permute(0, 2, 3, 1) for tensor in (out.detach(), x.grad)]


def torch_norm(torch, x, dout, gamma, beta):
    """The rival's."""
    x.grad = gamma.grad = beta.grad = None
    gamma.requires_grad_()
    beta.requires_grad_()
    out = torch.nn.functional.batch_norm(
        x.requires_grad_(), None, None, gamma, beta, training=True
    )
    out.backward(dout)
    images = [tensor.permute(0, 2, 3, 1) for tensor in (out.detach(), x.grad)]
    return *images, gamma.grad, beta.grad
