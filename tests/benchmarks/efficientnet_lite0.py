"""How fast grids are made: medians of interleaved runs, one thread, 16 images.

    OMP_NUM_THREADS=1 python tests/benchmarks/efficientnet_lite0.py

The fast form, the plain layers and, if it is installed, torch (in the better of its two memory
layouts) are run in turn, so that what else the machine does slows down all of them. Compare the
ratios. The processor's time is given beside that of the clock: of a machine that others share it
is the steadier. The numbers in the weights do not matter to the time, so that none are needed.
"""

from time import perf_counter, process_time

import numpy as np

from satt.models.efficientnet_lite0 import efficientnet_lite0_forward, parameter_shapes, strides
from satt.models.efficientnet_lite0_inference import GridMaker

try:
    import torch
except ImportError:
    torch = None

IMAGES, ROUNDS = 16, 9


def draw_weights(random):
    """Weights of the true shapes, of a size that keeps the numbers between 0 and 6."""
    groups = []
    for shapes in parameter_shapes():
        group = {}
        for name, shape in shapes.items():
            if name.endswith(".W"):
                fan_in = np.prod(shape[:-1]) if len(shape) != 3 else shape[0] * shape[1]
                value = random.standard_normal(shape) / np.sqrt(fan_in)
            else:
                value = np.full(shape, 0.0 if name.endswith(("mean", "beta")) else 1.0)
            group[name] = value.astype(np.float32)
        groups.append(group)
    return groups


def torch_net(params, statistics):
    """The same net of torch's modules."""

    class Same(torch.nn.Module):
        def __init__(self, size, stride):
            super().__init__()
            self.size, self.stride = size, stride

        def forward(self, x):
            rims = []
            for length in (x.shape[3], x.shape[2]):
                rim = max((-(-length // self.stride) - 1) * self.stride + self.size - length, 0)
                rims += [rim // 2, rim - rim // 2]
            return torch.nn.functional.pad(x, rims) if any(rims) else x

    class Block(torch.nn.Module):
        def __init__(self, *parts):
            super().__init__()
            self.parts = torch.nn.Sequential(*parts)

        def forward(self, x):
            out = self.parts(x)
            return out + x if out.shape == x.shape else out

    def part(name, stride=1, clipped=True):
        W = torch.tensor(params[f"{name}.conv.W"])
        size, depthwise = len(W), W.ndim == 3
        W = W.permute(2, 0, 1)[:, None] if depthwise else W.permute(3, 2, 0, 1)
        groups = len(W) if depthwise else 1
        depth = W.shape[1] * groups
        conv = torch.nn.Conv2d(depth, len(W), size, stride, groups=groups, bias=False)
        norm = torch.nn.BatchNorm2d(len(W), eps=1e-3)
        conv.weight.data = W.contiguous()
        norm.weight.data = torch.tensor(params[f"{name}.norm.gamma"])
        norm.bias.data = torch.tensor(params[f"{name}.norm.beta"])
        norm.running_mean = torch.tensor(statistics[f"{name}.norm.mean"])
        norm.running_var = torch.tensor(statistics[f"{name}.norm.variance"])
        return [Same(size, stride), conv, norm] + ([torch.nn.ReLU6()] if clipped else [])

    layers = part("stem", 2)
    for number, stride in enumerate(strides(), start=1):
        parts = part(f"block{number}.expand") if number > 1 else []
        parts += part(f"block{number}.depthwise", stride)
        layers.append(Block(*parts, *part(f"block{number}.project", clipped=False)))
    return torch.nn.Sequential(*layers, *part("head")).eval()


def steps_of(images, params, statistics):
    """What is run in turn, by name; each returns the last grid, channels last."""
    maker = GridMaker(params, statistics)
    steps = {
        "fast": lambda: maker(images)[2],
        "plain": lambda: efficientnet_lite0_forward(images, params, statistics)[0][2],
    }
    if torch is not None:
        for layout in (torch.contiguous_format, torch.channels_last):
            net = torch_net(params, statistics).to(memory_format=layout)
            tensor = torch.tensor(images.transpose(0, 3, 1, 2)).contiguous(memory_format=layout)

            def step(net=net, tensor=tensor):
                with torch.inference_mode():
                    return net(tensor).numpy().transpose(0, 2, 3, 1)

            steps[str(layout)] = step
    return steps


def main():
    """Print a line for each way."""
    random = np.random.default_rng(0)
    if torch is not None:
        torch.set_num_threads(1)
    images = random.uniform(-1, 1, (IMAGES, 224, 224, 3)).astype(np.float32)
    steps = steps_of(images, *draw_weights(random))
    grids = {name: step() for name, step in steps.items()}
    times = {name: [] for name in steps}
    for _ in range(ROUNDS):
        for name in random.permutation(list(steps)):
            begin = perf_counter(), process_time()
            steps[name]()
            times[name].append((perf_counter() - begin[0], process_time() - begin[1]))
    median = {name: np.median(values, axis=0) / IMAGES for name, values in times.items()}
    print(f"{'':28}{'s an image':>12}{'processor':>12}{'ratio':>8}{'processor':>12}{'error':>9}")
    for name, (clock, processor) in median.items():
        error = np.abs(grids[name] - grids["plain"]).max()
        print(f"{name:28}{clock:12.4f}{processor:12.4f}{clock / median['fast'][0]:8.2f}"
              f"{processor / median['fast'][1]:12.2f}{error:9.0e}")


if __name__ == "__main__":
    main()
